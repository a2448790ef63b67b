import type { ChipDescription } from "../chip/description.ts";
import type { ChipDriver, ChipIdentity } from "../chip/driver.ts";
import { devicesPerRow } from "../chip/geometry.ts";
import type { Clock, StopRequest } from "../clock.ts";
import { MhoError } from "../errors.ts";
import type { DeviceModel } from "../model/deviceModel.ts";
import { isFinal, verdicts } from "../program/method.ts";
import { methods } from "../program/methods.ts";
import { type Microseconds, microsecondsPerSecond } from "../units.ts";
import { heed, type PauseEvent } from "./requests.ts";
import { emptyMemory, foldTurn, lastPulse, type RunNote, type TileMemory } from "./journal.ts";
import { PulseLedger } from "./ledger.ts";
import type { RunPlan, TileTargets } from "./plan.ts";
import { nextJob, type DueSweep } from "./schedule.ts";
import { Standing } from "./activeRun.ts";
import type { RunId, RunOutcome, RunStore } from "./store.ts";
import { recall } from "./recall.ts";
import { takeSweep } from "./sweep.ts";
import { beginTile, closingRecord, turnTile, type TileWork } from "./tileWork.ts";
import { waitUntil } from "./waiting.ts";

/** The world as a run sees it. */
export interface RunContext {
  readonly driver: ChipDriver;
  readonly store: RunStore;
  readonly clock: Clock;
  readonly model: DeviceModel;
  readonly stop: StopRequest;
  /** Now, ISO 8601. */
  readonly wallTime: () => string;
  /** What happened to the link since this was last asked. */
  readonly linkNotes?: () => readonly RunNote[];
  /** Names who is to be told as soon as there are such notes, also while a question waits for the link to come back. */
  readonly onLinkNote?: (listener: () => void) => void;
  readonly onEvent: (event: RunEvent) => void;
}

/** In this order: one `started`, any number of those between, one `ended`. */
export type RunEvent =
  | {
      readonly type: "started";
      readonly run: RunId;
      readonly chip: ChipIdentity;
      readonly devices: number;
      readonly resumed: boolean;
    }
  | {
      readonly type: "turn";
      readonly run: RunId;
      readonly tile: number;
      readonly turn: number;
      readonly devicesDone: number;
      readonly accepted: number;
      /** Devices that are where they should be, and are still to be confirmed. */
      readonly inside: number;
      readonly devices: number;
      readonly pulses: number;
    }
  /** Whether so many rows of a turn fired is unknown; they are read before anything else is decided. */
  | {
      readonly type: "uncertain";
      readonly run: RunId;
      readonly tile: number;
      readonly turn: number;
      readonly rows: number;
    }
  | { readonly type: "sweep"; readonly run: RunId; readonly tile: number; readonly timeSeconds: number }
  | PauseEvent
  | { readonly type: "ended"; readonly run: RunId; readonly outcome: RunOutcome };

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
    const nextTicket = (await newestTicket(context, identity)) + 1;
    const run = await store.beginRun(plan, identity, wallTime());
    return { standing: new Standing(context, plan, identity, run, ledger, nextTicket), memories: undefined };
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
    const nextTicket = (await newestTicket(context, identity)) + 1;
    await store.reopenRun(run, identity);
    const standing = new Standing(context, plan, identity, run, ledger, nextTicket);
    await standing.note("resumed", `At ${context.driver.address}, boot ${identity.boot}.`);
    for (const memory of memories) await settleUnderWay(standing, memory, boot);
    return { standing, memories };
  });
}

interface Opened {
  readonly standing: Standing;
  /** Of a run that is resumed, in the plan's order. */
  readonly memories: readonly TileMemory[] | undefined;
}

