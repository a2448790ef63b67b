import {
  blankReport,
  type ChipDriver,
  type ChipIdentity,
  type PulseReport,
  rowFates,
} from "../chip/driver.ts";
import { devicesOfBlock, devicesPerRow } from "../chip/geometry.ts";
import type { Clock, StopRequest } from "../clock.ts";
import { MhoError } from "../errors.ts";
import type { DeviceModel } from "../model/deviceModel.ts";
import { type Decision, type ProgrammingMethod, type Seen, verdicts } from "../program/method.ts";
import { methods } from "../program/methods.ts";
import { type Microseconds, microsecondsPerSecond } from "../units.ts";
import {
  emptyMemory,
  foldTurn,
  lastPulse,
  type RunNote,
  type TileMemory,
  type TurnRecord,
} from "./journal.ts";
import { PulseLedger } from "./ledger.ts";
import type { RunPlan, TileTargets } from "./plan.ts";
import { nextJob, type DueSweep } from "./schedule.ts";
import type { RunId, RunOutcome, RunStore } from "./store.ts";

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
  readonly onEvent: (event: RunEvent) => void;
}

/** In this order: one `started`, any number of `turn`, `uncertain` and `sweep`, one `ended`. */
export type RunEvent =
  | { readonly type: "started"; readonly run: RunId; readonly chip: ChipIdentity; readonly devices: number }
  | {
      readonly type: "turn";
      readonly run: RunId;
      readonly tile: number;
      readonly turn: number;
      readonly devicesDone: number;
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
  | { readonly type: "ended"; readonly run: RunId; readonly outcome: RunOutcome };

/**
 * Carries out a plan on one chip: the only loop that acts. Tile by tile it asks the method what to do, writes
 * the answer down, does it and looks again; between tiles it takes the sweeps that fall due. The chip is in
 * standby when this returns or throws, unless the link is gone (then the chip's own watchdog sees to it).
 *
 * @returns the run's id.
 */
export async function executeRun(context: RunContext, plan: RunPlan): Promise<RunId> {
  const { driver, store, onEvent } = context;
  let standing: Standing | undefined;
  let outcome: RunOutcome = "failed";
  try {
    const identity = await driver.identify();
    refuseStranger(plan, identity, driver.address);
    standing = await openRun(context, plan, identity);
    await workThrough(standing);
    outcome = "done";
    return standing.run;
  } catch (error) {
    if (error instanceof MhoError && error.code === "interrupted") outcome = "interrupted";
    throw error;
  } finally {
    // What failed first is what the person must hear of: a standby or a closing line that fails after it is not.
    await (outcome === "done" ? driver.standby() : driver.standby().catch(() => undefined));
    if (standing) {
      await keepLinkNotes(standing).catch(() => undefined);
      const ending = store.endRun(standing.run, outcome);
      await (outcome === "done" ? ending : ending.catch(() => undefined));
      onEvent({ type: "ended", run: standing.run, outcome });
    }
  }
}

const nothingFired = blankReport(0);

/** Where a run stands. */
interface Standing {
  readonly context: RunContext;
  readonly plan: RunPlan;
  readonly identity: ChipIdentity;
  readonly run: RunId;
  readonly ledger: PulseLedger;
  readonly devices: number;
  nextTicket: number;
  devicesDone: number;
  pulses: number;
}

async function openRun(context: RunContext, plan: RunPlan, identity: ChipIdentity): Promise<Standing> {
  const { store, driver, wallTime } = context;
  const ledger = await PulseLedger.ofChip(store, identity.serialNumber, driver.description.geometry);
  const newest = Math.max(await store.newestTicket(identity.serialNumber), identity.newestTicket);
  const run = await store.beginRun(plan, identity, wallTime());
  let devices = 0;
  for (const tile of plan.tiles) {
    for (const target of tile.targetsMicrosiemens) if (!Number.isNaN(target)) devices++;
  }
  context.onEvent({ type: "started", run, chip: identity, devices });
  return { context, plan, identity, run, ledger, devices, nextTicket: newest + 1, devicesDone: 0, pulses: 0 };
}

function refuseStranger(plan: RunPlan, identity: ChipIdentity, address: string): void {
  if (identity.name === plan.chipName && identity.serialNumber === plan.chipSerialNumber) return;
  throw new MhoError(
    "wrong-chip",
    `The chip at ${address} is ${identity.name} number ${identity.serialNumber}, but this run was planned for ` +
      `${plan.chipName} number ${plan.chipSerialNumber}. Connect that chip, or plan a run for this one.`,
    { address, found: identity.serialNumber, planned: plan.chipSerialNumber },
  );
}

async function workThrough(standing: Standing): Promise<void> {
  const { plan, context } = standing;
  const waiting = [...plan.tiles];
  const due: DueSweep[] = [];
  let programmingTook: Microseconds = 0;
  for (;;) {
    const now = await context.driver.chipTime();
    const job = nextJob(waiting.length, due, now, programmingTook);
    if (job === "none") return;
    if (job === "program") {
      const tile = waiting.shift()!;
      const memory = await programTile(standing, tile);
      const pulsedAt = lastPulse(memory);
      for (const timeSeconds of Number.isNaN(pulsedAt) ? [] : plan.sweepTimesSeconds) {
        due.push({ tile, timeSeconds, dueAt: pulsedAt + Math.round(timeSeconds * microsecondsPerSecond) });
      }
      programmingTook = (await context.driver.chipTime()) - now;
    } else {
      due.splice(due.indexOf(job), 1);
      await sweepTile(standing, job);
    }
  }
}

/** The turns of one tile: decide, write it down, act, look. */
async function programTile(standing: Standing, tile: TileTargets): Promise<TileMemory> {
  const { context, plan, ledger, identity } = standing;
  const { description } = context.driver;
  const perRow = devicesPerRow(identity.geometry);
  const memory = emptyMemory(tile.block, perRow);
  const method: ProgrammingMethod = methods[plan.method];
  const state = method.begin(
    {
      rowCount: tile.block.rowCount,
      devicesPerRow: perRow,
      targetsMicrosiemens: tile.targetsMicrosiemens,
      reset: description.reset,
      maxCode: Math.min(
        description.reset.codes - 1,
        Math.floor(description.limits.maxAmplitudeMicroamperes / description.reset.microamperesPerCode),
      ),
      pulseBudget: ledger.remaining(tile.block.tile, description.limits.pulsesPerDevice),
    },
    context.model,
  );
  let seen: Seen | undefined;
  let fired = nothingFired;
  for (;;) {
    stopIfAsked(standing);
    await keepLinkNotes(standing);
    const decision = method.next(state, seen);
    fired = await commitAndFire(standing, tile, memory, seen, decision, fired);
    if (decision.look.kind === "done") break;
    seen = await context.driver.read(tile.block, decision.look.averages);
  }
  if (fired !== nothingFired) await closeTile(standing, memory, fired);
  return memory;
}

/** One commit between deciding and acting: what fires always stands in the journal first. */
async function commitAndFire(
  standing: Standing,
  tile: TileTargets,
  memory: TileMemory,
  seen: Seen | undefined,
  decision: Decision,
  firedBefore: PulseReport,
): Promise<PulseReport> {
  const { context, run, ledger } = standing;
  const { block } = tile;
  const firstTicket = decision.codes === undefined ? 0 : standing.nextTicket;
  const record = recordTurn(memory, seen, decision, firstTicket, firedBefore);
  await context.store.appendTurn(run, record);
  foldTurn(memory, record);
  ledger.book(block.tile, block.rowStart, record.devices, record.codes);
  let report = nothingFired;
  if (decision.codes !== undefined) {
    standing.nextTicket += block.rowCount;
    const widthNanoseconds = context.driver.description.reset.widthNanoseconds;
    report = await context.driver.pulse(block, { codes: decision.codes, widthNanoseconds, firstTicket });
    const uncertain = report.fates.reduce((rows, fate) => rows + (fate === rowFates.uncertain ? 1 : 0), 0);
    if (uncertain > 0) {
      await keepLinkNotes(standing);
      await bookUncertain(standing, report, record, uncertain);
    }
  }
  for (const code of record.codes) if (code !== 0) standing.pulses++;
  for (const verdict of record.verdicts) {
    if (verdict !== verdicts.pending && verdict !== verdicts.leftAlone) standing.devicesDone++;
  }
  context.onEvent({
    type: "turn",
    run,
    tile: block.tile,
    turn: record.turn,
    devicesDone: standing.devicesDone,
    devices: standing.devices,
    pulses: standing.pulses,
  });
  return report;
}

/** Rows of which nobody knows whether they fired: they did so now at the latest. */
async function bookUncertain(
  { context, run }: Standing,
  report: PulseReport,
  { tile, turn }: TurnRecord,
  rows: number,
): Promise<void> {
  const now = await context.driver.chipTime();
  report.fates.forEach((fate, row) => {
    if (fate === rowFates.uncertain) report.rowTimesMicroseconds[row] = now;
  });
  context.onEvent({ type: "uncertain", run, tile, turn, rows });
  const text = `Whether ${rows} ${rows === 1 ? "row" : "rows"} of tile ${tile} fired in turn ${turn} is unknown.`;
  await context.store.appendNote(run, { notedAt: context.wallTime(), what: "uncertain", text });
}

/** Keeps of a turn what concerns devices that had no final verdict before it. */
function recordTurn(
  memory: TileMemory,
  seen: Seen | undefined,
  decision: Decision,
  firstTicket: number,
  fired: PulseReport,
): TurnRecord {
  const count = memory.verdicts.length;
  const devices = new Uint32Array(count);
  let kept = 0;
  for (let i = 0; i < count; i++) if (memory.verdicts[i] === verdicts.pending) devices[kept++] = i;
  const record = {
    tile: memory.block.tile,
    turn: memory.turns,
    devices: devices.slice(0, kept),
    conductanceMicrosiemens: new Float32Array(kept).fill(Number.NaN),
    verdicts: new Uint8Array(kept),
    codes: new Uint16Array(kept),
    firstTicket,
    newestTicket: firstTicket === 0 ? 0 : firstTicket + memory.block.rowCount - 1,
    fired,
  };
  record.devices.forEach((device, k) => {
    if (seen) record.conductanceMicrosiemens[k] = seen.conductanceMicrosiemens[device]!;
    record.verdicts[k] = decision.verdicts[device]!;
    if (decision.codes) record.codes[k] = decision.codes[device]!;
  });
  return record;
}

/** A method that fires and does not look back leaves firing times to be written down. */
async function closeTile(standing: Standing, memory: TileMemory, fired: PulseReport): Promise<void> {
  const devices = Uint32Array.from(memory.lastCodes.keys()).filter(
    (device) =>
      memory.lastCodes[device] !== 0 &&
      fired.fates[Math.floor(device / memory.devicesPerRow)] === rowFates.uncertain,
  );
  const record: TurnRecord = {
    tile: memory.block.tile,
    turn: memory.turns,
    devices,
    conductanceMicrosiemens: new Float32Array(devices.length).fill(Number.NaN),
    verdicts: new Uint8Array(devices.length).fill(verdicts.uncertain),
    codes: new Uint16Array(devices.length),
    firstTicket: 0,
    newestTicket: 0,
    fired,
  };
  await standing.context.store.appendTurn(standing.run, record);
  foldTurn(memory, record);
}

async function sweepTile(standing: Standing, job: DueSweep): Promise<void> {
  const { context, plan, run, identity } = standing;
  const { block } = job.tile;
  await waitUntil(standing, job.dueAt);
  const reading = await context.driver.read(block, plan.sweepAverages);
  if (reading.conductanceMicrosiemens.length !== devicesOfBlock(identity.geometry, block)) {
    throw new Error(`This is a mistake in mho itself: a reading of tile ${block.tile} has the wrong length.`);
  }
  await context.store.appendSweep(run, {
    tile: block.tile,
    timeSeconds: job.timeSeconds,
    averages: plan.sweepAverages,
    ...reading,
  });
  context.onEvent({ type: "sweep", run, tile: block.tile, timeSeconds: job.timeSeconds });
}

/** Waits for a chip time: by moving it where the chip allows that, else by sleeping, awake for a stop. */
async function waitUntil(standing: Standing, due: Microseconds): Promise<void> {
  const { driver, clock } = standing.context;
  for (;;) {
    stopIfAsked(standing);
    const { virtualTime } = standing.identity.capabilities;
    const left = due - (await (virtualTime ? driver.chipTime() : driver.heartbeat()));
    if (left <= 0) return;
    if (virtualTime) await driver.advance(left);
    else await clock.sleep(Math.min(left, longestSleep));
  }
}

/** Between two heartbeats: a link that fell silent is noticed within a second. */
const longestSleep: Microseconds = 200_000;

async function keepLinkNotes({ context, run }: Standing): Promise<void> {
  for (const note of context.linkNotes?.() ?? []) await context.store.appendNote(run, note);
}

function stopIfAsked({ context, run }: Standing): void {
  if (!context.stop.requested) return;
  throw new MhoError("interrupted", `Run ${run} was stopped and the chip is in standby.`, { run });
}
