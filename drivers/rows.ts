import { convertCodes } from "../src/chip/conversion.ts";
import type { ChipDescription, Converter } from "../src/chip/description.ts";
import {
  type ChipIdentity,
  type CodedReading,
  noCode,
  type Reading,
  readingFlags,
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

/**
 * Enters one row of a block as the board gave it.
 *
 * @param microsiemens  NaN where nothing was measured, which is flagged as invalid.
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
    reading.conductanceMicrosiemens[start + k] = microsiemens[k]!;
    if (Number.isNaN(microsiemens[k]!)) reading.flags[start + k] = readingFlags.invalid;
    else if (isSaturated(k)) reading.flags[start + k] = readingFlags.saturated;
  }
}

/** Whether there is a code for each of the known resistors; of a chip that is not known to have any there may be any number. */
export function isOneEach(codes: Uint16Array, { referencesMicrosiemens: known }: ChipDescription): boolean {
  return known === undefined || codes.length === known.length;
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
    { address, found: found.name, serialNumber: found.serialNumber },
  );
}