async function carryOut(
  context: RunContext,
  plan: RunPlan,
  open: (identity: ChipIdentity) => Promise<Opened>,
): Promise<RunId> {
  const { driver, store, onEvent } = context;
  let opened: Opened | undefined;
  let outcome: RunOutcome = "failed";
  try {
    const identity = await driver.identify();
    refuseStranger(plan, identity, driver.address);
    refusePlan(plan, driver.description, identity);
    opened = await open(identity);
    const { standing, memories } = opened;
    const { run, devices } = standing;
    context.onLinkNote?.(() => void standing.keepLinkNotes().catch(() => undefined));
    onEvent({ type: "started", run, chip: identity, devices, resumed: memories !== undefined });
    await workThrough(opened);
    outcome = "done";
    return run;
  } catch (error) {
    if (error instanceof MhoError && error.code === "interrupted") outcome = "interrupted";
    if (opened !== undefined && outcome === "failed") {
      await opened.standing.keepLinkNotes().catch(() => undefined);
      const text = error instanceof Error ? error.message : String(error);
      await opened.standing.note("failed", text).catch(() => undefined);
    }
    throw error;
  } finally {
    // What failed first is what the person must hear of: a standby or a closing line that fails after it is not.
    await (outcome === "done" ? driver.standby() : driver.standby().catch(() => undefined));
    if (opened) {
      const { standing } = opened;
      await standing.keepLinkNotes().catch(() => undefined);
      const ending = store.endRun(standing.run, outcome);
      await (outcome === "done" ? ending : ending.catch(() => undefined));
      onEvent({ type: "ended", run: standing.run, outcome });
    }
  }
}

function ledgerOf({ store, driver }: RunContext, identity: ChipIdentity): Promise<PulseLedger> {
  return PulseLedger.ofChip(store, identity, driver.description.geometry);
}

