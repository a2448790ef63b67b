import type { DeviceModel } from "../src/model/deviceModel.ts";
import type { TranslationProblem } from "../src/optimize/prediction.ts";
import { onSizes, type Solution } from "../src/optimize/strategySolver.ts";
import { normalOf, type Random } from "../src/random.ts";

/**
 * The error of a solution on weights and devices drawn afresh, by the model's own law and not by its moments.
 *
 * @returns TNMSE at each time and its standard error.
 */
export function sampledTnmse(
  model: DeviceModel,
  { table, weights }: TranslationProblem,
  { curves, compensation, significance, scaleMicrosiemensPerUnit: scale }: Solution,
  count: number,
  random: Random,
): { tnmse: number[]; standardError: number[] } {
  let draws = 0;
  const normal = (): number => normalOf(random.at(draws++, 0).word0);
  const cumulative = weights.shares.slice();
  for (let k = 1; k < cumulative.length; k++) cumulative[k]! += cumulative[k - 1]!;
  // The weights are the histogram's quantiles, so that only the devices are left to chance.
  let bin = 0;
  const sizes = Float64Array.from({ length: count }, (_, n) => {
    while (bin < cumulative.length - 1 && cumulative[bin]! < (n + 0.5) / count) bin++;
    return weights.sizes[bin]!;
  });
  const devices = 2 * significance.length;
  const cells = onSizes(curves, devices, { sizes });
  const tnmse: number[] = [];
  const standardError: number[] = [];
  table.times.forEach((time, t) => {
    let sum = 0;
    let squares = 0;
    for (let n = 0; n < count; n++) {
      let held = 0;
      for (let d = 0; d < devices; d++) {
        const factor = significance[d >> 1]! * (d % 2 === 0 ? 1 : -1);
        held += factor * model.sample(cells[n * devices + d]!, time, normal);
      }
      const error = ((compensation[t]! * held) / scale - sizes[n]!) / weights.max;
      sum += 100 * error * error;
      squares += 1e4 * error * error * error * error;
    }
    const mean = sum / count;
    tnmse.push(mean);
    standardError.push(Math.sqrt(Math.max(0, squares / count - mean * mean) / count));
  });
  return { tnmse, standardError };
}
