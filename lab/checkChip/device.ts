import type { TriedPulse } from "../../drivers/boardTrials.ts";
import { type ChipDescription, highestCode } from "../../src/chip/description.ts";
import { noCode } from "../../src/chip/driver.ts";
import { devicesPerRow } from "../../src/chip/geometry.ts";
import type { ExtremePulse } from "../../src/chip/technology.ts";
import type { Booked } from "./bookedPulses.ts";
import type { TicketSource } from "./ticketSource.ts";
import { type DevicePlace, did, mustRefuse, refusals, type Trial, zeroRow } from "./findings.ts";

/**
 * Pulses at the device that is named, from half of the usual amplitude on until something moves: it has to be that device and no
 * other. All pulses are within the limits.
 */
export async function tryOrder(
  trial: Trial,
  { tile, row, device }: DevicePlace,
  tickets: TicketSource,
  fire: Booked["fire"],
): Promise<void> {
  const { say, description, identity } = trial;
  const extremes = description?.pulses.technology.extremes?.(description.pulses, highestCode(description));
  if (description === undefined || extremes === undefined) {
    const why =
      description === undefined ? "nothing describes its pulses" : "its devices move too little by one pulse";
    say("order", "not tried", `The order of devices could not be tried: ${why}.`);
    return;
  }
  const before = await look(trial, tile, row);
  if (before === undefined) {
    say("order", "not tried", "The order of devices could not be tried: the row could not be read.");
    return;
  }
  const again = await look(trial, tile, row);
  const range = description.maxConductanceMicrosiemens / description.converter.microsiemensPerCode;
  // What moves by itself must not be taken for what the pulse did.
  const restless = before.reduce((most, code, k) => Math.max(most, Math.abs((again?.[k] ?? code) - code)), 0);
  const least = Math.max(0.05 * range, 2 * restless);
  const { up, down } = extremes;
  const extreme = before[device]! - description.converter.offsetCodes < range / 2 ? up : down;
  for (const share of [0.5, 0.65, 0.8, 1]) {
    const ticket = await tickets.next();
    const fired = await fire(one(trial, { tile, row, device }, extreme, share, ticket));
    if (fired.kind !== "answered") {
      const text = `A pulse of ${Math.round(100 * share)} % of the usual amplitude at tile ${tile}, row ${row}, device ${device} ${did(fired)}: carry it out, for it is within the limits.`;
      say("order", "fault", text);
      return;
    }
    const after = await look(trial, tile, row);
    if (after === undefined) {
      say("order", "fault", "The row could not be read after a pulse: answer reads at any time.");
      return;
    }
    const by = after.map((code, k) => Math.abs(code - before[k]!));
    const most = by.reduce((a, b) => Math.max(a, b), 0);
    if (most < least) continue;
    return judge(
      trial,
      device,
      [...by.keys()].filter((k) => by[k]! >= Math.max(least, most / 2)),
    );
  }
  const { columns, devicesPerCell } = identity.geometry;
  const other = device === 0 ? Math.min(1, columns * devicesPerCell - 1) : device - 1;
  say(
    "order",
    "note",
    `No device of the row moved by pulses up to the usual one: device ${device} may be stuck, or pulses do not reach the array; name another, such as ${tile}:${row}:${other}.`,
  );
}

function judge({ say, identity }: Trial, device: number, moved: readonly number[]): void {
  const { columns, devicesPerCell } = identity.geometry;
  const [column, inCell] = [Math.floor(device / devicesPerCell), device % devicesPerCell];
  const transposed = inCell * columns + column;
  if (moved.length > 1) {
    const text = `A pulse at device ${device} alone moved devices ${moved.slice(0, 6).join(", ")}: a code of 0 must leave a device alone.`;
    say("order", "fault", text);
  } else if (moved[0] === device) {
    // The first and the last device have the same place in every order.
    const told =
      transposed === device ? ", which has this place in other orders too: name one such as 0:0:1" : "";
    say("order", told === "" ? "good" : "note", `A pulse at device ${device} moved device ${device}${told}.`);
  } else {
    const hint =
      moved[0] === transposed ? ", as if devices were ordered by their place in the cell first" : "";
    const text = `A pulse at device ${device} moved device ${moved[0]}${hint}: the order is column by column, column × ${devicesPerCell} + device, in pulses and in reads.`;
    say("order", "fault", text);
  }
}

/** Averaged codes of a row. */
async function look({ board }: Trial, tile: number, row: number): Promise<Float64Array | undefined> {
  const sum: number[] = [];
  for (let n = 0; n < looks; n++) {
    const read = await board.read(tile, row, 1);
    if (read.kind !== "answered") return undefined;
    read.value.codes.forEach((code, k) => (sum[k] = (sum[k] ?? 0) + (code === noCode ? 0 : code)));
  }
  return Float64Array.from(sum, (of) => of / looks);
}

const looks = 4;

function one(
  trial: Trial,
  { tile, row, device }: DevicePlace,
  pulse: ExtremePulse,
  share: number,
  ticket: number,
): TriedPulse {
  const codes = new Uint16Array(devicesPerRow(trial.identity.geometry));
  codes[device] = Math.max(1, Math.round(share * pulse.code));
  const { kind, widthNanoseconds, trailingNanoseconds, gateCode } = pulse;
  return zeroRow(trial, { ticket, tile, row, kind, widthNanoseconds, trailingNanoseconds, gateCode, codes });
}

/** Whether an amplitude above the limit is refused: tried on a device that is given up for it, and on no other. */
export async function tryAmplitude(
  trial: Trial,
  { tile, row, device }: DevicePlace,
  tickets: TicketSource,
  fire: Booked["fire"],
): Promise<void> {
  const { say, description } = trial;
  const code = description === undefined ? undefined : firstBeyond(description);
  if (code === undefined) {
    say(
      "amplitude",
      "not tried",
      "No amplitude code lies above the limit that the board itself keeps, so none was tried.",
    );
    return;
  }
  const codes = new Uint16Array(devicesPerRow(trial.identity.geometry));
  codes[device] = code;
  const tried = await fire(zeroRow(trial, { ticket: await tickets.next(), tile, row, codes }));
  const kept = mustRefuse(trial, "amplitude", tried, {
    what: `Amplitude code ${code}, above the limit, at tile ${tile}, row ${row}, device ${device}`,
    why: "limit",
    by: refusals.limit,
    mend: `compare every code with the limit before anything fires, and refuse the whole row with ${refusals.limit}`,
  });
  if (kept) say("amplitude", "good", "An amplitude above the limit is refused.");
}

/** The lowest code above the limit, where a field can hold it. */
function firstBeyond(description: ChipDescription): number | undefined {
  const code = highestCode(description) + 1;
  return code < 0xffff ? code : undefined;
}
