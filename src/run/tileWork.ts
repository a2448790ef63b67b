import { blankReport, mostBurstCycles, type PulseReport, type Reading, rowFates } from "../chip/driver.ts";
import { placesOfCodes } from "../chip/codes.ts";
import { highestCode } from "../chip/description.ts";
import { devicesPerRow } from "../chip/geometry.ts";
import type { ChipPulses } from "../chip/technology.ts";
import type { ModelDefinition } from "../model/definition.ts";
import { MhoError } from "../errors.ts";
import {
  type BoardLoop,
  type Decision,
  isFinal,
  isOpen,
  type Look,
  type ProgrammingMethod,
  type BlockPulse,
  pulsesOfOrder,
  type Seen,
  verdicts,
} from "../program/method.ts";
import { type Microseconds, microsecondsPerSecond } from "../units.ts";
import { checkDecision } from "./decisionCheck.ts";
import { foldTurn, type JournalledOrder, lastPulse, type TileMemory, type TurnRecord } from "./journal.ts";
import type { TileTargets } from "./plan.ts";
import { rowsRead } from "./events.ts";
import { readInSteps, type RowsRead } from "./longRead.ts";
import { checkRequests } from "./requests.ts";
import { keepSweep, sweepOfLook } from "./sweep.ts";
import { withinRowCurrent } from "./rowCurrent.ts";
import type { ActiveRun } from "./activeRun.ts";

/** A tile that is being programmed. */
export interface TileWork {
  readonly tile: TileTargets;
  readonly memory: TileMemory;
  readonly method: ProgrammingMethod;
  readonly state: unknown;
  /** What each device may still get, as the engine counts it. */
  readonly pulsesLeft: Uint32Array;
  /** What became of the last turn's pulses. */
  fired: PulseReport;
  /** Chip time of the tile's last pulse; NaN when it never had one. */
  latestPulse: Microseconds;
  look: Look | undefined;
  /** Chip time at which the next turn may begin. */
  dueAt: Microseconds;
}

/** Begins a tile, or goes on with one whose memory is not empty. */
export function beginTile(active: ActiveRun, tile: TileTargets, memory: TileMemory): TileWork {
  const { plan, ledger, identity, context, log } = active;
  const { description } = context.driver;
  const { block, targetsMicrosiemens, cells } = tile;
  log.info({ tile: block.tile, turn: memory.turns, rows: block.rowCount }, "tile begun");
  const perRow = devicesPerRow(identity.geometry);
  const spent = ledger.pulsesOfTile(block.tile).subarray(block.rowStart * perRow);
  const { pulsesPerDevice } = description.limits;
  const { method } = active;
  const pulsesLeft = Uint32Array.from(targetsMicrosiemens, (_, i) =>
    Math.max(0, Math.min(pulsesPerDevice - spent[i]!, plan.pulsesPerDevice - memory.pulses[i]!)),
  );
  const state = method.begin(
    {
      rowCount: block.rowCount,
      tileRows: description.geometry.rows,
      devicesPerRow: perRow,
      targetsMicrosiemens: targetsMicrosiemens.slice(),
      pulses: pulsesBelieved(plan.model, description.pulses),
      maxCode: highestCode(description),
      pulsesLeft: pulsesLeft.slice(),
      pulsesBefore:
        context.acceptUnknownWear === true ? undefined : spent.slice(0, targetsMicrosiemens.length),
      burstCycles: identity.capabilities.burst === true ? mostBurstCycles : 0,
      settings: plan.settings,
      cells,
      standing: memory.turns === 0 ? undefined : memory,
    },
    active.model,
  );
  const latestPulse = lastPulse(memory);
  return {
    tile,
    memory,
    method,
    state,
    pulsesLeft,
    fired: nothingFired,
    latestPulse,
    look: undefined,
    dueAt: 0,
  };
}

/** What was measured of how devices answer to pulses counts for more than what the chip's description says. */
function pulsesBelieved(model: ModelDefinition, pulses: ChipPulses): ChipPulses {
  const measured = "pulseResponse" in model ? model.pulseResponse : undefined;
  const { response } = pulses.technology;
  if (measured === undefined || response === undefined) return pulses;
  return response.with(pulses, {
    ...measured,
    amplitudeMicroamperes: Float64Array.from(measured.amplitudeMicroamperes),
    conductanceMicrosiemens: Float64Array.from(measured.conductanceMicrosiemens),
  });
}

const nothingFired = blankReport(0);

/**
 * One turn: look at what the last one did, decide, write it down, act.
 *
 * @returns whether the tile is done.
 */
