import type { ChipDescription } from "../chip/description.ts";
import type { Figure } from "./procedure.ts";

/** A share in percent, with its interval of 95 % (Wilson 1927, J. Am. Stat. Assoc. 22, 209). */
export function shareFigure(name: string, meaning: string, hits: number, of: number): Figure {
  if (of === 0) return { name, unit: "%", meaning, value: Number.NaN };
  const [p, z] = [hits / of, 1.96];
  const middle = (p + (z * z) / (2 * of)) / (1 + (z * z) / of);
  const half = (z * Math.sqrt((p * (1 - p)) / of + (z * z) / (4 * of * of))) / (1 + (z * z) / of);
  return {
    name,
    unit: "%",
    meaning,
    value: 100 * p,
    low: 100 * (middle - half),
    high: 100 * (middle + half),
  };
}

/** The highest of some readings; a converter that ends there says that it may be more. */
export function mostRead(values: Float64Array, what: string, { converter }: ChipDescription): Figure {
  const value = values.reduce((most, g) => (g > most ? g : most), 0);
  const top = (converter.codes - 1 - converter.offsetCodes) * converter.microsiemensPerCode;
  const meaning =
    value > top - 0.5 * converter.microsiemensPerCode ? `${what}, or more: the converter ends there` : what;
  return { name: "conductance_most_microsiemens", unit: "µS", meaning, value };
}
