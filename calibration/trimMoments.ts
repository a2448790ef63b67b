import type { DeviceModel } from "../src/model/deviceModel.ts";
import type { Seconds } from "../src/units.ts";
import type { TrimTask } from "./trimTask.ts";

/** Row-major [device, time], µS and µS². */
export interface Moments {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** What each device is expected to be at each time, left alone. */
export function predictDevices({
  beliefs,
  agesSeconds,
  timesSeconds,
  model,
  onsetSeconds,
}: TrimTask): Moments {
  const count = agesSeconds.length;
  const times = timesSeconds.length;
  const mean = new Float64Array(count * times);
  const variance = new Float64Array(count * times);
  const logReference = Math.log(model.referenceAgeSeconds + onsetSeconds);
  for (let i = 0; i < count; i++) {
    for (let t = 0; t < times; t++) {
      const age = agesSeconds[i]! + timesSeconds[t]!;
      const l = Math.log(age + onsetSeconds) - logReference;
      const log = beliefs.logA[i]! - beliefs.exponent[i]! * l;
      const doubt =
        beliefs.varianceLogA[i]! - 2 * l * beliefs.covariance[i]! + l * l * beliefs.varianceExponent[i]!;
      const m = beliefs.lawless[i] === 1 ? Math.exp(beliefs.logA[i]!) : Math.exp(log + doubt / 2);
      mean[i * times + t] = m;
      variance[i * times + t] = beliefs.lawless[i] === 1 ? 0 : m * m * Math.expm1(Math.min(1, doubt));
    }
  }
  return { mean, variance };
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
    timesSeconds.forEach((time, t) => {
      const { programming, drift } = model.varianceParts(target, time);
      mean[k * times + t] = model.mean(target, time);
      variance[k * times + t] = programming + drift;
      sum += (programming + drift) / times;
    });
    harm = Math.min(harm, sum);
  });
  return { targets, mean, variance, harm };
}