export async function turnTile(active: ActiveRun, work: TileWork): Promise<boolean> {
  const seen =
    work.look?.kind === "read"
      ? await lookAt(active, work, work.look)
      : work.look?.kind === "multiply"
        ? await multiply(active, work, work.look)
        : undefined;
  const decision = work.method.next(work.state, seen);
  checkDecision(work.method.name, work.tile, work.memory, decision, work.pulsesLeft);
  const report = await commitAndFire(active, work, seen, decision);
  work.fired = report;
  work.latestPulse = laterOf(work.latestPulse, report);
  work.look = decision.look;
  if (decision.look.kind === "done") {
    await closeTile(active, work);
    return true;
  }
  const { afterSeconds } = decision.look;
  const waits = afterSeconds > 0 && !Number.isNaN(work.latestPulse);
  work.dueAt = waits ? work.latestPulse + Math.round(afterSeconds * microsecondsPerSecond) : 0;
  return false;
}

async function lookAt(
  { context, run, identity }: ActiveRun,
  { tile, memory, fired }: TileWork,
  look: Look & { kind: "read" },
): Promise<Seen> {
  const beforeStep = (read: RowsRead): Promise<unknown> => {
    context.onEvent(rowsRead(run, tile.block.tile, read));
    return checkRequests(context, [run]);
  };
  const { averages, rows, readVolts } = look;
  const reading = await readInSteps(context.driver, tile.block, averages, rows, beforeStep, readVolts);
  if (look.sweepSeconds !== undefined) {
    const sweep = sweepOfLook(context, identity, tile.block, reading, look);
    await keepSweep(context, run, sweep);
  }
  return {
    conductanceMicrosiemens: reading.conductanceMicrosiemens,
    flags: reading.flags,
    agesSeconds: agesOf(reading, memory, fired),
    unsure: unsureOf(memory, fired),
  };
}

async function multiply(
  { context }: ActiveRun,
  { tile, memory }: TileWork,
  { inputs }: Look & { kind: "multiply" },
): Promise<Seen> {
  const devices = memory.verdicts.length;
  return {
    conductanceMicrosiemens: new Float32Array(devices).fill(Number.NaN),
    flags: new Uint8Array(devices),
    agesSeconds: new Float32Array(devices).fill(Number.NaN),
    unsure: new Uint8Array(devices),
    products: await context.driver.multiply(tile.block.tile, inputs),
  };
}

/** The journal learns of the last turn's firing times with the next record; until then they are in its report. */
function agesOf(reading: Reading, memory: TileMemory, fired: PulseReport): Float32Array {
  const perRow = memory.devicesPerRow;
  const rows = memory.block.rowCount;
  const { pulsedAtMicroseconds, lastOrders, lastDevices } = memory;
  const ages = new Float32Array(memory.verdicts.length).fill(Number.NaN);
  for (let row = 0; row < rows; row++) {
    const readAt = reading.rowTimesMicroseconds[row]!;
    // Most looks are at a few rows.
    if (Number.isNaN(readAt)) continue;
    for (let i = row * perRow; i < (row + 1) * perRow; i++)
      ages[i] = (readAt - pulsedAtMicroseconds[i]!) / microsecondsPerSecond;
  }
  for (let order = 0; order < lastOrders.length; order++) {
    const codes = lastOrders[order]!;
    for (let k = 0; k < lastDevices.length; k++) {
      const i = lastDevices[k]!;
      if (codes[i] === 0) continue;
      const row = Math.floor(i / perRow);
      const firedAt = fired.rowTimesMicroseconds[order * rows + row]!;
      if (!Number.isNaN(firedAt))
        ages[i] = (reading.rowTimesMicroseconds[row]! - firedAt) / microsecondsPerSecond;
    }
  }
  return ages;
}

function unsureOf(memory: TileMemory, { fates }: PulseReport): Uint8Array {
  const unsure = new Uint8Array(memory.verdicts.length);
  const rows = memory.block.rowCount;
  const perRow = memory.devicesPerRow;
  fates.forEach((fate, k) => {
    if (fate === rowFates.uncertain || fate === rowFates.notFired) {
      const row = k % rows;
      unsure.fill(1, row * perRow, (row + 1) * perRow);
    }
  });
  return unsure;
}

