import type { ChipDescription } from "../../src/chip/description.ts";
import type { PulseOrder } from "../../src/chip/driver.ts";
import { MhoError } from "../../src/errors.ts";

/** Lines and columns are at rest at this voltage. */
export const groundVolts = 0.75;
/** Of converters of 12 bits. */
export const fullCount = 4095;
const mostRowVolts = 1.5;
const columnVolts = { least: 0.545, most: 2.739 };

/** What the rows' converters get for a read of a row, or for none. */
export function vectorOf({ geometry, converter }: ChipDescription, driven: number | undefined): number[] {
  const volts = (row: number): number => groundVolts + (row === driven ? (converter.readVolts ?? 0.2) : 0);
  return Array.from({ length: geometry.rows }, (_, row) =>
    Math.round((volts(row) / mostRowVolts) * fullCount),
  );
}

/**
 * The order of one pulse for one device. A SET has the row above its column, a RESET the column above its row; both lie as far about
 * virtual ground as the converters go. Throws `limit-exceeded` for what the board cannot give.
 */
export function deviceOrder(row: number, column: number, order: PulseOrder, volts: number): string {
  const { kind = "reset", widthNanoseconds, gateCode = 0, burst } = order;
  const isSet = kind === "set";
  const [least, most] = isSet ? [columnVolts.least, mostRowVolts] : [0, columnVolts.most];
  if (widthNanoseconds % 1000 !== 0)
    refuse(`an OpenMENA gives widths of whole µs, and ${widthNanoseconds} ns is none`);
  if (gateCode !== 0 || burst !== undefined) refuse("an OpenMENA has no gates and gives no bursts");
  if (volts > most - least)
    refuse(
      `an OpenMENA gives ${(most - least).toFixed(3)} V in a ${kind.toUpperCase()} at most, not ${volts}`,
    );
  const low = Math.max(least, groundVolts - volts / 2);
  const [up, down, rest] = [low + volts, low, groundVolts].map((value) => value.toFixed(3));
  const pairs = isSet ? `1 1 ${up} ${down} ${rest} ${rest}` : `-1 1 ${rest} ${rest} ${down} ${up}`;
  return `WEIGHTMODIF: ${row} ${column} ${pairs} ${widthNanoseconds / 1000}`;
}

function refuse(what: string): never {
  throw new MhoError("limit-exceeded", `Nothing was fired: ${what}. Change the order.`);
}
