import { convertCodes } from "../src/chip/conversion.ts";
import { rowFates } from "../src/chip/driver.ts";
import type { JournalledOrder, SweepRecord, TurnRecord } from "../src/run/journal.ts";
import { fromBlob } from "./blobs.ts";
import { circumstancesOf, mustBe, orderSettingsOf } from "./records.ts";

/** Rows of the tables that grow, and what they stand for: as today's layout has them, and as the ones before it did. */

export function turnOf(row: TurnRow): TurnRecord {
  const devices = fromBlob(row.devices, Uint32Array);
  const conductanceMicrosiemens = fromBlob(row.conductance_microsiemens, Float32Array);
  const verdicts = fromBlob(row.verdicts, Uint8Array);
  mustBe(
    conductanceMicrosiemens.length === devices.length && verdicts.length === devices.length,
    "a turn has a reading and a verdict for each of its devices",
  );
  return {
    tile: row.tile,
    turn: row.turn,
    devices,
    conductanceMicrosiemens,
    verdicts,
    orders: ordersOf(row),
    firstTicket: row.first_ticket,
    newestTicket: row.newest_ticket,
    fired: {
      rowTimesMicroseconds: fromBlob(row.fired_row_times_microseconds, Float64Array),
      fates: fatesOf(row),
      ...(row.pulses_given.length > 0 ? { pulsesGiven: fromBlob(row.pulses_given, Uint8Array) } : {}),
    },
    inside: row.inside,
    decidedAt: row.decided_at,
  };
}

/** The second layout kept µS of every sweep, and neither when nor in which boot it was taken: those are then empty and 0. */
export function sweepOf(row: SweepRow): SweepRecord {
  const codes = fromBlob(row.codes, Uint16Array);
  const referenceCodes = fromBlob(row.reference_codes, Uint16Array);
  const circumstances = circumstancesOf(row.circumstances);
  const sweep = {
    tile: row.tile,
    timeSeconds: row.time_seconds,
    averages: row.averages,
    rowTimesMicroseconds: fromBlob(row.row_times_microseconds, Float64Array),
    ...(referenceCodes.length === 0 ? {} : { referenceCodes }),
  };
  const { takenAt = "", boot = 0, ...rest } = circumstances;
  if (circumstances.converter === undefined) {
    const conductanceMicrosiemens = fromBlob(row.conductance_microsiemens, Float32Array);
    const flags = fromBlob(row.flags, Uint8Array);
    mustBe(codes.length === 0, "codes stand beside the converter that gave them");
    mustBe(
      flags.length === conductanceMicrosiemens.length,
      "a sweep has a flag for each of its conductances",
    );
    return { ...sweep, ...rest, takenAt, boot, conductanceMicrosiemens, flags };
  }
  const conductanceMicrosiemens = new Float32Array(codes.length);
  const flags = new Uint8Array(codes.length);
  convertCodes({ codes, conductanceMicrosiemens, flags }, circumstances.converter);
  return { ...sweep, ...rest, takenAt, boot, codes, conductanceMicrosiemens, flags };
}

/** A workspace of the first layout kept times alone: whatever has one fired. */
function fatesOf(row: TurnRow): Uint8Array {
  if (row.row_fates.length > 0) return fromBlob(row.row_fates, Uint8Array);
  const times = fromBlob(row.fired_row_times_microseconds, Float64Array);
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
  const codes = fromBlob(row.codes, Uint16Array);
  const settings = orderSettingsOf(row.orders);
  if (settings.length === 0 && row.first_ticket > 0) settings.push(firstLayoutPulse);
  const devices = row.devices.length / Uint32Array.BYTES_PER_ELEMENT;
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
