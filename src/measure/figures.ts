import type { ChipDescription } from "../chip/description.ts";
import { studentQuantile } from "../results/difference.ts";
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

/** A mean over devices that are known, with its interval of 95 % (Student 1908); of a single device there is none, and of none no mean. */
export function meanFigure(named: Omit<Figure, "value">, values: readonly number[]): Figure {
  const n = values.length;
  const value = values.reduce((sum, one) => sum + one, 0) / n;
  if (n < 2) return { ...named, value };
  const squares = values.reduce((sum, one) => sum + (one - value) * (one - value), 0);
  const half = studentQuantile(n - 1) * Math.sqrt(squares / (n - 1) / n);
  return { ...named, value, low: value - half, high: value + half };
}

/** A standard deviation with its interval of 95 %, by its logarithm, which keeps both ends above zero. */
export function spreadFigure(named: Omit<Figure, "value">, value: number, error: number): Figure {
  const factor = Math.exp((1.96 * error) / value);
  return { ...named, value, low: value / factor, high: value * factor };
}

/** The highest of some readings; a converter that ends there says that it may be more. */
export function mostRead(values: Float64Array, what: string, { converter }: ChipDescription): Figure {
  const value = values.reduce((most, g) => (g > most || Number.isNaN(most) ? g : most), Number.NaN);
  const top = (converter.codes - 1 - converter.offsetCodes) * converter.microsiemensPerCode;
  const meaning =
    value > top - 0.5 * converter.microsiemensPerCode ? `${what}, or more: the converter ends there` : what;
  return { name: "conductance_most_microsiemens", unit: "µS", meaning, value };
}
