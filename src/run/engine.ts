import type { ChipDescription } from "../chip/description.ts";
import type { ChipCapabilities, ChipIdentity } from "../chip/driver.ts";
import { devicesPerRow } from "../chip/geometry.ts";
import { assert, MhoError } from "../errors.ts";
import { loggedError } from "../log.ts";
import { isFinal, isOpen, type ProgrammingMethod, verdicts } from "../program/method.ts";
import { type Microseconds, microsecondsPerSecond, type Seconds } from "../units.ts";
import { checkRequests, isCalledOff, isStop, stopText } from "./requests.ts";
import { emptyMemory, foldTurn, lastPulse, type SweepRecord, type TileMemory } from "./journal.ts";
import { PulseLedger } from "./ledger.ts";
import type { RunPlan, TileTargets } from "./plan.ts";
import { type ProgramEvent, rowsRead } from "./events.ts";
import { checkPlan } from "./planCheck.ts";
import { nextJob, type DueSweep } from "./schedule.ts";
import { ActiveRun } from "./activeRun.ts";
import { methodOf, type RunContext } from "./context.ts";
import type { RunId, RunOutcome, RunStore } from "./store.ts";
import { recall } from "./recall.ts";
import {
  endedWith,
  hasGreeted,
  messageOf,
  outputsMayBeOn,
  type StandbyOutcome,
  tryStandby,
} from "./standby.ts";
import { keepSweep, lateBy, readSweep } from "./sweep.ts";
import { type EarlySweep, SweepPlan } from "./sweepPlan.ts";
import { noteUnknownWear, ticketsFor } from "./tickets.ts";
import {
  beginTile,
  closeTile,
  closingRecord,
  hasFired,
  reopeningRecord,
  turnTile,
  type TileWork,
} from "./tileWork.ts";
import { toldWaitSeconds, waitUntil } from "./waiting.ts";
import { wearOf } from "./wear.ts";

/**
 * Carries out a plan on one chip: the only loop that acts. Tile by tile it asks the method what to do, writes
 * the answer down, does it and looks again; between turns it takes the sweeps that fall due. The chip is in
 * standby when this returns or throws, unless the link is gone (then the chip's own watchdog sees to it).
 *
 * @returns the run's id.
 */
export function executeRun(context: RunContext, plan: RunPlan): Promise<RunId> {
  return carryOut(context, plan, async (identity) => {
    const { store, wallTime } = context;
    const ledger = await ledgerOf(context, identity);
    const tickets = await ticketsFor(context, identity).catch((error: unknown) =>
      noteRefusal(context, identity, error),
    );
    const run = await store.beginRun(plan, identity, wallTime(), context.driver.description.document);
    const active = new ActiveRun(context, plan, identity, run, ledger, tickets.next);
    await active.bookForeign(tickets);
    return { active, memories: undefined };
  });
}

/**
 * Goes on with a run that was stopped, cut off or killed: folds its journal, asks the chip what became of the pulses
 * that were under way, and works on what has no final verdict and on the sweeps that are still to come.
 */
export async function resumeRun(context: RunContext, run: RunId): Promise<RunId> {
  const { store } = context;
  const plan = await store.plan(run);
  return carryOut(context, plan, async (identity) => {
    const { boot } = await store.identity(run);
    const memories = await recall(store, run);
    const ledger = await ledgerOf(context, identity);
    const doubted = await wasRefusedForWear(store, run);
    const tickets = await ticketsFor(context, identity).catch((error: unknown) =>
      noteRefusal(context, identity, error),
    );
    await store.reopenRun(run, identity);
    const active = new ActiveRun(context, plan, identity, run, ledger, tickets.next);
    await active.bookForeign(tickets);
    await active.note("resumed", `At ${context.driver.address}, boot ${identity.boot}.`);
    for (const memory of memories) await settleUnderWay(active, memory, boot);
    if (tickets.foreign !== undefined || doubted) for (const memory of memories) await reopen(active, memory);
    return { active, memories };
  });
}

interface Opened {
  readonly active: ActiveRun;
  /** Of a run that is resumed, in the plan's order. */
  readonly memories: readonly TileMemory[] | undefined;
}

async function carryOut(
  context: RunContext,
  plan: RunPlan,
  open: (identity: ChipIdentity) => Promise<Opened>,
): Promise<RunId> {
  const { driver } = context;
  let awake = false;
  let opened: Opened | undefined;
  let failure: unknown;
  try {
    const identity = await driver.identify();
    awake = true;
    refuseStranger(plan, identity, driver.address);
    refusePlan(plan, methodOf(context, plan), driver.description, identity);
    opened = await open(identity);
    begin(opened);
    await workThrough(opened);
  } catch (error) {
    failure = error;
  }
  const standby = await tryStandby(driver, opened?.active.log ?? context.log);
  const end =
    failure === undefined && standby.safe ? undefined : endOf(context, opened, failure, standby, awake);
  if (opened !== undefined) await close(opened.active, failure, standby, end);
  if (end !== undefined) throw end;
  return opened!.active.run;
}

