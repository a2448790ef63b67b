import type { DeviceModel } from "../model/deviceModel.ts";
import type { Seconds } from "../units.ts";
import type { WeightHistogram } from "../weights/layer.ts";
import { type DualPairStrategy, devicesPerDualPair, targetsOf } from "./dualPair.ts";

/**
 * The mean square weight error that a model expects of a strategy after drift compensation. W is linear in
 * independent conductances and the loss is a mean square, so means, variances and the histogram are all it takes:
 *
 *     E[(α Ŵ − w)²] = (α m_W − w)² + α² v_W,    α by least squares over all weights.
 *
 * @returns the mean over the weights, in software units squared.
 */
export function expectedSquareError(
  strategy: DualPairStrategy,
  model: DeviceModel,
  { edges, counts }: WeightHistogram,
  time: Seconds,
): number {
  const { significance, scaleMicrosiemensPerUnit: scale } = strategy;
  const centres = Float32Array.from(counts, (_, bin) => (edges[bin]! + edges[bin + 1]!) / 2);
  const targets = targetsOf(strategy, centres);
  let weights = 0;
  let cross = 0;
  let square = 0;
  let meant = 0;
  counts.forEach((count, bin) => {
    if (count === 0) return;
    let mean = 0;
    let variance = 0;
    for (let device = 0; device < devicesPerDualPair; device++) {
      const factor = (device < 2 ? significance : 1) * (device % 2 === 0 ? 1 : -1);
      const target = targets[devicesPerDualPair * bin + device]!;
      mean += factor * model.mean(target, time);
      variance += factor * factor * model.variance(target, time);
    }
    const weight = centres[bin]!;
    weights += count;
    cross += (count * weight * mean) / scale;
    square += (count * (mean * mean + variance)) / (scale * scale);
    meant += count * weight * weight;
  });
  return weights === 0 || square === 0 ? 0 : (meant - (cross * cross) / square) / weights;
}
