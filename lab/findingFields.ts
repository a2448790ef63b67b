import type { Findings } from "../src/measure/procedure.ts";

/** What a measurement found as fields of an event; the numbers of each device stand in the table of its report. */
export function findingFields({ figures, counts, places }: Findings) {
  const known = (value: number | undefined): number | null =>
    value === undefined || !Number.isFinite(value) ? null : value;
  return {
    devices: places.length,
    counts: counts.map(({ name, devices }) => ({ name, devices })),
    figures: figures.map(({ name, unit, meaning, value, low, high }) => ({
      name,
      unit,
      meaning,
      value: known(value),
      low: known(low),
      high: known(high),
    })),
  };
}