/** One commit between deciding and acting: what fires always stands in the journal first. */
async function commitAndFire(
  active: ActiveRun,
  work: TileWork,
  seen: Seen | undefined,
  decision: Decision,
): Promise<PulseReport> {
  const { context, run, ledger, log } = active;
  const { memory, tile } = work;
  const { block } = tile;
  const { board } = decision;
  if (decision.orders.some(({ burst }) => burst !== undefined) && active.identity.capabilities.burst !== true)
    throw new MhoError(
      "bad-argument",
      `The method ${work.method.name} is wrong: it orders a burst, and the chip at ${context.driver.address} gives single pulses only. ` +
        "Nothing of this turn was fired; mend the method: it must heed task.burstCycles.",
      { method: work.method.name },
    );
  const pulses = decision.orders.flatMap((order) => withinRowCurrent(order, context.driver.description));
  const orders = board === undefined ? pulses : [journalled(board)];
  const firstTicket = orders.length === 0 ? 0 : active.nextTicket;
  const kept = work.look?.kind === "read" && work.look.keeps === true;
  const decidedAt = context.wallTime();
  const record = recordTurn(memory, seen, kept, decision, orders, firstTicket, work.fired, decidedAt);
  if (saysSomething(record)) {
    await context.store.appendTurn(run, record);
    foldTurn(memory, record);
  }
  // It stands in the journal now. Until this turn has fired, nothing is known of its own pulses.
  work.fired = nothingFired;
  for (const order of record.orders)
    ledger.book(block.tile, block.rowStart, record.devices, order.codes, pulsesOfOrder(order));
  active.nextTicket += orders.length * block.rowCount;
  const report = await fire(active, tile, board, pulses, firstTicket);
  await active.bookUncertain(report, block.tile, record.turn);
  active.refuseFireless(report, block.tile);
  for (const order of record.orders)
    for (const code of order.codes) if (code !== 0) active.pulses += pulsesOfOrder(order);
  for (const verdict of record.verdicts) {
    if (isFinal(verdict)) active.devicesDone++;
    if (verdict === verdicts.accepted || verdict === verdicts.acceptedOutside) active.accepted++;
  }
  active.insideOfTile.set(block.tile, record.inside);
  if (log.isLevelEnabled("debug")) {
    const { turn } = record;
    log.debug(
      { tile: block.tile, turn, ticket: firstTicket, pulses: active.pulses, accepted: active.accepted },
      "turn done",
    );
  }
  context.onEvent({
    type: "turn",
    run,
    tile: block.tile,
    turn: record.turn,
    tile_done: decision.look.kind === "done",
    devices_done: active.devicesDone,
    devices: active.devices,
    pulses: active.pulses,
    accepted: active.accepted,
    inside: active.inside,
  });
  return report;
}

/** A loop of the board's own, as the journal keeps it. */
function journalled({ targetsMicrosiemens, widthNanoseconds, iterations }: BoardLoop): JournalledOrder {
  const codes = Uint16Array.from(targetsMicrosiemens, (target) => (Number.isNaN(target) ? 0 : 1));
  return { kind: "on-board", codes, widthNanoseconds, trailingNanoseconds: 0, gateCode: 0, iterations };
}

async function fire(
  { context }: ActiveRun,
  { block }: TileTargets,
  board: BoardLoop | undefined,
  orders: readonly BlockPulse[],
  firstTicket: number,
): Promise<PulseReport> {
  if (board !== undefined) return context.driver.verify(block, { ...board, firstTicket });
  if (orders.length === 0) return nothingFired;
  const report = blankReport(orders.length * block.rowCount);
  for (const [k, order] of orders.entries()) {
    const first = k * block.rowCount;
    const part = await context.driver.pulse(block, { ...order, firstTicket: firstTicket + first });
    report.rowTimesMicroseconds.set(part.rowTimesMicroseconds, first);
    report.fates.set(part.fates, first);
  }
  return report;
}

/**
 * Keeps of a turn what concerns devices that had no final verdict before it and were fired at in the last one, or are fired at
 * or judged in this; where the look was to be kept, also of those that were only read.
 */
function recordTurn(
  memory: TileMemory,
  seen: Seen | undefined,
  lookIsKept: boolean,
  decision: Decision,
  orders: readonly JournalledOrder[],
  firstTicket: number,
  fired: PulseReport,
  decidedAt: string,
): TurnRecord {
  const { concerned, inside } = concernedBy(memory, lookIsKept ? seen : undefined, decision, orders);
  const kept = concerned.length;
  const ofConcerned = orders.map((order): JournalledOrder => {
    const codes = new Uint16Array(kept);
    for (let k = 0; k < kept; k++) codes[k] = order.codes[concerned[k]!]!;
    return { ...order, codes };
  });
  const conductanceMicrosiemens = new Float32Array(kept).fill(Number.NaN);
  const given = new Uint8Array(kept);
  for (let k = 0; k < kept; k++) {
    if (seen) conductanceMicrosiemens[k] = seen.conductanceMicrosiemens[concerned[k]!]!;
    given[k] = decision.verdicts[concerned[k]!]!;
  }
  return {
    tile: memory.block.tile,
    turn: memory.turns,
    devices: concerned,
    conductanceMicrosiemens,
    verdicts: given,
    orders: ofConcerned,
    firstTicket,
    newestTicket: orders.length === 0 ? 0 : firstTicket + orders.length * memory.block.rowCount - 1,
    fired,
    inside,
    decidedAt,
  };
}

