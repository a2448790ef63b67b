import { normalDensity, normalDistribution } from "../model/normal.ts";
import type { MomentTable } from "./momentTable.ts";

/** How α(t) is found on the bench: by least squares over calibration products, or from their mean absolute value. */
export type CompensationRule = "least-squares" | "mean-absolute";

/** The sizes that a layer's weights take, and how often. Signs do not matter: strategies mirror them. */
export interface WeightSizes {
  /** Ascending, software units, ≥ 0. */
  readonly sizes: Float64Array;
  /** Shares of the weights, summing to 1. */
  readonly shares: Float64Array;
  /** The largest weight. */
  readonly max: number;
}

export interface Prediction {
  /** α at each time. */
  readonly compensation: Float64Array;
  /** 100 × mean square error over the square of the largest weight, mean over the times. */
  readonly tnmse: number;
  readonly tnmseByTime: Float64Array;
}

/**
 * The weight error that a model expects of conductances given for every weight size:
 *
 *     E[(α Ŵ − w)²] = (α m_W − w)² + α² v_W.
 *
 * Both rules for α compare what the tile gives with what the strategy meant it to hold, so α is 1 at programming
 * time for a strategy that is met: weights that the conductances cannot hold stay visible as errors.
 *
 * @param conductances  µS, row-major [size, device].
 * @param significance  F of each pair of devices.
 * @param scale         β, µS per unit of weight.
 */
export function predict(
  table: MomentTable,
  timeWeights: Float64Array,
  rule: CompensationRule,
  { sizes, shares, max }: WeightSizes,
  conductances: Float64Array,
  significance: readonly number[],
  scale: number,
): Prediction {
  const devices = 2 * significance.length;
  const times = table.times.length;
  const nominal = new Float64Array(sizes.length);
  const means = new Float64Array(sizes.length * times);
  const variances = new Float64Array(sizes.length * times);
  for (let k = 0; k < sizes.length; k++) {
    for (let device = 0; device < devices; device++) {
      const g = conductances[k * devices + device]!;
      const factor = significance[device >> 1]! * (device % 2 === 0 ? 1 : -1);
      nominal[k]! += factor * g;
      table.at(g);
      for (let t = 0; t < times; t++) {
        means[k * times + t]! += factor * table.mean[0][t]!;
        variances[k * times + t]! += factor * factor * table.variance[0][t]!;
      }
    }
  }
  const compensation = new Float64Array(times);
  const tnmseByTime = new Float64Array(times);
  let tnmse = 0;
  for (let t = 0; t < times; t++) {
    const alpha = compensationAt(rule, t, times, shares, nominal, means, variances);
    compensation[t] = alpha;
    for (let k = 0; k < sizes.length; k++) {
      const miss = alpha * means[k * times + t]! - scale * sizes[k]!;
      const square = miss * miss + alpha * alpha * variances[k * times + t]!;
      tnmseByTime[t]! += (100 * shares[k]! * square) / (scale * max * scale * max);
    }
    tnmse += timeWeights[t]! * tnmseByTime[t]!;
  }
  return { compensation, tnmse, tnmseByTime };
}

function compensationAt(
  rule: CompensationRule,
  t: number,
  times: number,
  shares: Float64Array,
  nominal: Float64Array,
  means: Float64Array,
  variances: Float64Array,
): number {
  let above = 0;
  let below = 0;
  for (let k = 0; k < shares.length; k++) {
    const mean = means[k * times + t]!;
    const variance = variances[k * times + t]!;
    if (rule === "least-squares") {
      above += shares[k]! * nominal[k]! * mean;
      below += shares[k]! * (mean * mean + variance);
    } else {
      above += shares[k]! * Math.abs(nominal[k]!);
      below += shares[k]! * meanAbsolute(mean, Math.sqrt(variance));
    }
  }
  return above > 0 && below > 0 ? above / below : 1;
}

/** E|X| for X normal. */
function meanAbsolute(mean: number, std: number): number {
  if (std === 0) return Math.abs(mean);
  const z = mean / std;
  return mean * (1 - 2 * normalDistribution(-z)) + 2 * std * normalDensity(z);
}
