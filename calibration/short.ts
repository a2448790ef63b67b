/** Enough digits for every use, and a file that a person can read. */
export function short(value: number): number {
  return Number(value.toPrecision(6));
}

/** The same of an error; null where it is not known. */
export function shortError(error: number): number | null {
  return Number.isFinite(error) ? short(error) : null;
}