async function newestTicket({ store }: RunContext, identity: ChipIdentity): Promise<number> {
  return Math.max(await store.newestTicket(identity), identity.newestTicket);
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

function refusePlan(
  { method, tiles }: RunPlan,
  { name, pulses, multiply }: ChipDescription,
  { capabilities }: ChipIdentity,
): void {
  const { technologies } = methods[method];
  if (!technologies.includes(pulses.technology)) {
    const others = Object.values(methods).filter((one) => one.technologies.includes(pulses.technology));
    throw new MhoError(
      "bad-argument",
      `The method ${method} is not for the ${pulses.technology === "pcm" ? "phase-change" : "resistive"} devices of ${name}. ` +
        `Use ${others.map((one) => one.name).join(" or ")}.`,
      { method },
    );
  }
  if (method === "gdp" && (!capabilities.multiply || multiply === undefined)) {
    throw new MhoError(
      "bad-argument",
      `${name} cannot measure products, or its description does not say how (multiply). Use --method residual.`,
      { method },
    );
  }
  if (method === "on-board" && !capabilities.onBoardVerify) {
    throw new MhoError("bad-argument", `${name} has no verify loop of its own. Use --method verify.`, {
      method,
    });
  }
  if (method === "max-set-fill" && pulses.technology === "pcm" && pulses.set === undefined) {
    throw new MhoError(
      "bad-argument",
      `The description of ${name} has no SET pulse, which max-set-fill begins with. Add set_pulse, or use another --method.`,
      { method },
    );
  }
  if (!methods[method].needsCells || tiles.every(({ cells }) => cells !== undefined)) return;
  throw new MhoError(
    "bad-argument",
    `The method ${method} must know which weights the devices hold, and these targets do not say. ` +
      "Give a strategy, or use --method verify.",
    { method },
  );
}

/** Pulses that were written down, and of which nobody wrote what became of them. */
async function settleUnderWay(standing: Standing, memory: TileMemory, boot: number): Promise<void> {
  const { context, run } = standing;
  if (memory.lastOrders.length === 0) return;
  const rows = memory.block.rowCount;
  const fired = await context.driver.fates(memory.lastFirstTicket, memory.lastOrders.length * rows, boot);
  // Rows without a code had no ticket to fire.
  for (let k = 0; k < fired.fates.length; k++) {
    const first = (k % rows) * memory.devicesPerRow;
    const codes = memory.lastOrders[Math.floor(k / rows)]!.subarray(first, first + memory.devicesPerRow);
    if (codes.every((code) => code === 0)) fired.fates[k] = 0;
  }
  await standing.bookUncertain(fired, memory.block.tile, memory.turns - 1);
  const record = closingRecord(memory, fired, context.wallTime());
  await context.store.appendTurn(run, record);
  foldTurn(memory, record);
}

async function workThrough({ standing, memories }: Opened): Promise<void> {
  const { plan, context, identity } = standing;
  const perRow = devicesPerRow(identity.geometry);
  const waiting: TileTargets[] = [];
  const remembered = new Map((memories ?? []).map((memory) => [memory.block.tile, memory]));
  const sweeps: DueSweep[] = [];
  const swept = memories === undefined ? new Set<string>() : await sweptOf(standing);
  const planSweeps = (tile: TileTargets, memory: TileMemory): void => {
    const pulsedAt = lastPulse(memory);
    for (const timeSeconds of Number.isNaN(pulsedAt) ? [] : plan.sweepTimesSeconds) {
      if (swept.has(`${tile.block.tile} ${timeSeconds}`)) continue;
      sweeps.push({ tile, timeSeconds, dueAt: pulsedAt + Math.round(timeSeconds * microsecondsPerSecond) });
    }
  };
  for (const tile of plan.tiles) {
    const memory = remembered.get(tile.block.tile);
    if (memory === undefined || memory.turns === 0 || memory.verdicts.includes(verdicts.pending)) {
      waiting.push(tile);
    } else {
      planSweeps(tile, memory);
    }
    for (const verdict of memory?.verdicts ?? []) if (isFinal(verdict)) standing.devicesDone++;
    for (const verdict of memory?.verdicts ?? []) if (verdict === verdicts.accepted) standing.accepted++;
    for (const pulses of memory?.pulses ?? []) standing.pulses += pulses;
  }
  const atWork: TileWork[] = [];
  let turnTook: Microseconds = 0;
  for (;;) {
    await heedWishes(standing);
    await standing.keepLinkNotes();
    const now = await context.driver.chipTime();
    const job = nextJob(waiting.length, atWork, sweeps, now, turnTook);
    if (job.kind === "none") return;
    if (job.kind === "next tile") {
      const tile = waiting.shift()!;
      const memory = remembered.get(tile.block.tile) ?? emptyMemory(tile.block, perRow);
      atWork.push(beginTile(standing, tile, memory));
    } else if (job.kind === "turn") {
      await waitFor(standing, job.work.dueAt);
      const begun = await context.driver.chipTime();
      const done = await turnTile(standing, job.work);
      turnTook = (await context.driver.chipTime()) - begun;
      if (!done) continue;
      const { tile, memory } = job.work;
      atWork.splice(atWork.indexOf(job.work), 1);
      // Rows that did not fire because the link was lost, by a method that does not look, are done again.
      if (memory.verdicts.includes(verdicts.pending)) atWork.push(beginTile(standing, tile, memory));
      else planSweeps(tile, memory);
    } else {
      sweeps.splice(sweeps.indexOf(job.sweep), 1);
      await sweepTile(standing, job.sweep);
    }
  }
}

/** The sweeps that a run has taken: tile and time. */
async function sweptOf({ context, run }: Standing): Promise<Set<string>> {
  const taken = new Set<string>();
  for await (const { tile, timeSeconds } of context.store.sweeps(run)) taken.add(`${tile} ${timeSeconds}`);
  return taken;
}

async function sweepTile(standing: Standing, job: DueSweep): Promise<void> {
  const { context, plan, run, identity } = standing;
  const { block } = job.tile;
  await waitFor(standing, job.dueAt);
  await takeSweep(context, identity, run, block, job.timeSeconds, plan.sweepAverages);
  context.onEvent({ type: "sweep", run, tile: block.tile, timeSeconds: job.timeSeconds });
}

function waitFor(standing: Standing, due: Microseconds): Promise<void> {
  const { virtualTime } = standing.identity.capabilities;
  return waitUntil(standing.context, virtualTime, due, () => heedWishes(standing));
}

function heedWishes({ context, run }: Standing): Promise<void> {
  return heed(context, [run], () => {
    const text = `Run ${run} was stopped and the chip is in standby. Go on with mho resume ${run}.`;
    return new MhoError("interrupted", text, { run });
  });
}
