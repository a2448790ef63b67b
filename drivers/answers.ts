import type { ChipDescription } from "../src/chip/description.ts";
import { type Environment, noCode } from "../src/chip/driver.ts";
import { devicesPerRow } from "../src/chip/geometry.ts";

/** What no board can mean, in any dialect, as a part of a sentence; undefined where an answer can be. */
export type Wrong = string | undefined;

/** An answer that cannot be is asked for again, this often in all: a board may have stumbled. */
export const damagedAttempts = 3;

/** Codes of a row of devices: one each, within the converter. */
export function wrongRow(codes: ArrayLike<number>, description: ChipDescription): Wrong {
  const perRow = devicesPerRow(description.geometry);
  if (codes.length !== perRow) return `${codes.length} codes came for the ${perRow} devices of a row`;
  return wrongCode(codes, description);
}

/** Codes of a tile's known resistors. */
export function wrongReferences(codes: ArrayLike<number>, description: ChipDescription): Wrong {
  const known = description.referencesMicrosiemens?.length;
  if (known !== undefined && codes.length !== known) {
    return `${codes.length} codes came for ${known} known resistors`;
  }
  return wrongCode(codes, description);
}

function wrongCode(codes: ArrayLike<number>, { converter }: ChipDescription): Wrong {
  for (let k = 0; k < codes.length; k++) {
    const code = codes[k]!;
    if (!isWhole(code, converter.codes - 1) && code !== noCode) {
      return `${code} is a code that its converter of ${converter.codes} codes does not have`;
    }
  }
  return undefined;
}

export function wrongProducts(products: ArrayLike<number>, { geometry }: ChipDescription): Wrong {
  const lines = devicesPerRow(geometry);
  if (products.length !== lines) return `${products.length} products came for ${lines} lines of devices`;
  const odd = Array.prototype.find.call(products, (one: number) => !Number.isFinite(one)) as
    number | undefined;
  return odd === undefined ? undefined : `a product of ${odd}`;
}

/** Pulses that the board's own loop gave: none to a device that was to be left alone. */
export function wrongPulses(
  pulses: ArrayLike<number>,
  iterations: number,
  isTarget: (device: number) => boolean,
  { geometry }: ChipDescription,
): Wrong {
  const perRow = devicesPerRow(geometry);
  if (pulses.length !== perRow)
    return `${pulses.length} counts of pulses came for the ${perRow} devices of a row`;
  for (let k = 0; k < perRow; k++) {
    const most = isTarget(k) ? iterations : 0;
    if (!isWhole(pulses[k]!, most))
      return `device ${k} of the row was given ${pulses[k]} pulses, and ${most} were allowed`;
  }
  return undefined;
}

export function wrongEnvironment({ celsius, supplyVolts }: Environment): Wrong {
  if (!(celsius >= -273.15 && celsius <= hottest)) return `a temperature of ${celsius} °C`;
  if (!(Math.abs(supplyVolts) <= mostVolts)) return `a supply of ${supplyVolts} V`;
  return undefined;
}

function isWhole(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}

const hottest = 1000;
const mostVolts = 1000;
