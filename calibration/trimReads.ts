import type { DeviceModel } from "../src/model/deviceModel.ts";
import type { Seconds } from "../src/units.ts";
import { expectedErrors } from "./trimErrors.ts";
import { knownTime } from "./trimMoments.ts";
import type { TrimTask } from "./trimTask.ts";

const steps = 100;

/**
 * What the noise of one read adds to the errors at each time. A trim is planned without it, as it is the same whatever is done; a sweep
 * that the plan is compared with has it.
 *
 * @param mean  µS, row-major [device, time].
 */
export function readErrors(task: TrimTask, mean: Float64Array, compensation: Float64Array): Float64Array {
  const variance = readVariances(task, mean);
  const [quiet, read] = [new Float64Array(mean.length), variance].map((of) =>
    expectedErrors(task, mean, of, compensation),
  );
  return read!.map((error, t) => error - quiet![t]!);
}

/** Variance of one read of each device at each time, µS², row-major [device, time]. @param mean  µS, likewise. */
export function readVariances(
  { model, timesSeconds }: Pick<TrimTask, "model" | "timesSeconds">,
  mean: Float64Array,
): Float64Array {
  const times = timesSeconds.length;
  const relative = timesSeconds.map((time) => relativeReads(model, time));
  const { minConductanceMicrosiemens: min, maxConductanceMicrosiemens: max } = model;
  return mean.map((m, k) => {
    const place = Math.round((steps * (m - min)) / (max - min));
    return m * m * relative[k % times]![Math.min(steps, Math.max(0, place))]!;
  });
}

/** Variance of one read over the square of the mean, at conductances evenly over the range. */
function relativeReads(model: DeviceModel, time: Seconds): Float64Array {
  const { minConductanceMicrosiemens: min, maxConductanceMicrosiemens: max } = model;
  return Float64Array.from({ length: steps + 1 }, (_, k) => {
    const target = min + ((max - min) * k) / steps;
    const at = knownTime(model, time);
    const mean = model.mean(target, at);
    return mean > 0 ? model.varianceParts(target, at).read / (mean * mean) : 0;
  });
}