/**
 * Places of the devices that a turn tells of, ascending, and how many of the tile are in place.
 *
 * @param looked  at which devices, where all that were read count.
 */
function concernedBy(
  { verdicts: before, lastOrders, lastDevices }: TileMemory,
  looked: Seen | undefined,
  { verdicts: after }: Decision,
  orders: readonly JournalledOrder[],
): { concerned: Uint32Array; inside: number } {
  const count = before.length;
  const marked = new Uint8Array(count);
  for (const codes of lastOrders) for (const i of lastDevices) if (codes[i] !== 0) marked[i] = 1;
  for (const { codes } of orders) for (const i of placesOfCodes(codes)) marked[i] = 1;
  if (looked !== undefined)
    for (let i = 0; i < count; i++) if (!Number.isNaN(looked.conductanceMicrosiemens[i]!)) marked[i] = 1;
  const places = new Uint32Array(count);
  let [kept, inside] = [0, 0];
  for (let i = 0; i < count; i++) {
    const verdict = after[i]!;
    if (verdict === verdicts.inPlace) inside++;
    if ((marked[i] === 1 || before[i] !== verdict) && isOpen(before[i]!)) places[kept++] = i;
  }
  return { concerned: places.slice(0, kept), inside };
}

/** A look that led to nothing is no turn of the journal's: a method that waits for its devices to settle takes dozens. */
function saysSomething({ devices, fired }: TurnRecord): boolean {
  return devices.length > 0 || fired.fates.length > 0;
}

/**
 * Writes down what became of a tile's last pulses, where that is known and no turn will tell: of a method that does not look back, and
 * of a run that is stopped before its next look. A chip that is reset until the run goes on could not tell any more.
 */
export async function closeTile(active: ActiveRun, work: TileWork): Promise<void> {
  const { memory, fired } = work;
  if (fired === nothingFired) return;
  const record = closingRecord(memory, fired, active.context.wallTime());
  await active.context.store.appendTurn(active.run, record);
  foldTurn(memory, record);
}

/**
 * What became of the last pulses, and nothing else. Devices that were not to be read, and whose pulse may not have fired or did not, are
 * to be worked on again: the method sees by their count of pulses which is which.
 */
export function closingRecord(memory: TileMemory, fired: PulseReport, decidedAt: string): TurnRecord {
  const rows = memory.block.rowCount;
  const devices = new Uint32Array(memory.verdicts.length);
  const given = new Uint8Array(memory.verdicts.length);
  let kept = 0;
  for (let i = 0; i < memory.verdicts.length; i++) {
    if (memory.verdicts[i] !== verdicts.unverified) continue;
    const row = Math.floor(i / memory.devicesPerRow);
    const order = memory.lastOrders.findIndex((codes) => codes[i] !== 0);
    const fate = order < 0 ? undefined : fired.fates[order * rows + row];
    if (fate !== rowFates.uncertain && fate !== rowFates.notFired) continue;
    devices[kept] = i;
    given[kept++] = verdicts.pending;
  }
  return {
    tile: memory.block.tile,
    turn: memory.turns,
    devices: devices.slice(0, kept),
    conductanceMicrosiemens: new Float32Array(kept).fill(Number.NaN),
    verdicts: given.slice(0, kept),
    orders: [],
    firstTicket: 0,
    newestTicket: 0,
    fired,
    inside: 0,
    decidedAt,
  };
}

/**
 * Takes back that devices are programmed or in place, after pulses that no run of this workspace gave: the method looks at them
 * again, or sets them again where it does not look. What is in place does not stand without what is programmed: a method that fills
 * cells aims it at what the other devices of its cell leave.
 */
export function reopeningRecord(memory: TileMemory, decidedAt: string): TurnRecord {
  const { accepted, acceptedOutside, unverified, inPlace } = verdicts;
  const doubtful: readonly number[] = [accepted, acceptedOutside, unverified, inPlace];
  const devices = Uint32Array.from(memory.verdicts.keys()).filter((i) =>
    doubtful.includes(memory.verdicts[i]!),
  );
  return {
    tile: memory.block.tile,
    turn: memory.turns,
    devices,
    conductanceMicrosiemens: new Float32Array(devices.length).fill(Number.NaN),
    verdicts: new Uint8Array(devices.length).fill(verdicts.pending),
    orders: [],
    firstTicket: 0,
    newestTicket: 0,
    fired: nothingFired,
    inside: 0,
    decidedAt,
  };
}

/** Whether its last turn fired. */
export function hasFired({ fired }: TileWork): boolean {
  return fired !== nothingFired;
}

function laterOf(earlier: Microseconds, { rowTimesMicroseconds }: PulseReport): Microseconds {
  let latest = earlier;
  for (const time of rowTimesMicroseconds) if (!(time <= latest) && !Number.isNaN(time)) latest = time;
  return latest;
}
