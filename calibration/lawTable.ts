import type { FittedLaw } from "./lawFit.ts";

/** A law's square, looked up. */
export function squaredOf(law: FittedLaw, max: number): (x: number) => number {
  const table = tabulated((x) => law.value(x), max);
  return (x) => {
    const value = table(x);
    return value * value;
  };
}

const tableSize = 2048;

/** A function of conductance on an even grid, up to half beyond the range. */
export function tabulated(of: (x: number) => number, max: number): (x: number) => number {
  const per = (tableSize - 1) / (1.5 * max);
  const values = Float64Array.from({ length: tableSize }, (_, k) => of(k / per));
  return (x) => values[Math.min(tableSize - 1, Math.max(0, Math.round(x * per)))]!;
}
