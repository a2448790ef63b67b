import { convertCodes } from "../src/chip/conversion.ts";
import { rowFates } from "../src/chip/driver.ts";
import { verdictNames } from "../src/program/method.ts";
import type { JournalledOrder, SweepRecord, TurnRecord } from "../src/run/journal.ts";
import { columnOf } from "./blobs.ts";
import { circumstancesOf, isCount, mustBe, orderSettingsOf } from "./records.ts";

/** Rows of the tables that grow, and what they stand for: as today's layout has them, and as the ones before it did. */

/** How many rows and devices a run's block on each tile has: what its turns and sweeps must fit. */
export type Shape = ReadonlyMap<number, { readonly rows: number; readonly devices: number }>;

export function turnOf(row: TurnRow, shape: Shape): TurnRecord {
  const block = blockIn(shape, row.tile);
  const devices = columnOf(row.devices, Uint32Array);
  const conductanceMicrosiemens = columnOf(row.conductance_microsiemens, Float32Array);
  const verdicts = columnOf(row.verdicts, Uint8Array);
  mustBe(
    conductanceMicrosiemens.length === devices.length && verdicts.length === devices.length,
    "a reading and a verdict for each of its devices",
  );
  mustBe(isAscendingBelow(devices, block.devices), "devices of the run's block in their order");
  mustBe(allBelow(verdicts, verdictNames.length), "verdicts that this version of mho knows");
  mustBe([row.turn, row.first_ticket, row.newest_ticket, row.inside].every(isCount), "counts");
  mustBe(typeof row.decided_at === "string", "a time");
  const rowTimesMicroseconds = columnOf(row.fired_row_times_microseconds, Float64Array);
  const fates = fatesOf(row, rowTimesMicroseconds);
  mustBe(
    fates.length === rowTimesMicroseconds.length && fates.length % block.rows === 0 && allBelow(fates, 4),
    "the fate of each row of its block",
  );
  const pulsesGiven = columnOf(row.pulses_given, Uint8Array);
  mustBe(pulsesGiven.length === 0 || pulsesGiven.length === block.devices, "the pulses given to each device");
  return {
    tile: row.tile,
    turn: row.turn,
    devices,
    conductanceMicrosiemens,
    verdicts,
    orders: ordersOf(row),
    firstTicket: row.first_ticket,
    newestTicket: row.newest_ticket,
    fired: { rowTimesMicroseconds, fates, ...(pulsesGiven.length > 0 ? { pulsesGiven } : {}) },
    inside: row.inside,
    decidedAt: row.decided_at,
  };
}

/** The second layout kept µS of every sweep, and neither when nor in which boot it was taken: those are then empty and 0. */
export function sweepOf(row: SweepRow, shape: Shape): SweepRecord {
  const block = blockIn(shape, row.tile);
  const codes = columnOf(row.codes, Uint16Array);
  const referenceCodes = columnOf(row.reference_codes, Uint16Array);
  const circumstances = circumstancesOf(row.circumstances);
  const rowTimesMicroseconds = columnOf(row.row_times_microseconds, Float64Array);
  mustBe(rowTimesMicroseconds.length === block.rows, "a time for each row of its block");
  mustBe(Number.isFinite(row.time_seconds) && row.time_seconds >= 0, "an age");
  mustBe(isCount(row.averages) && row.averages > 0, "how many reads were averaged");
  const sweep = {
    tile: row.tile,
    timeSeconds: row.time_seconds,
    averages: row.averages,
    rowTimesMicroseconds,
    ...(referenceCodes.length === 0 ? {} : { referenceCodes }),
  };
  const { takenAt = "", boot = 0, ...rest } = circumstances;
  const isWhole = (numbers: ArrayLike<number>): void =>
    mustBe(numbers.length === block.devices, "a reading for each device of its block");
  if (circumstances.converter === undefined) {
    const conductanceMicrosiemens = columnOf(row.conductance_microsiemens, Float32Array);
    const flags = columnOf(row.flags, Uint8Array);
    mustBe(codes.length === 0, "codes beside the converter that gave them");
    isWhole(conductanceMicrosiemens);
    isWhole(flags);
    mustBe(allBelow(flags, 3), "flags that this version of mho knows");
    return { ...sweep, ...rest, takenAt, boot, conductanceMicrosiemens, flags };
  }
  isWhole(codes);
  const conductanceMicrosiemens = new Float32Array(codes.length);
  const flags = new Uint8Array(codes.length);
  convertCodes({ codes, conductanceMicrosiemens, flags }, circumstances.converter);
  return { ...sweep, ...rest, takenAt, boot, codes, conductanceMicrosiemens, flags };
}

function blockIn(shape: Shape, tile: number): { readonly rows: number; readonly devices: number } {
  const block = shape.get(tile);
  mustBe(block !== undefined, "a tile of the run's plan");
  return block;
}

function isAscendingBelow(numbers: Uint32Array, end: number): boolean {
  for (let k = 1; k < numbers.length; k++) if (numbers[k]! <= numbers[k - 1]!) return false;
  return numbers.length === 0 || numbers.at(-1)! < end;
}

function allBelow(numbers: Uint8Array, end: number): boolean {
  for (const number of numbers) if (number >= end) return false;
  return true;
}

/** A workspace of the first layout kept times alone: whatever has one fired. */
function fatesOf(row: TurnRow, times: Float64Array): Uint8Array {
  const fates = columnOf(row.row_fates, Uint8Array);
  if (fates.length > 0) return fates;
  return Uint8Array.from(times, (time) => (Number.isNaN(time) ? rowFates.nothingToFire : rowFates.fired));
}

export function joined(parts: readonly Uint16Array[]): Uint16Array {
  const all = new Uint16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A workspace of the first layout knew RESET pulses of one width only, and kept their codes alone. */
function ordersOf(row: TurnRow): JournalledOrder[] {
  const codes = columnOf(row.codes, Uint16Array);
  const settings = orderSettingsOf(row.orders);
  if (settings.length === 0 && row.first_ticket > 0) settings.push(firstLayoutPulse);
  const devices = row.devices.length / Uint32Array.BYTES_PER_ELEMENT;
  mustBe(codes.length === devices * settings.length, "a code for each of its devices and orders");
  return settings.map((order, k) => ({ ...order, codes: codes.slice(k * devices, (k + 1) * devices) }));
}

const firstLayoutPulse = {
  kind: "reset",
  widthNanoseconds: 100,
  trailingNanoseconds: 0,
  gateCode: 0,
} as const;

export interface TurnRow {
  tile: number;
  turn: number;
  devices: Uint8Array;
  conductance_microsiemens: Uint8Array;
  verdicts: Uint8Array;
  codes: Uint8Array;
  first_ticket: number;
  newest_ticket: number;
  fired_row_times_microseconds: Uint8Array;
  row_fates: Uint8Array;
  orders: string;
  pulses_given: Uint8Array;
  inside: number;
  decided_at: string;
}

export interface SweepRow {
  tile: number;
  time_seconds: number;
  averages: number;
  row_times_microseconds: Uint8Array;
  conductance_microsiemens: Uint8Array;
  flags: Uint8Array;
  codes: Uint8Array;
  reference_codes: Uint8Array;
  circumstances: string;
}

export function withoutCodes(order: JournalledOrder): Omit<JournalledOrder, "codes"> {
  const { codes: _codes, ...settings } = order;
  return settings;
}
