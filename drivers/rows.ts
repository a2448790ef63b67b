import type { ChipDescription, Converter } from "../src/chip/description.ts";
import { type ChipIdentity, type Reading, readingFlags } from "../src/chip/driver.ts";
import { type Block, devicesPerRow, formatGeometry, sameGeometry } from "../src/chip/geometry.ts";
import { MhoError } from "../src/errors.ts";

/** A reading of a block of which nothing has come yet. */
export function blankReading({ geometry }: ChipDescription, { rowCount }: Block): Reading {
  const devices = rowCount * devicesPerRow(geometry);
  return {
    conductanceMicrosiemens: new Float32Array(devices).fill(Number.NaN),
    flags: new Uint8Array(devices),
    rowTimesMicroseconds: new Float64Array(rowCount).fill(Number.NaN),
  };
}

/** The code of a device for which the converter gave none, in every dialect. */
const noCode = 0xffff;

/** Enters the converter codes of one row of a block. */
export function enterRow(
  reading: Reading,
  row: number,
  codes: ArrayLike<number>,
  converter: Converter,
  chipTimeMicroseconds: number,
): void {
  reading.rowTimesMicroseconds[row] = chipTimeMicroseconds;
  for (let k = 0; k < codes.length; k++) {
    const code = codes[k]!;
    const at = row * codes.length + k;
    reading.conductanceMicrosiemens[at] = (code - converter.offsetCodes) * converter.microsiemensPerCode;
    if (code >= converter.codes - 1) {
      reading.flags[at] = code === noCode ? readingFlags.invalid : readingFlags.saturated;
    }
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
    { address, found: found.name },
  );
}
