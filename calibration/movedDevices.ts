import type { DeviceModel } from "../src/model/deviceModel.ts";
import type { Microsiemens, Seconds } from "../src/units.ts";
import { knownTime, type Moments } from "./trimMoments.ts";
import type { TrimTask } from "./trimTask.ts";

const targetSteps = 100;

/**
 * What to expect of devices that a visit moves. Where a pulse begins a device's ageing anew, that is what the model says of its new target T.
 * Where steps add up, the device goes on as it would have done, from G now, and only the step ages from now on:
 *
 *     G(t) + (T − G) λ(t),   λ(t) = (m(G_max, t) − m(G_min, t)) / (the same, directly after programming)
 *
 * with m the model's mean. Read noise is the same either way.
 */
export class MovedDevices {
  /** µS. */
  readonly targets: Float64Array;
  /** By target, less what a device carries on: [target, time]. */
  readonly byTarget: Moments;
  /** What a device that is moved carries on of what it was: [device, time]. */
  readonly carried: Moments;
  /** The least mean variance that a move brings. */
  readonly harm: number;
  readonly #task: TrimTask;
  readonly #stepLeft: Float64Array;
  /** What is expected of targets that were asked for. Most moves go to the same few. */
  readonly #ofTargets = new Map<Microsiemens, Expected>();

  /** @param now  what is expected of devices that are left alone. */
  constructor(task: TrimTask, now: Moments) {
    const { model, timesSeconds } = task;
    const { minConductanceMicrosiemens: min, maxConductanceMicrosiemens: max } = model;
    this.#task = task;
    this.#stepLeft = stepLeft(model, timesSeconds);
    this.carried = task.stepsAddUp === true ? carriedOn(task, now, this.#stepLeft) : nothingLike(now);
    this.targets = Float64Array.from(
      { length: targetSteps + 1 },
      (_, k) => min + ((max - min) * k) / targetSteps,
    );
    const times = timesSeconds.length;
    const mean = new Float64Array(this.targets.length * times);
    const variance = new Float64Array(this.targets.length * times);
    let harm = Infinity;
    this.targets.forEach((target, k) => {
      const expected = this.#ofTarget(target);
      let sum = 0;
      for (let t = 0; t < times; t++) {
        mean[k * times + t] = expected.mean[t]!;
        variance[k * times + t] = expected.drift[t]! + expected.programming[t]!;
        sum += variance[k * times + t]! / times;
      }
      harm = Math.min(harm, sum);
    });
    this.byTarget = { mean, variance };
    this.harm = harm;
  }

  /**
   * Puts what is expected of a device that is moved in place of what it is.
   *
   * @param reached  whether `conductance` is what it was found at, and not what it is to be moved to.
   */
  put(i: number, conductance: Microsiemens, { mean, variance }: Moments, reached: boolean): void {
    const times = this.#task.timesSeconds.length;
    // Where devices were found hardly two are alike.
    const expected = reached ? this.#expectedOf(conductance) : this.#ofTarget(conductance);
    for (let t = 0; t < times; t++) {
      const at = i * times + t;
      mean[at] = this.carried.mean[at]! + expected.mean[t]!;
      variance[at] = this.carried.variance[at]! + expected.drift[t]!;
      if (!reached) variance[at]! += expected.programming[t]!;
    }
  }

  #ofTarget(target: Microsiemens): Expected {
    const known = this.#ofTargets.get(target) ?? this.#expectedOf(target);
    this.#ofTargets.set(target, known);
    return known;
  }

  #expectedOf(target: Microsiemens): Expected {
    const { model, timesSeconds, stepsAddUp } = this.#task;
    const times = timesSeconds.length;
    const [mean, drift, programming] = [
      new Float64Array(times),
      new Float64Array(times),
      new Float64Array(times),
    ];
    for (let t = 0; t < times; t++) {
      const time = knownTime(model, timesSeconds[t]!);
      const parts = model.varianceParts(target, time);
      mean[t] = stepsAddUp === true ? target * this.#stepLeft[t]! : model.mean(target, time);
      drift[t] = stepsAddUp === true ? 0 : parts.drift;
      programming[t] = parts.programming;
    }
    return { mean, drift, programming };
  }
}

/** Of a device at a target, one entry a time: µS, and variances in µS². */
interface Expected {
  readonly mean: Float64Array;
  readonly drift: Float64Array;
  readonly programming: Float64Array;
}

/** What is left of a step at each time, as a share. */
function stepLeft(model: DeviceModel, timesSeconds: readonly Seconds[]): Float64Array {
  const { minConductanceMicrosiemens: min, maxConductanceMicrosiemens: max } = model;
  const range = (time: Seconds): number => model.mean(max, time) - model.mean(min, time);
  const { from } = model.knownTimesSeconds;
  return Float64Array.from(timesSeconds, (time) => range(knownTime(model, time)) / range(from));
}

/** What a device would go on to conduct, less what is left by then of all that it conducts when the visit ends. */
function carriedOn(
  { foresight, agesSeconds, timesSeconds }: TrimTask,
  { mean, variance }: Moments,
  left: Float64Array,
): Moments {
  const times = timesSeconds.length;
  const atEnd = foresight.moments(agesSeconds, [visitEndSeconds]).mean;
  return {
    mean: mean.map((m, at) => m - atEnd[Math.floor(at / times)]! * left[at % times]!),
    variance: variance.slice(),
  };
}

/** Ages are those at which the clock of the times begins. */
const visitEndSeconds = 1;

function nothingLike({ mean }: Moments): Moments {
  return { mean: new Float64Array(mean.length), variance: new Float64Array(mean.length) };
}
