import type { Microsiemens, Seconds } from "../units.ts";
import {
  type LogarithmicRelaxationDefinition,
  polynomial,
  type TimedSpreadDefinition,
} from "./definition.ts";
import { type Courses, sampleOf } from "./courses.ts";
import { type DeviceModel, type ErrorCause, refuseUnknownTime, usualOnsetSeconds } from "./deviceModel.ts";
import { clampedMoments, clippedMoments, varianceOf } from "./normal.ts";

/**
 * Devices that were measured at a few times only. There is no law between them, and none is claimed: the variance
 * is taken linear in ln t from one measured time to the next, as relaxation by many independent steps would make
 * it, and other times are refused.
 *
 *     G(t) = max(0, G + σ(G, t) N)
 *
 * The spread at the first time counts as programming, what comes later as relaxation. A device keeps its programming error, and
 * relaxes by steps of its own; reads are not told from either.
 */
export function timedSpreadModel(
  definition: TimedSpreadDefinition,
  lacking: readonly ErrorCause[] = [],
): DeviceModel {
  const { name, maxConductanceMicrosiemens: max, timesSeconds: times, stdMicrosiemens } = definition;
  const measured = (target: Microsiemens, k: number): number => {
    const std = Math.max(0, polynomial(stdMicrosiemens[k]!, target / max));
    return std * std;
  };
  /** Before clipping, µS². */
  const spread = (target: Microsiemens, time: Seconds): { programming: number; relaxation: number } => {
    refuseUnknownTime(model, time);
    let k = 1;
    while (k < times.length - 1 && time > times[k]!) k++;
    const first = measured(target, 0);
    const now =
      times.length === 1
        ? first
        : between(time, times[k - 1]!, times[k]!, measured(target, k - 1), measured(target, k));
    return {
      programming: lacking.includes("programming") ? 0 : Math.min(first, now),
      relaxation: lacking.includes("drift") ? 0 : Math.max(0, now - first),
    };
  };
  const clipped = (target: Microsiemens, variance: number): { first: number; variance: number } => {
    const moments = clippedMoments(target, Math.sqrt(variance));
    return { first: moments.first, variance: varianceOf(moments) };
  };
  const courses = (asked: readonly Seconds[]): Courses => {
    asked.forEach((time) => refuseUnknownTime(model, time));
    return {
      driftDeviates: asked.length,
      readDeviates: 0,
      draw(target, deviates, reads) {
        let [walked, steps, before] = [0, 0, 0];
        for (let t = 0; t < asked.length; t++) {
          const { programming, relaxation } = spread(target, asked[t]!);
          const step = Math.max(0, relaxation - before);
          walked += Math.sqrt(step) * deviates[1 + t]!;
          steps += step;
          before = relaxation;
          // Where the spread falls from one time to the next, all that was walked shrinks alike.
          const relaxed = steps > 0 ? Math.sqrt(relaxation / steps) * walked : 0;
          reads[t] = Math.max(0, target + Math.sqrt(programming) * deviates[0]! + relaxed);
        }
      },
    };
  };
  const model: DeviceModel = {
    name,
    minConductanceMicrosiemens: 0,
    maxConductanceMicrosiemens: max,
    knownTimesSeconds: { from: times[0]!, to: times.at(-1)! },
    referenceAgeSeconds: times[0]!,
    timeZeroSeconds: 0,
    onsetSeconds: usualOnsetSeconds,
    driftExponentMean: () => 0,
    programmingStd: (target) => Math.sqrt(spread(target, times[0]!).programming),
    mean(target, time) {
      const { programming, relaxation } = spread(target, time);
      return clipped(target, programming + relaxation).first;
    },
    variance(target, time) {
      const { programming, relaxation } = spread(target, time);
      return clipped(target, programming + relaxation).variance;
    },
    varianceParts(target, time) {
      const { programming, relaxation } = spread(target, time);
      const before = clipped(target, programming).variance;
      return {
        programming: before,
        drift: Math.max(0, clipped(target, programming + relaxation).variance - before),
        read: 0,
      };
    },
    without: (cause) => (cause === "read" ? undefined : timedSpreadModel(definition, [...lacking, cause])),
    meanOfReads: () => undefined,
    courses,
    sample: sampleOf(courses),
  };
  return model;
}

/** Linear in ln t. */
function between(time: Seconds, from: Seconds, to: Seconds, a: number, b: number): number {
  return a + ((b - a) * Math.log(time / from)) / Math.log(to / from);
}

/**
 * Devices whose mean and spread move with ln t:
 *
 *     G_p = G + σ_p(G) N,   G(t) = clamp(G_p + b ln t + (c + d ln t) N, Gmin, Gmax)
 *
 * The fit is in t / 1 s, so nothing is known before 1 s. N is a device's own, at all times; reads are not told from it.
 */
export function logarithmicRelaxationModel(
  definition: LogarithmicRelaxationDefinition,
  lacking: readonly ErrorCause[] = [],
): DeviceModel {
  const {
    minConductanceMicrosiemens: min,
    maxConductanceMicrosiemens: max,
    programmingStdMicrosiemens: [constant, slope],
    meanShiftMicrosiemens,
    relaxationStdMicrosiemens: [initial, growth],
  } = definition;
  const programmingStd = (target: Microsiemens): number =>
    lacking.includes("programming") ? 0 : constant + slope * target;
  const relaxationStd = (time: Seconds): number =>
    lacking.includes("drift") ? 0 : initial + growth * Math.log(time);
  const moments = (target: Microsiemens, time: Seconds, withRelaxation: boolean) => {
    refuseUnknownTime(model, time);
    const relaxation = withRelaxation ? relaxationStd(time) : 0;
    const std = Math.hypot(programmingStd(target), relaxation);
    const { first, second } = clampedMoments(target + meanShiftMicrosiemens * Math.log(time), std, min, max);
    return { first, variance: varianceOf({ first, second }) };
  };
  const courses = (times: readonly Seconds[]): Courses => {
    times.forEach((time) => refuseUnknownTime(model, time));
    const shifts = times.map((time) => meanShiftMicrosiemens * Math.log(time));
    const spreads = times.map(relaxationStd);
    return {
      driftDeviates: 1,
      readDeviates: 0,
      draw(target, deviates, reads) {
        const programmed = target + programmingStd(target) * deviates[0]!;
        for (let t = 0; t < times.length; t++) {
          const relaxed = programmed + shifts[t]! + spreads[t]! * deviates[1]!;
          reads[t] = Math.min(max, Math.max(min, relaxed));
        }
      },
    };
  };
  const model: DeviceModel = {
    name: definition.name,
    minConductanceMicrosiemens: min,
    maxConductanceMicrosiemens: max,
    knownTimesSeconds: { from: 1, to: Infinity },
    referenceAgeSeconds: 1,
    timeZeroSeconds: 0,
    onsetSeconds: usualOnsetSeconds,
    driftExponentMean: () => 0,
    programmingStd,
    mean: (target, time) => moments(target, time, true).first,
    variance: (target, time) => moments(target, time, true).variance,
    varianceParts(target, time) {
      const programming = moments(target, time, false).variance;
      const all = moments(target, time, true).variance;
      return { programming, drift: Math.max(0, all - programming), read: 0 };
    },
    without: (cause) =>
      cause === "read" ? undefined : logarithmicRelaxationModel(definition, [...lacking, cause]),
    meanOfReads: () => undefined,
    courses,
    sample: sampleOf(courses),
  };
  return model;
}