function begin({ active, memories }: Opened): void {
  const { context, plan, run, identity, devices } = active;
  const { log } = active;
  // The loop writes the next ones, and ends the run where the store fails.
  const notKept = (error: unknown): void =>
    log.warn({ error: loggedError(error) }, "what happened to the link was not noted");
  context.onLinkNote?.(() => void active.keepLinkNotes().catch(notKept));
  context.onEvent({
    type: "started",
    run,
    title: plan.title,
    method: plan.method,
    chip: identity.name,
    serial_number: identity.serialNumber,
    firmware: identity.firmware,
    boot: identity.boot,
    devices,
    resumed: memories !== undefined,
    network: plan.share?.group ?? null,
  });
  const { method } = plan;
  log.info({ devices, method }, memories === undefined ? "run begun" : "run resumed");
}

/** What the run ends with, composed after standby was tried, so that no message claims it before. */
function endOf(
  { driver: { address } }: RunContext,
  opened: Opened | undefined,
  failure: unknown,
  standby: StandbyOutcome,
  awake: boolean,
): unknown {
  const active = opened?.active;
  const run = active?.run;
  if (isStop(failure) && run !== undefined) {
    const stopped = standby.safe
      ? `Run ${run} was stopped and the chip is in standby.`
      : `Run ${run} was stopped.`;
    const error = new MhoError(
      "interrupted",
      `${stopped} Go on with mho resume ${active?.plan.share?.group ?? run}.`,
      { run },
    );
    return endedWith(error, address, standby);
  }
  // A chip that was never opened was never switched on by this run.
  if (failure !== undefined)
    return failure instanceof MhoError && (awake || hasGreeted(failure))
      ? endedWith(failure, address, standby)
      : failure;
  assert(!standby.safe, "a run that is done and safe ends without an error");
  const text = `${outputsMayBeOn(address, standby.reason)} Run ${run} itself is done.`;
  return new MhoError("standby-failed", text, { run: run!, standby: false });
}

/** Writes down how a run ended. What failed first is what the person must hear of: a store that fails after it is not. */
async function close(
  active: ActiveRun,
  failure: unknown,
  standby: StandbyOutcome,
  end: unknown,
): Promise<void> {
  const { context, run, log } = active;
  const outcome = outcomeOf(failure);
  if (outcome === "failed") log.error({ error: loggedError(failure) }, "the run failed");
  const writing = async (): Promise<void> => {
    await active.keepLinkNotes();
    if (isCalledOff(failure)) await active.note("stopped", stopText(context.stop));
    if (outcome === "failed") await active.note("failed", messageOf(failure));
    if (!standby.safe)
      await active.note("standby-failed", outputsMayBeOn(context.driver.address, standby.reason));
    // The next run of this chip, whenever it comes, need not fold this one. A run that failed may have filled the disk.
    if (outcome !== "failed") {
      await wearOf(context.store, run).catch((error: unknown) =>
        log.warn({ error: loggedError(error) }, "the wear of the run was not kept; the next run folds it"),
      );
    }
    await context.store.endRun(run, outcome);
  };
  const unwritten = (error: unknown): void =>
    log.warn({ outcome, error: loggedError(error) }, "how the run ended was not written down");
  await (end === undefined ? writing() : writing().catch(unwritten));
  if (!standby.safe) {
    const { address } = context.driver;
    context.onEvent({ type: "standby_failed", address, reason: standby.reason });
  }
  log.info({ outcome, standby: standby.safe }, "run ended");
  context.onEvent({ type: "ended", run, outcome, standby: standby.safe });
}

function outcomeOf(failure: unknown): RunOutcome {
  if (failure === undefined) return "done";
  const stopped = isStop(failure) || (failure instanceof MhoError && failure.code === "interrupted");
  return stopped ? "interrupted" : "failed";
}

function ledgerOf({ store, driver }: RunContext, identity: ChipIdentity): Promise<PulseLedger> {
  return PulseLedger.ofChip(store, identity, driver.description.geometry);
}

/** Throws `wrong-chip` for any chip but the one that a run was planned for. */
export function refuseStranger(plan: RunPlan, identity: ChipIdentity, address: string): void {
  if (identity.name === plan.chipName && identity.serialNumber === plan.chipSerialNumber) return;
  throw new MhoError(
    "wrong-chip",
    `The chip at ${address} is ${identity.name} number ${identity.serialNumber}, but this run was planned for ` +
      `${plan.chipName} number ${plan.chipSerialNumber}. Connect that chip, or plan a run for this one.`,
    { address, found: identity.serialNumber, planned: plan.chipSerialNumber },
  );
}

