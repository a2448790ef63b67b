import { rowsOfCodes } from "../src/chip/codes.ts";
import { convertCodes } from "../src/chip/conversion.ts";
import type { ChipDescription, Converter } from "../src/chip/description.ts";
import {
  blankReport,
  type ChipIdentity,
  type CodedReading,
  noCode,
  type PulseReport,
  type Reading,
  readingFlags,
  rowFates,
} from "../src/chip/driver.ts";
import { type Block, devicesPerRow, formatGeometry, sameGeometry } from "../src/chip/geometry.ts";
import { MhoError } from "../src/errors.ts";

/** A reading of a block by converters, of which nothing has come yet. */
export function blankReading(description: ChipDescription, block: Block): CodedReading {
  const reading = blankConductances(description, block);
  return { ...reading, codes: new Uint16Array(reading.flags.length).fill(noCode) };
}

/** The same of a board that reckons conductances itself. */
export function blankConductances({ geometry }: ChipDescription, { rowCount }: Block): Reading {
  const devices = rowCount * devicesPerRow(geometry);
  return {
    conductanceMicrosiemens: new Float32Array(devices).fill(Number.NaN),
    flags: new Uint8Array(devices),
    rowTimesMicroseconds: new Float64Array(rowCount).fill(Number.NaN),
  };
}

/** Enters the converter codes of one row of a block. */
export function enterRow(
  reading: CodedReading,
  row: number,
  codes: ArrayLike<number>,
  converter: Converter,
  chipTimeMicroseconds: number,
): void {
  reading.rowTimesMicroseconds[row] = chipTimeMicroseconds;
  const start = row * codes.length;
  reading.codes.set(codes, start);
  convertCodes(reading, converter, start, start + codes.length);
}

/** The rows of an earlier reading of a block, and those of a later one where that has them. */
export function mergeReadings(earlier: Reading | undefined, later: Reading): Reading {
  if (earlier === undefined) return later;
  const perRow = later.flags.length / later.rowTimesMicroseconds.length;
  earlier.rowTimesMicroseconds.forEach((time, row) => {
    if (Number.isNaN(time) || !Number.isNaN(later.rowTimesMicroseconds[row]!)) return;
    const [start, end] = [row * perRow, (row + 1) * perRow];
    later.rowTimesMicroseconds[row] = time;
    later.conductanceMicrosiemens.set(earlier.conductanceMicrosiemens.subarray(start, end), start);
    later.flags.set(earlier.flags.subarray(start, end), start);
    if (earlier.codes) later.codes?.set(earlier.codes.subarray(start, end), start);
  });
  return later;
}

export function rowsRead({ rowTimesMicroseconds }: Reading): number {
  return rowTimesMicroseconds.reduce((sum, time) => sum + (Number.isNaN(time) ? 0 : 1), 0);
}

/** The rows of a block that are wanted (all when nothing is said) and were not read. */
export function rowsLeft({ rowTimesMicroseconds }: Reading, wanted?: Uint8Array): Uint8Array {
  return Uint8Array.from(rowTimesMicroseconds, (time, row) =>
    wanted?.[row] === 0 || !Number.isNaN(time) ? 0 : 1,
  );
}

/** What became of the rows by an earlier report, and by a later one where that says something. */
export function mergeReports(earlier: PulseReport | undefined, later: PulseReport): PulseReport {
  if (earlier === undefined) return later;
  earlier.fates.forEach((fate, row) => {
    if (fate === rowFates.nothingToFire || later.fates[row] !== rowFates.nothingToFire) return;
    later.fates[row] = fate;
    later.rowTimesMicroseconds[row] = earlier.rowTimesMicroseconds[row]!;
  });
  return later;
}

/** The rows of a block, ascending, that are to be read: all where nothing is said. */
export function rowsToRead(rowCount: number, wanted: Uint8Array | undefined): number[] {
  const rows: number[] = [];
  for (let row = 0; row < rowCount; row++) if (wanted?.[row] !== 0) rows.push(row);
  return rows;
}

/** Of an order of which nothing has been sent yet. */
export function reportOfUnsent(codes: Uint16Array, rowCount: number): PulseReport {
  const report = blankReport(rowCount);
  for (const row of rowsOfCodes(codes, rowCount)) report.fates[row] = rowFates.notFired;
  return report;
}

export function rowsFired({ fates }: PulseReport): number {
  return fates.reduce((sum, fate) => sum + (isSettled(fate) ? 1 : 0), 0);
}

/** Codes of a block without the rows whose fate is known. */
export function withoutRows(codes: Uint16Array, { fates }: PulseReport, perRow: number): Uint16Array {
  const left = codes.slice();
  fates.forEach((fate, row) => isSettled(fate) && left.fill(0, row * perRow, (row + 1) * perRow));
  return left;
}

function isSettled(fate: number): boolean {
  return fate === rowFates.fired || fate === rowFates.uncertain;
}

/**
 * Enters one row of a block as the board gave it.
 *
 * @param microsiemens  NaN where nothing was measured, which is flagged as invalid, as is what is no conductance.
 * @param isSaturated   whether the board says that a device lies beyond what it can measure.
 */
export function enterConductances(
  reading: Reading,
  row: number,
  microsiemens: ArrayLike<number>,
  isSaturated: (device: number) => boolean,
  chipTimeMicroseconds: number,
): void {
  reading.rowTimesMicroseconds[row] = chipTimeMicroseconds;
  const start = row * microsiemens.length;
  for (let k = 0; k < microsiemens.length; k++) {
    const isOne = Number.isFinite(Math.fround(microsiemens[k]!));
    reading.conductanceMicrosiemens[start + k] = isOne ? microsiemens[k]! : Number.NaN;
    if (!isOne) reading.flags[start + k] = readingFlags.invalid;
    else if (isSaturated(k)) reading.flags[start + k] = readingFlags.saturated;
  }
}

/** Throws `wrong-chip` when what answers is not what is described. `otherVersion` says how it speaks otherwise. */
export function refuseOtherChip(
  address: string,
  { name, geometry }: ChipDescription,
  found: ChipIdentity,
  otherVersion?: string,
): void {
  const wrong =
    otherVersion ??
    (found.name !== name
      ? `calls itself ${found.name}, and ${name} was meant`
      : sameGeometry(found.geometry, geometry)
        ? undefined
        : `has ${formatGeometry(found.geometry)}, and the description says ${formatGeometry(geometry)}`);
  if (wrong === undefined) return;
  throw new MhoError(
    "wrong-chip",
    `The chip at ${address} ${wrong}. Connect the right chip, or name its description with ?chip=FILE.json.`,
    { address, found: found.name, serialNumber: found.serialNumber, tiles: found.geometry.tiles },
  );
}
