/** Numbers of requests, as text. Each throws RangeError for what it cannot write exactly: nothing leaves rounded or cut off. */

/** Digits alone, from `least` to `most`. */
export function wholeText(value: number, most: number, least = 0): string {
  if (Number.isInteger(value) && value >= least && value <= most && most <= Number.MAX_SAFE_INTEGER) {
    return String(value);
  }
  throw new RangeError(`A number of ${least} … ${most} cannot be ${value}.`);
}

/** A time in whole microseconds, in seconds: `1.000005 S`. */
export function secondsText(microseconds: number): string {
  wholeText(microseconds, longestTime);
  const seconds = Math.floor(microseconds / 1e6);
  return `${seconds}.${String(microseconds % 1e6).padStart(6, "0")} S`;
}

/** µs, 71 years: beyond it a board that reckons in doubles takes a second's fraction for another. */
export const longestTime = 2_251_799_813_685_248;

/** A width of a pulse: `100 NS`. */
export function nanosecondsText(nanoseconds: number): string {
  return `${wholeText(nanoseconds, 0xffffffff)} NS`;
}

/** Places of devices: one row of a tile, `(@0!3)`. */
export function rowText(tile: number, row: number): string {
  return `(@${wholeText(tile, 0xffff)}!${wholeText(row, 0xffff)})`;
}
