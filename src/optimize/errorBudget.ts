import type { DeviceModel } from "../model/deviceModel.ts";
import type { Seconds } from "../units.ts";
import { fullScaleOf } from "./translate.ts";
import type { TranslationProblem } from "./prediction.ts";
import { MomentTable } from "./momentTable.ts";
import { onSizes, type Solution, solveStrategy } from "./strategySolver.ts";

/** The predicted error by cause, each in TNMSE (100 × mean square over the square of the largest weight), by time. */
export interface ErrorBudget {
  readonly programming: Float64Array;
  /** How differently equal devices drift. */
  readonly drift: Float64Array;
  readonly read: Float64Array;
  /** What the mean weight misses, where it could have been held: drift that α cannot undo, and bias traded for noise. */
  readonly translation: Float64Array;
  /** What the mean weight misses because it is clipped, or larger than the cell can hold. */
  readonly saturation: Float64Array;
}

/** Splits a solution's error by cause. The parts add up to its `tnmseByTime`. */
export function errorBudget(
  problem: TranslationProblem,
  model: DeviceModel,
  solution: Solution,
): ErrorBudget {
  const { table, weights, pairDriftCorrelation } = problem;
  const { significance, scaleMicrosiemensPerUnit: scale, compensation, curves } = solution;
  const { sizes, shares, max, clip } = weights;
  const times = table.times.length;
  const column = (): Float64Array => new Float64Array(times);
  const budget = {
    programming: column(),
    drift: column(),
    read: column(),
    translation: column(),
    saturation: column(),
  };
  if (max === 0) return budget;
  const devices = 2 * significance.length;
  const cells = onSizes(curves, devices, weights);
  const largestHeld = Math.min(clip, (fullScaleOf(problem, significance) * clip) / scale);
  for (let t = 0; t < times; t++) {
    const time = table.times[t]!;
    const alpha = compensation[t]!;
    const unit = 100 / (scale * max * scale * max);
    for (let k = 0; k < sizes.length; k++) {
      if (shares[k] === 0) continue;
      const weight = unit * shares[k]!;
      let mean = 0;
      let plusDrift = 0;
      for (let device = 0; device < devices; device++) {
        const g = cells[k * devices + device]!;
        const factor = significance[device >> 1]! * (device % 2 === 0 ? 1 : -1);
        const parts = model.varianceParts(g, time);
        const square = weight * alpha * alpha * factor * factor;
        mean += factor * model.mean(g, time);
        budget.programming[t]! += square * parts.programming;
        budget.drift[t]! += square * parts.drift;
        budget.read[t]! += square * parts.read;
        if (device % 2 === 0) plusDrift = parts.drift;
        else budget.drift[t]! -= square * 2 * pairDriftCorrelation * Math.sqrt(plusDrift * parts.drift);
      }
      const miss = alpha * mean - scale * sizes[k]!;
      const cause = sizes[k]! > largestHeld * (1 + 1e-9) ? budget.saturation : budget.translation;
      cause[t]! += weight * miss * miss;
    }
  }
  return budget;
}

/**
 * The least error that these devices could have with the same significances and scale if programming never erred:
 * far below today's error, better programming pays; close to it, only better devices do.
 *
 * @param perfect  as `perfectTableOf` has it.
 */
export function limitOf(
  problem: TranslationProblem,
  perfect: MomentTable | undefined,
  { significance, scaleMicrosiemensPerUnit }: Solution,
): Solution | undefined {
  if (perfect === undefined) return undefined;
  return solveStrategy({ ...problem, table: perfect }, significance, scaleMicrosiemensPerUnit);
}

/** Of the same devices, were programming perfect; undefined where the model cannot tell it from the rest. */
export function perfectTableOf(model: DeviceModel, times: readonly Seconds[]): MomentTable | undefined {
  const perfect = model.without("programming");
  return perfect && new MomentTable(perfect, times);
}
