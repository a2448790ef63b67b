import { normalDensity, normalDistribution } from "../model/normal.ts";
import type { MomentTable } from "./momentTable.ts";
import type { WeightSizes } from "./weightSizes.ts";

/** How α(t) is found on the bench: by least squares over calibration products, or from their mean absolute value. */
export type CompensationRule = "least-squares" | "mean-absolute";

/** What a strategy is wanted for. */
export interface TranslationProblem {
  readonly table: MomentTable;
  /** ω_t, one for each of the table's times, summing to 1. */
  readonly timeWeights: Float64Array;
  readonly rule: CompensationRule;
  readonly weights: WeightSizes;
  /** Correlation of the drift of a pair's two devices; 0 when devices are independent. */
  readonly pairDriftCorrelation: number;
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
 * Both rules for α compare what the tile gives at t with what the strategy meant it to hold, so that α is 1 at
 * programming time for a strategy that is met, and weights that the conductances cannot hold stay visible as errors:
 *
 *     least squares:  α = Σ W m / Σ (m² + v),   W = Σ F (G+ − G−) as aimed at,
 *     mean absolute:  α = Σ |W| / Σ E|Ŵ|.
 *
 * @param conductances  µS, row-major [size, device].
 * @param significance  F of each pair of devices.
 * @param scale         β, µS per unit of weight.
 */
export function predict(
  problem: TranslationProblem,
  conductances: Float64Array,
  significance: readonly number[],
  scale: number,
): Prediction {
  const { timeWeights, weights } = problem;
  const cells = cellMoments(problem, conductances, significance);
  const times = timeWeights.length;
  const compensation = new Float64Array(times);
  const tnmseByTime = new Float64Array(times);
  if (weights.max === 0) return { compensation: compensation.fill(1), tnmse: 0, tnmseByTime };
  const { sizes, shares, max } = weights;
  let tnmse = 0;
  for (let t = 0; t < times; t++) {
    const alpha = compensationAt(problem.rule, t, weights, cells);
    compensation[t] = alpha;
    for (let k = 0; k < sizes.length; k++) {
      const miss = alpha * cells.means[k * times + t]! - scale * sizes[k]!;
      const square = miss * miss + alpha * alpha * cells.variances[k * times + t]!;
      tnmseByTime[t]! += (100 * shares[k]! * square) / (scale * max * scale * max);
    }
    tnmse += timeWeights[t]! * tnmseByTime[t]!;
  }
  return { compensation, tnmse, tnmseByTime };
}

/** Moments of the signed conductance of a cell, for every weight size. */
export interface CellMomentsBySize {
  /** W, µS. */
  readonly nominal: Float64Array;
  /** µS and µS², row-major [size, time]. */
  readonly means: Float64Array;
  readonly variances: Float64Array;
}

/** @param everySize  also sizes that no weight has, whose moments are else left at 0. */
export function cellMoments(
  { table, weights: { shares }, pairDriftCorrelation }: TranslationProblem,
  conductances: Float64Array,
  significance: readonly number[],
  everySize = false,
): CellMomentsBySize {
  const count = shares.length;
  const devices = 2 * significance.length;
  const times = table.times.length;
  const nominal = new Float64Array(count);
  const means = new Float64Array(count * times);
  const variances = new Float64Array(count * times);
  const plus = new Float64Array(times);
  const [mean] = table.mean;
  const [variance] = table.variance;
  for (let k = 0; k < count; k++) {
    if (shares[k] === 0 && !everySize) continue;
    for (let device = 0; device < devices; device++) {
      const g = conductances[k * devices + device]!;
      const factor = significance[device >> 1]! * (device % 2 === 0 ? 1 : -1);
      nominal[k]! += factor * g;
      table.valuesAt(g);
      for (let t = 0; t < times; t++) {
        means[k * times + t]! += factor * mean[t]!;
        variances[k * times + t]! += factor * factor * variance[t]!;
      }
      if (pairDriftCorrelation === 0) continue;
      table.driftAt(g);
      if (device % 2 === 0) plus.set(table.driftStd[0]);
      else {
        const shared = 2 * pairDriftCorrelation * factor * factor;
        for (let t = 0; t < times; t++)
          variances[k * times + t]! -= shared * plus[t]! * table.driftStd[0][t]!;
      }
    }
  }
  return { nominal, means, variances };
}

/**
 * How far the rule for α is from the minimiser of the loss: dL/dα over the rule's denominator at each time, so that
 *
 *     dL = Σ_k p_k (df_k + Σ_t μ_t (dA_k − α_t dB_k)),   A_k = W m, B_k = m² + v  (mean absolute: |W|, E|Ŵ|)
 */
export function pullOfRule(
  { rule, timeWeights, weights: { sizes, shares } }: TranslationProblem,
  cells: CellMomentsBySize,
  compensation: Float64Array,
  scale: number,
): Float64Array {
  const times = timeWeights.length;
  return timeWeights.map((weight, t) => {
    const alpha = compensation[t]!;
    let slope = 0;
    let below = 0;
    for (let k = 0; k < sizes.length; k++) {
      const mean = cells.means[k * times + t]!;
      const variance = cells.variances[k * times + t]!;
      slope += shares[k]! * 2 * ((alpha * mean - scale * sizes[k]!) * mean + alpha * variance);
      below +=
        shares[k]! * (rule === "least-squares" ? mean * mean + variance : meanAbsolute(mean, variance));
    }
    return below > 0 ? (weight * slope) / below : 0;
  });
}

/** α at one time; 1 where there is nothing to compare. */
export function compensationAt(
  rule: CompensationRule,
  t: number,
  { shares }: WeightSizes,
  { nominal, means, variances }: CellMomentsBySize,
): number {
  const times = means.length / shares.length;
  let above = 0;
  let below = 0;
  for (let k = 0; k < shares.length; k++) {
    const share = shares[k]!;
    const mean = means[k * times + t]!;
    const variance = variances[k * times + t]!;
    if (rule === "least-squares") {
      above += share * nominal[k]! * mean;
      below += share * (mean * mean + variance);
    } else {
      above += share * Math.abs(nominal[k]!);
      below += share * meanAbsolute(mean, variance);
    }
  }
  return above > 0 && below > 0 ? above / below : 1;
}

/** E|X| for X normal. @param variance  as a spline has it, which may swing below zero by its last digits. */
export function meanAbsolute(mean: number, variance: number): number {
  if (!(variance > 0)) return Math.abs(mean);
  const std = Math.sqrt(variance);
  const z = mean / std;
  return mean * (1 - 2 * normalDistribution(-z)) + 2 * std * normalDensity(z);
}
