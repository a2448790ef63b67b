import type { LayerWeights } from "../weights/layer.ts";
import { cellMoments, compensationAt, type TranslationProblem } from "./prediction.ts";
import { onSizes, type Solution } from "./strategySolver.ts";
import { weightSizesOf } from "./weightSizes.ts";

export interface ColumnPrediction {
  /** α of each column at each time, row-major [column, time]. */
  readonly compensation: Float64Array;
  readonly tnmse: number;
  readonly tnmseByTime: Float64Array;
}

/**
 * The error of a solution where every column has an α of its own: each from that column's weights, the curves as they
 * are. It counts what columns differ in on purpose, not the little that a factor fitted to few rows learns of their
 * chance errors.
 *
 * @param ranges  of each column over the widest's: its scale is the solution's over this.
 * @param onShare hears how much is done, 0 … 1, after each column.
 */
export function predictColumns(
  problem: TranslationProblem,
  solution: Solution,
  { inputs, outputs, values }: Pick<LayerWeights, "inputs" | "outputs" | "values">,
  ranges: Float64Array,
  onShare: (share: number) => void = () => {},
): ColumnPrediction {
  const { rule, timeWeights, weights } = problem;
  const { significance, scaleMicrosiemensPerUnit: scale, curves } = solution;
  const times = timeWeights.length;
  const cells = cellMoments(problem, onSizes(curves, 2 * significance.length, weights), significance, true);
  const compensation = new Float64Array(outputs * times).fill(1);
  const tnmseByTime = new Float64Array(times);
  if (weights.max === 0) return { compensation, tnmse: 0, tnmseByTime };
  const column = new Float32Array(inputs);
  const largest = weights.sizes.at(-1)!;
  const scaled = scale * weights.max;
  let tnmse = 0;
  for (let output = 0; output < outputs; output++) {
    const range = ranges[output]!;
    for (let input = 0; input < inputs; input++) column[input] = values[input * outputs + output]! / range;
    const own = weightSizesOf(column, { count: weights.sizes.length, largest });
    const unit = (100 * range * range) / (scaled * scaled * outputs);
    for (let t = 0; t < times; t++) {
      const alpha = compensationAt(rule, t, own, cells);
      compensation[output * times + t] = alpha;
      for (let k = 0; k < own.sizes.length; k++) {
        if (own.shares[k] === 0) continue;
        const miss = alpha * cells.means[k * times + t]! - scale * own.sizes[k]!;
        const square = miss * miss + alpha * alpha * cells.variances[k * times + t]!;
        tnmseByTime[t]! += unit * own.shares[k]! * square;
      }
    }
    onShare((output + 1) / outputs);
  }
  tnmseByTime.forEach((error, t) => (tnmse += timeWeights[t]! * error));
  return { compensation, tnmse, tnmseByTime };
}
