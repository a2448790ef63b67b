import type { DeviceModel } from "../src/model/deviceModel.ts";
import type { Seconds } from "../src/units.ts";

/** Row-major [device, time], µS and µS². */
export interface Moments {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

export interface FreshMoments extends Moments {
  readonly targets: Float64Array;
  /** The least mean variance that any target has. */
  readonly harm: number;
}

const targetSteps = 100;

/** What to expect of a device that is programmed anew, by target: [target, time]. Read noise is the same either way. */
export function freshMoments(model: DeviceModel, timesSeconds: readonly Seconds[]): FreshMoments {
  const { minConductanceMicrosiemens: min, maxConductanceMicrosiemens: max } = model;
  const times = timesSeconds.length;
  const targets = Float64Array.from(
    { length: targetSteps + 1 },
    (_, k) => min + ((max - min) * k) / targetSteps,
  );
  const mean = new Float64Array(targets.length * times);
  const variance = new Float64Array(targets.length * times);
  let harm = Infinity;
  targets.forEach((target, k) => {
    let sum = 0;
    timesSeconds.forEach((after, t) => {
      const time = knownTime(model, after);
      const { programming, drift } = model.varianceParts(target, time);
      mean[k * times + t] = model.mean(target, time);
      variance[k * times + t] = programming + drift;
      sum += (programming + drift) / times;
    });
    harm = Math.min(harm, sum);
  });
  return { targets, mean, variance, harm };
}

/** The nearest time that a model knows. */
export function knownTime({ knownTimesSeconds: { from, to } }: DeviceModel, time: Seconds): Seconds {
  return Math.min(to, Math.max(from, time));
}
