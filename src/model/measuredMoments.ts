import type { Seconds } from "../units.ts";
import { interpolate, type MeasuredMomentsDefinition } from "./definition.ts";
import { type Courses, sampleOf } from "./courses.ts";
import { type DeviceModel, refuseUnknownTime, usualOnsetSeconds } from "./deviceModel.ts";

/**
 * A device known by its measured means and variances alone: linear between targets and in ln t between times, and
 * nothing beyond either. Devices are drawn as normal, each with one programming error, and all else independently from age to age:
 * the moments say neither.
 */
export function measuredMomentsModel(definition: MeasuredMomentsDefinition): DeviceModel {
  const {
    name,
    conductanceMicrosiemens: targets,
    timesSeconds: times,
    meanMicrosiemens,
    varianceMicrosiemensSquared,
    programmingStdMicrosiemens,
  } = definition;
  const logs = times.map(Math.log);
  const at = (rows: readonly (readonly number[])[], target: number, time: Seconds): number => {
    refuseUnknownTime(model, time);
    return interpolate(
      logs,
      rows.map((row) => interpolate(targets, row, target)),
      Math.log(time),
    );
  };
  const mean: DeviceModel["mean"] = (target, time) => at(meanMicrosiemens, target, time);
  const variance: DeviceModel["variance"] = (target, time) => at(varianceMicrosiemensSquared, target, time);
  const programmingStd: DeviceModel["programmingStd"] = (target) =>
    programmingStdMicrosiemens === undefined
      ? Math.sqrt(variance(target, times[0]!))
      : interpolate(targets, programmingStdMicrosiemens, target);
  const varianceParts: DeviceModel["varianceParts"] = (target, time) => {
    const all = variance(target, time);
    const std = programmingStd(target);
    const shrunk = (std * mean(target, time)) / Math.max(mean(target, times[0]!), 1e-9);
    const programming = Math.min(all, shrunk * shrunk);
    return { programming, drift: all - programming, read: 0 };
  };
  const courses = (asked: readonly Seconds[]): Courses => {
    asked.forEach((time) => refuseUnknownTime(model, time));
    return {
      driftDeviates: asked.length,
      readDeviates: 0,
      draw(target, deviates, reads) {
        for (let t = 0; t < asked.length; t++) {
          const { programming, drift } = varianceParts(target, asked[t]!);
          const off = Math.sqrt(programming) * deviates[0]! + Math.sqrt(drift) * deviates[1 + t]!;
          reads[t] = mean(target, asked[t]!) + off;
        }
      },
    };
  };
  const model: DeviceModel = {
    name,
    minConductanceMicrosiemens: targets[0]!,
    maxConductanceMicrosiemens: targets.at(-1)!,
    knownTimesSeconds: { from: times[0]!, to: times.at(-1)! },
    // The moments were measured at times after a read that the file does not date: nothing is corrected.
    referenceAgeSeconds: 0,
    timeZeroSeconds: 0,
    onsetSeconds: usualOnsetSeconds,
    driftExponentMean: () => 0,
    programmingStd,
    mean,
    variance,
    varianceParts,
    without: () => undefined,
    meanOfReads: () => undefined,
    courses,
    sample: sampleOf(courses),
  };
  return model;
}