/** Throws `bad-argument` where the chip cannot hold the targets, or the method cannot work on it or with what the plan knows. */
function refusePlan(
  plan: RunPlan,
  method: ProgrammingMethod,
  description: ChipDescription,
  { capabilities, geometry }: ChipIdentity,
): void {
  checkPlan(plan, { ...description, geometry }, method);
  refuseMethod(plan, method, description, capabilities);
}

/** Throws `bad-argument` where a method cannot work on a chip, or with what a plan knows. Asked before a chip is opened, and again. */
export function refuseMethod(
  plan: Pick<RunPlan, "tiles">,
  method: ProgrammingMethod,
  description: ChipDescription,
  capabilities: ChipCapabilities,
): void {
  const { name, needsCells } = method;
  const refusal = method.requires?.(description, capabilities);
  if (refusal !== undefined) throw new MhoError("bad-argument", refusal, { method: name });
  if (!needsCells || plan.tiles.every(({ cells }) => cells !== undefined)) return;
  throw new MhoError(
    "bad-argument",
    `The method ${name} must know which weights the devices hold, and these targets do not say. ` +
      `Give a strategy, or use --method ${description.pulses.technology.usualMethods.conductances}.`,
    { method: name },
  );
}

/** Pulses that were written down, and of which nobody wrote what became of them. */
async function settleUnderWay(active: ActiveRun, memory: TileMemory, boot: number): Promise<void> {
  const { context, run } = active;
  if (memory.lastOrders.length === 0) return;
  const rows = memory.block.rowCount;
  const fired = await context.driver.fates(memory.lastFirstTicket, memory.lastOrders.length * rows, boot);
  // Rows without a code had no ticket to fire.
  for (let k = 0; k < fired.fates.length; k++) {
    const first = (k % rows) * memory.devicesPerRow;
    const codes = memory.lastOrders[Math.floor(k / rows)]!.subarray(first, first + memory.devicesPerRow);
    if (codes.every((code) => code === 0)) fired.fates[k] = 0;
  }
  await active.bookUncertain(fired, memory.block.tile, memory.turns - 1);
  const record = closingRecord(memory, fired, context.wallTime());
  await context.store.appendTurn(run, record);
  foldTurn(memory, record);
}

/**
 * Every unfinished run of a chip that was used elsewhere knows of it from now on: before it goes on, a reset of the chip may have
 * wiped out every trace. Throws what the run at hand was refused with.
 */
async function noteRefusal(context: RunContext, identity: ChipIdentity, error: unknown): Promise<never> {
  if (error instanceof MhoError && error.code === "unknown-wear")
    await noteUnknownWear(context, identity, error.message);
  throw error;
}

async function wasRefusedForWear(store: RunStore, run: RunId): Promise<boolean> {
  const last = (await store.notes(run)).findLast(({ what }) => what === "resumed" || what === "unknown-wear");
  return last?.what === "unknown-wear";
}

/** The chip was used elsewhere: what stands in the journal of its devices is not what they hold. */
async function reopen({ context, run }: ActiveRun, memory: TileMemory): Promise<void> {
  const record = reopeningRecord(memory, context.wallTime());
  if (record.devices.length === 0) return;
  await context.store.appendTurn(run, record);
  foldTurn(memory, record);
}

async function workThrough(opened: Opened): Promise<void> {
  const { active, memories } = opened;
  const { plan } = active;
  const waiting: TileTargets[] = [];
  const remembered = new Map((memories ?? []).map((memory) => [memory.block.tile, memory]));
  const taken = memories === undefined ? new Set<string>() : await sweptOf(active);
  const sweeps = new SweepPlan(plan.sweepTimesSeconds, taken);
  for (const tile of plan.tiles) {
    const memory = remembered.get(tile.block.tile);
    if (memory === undefined || memory.turns === 0 || memory.verdicts.some(isOpen)) {
      waiting.push(tile);
    } else {
      sweeps.settle(tile, lastPulse(memory));
    }
    for (const verdict of memory?.verdicts ?? []) if (isFinal(verdict)) active.devicesDone++;
    for (const verdict of memory?.verdicts ?? []) if (verdict === verdicts.accepted) active.accepted++;
    for (const pulses of memory?.pulses ?? []) active.pulses += pulses;
  }
  const atWork: TileWork[] = [];
  try {
    await workOn(opened, waiting, remembered, sweeps, atWork);
  } catch (error) {
    if (isStop(error)) for (const work of atWork) await closeTile(active, work);
    throw error;
  }
}

