import { lookSwapped } from "../../drivers/boardTrials.ts";
import { deadlineFor } from "../../drivers/deadlines.ts";
import { noCode } from "../../src/chip/driver.ts";
import { devicesPerRow } from "../../src/chip/geometry.ts";
import { lineMicroseconds, mostAtOnceMicroseconds, readMicroseconds } from "../../src/chip/timing.ts";
import { did, mustRefuse, refusals, type Trial, zeroRow } from "./findings.ts";
import type { TicketSource } from "./ticketSource.ts";

/** A row, once: whether the answer is one, whether its codes can be, and whether it came in time. */
export async function tryRead(trial: Trial): Promise<boolean> {
  const { board, say, place, description, identity } = trial;
  const tried = await board.read(place.tile, place.row, 1);
  const what = `The read of tile ${place.tile}, row ${place.row}`;
  if (tried.kind !== "answered") {
    say("read", "fault", `${what} ${did(tried)}: answer it as the page says.`);
    return false;
  }
  const { codes } = tried.value;
  const devices = devicesPerRow(identity.geometry);
  if (codes.length !== devices) {
    const text = `${what} gave ${codes.length} codes, and a row has ${devices} devices: give one code a device.`;
    say("read", "fault", text);
    return false;
  }
  const given = codes.filter((code) => code !== noCode);
  if (given.length === 0) {
    say("read", "note", `${what} gave no code: check the converter, or name a device of another row.`);
    return true;
  }
  if (description === undefined) {
    say(
      "read",
      "note",
      `${what} gave ${devices} codes; without a description nothing more is known of them.`,
    );
    return true;
  }
  const highest = description.converter.codes - 1;
  if (lookSwapped(codes, highest)) {
    const text = `${what} gave codes beyond the converter, which fit with their two bytes exchanged: send the least significant byte first.`;
    say("read", "fault", text);
    return false;
  }
  const beyond = given.filter((code) => code > highest).length;
  if (beyond > 0) {
    say(
      "read",
      "fault",
      `${what} gave ${beyond} codes above ${highest}, the highest of the converter: mend the board, or converter.codes in the description.`,
    );
    return false;
  }
  const reckoned = readMicroseconds(description, 1) + lineMicroseconds(description, 2 * devices + 60);
  const deadline = deadlineFor(reckoned / 1000, 750);
  if (tried.milliseconds > deadline) {
    say(
      "read",
      "fault",
      `${what} took ${Math.ceil(tried.milliseconds)} ms, and mho waits for ${deadline} ms: state timing.read_row_microseconds as long as it is.`,
    );
    return true;
  }
  say("read", "good", `${what} gave ${devices} codes within 0 … ${highest}.`);
  return true;
}

/** Whether chip time is in microseconds: against an order to move it, or against the host's clock. */
export async function tryTime(trial: Trial): Promise<void> {
  const { board, say, identity, now, sleep } = trial;
  const first = await board.time();
  if (first.kind !== "answered") {
    say("time", "fault", `The time ${did(first)}: give it in whole microseconds since the board's start.`);
    return;
  }
  const begun = now();
  const { virtualTime } = identity.capabilities;
  if (!virtualTime) await sleep(second);
  const then = virtualTime ? await board.advance(second) : await board.time();
  const passed = virtualTime ? second : now() - begun;
  if (then.kind !== "answered") {
    say(
      "time",
      "fault",
      `Chip time ${virtualTime ? "that is moved by 1 s" : "asked for again"} ${did(then)}.`,
    );
    return;
  }
  const moved = then.value - first.value;
  const ratio = moved / passed;
  if (ratio > 0.5 && ratio < 2) {
    say("time", "good", "Chip time goes in microseconds.");
    return;
  }
  const unit = units.find(({ perSecond }) => {
    const found = moved / (passed / second);
    return found > 0.5 * perSecond && found < 2 * perSecond;
  });
  say(
    "time",
    "fault",
    `Chip time moved by ${moved} in ${(passed / second).toFixed(1)} s${unit === undefined ? "" : `, so it seems to be in ${unit.name}`}: ` +
      "give it in whole microseconds, in every answer.",
  );
}

const second = 1e6;
const units = [
  { name: "seconds", perSecond: 1 },
  { name: "milliseconds", perSecond: 1e3 },
  { name: "tenths of a microsecond", perSecond: 1e7 },
  { name: "nanoseconds", perSecond: 1e9 },
];

