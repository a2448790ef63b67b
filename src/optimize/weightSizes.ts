import type { LayerWeights } from "../weights/layer.ts";

/** The sizes that a layer's weights take, and how often. Signs do not matter: strategies mirror them. */
export interface WeightSizes {
  /** Ascending, software units, ≥ 0. */
  readonly sizes: Float64Array;
  /** How much each size counts: shares of the weights, summing to 1; less where columns have scales of their own. */
  readonly shares: Float64Array;
  /** The largest weight, by which errors are normalised; 0 for a layer of zeros. */
  readonly max: number;
  /** The largest weight that conductances are made for: larger ones are clipped to it. */
  readonly clip: number;
}

export interface SizeOptions {
  /** The share of the weights, in percent, that `clip` leaves below it; 100 clips none. */
  readonly clipPercentile?: number;
  readonly count?: number;
  /** The grid's end, where that is to be more than the largest of these weights. */
  readonly largest?: number;
  /** How much each weight counts, ≥ 0, one a weight; all the same where nothing is said. */
  readonly importance?: Float32Array | undefined;
}

const defaultCount = 513;

/**
 * The sizes of real weights, on an even grid that keeps their total and their mean size exactly: each weight is
 * shared between its two neighbours.
 *
 * @param values  finite weights, software units.
 */
export function weightSizesOf(
  values: Float32Array,
  { clipPercentile = 100, count = defaultCount, largest, importance }: SizeOptions = {},
): WeightSizes {
  let max = largest ?? 0;
  for (const value of values) max = Math.max(max, Math.abs(value));
  if (max === 0) return noSizes;
  const grid = evenGrid(max, count);
  const all = importance === undefined ? values.length : sumOf(importance);
  for (let i = 0; i < values.length; i++) {
    share(grid, Math.abs(values[i]!), (importance === undefined ? 1 : importance[i]!) / all);
  }
  return { ...grid, max, clip: clipPercentile >= 100 ? max : percentile(values, clipPercentile) || max };
}

/** The weights of layers whose columns have scales of their own. */
export interface ColumnSizes {
  /**
   * |w| over the range of its column, times the widest column's. What is held of a narrow column is made small again behind the chip,
   * and its errors with it: each weight counts by the square of its column's range over the widest's.
   */
  readonly weights: WeightSizes;
  /** The range of each column over the widest's, 0 < r ≤ 1, one list a layer; 1 for a column of zeros. */
  readonly ranges: readonly Float64Array[];
}

type Matrix = Pick<LayerWeights, "inputs" | "outputs" | "values">;

/**
 * @param layers   that share curves.
 * @param options  `clipPercentile` is that of each column; `importance` goes over all layers.
 */
export function columnSizesOf(
  layers: readonly Matrix[],
  { clipPercentile = 100, count = defaultCount, importance }: Omit<SizeOptions, "largest"> = {},
): ColumnSizes {
  const tops = layers.map((layer) => columnTops(layer));
  const max = largestOf(tops);
  const ranges =
    clipPercentile >= 100
      ? tops.map((top) => top.slice())
      : layers.map((layer, l) => percentiles(layer, clipPercentile, tops[l]!));
  const clip = largestOf(ranges);
  if (max === 0) return { weights: noSizes, ranges: ranges.map((range) => range.fill(1)) };
  let longest = 0;
  ranges.forEach((range, l) =>
    range.forEach((own, output) => {
      range[output] = own === 0 ? 1 : own / clip;
      longest = Math.max(longest, tops[l]![output]! / range[output]!);
    }),
  );
  const grid = evenGrid(longest, count);
  const weights = layers.reduce((sum, { values }) => sum + values.length, 0);
  const all = importance === undefined ? weights : sumOf(importance);
  let place = 0;
  layers.forEach(({ outputs, values }, l) => {
    for (let i = 0; i < values.length; i++) {
      const range = ranges[l]![i % outputs]!;
      const weight = importance === undefined ? 1 : importance[place++]!;
      share(grid, Math.abs(values[i]!) / range, (weight * range * range) / all);
    }
  });
  return { weights: { ...grid, max, clip }, ranges };
}

const noSizes: WeightSizes = { sizes: Float64Array.of(0), shares: Float64Array.of(1), max: 0, clip: 0 };

/** The largest |w| of each column. */
function columnTops({ outputs, values }: Matrix): Float64Array {
  const tops = new Float64Array(outputs);
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]!);
    if (size > tops[i % outputs]!) tops[i % outputs] = size;
  }
  return tops;
}

function percentiles({ inputs, outputs, values }: Matrix, percent: number, tops: Float64Array): Float64Array {
  const column = new Float32Array(inputs);
  return tops.map((top, output) => {
    for (let input = 0; input < inputs; input++) column[input] = values[input * outputs + output]!;
    return percentile(column, percent) || top;
  });
}

function largestOf(lists: readonly Float64Array[]): number {
  let largest = 0;
  for (const list of lists) for (const value of list) if (value > largest) largest = value;
  return largest;
}

interface Grid {
  readonly sizes: Float64Array;
  readonly shares: Float64Array;
}

function evenGrid(largest: number, count: number): Grid {
  return {
    sizes: Float64Array.from({ length: count }, (_, k) => (largest * k) / (count - 1)),
    shares: new Float64Array(count),
  };
}

/** Adds a weight to the two places beside it. */
function share({ sizes, shares }: Grid, size: number, amount: number): void {
  const place = (size / sizes.at(-1)!) * (sizes.length - 1);
  const k = Math.min(sizes.length - 2, Math.floor(place));
  shares[k]! += (k + 1 - place) * amount;
  shares[k + 1]! += (place - k) * amount;
}

function sumOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function percentile(values: Float32Array, percent: number): number {
  const ordered = values.map(Math.abs).sort();
  return ordered[Math.min(ordered.length - 1, Math.max(0, Math.ceil((percent / 100) * ordered.length) - 1))]!;
}
