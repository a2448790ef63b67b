export interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
  readonly skewness: number;
  readonly kurtosis: number;
}

/** Moments of the values that are numbers: the variance, skewness and excess kurtosis of all of them, not of a sample. */
export function momentsOf(values: Float32Array | Float64Array): Moments {
  let count = 0;
  let sum = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    count++;
    sum += value;
  }
  const mean = sum / Math.max(1, count);
  let [two, three, four] = [0, 0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    const off = value - mean;
    two += off * off;
    three += off * off * off;
    four += off * off * off * off;
  }
  const variance = two / Math.max(1, count);
  return {
    count,
    mean,
    variance,
    skewness: three / Math.max(1, count) / (variance * Math.sqrt(variance) || 1),
    kurtosis: four / Math.max(1, count) / (variance * variance || 1) - 3,
  };
}
