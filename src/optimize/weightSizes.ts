/** The sizes that a layer's weights take, and how often. Signs do not matter: strategies mirror them. */
export interface WeightSizes {
  /** Ascending, software units, ≥ 0. */
  readonly sizes: Float64Array;
  /** Shares of the weights, summing to 1. */
  readonly shares: Float64Array;
  /** The largest weight; 0 for a layer of zeros. */
  readonly max: number;
  /** The largest weight that conductances are made for: larger ones are clipped to it. */
  readonly clip: number;
}

const defaultCount = 513;

/**
 * The sizes of real weights, on an even grid that keeps their total and their mean size exactly: each weight is
 * shared between its two neighbours.
 *
 * @param values          finite weights, software units.
 * @param largest         the grid's end, where that is to be more than the largest of these weights.
 * @param clipPercentile  the share of weights, in percent, that `clip` leaves below it; 100 clips none.
 */
export function weightSizesOf(
  values: Float32Array,
  clipPercentile = 100,
  count = defaultCount,
  largest?: number,
): WeightSizes {
  let max = largest ?? 0;
  for (const value of values) max = Math.max(max, Math.abs(value));
  if (max === 0) return { sizes: Float64Array.of(0), shares: Float64Array.of(1), max: 0, clip: 0 };
  const sizes = Float64Array.from({ length: count }, (_, k) => (max * k) / (count - 1));
  const shares = new Float64Array(count);
  for (const value of values) {
    const place = (Math.abs(value) / max) * (count - 1);
    const k = Math.min(count - 2, Math.floor(place));
    shares[k]! += (k + 1 - place) / values.length;
    shares[k + 1]! += (place - k) / values.length;
  }
  return {
    sizes,
    shares,
    max,
    clip: clipPercentile >= 100 ? max : percentile(values, clipPercentile) || max,
  };
}

function percentile(values: Float32Array, percent: number): number {
  const ordered = values.map(Math.abs).sort();
  return ordered[Math.min(ordered.length - 1, Math.max(0, Math.ceil((percent / 100) * ordered.length) - 1))]!;
}
