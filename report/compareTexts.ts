import type { Comparison, Difference, Quantity } from "../src/results/comparison.ts";
import { quantities } from "../src/results/comparison.ts";
import type { Estimate } from "../src/results/difference.ts";

/** Comparisons in words, for the page and for a terminal. */

/** How the intervals are found. */
export const method =
  "Intervals are of 95 %, each by itself, over the devices of these runs; they do not say how far other chips would differ. Where both " +
  "runs are of the same devices of one chip with the same targets, each device is compared with itself (paired), else the two samples " +
  "by Welch’s t. Root mean squares go by their linearisation, shares by Agresti and Min (paired) or Agresti and Caffo, of one run by Wilson. Where an " +
  "interval includes zero, no difference is claimed.";

/** Of comparisons of one run a side, which are all that there are. */
export const oneRunASide =
  "One run a side gives no interval over runs: how far the same run would differ when it is done again, or on another chip, is not in these intervals.";

/** What a difference says: `r2 − r1, yield: +0.31 % (0.12 … 0.50), paired`. */
export function sentenceOf({ run, against, quantity, paired, shown, ...estimate }: Difference): string {
  const { title } = quantities.find(({ name }) => name === quantity)!;
  const how = paired ? "paired by device" : "not paired";
  return `${run} − ${against}, ${title}: ${said(quantityNamed(quantity), estimate, true)}, ${how}${shown ? "" : "; no difference is shown"}`;
}

export function quantityNamed(name: string): Quantity {
  return quantities.find((one) => one.name === name)!;
}

/** A value with its interval. @param signed  of a difference: with a plus, too. */
export function said(
  { unit }: Pick<Quantity, "unit">,
  { value, low, high }: Estimate,
  signed = false,
): string {
  const written = (number: number): string => {
    const text = number.toFixed(digitsFor(high - low)).replace("-", "−");
    return signed && number > 0 ? `+${text}` : text;
  };
  if (Number.isNaN(value)) return "–";
  const after = unit === "" ? "" : `\u202f${unit}`;
  return Number.isNaN(low)
    ? `${written(value)}${after}`
    : `${written(value)}${after} (${written(low)} … ${written(high)})`;
}

/** Two digits of the interval's width. */
function digitsFor(width: number): number {
  if (!(width > 0)) return 2;
  return Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(width))));
}

/** Runs in rows, quantities in columns, each with its interval. */
export function tableRows({ runs }: Pick<Comparison, "runs">): string[][] {
  const known = quantities.filter(({ name }) => runs.some(({ estimates }) => estimates[name] !== undefined));
  const rows = runs.map(({ id, estimates }) => [
    id,
    ...known.map((quantity) => {
      const estimate = estimates[quantity.name];
      return estimate === undefined ? "–" : said(quantity, estimate);
    }),
  ]);
  return [["run", ...known.map(({ title }) => title)], ...rows];
}
