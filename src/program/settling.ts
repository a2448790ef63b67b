import type { DeviceModel } from "../model/deviceModel.ts";
import type { Microsiemens, Seconds } from "../units.ts";

/**
 * Readings of young devices, brought to the age for which targets are meant. A device is read milliseconds to seconds
 * after its pulse and is meant to be right at the model's reference age; until then it drifts, on the average, by
 *
 *     G(reference) = G(age) ((reference + onset)/(age + onset))^−ν̄(G)
 *
 * The drift law of published models begins at the reference age. That it holds from about a second on is a belief of ours
 * until a fit has measured the onset; a look after the reference age does not depend on it.
 */
export class Settling {
  readonly #onsetSeconds: Seconds;
  readonly #logReference: number;
  readonly #exponents: Float64Array;
  readonly #perMicrosiemens: number;
  /** Devices of a row were pulsed together. */
  #lastAge = Number.NaN;
  #lastLog = 0;

  constructor(model: DeviceModel) {
    const top = 1.5 * model.maxConductanceMicrosiemens;
    this.#onsetSeconds = model.onsetSeconds;
    this.#logReference = Math.log(model.referenceAgeSeconds + model.onsetSeconds);
    this.#perMicrosiemens = (tablePoints - 1) / top;
    this.#exponents = Float64Array.from({ length: tablePoints }, (_, i) =>
      model.driftExponentMean(Math.min(model.maxConductanceMicrosiemens, i / this.#perMicrosiemens)),
    );
  }

  /** What a reading at an age becomes until the reference age, as a factor. NaN counts as the reference age. */
  factor(reading: Microsiemens, age: Seconds): number {
    if (age !== this.#lastAge) {
      this.#lastAge = age;
      this.#lastLog = age >= 0 ? Math.log(age + this.#onsetSeconds) - this.#logReference : 0;
    }
    const log = this.#lastLog;
    if (log === 0) return 1;
    const place = Math.min(tablePoints - 1, Math.max(0, Math.round(reading * this.#perMicrosiemens)));
    const exponent = this.#exponents[place]!;
    // Within 1e-6 for |x| up to 0.4, which is an age of a second for an exponent of 0.17.
    const x = exponent * log;
    if (x > 0.4 || x < -0.4) return Math.exp(x);
    return 1 + x * (1 + x * (1 / 2 + x * (1 / 6 + x * (1 / 24 + x * (1 / 120 + x * (1 / 720))))));
  }
}

/**
 * How far a device that was in place may read from its target when it is looked at again, µS: what a later look forgives, and what
 * equal devices come to differ by until that age, as the model says.
 *
 * @param forgiven  µS that it may be off by at the reference age.
 */
export function driftedLimit(
  model: DeviceModel,
  target: Microsiemens,
  forgiven: Microsiemens,
  age: Seconds,
): Microsiemens {
  const { from, to } = model.knownTimesSeconds;
  const time = Math.min(to, age - model.referenceAgeSeconds);
  if (!(time > from)) return forgiven;
  return Math.hypot(forgiven, driftedInStds * Math.sqrt(model.varianceParts(target, time).drift));
}

/** Of a hundred equal devices, one drifts further from the mean. */
const driftedInStds = 2.6;
const tablePoints = 256;
