/** Enough digits for every use, and a file that a person can read. */
export function short(value: number): number {
  return Number(value.toPrecision(6));
}