async function workOn(
  { active }: Opened,
  waiting: TileTargets[],
  remembered: ReadonlyMap<number, TileMemory>,
  sweeps: SweepPlan,
  atWork: TileWork[],
): Promise<void> {
  const { context, identity } = active;
  const perRow = devicesPerRow(identity.geometry);
  let turnTook: Microseconds = 0;
  /** Chip time, where nothing has happened since it was asked for: a question is a round of the line. */
  let asked: Microseconds | undefined;
  for (;;) {
    const paused = await checkRequestsOf(active);
    await active.keepLinkNotes();
    const now = paused || asked === undefined ? await context.driver.chipTime() : asked;
    asked = undefined;
    const job = nextJob(waiting.length, atWork, sweeps.due, now, turnTook);
    if (job.kind === "none") return;
    if (job.kind === "next tile") {
      const tile = waiting.shift()!;
      const memory = remembered.get(tile.block.tile) ?? emptyMemory(tile.block, perRow);
      atWork.push(beginTile(active, tile, memory));
    } else if (job.kind === "turn") {
      const { work } = job;
      const { tile, memory } = work;
      const begun = work.dueAt <= now ? now : await waitForLook(active, work);
      const done = await turnTile(active, work);
      asked = await context.driver.chipTime();
      turnTook = asked - begun;
      if (hasFired(work)) sweeps.withdraw(tile);
      if (!done && work.dueAt > 0) sweeps.foresee(tile, work.latestPulse);
      if (!done) continue;
      active.log.info({ tile: tile.block.tile, turn: memory.turns }, "tile done");
      atWork.splice(atWork.indexOf(work), 1);
      // Rows that did not fire because the link was lost, by a method that does not look, are done again.
      if (memory.verdicts.some(isOpen)) atWork.push(beginTile(active, tile, memory));
      else for (const early of sweeps.settle(tile, lastPulse(memory))) await keepEarly(active, early);
    } else {
      sweeps.begin(job.sweep);
      const sweep = await sweepTile(active, job.sweep);
      if (!sweeps.keep({ due: job.sweep, sweep })) await keepEarly(active, { due: job.sweep, sweep });
    }
  }
}

/** @returns chip time when it is due. */
async function waitForLook(active: ActiveRun, work: TileWork): Promise<Microseconds> {
  await waitFor(active, work.dueAt, (due) => {
    const timeSeconds = (work.dueAt - work.latestPulse) / microsecondsPerSecond;
    return {
      type: "next_look",
      run: active.run,
      tile: work.tile.block.tile,
      time_seconds: timeSeconds,
      ...due,
    };
  });
  return active.context.driver.chipTime();
}

/** The sweeps that a run has taken: tile and time. */
async function sweptOf({ context, run }: ActiveRun): Promise<Set<string>> {
  const taken = new Set<string>();
  for await (const { tile, timeSeconds } of context.store.sweeps(run)) taken.add(`${tile} ${timeSeconds}`);
  return taken;
}

async function sweepTile(active: ActiveRun, { tile, dueAt, timeSeconds }: DueSweep): Promise<SweepRecord> {
  const { context, plan, identity } = active;
  await waitFor(active, dueAt, (due) => {
    const { block } = tile;
    return { type: "next_sweep", run: active.run, tile: block.tile, time_seconds: timeSeconds, ...due };
  });
  return readSweep(context, identity, tile.block, timeSeconds, plan.sweepAverages, (rows) => {
    context.onEvent(rowsRead(active.run, tile.block.tile, rows));
    return checkRequestsOf(active);
  });
}

async function keepEarly({ context, run }: ActiveRun, { due, sweep }: EarlySweep): Promise<void> {
  await keepSweep(context, run, sweep);
  context.onEvent({
    type: "sweep",
    run,
    tile: due.tile.block.tile,
    time_seconds: due.timeSeconds,
    late_seconds: lateBy(sweep, due.dueAt),
    celsius: sweep.environment?.celsius ?? null,
    left: null,
  });
}

/** @param told  the event that says what is waited for, where that takes a while. */
async function waitFor(
  active: ActiveRun,
  due: Microseconds,
  told: (due: { readonly due_in_seconds: Seconds }) => ProgramEvent,
): Promise<void> {
  const { virtualTime } = active.identity.capabilities;
  if (!virtualTime && due > 0) {
    const due_in_seconds = (due - (await active.context.driver.chipTime())) / microsecondsPerSecond;
    if (due_in_seconds >= toldWaitSeconds) active.context.onEvent(told({ due_in_seconds }));
  }
  return waitUntil(active.context, virtualTime, due, () => checkRequestsOf(active));
}

function checkRequestsOf({ context, run }: ActiveRun): Promise<boolean> {
  return checkRequests(context, [run]);
}