/** Whether averages are taken: they take longer, or they scatter less. */
export async function tryAverages(trial: Trial): Promise<void> {
  const { board, say, description, place } = trial;
  const row = description?.timing.readRowMicroseconds ?? 0;
  // A slow board is not kept busy for minutes.
  const averages = Math.min(usualAverages, Math.floor(mostAtOnceMicroseconds / Math.max(row, 1)));
  if (averages < 4) {
    say(
      "averages",
      "not tried",
      "Averages were not tried: one read takes the board longer than half a second.",
    );
    return;
  }
  const most = await board.read(place.tile, place.row, averages);
  if (most.kind === "refused" && most.why === "limit") {
    const text = `A read of ${averages} averages was refused (${most.text}): mho asks for up to ${usualAverages} by itself, so some methods cannot be used.`;
    say("averages", "note", text);
    return;
  }
  if (most.kind !== "answered") {
    say(
      "averages",
      "fault",
      `A read of ${averages} averages ${did(most)}: average so many reads, or refuse them.`,
    );
    return;
  }
  const one = await durations(trial, 1);
  const many = await durations(trial, averages);
  if (one === undefined || many === undefined) {
    say("averages", "not tried", "Averages could not be tried: a read or the time was not answered.");
    return;
  }
  const more = many.microseconds - one.microseconds;
  const expected = (averages - 1) * (description?.timing.readRowMicroseconds ?? Infinity);
  const takeLonger = more > 0.25 * expected || many.microseconds > 4 * one.microseconds;
  const scatterLess = one.scatter > 0 && many.scatter < 0.7 * one.scatter;
  if (takeLonger || scatterLess) {
    const how = takeLonger ? "take longer" : "scatter less";
    say("averages", "good", `Reads of ${averages} averages ${how} than single ones.`);
    return;
  }
  say(
    "averages",
    "fault",
    `Reads of ${averages} averages take as long and scatter as much as single ones: the board ignores the averages; take so many reads and give their mean.`,
  );
}

const usualAverages = 64;
const repeats = 8;

/** The shortest time that reads took by the chip's clock, and the mean variance of a device's codes. */
async function durations(
  { board, place }: Trial,
  count: number,
): Promise<{ readonly microseconds: number; readonly scatter: number } | undefined> {
  let microseconds = Infinity;
  const rows: Uint16Array[] = [];
  for (let n = 0; n < repeats; n++) {
    const read = await board.read(place.tile, place.row, count);
    const then = await board.time();
    if (read.kind !== "answered" || then.kind !== "answered") return undefined;
    microseconds = Math.min(microseconds, then.value - read.value.atMicroseconds);
    rows.push(read.value.codes);
  }
  const devices = rows[0]!.length;
  let sum = 0;
  for (let k = 0; k < devices; k++) {
    const codes = rows.map((row) => row[k]!).filter((code) => code !== noCode);
    const mean = codes.reduce((a, b) => a + b, 0) / codes.length;
    if (codes.length > 1) sum += codes.reduce((a, b) => a + (b - mean) * (b - mean), 0) / (codes.length - 1);
  }
  return { microseconds, scatter: Math.sqrt(sum / devices) };
}

/**
 * Whether places that the chip does not have are refused, for reads and for rows of zeros.
 *
 * @param tickets  undefined of a board that fires nothing: reads alone are tried.
 */
export async function tryGeometry(trial: Trial, tickets: TicketSource | undefined): Promise<void> {
  const { board, say, identity, place } = trial;
  const { rows, tiles } = identity.geometry;
  const by = refusals.limit;
  const one = {
    why: "limit" as const,
    by,
    mend: `compare tile and row with the geometry, and refuse what is beyond with ${by}`,
  };
  const places = [
    { tile: place.tile, row: rows },
    { tile: tiles, row: 0 },
  ].filter(({ tile, row }) => tile <= 0xffff && row <= 0xffff);
  let all = true;
  for (const { tile, row } of places) {
    const read = await board.read(tile, row, 1);
    const what = `A read of tile ${tile}, row ${row}, which the chip does not have,`;
    all = mustRefuse(trial, "geometry", read, { what, ...one }) && all;
  }
  if (tickets !== undefined) {
    const ticket = tickets.unused();
    const pulse = await board.pulse(zeroRow(trial, { tile: place.tile, row: rows, ticket }));
    if (pulse.kind === "answered" && ticket > 0) tickets.used(ticket);
    const what = `A pulse of tile ${place.tile}, row ${rows}, which the chip does not have,`;
    all = mustRefuse(trial, "geometry", pulse, { what, ...one }) && all;
  }
  if (all) say("geometry", "good", "Tiles and rows that the chip does not have are refused.");
}
