import type { DeviceModel } from "../model/deviceModel.ts";
import type { Microsiemens, Seconds } from "../units.ts";

/**
 * Readings of young devices, brought to the age for which targets are meant. A device is read milliseconds to seconds
 * after its pulse and is meant to be right at the model's reference age; until then it drifts, on the average, by
 *
 *     G(reference) = G(age) ((reference + onset)/(age + onset))^−ν̄(G)
 *
 * The drift law of published models begins at the reference age. That it holds from about a second on is a belief of ours
 * until a fit has measured the onset; a look after the reference age does not depend on it. What such a look shows of devices
 * that were read when they were young tells by how much the belief is wrong: `learn` takes that in.
 */
export class Settling {
  readonly #onsetSeconds: Seconds;
  readonly #logReference: number;
  readonly #exponents: Float64Array;
  /** What was last learned. */
  readonly #shifts = new Float64Array(tablePoints);
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

  /**
   * Learns from devices that were read twice since their last pulse. By how much the mean exponent differs from what is believed
   * follows, at each conductance c, from those that read near it, by least squares with a Gaussian window:
   *
   *     late − foreseen = −δν(c) · foreseen · ln((late age + onset)/(young age + onset))
   *
   * A prior keeps δν at zero where there are no devices to tell.
   */
  learn({ young, youngAgesSeconds, late, lateAgesSeconds }: TwoReadings): void {
    const top = (tablePoints - 1) / this.#perMicrosiemens / 1.5;
    const width = windowShare * top;
    const products = new Float64Array(windows);
    const squares = new Float64Array(windows);
    for (let i = 0; i < young.length; i++) {
      const log = Math.log(
        (lateAgesSeconds[i]! + this.#onsetSeconds) / (youngAgesSeconds[i]! + this.#onsetSeconds),
      );
      if (!(log > shortestLog) || !(young[i]! > 0) || Number.isNaN(late[i]!)) continue;
      const exponent = this.#exponents[this.#placeOf(young[i]!)]!;
      const foreseen = young[i]! * Math.exp(-exponent * log);
      const loss = foreseen * log;
      const place = (young[i]! * (windows - 1)) / top;
      const first = Math.max(0, Math.ceil(place - (3 * width * (windows - 1)) / top));
      const last = Math.min(windows - 1, Math.floor(place + (3 * width * (windows - 1)) / top));
      for (let k = first; k <= last; k++) {
        const away = (young[i]! - (k * top) / (windows - 1)) / width;
        const weight = Math.exp((-away * away) / 2);
        products[k]! += weight * loss * (foreseen - late[i]!);
        squares[k]! += weight * loss * loss;
      }
    }
    for (let point = 0; point < tablePoints; point++) {
      const conductance = point / this.#perMicrosiemens;
      const place = Math.min(windows - 1, (conductance * (windows - 1)) / top);
      const k = Math.min(windows - 2, Math.floor(place));
      const part = place - k;
      const shift = (at: number): number => {
        const scatter = (relativeScatter * at * top) / (windows - 1) / exponentSpread;
        return products[at]! / (squares[at]! + scatter * scatter + 1e-12);
      };
      this.#shifts[point] = (1 - part) * shift(k) + part * shift(k + 1);
      this.#exponents[point]! += this.#shifts[point]!;
    }
    this.#lastAge = Number.NaN;
  }

  /** By what share a device that was judged young was misjudged, as what was learned last has it. */
  misjudged(young: Microsiemens, youngAge: Seconds): number {
    const log = this.#logReference - Math.log(youngAge + this.#onsetSeconds);
    return Number.isNaN(log) ? 0 : this.#shifts[this.#placeOf(young)]! * log;
  }

  #placeOf(reading: Microsiemens): number {
    return Math.min(tablePoints - 1, Math.max(0, Math.round(reading * this.#perMicrosiemens)));
  }

  /** What a reading at an age becomes until the reference age, as a factor. NaN counts as the reference age. */
  factor(reading: Microsiemens, age: Seconds): number {
    if (age !== this.#lastAge) {
      this.#lastAge = age;
      this.#lastLog = age >= 0 ? Math.log(age + this.#onsetSeconds) - this.#logReference : 0;
    }
    const log = this.#lastLog;
    if (log === 0) return 1;
    const exponent = this.#exponents[this.#placeOf(reading)]!;
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
  const time = Math.min(to, age - model.timeZeroSeconds);
  if (!(time > from)) return forgiven;
  return Math.hypot(forgiven, driftedInStds * Math.sqrt(model.varianceParts(target, time).drift));
}

/** Of a hundred equal devices, one drifts further from the mean. */
const driftedInStds = 2.6;
const tablePoints = 256;

/** Of the same devices, one entry each; NaN for those of which one of them is not known. */
export interface TwoReadings {
  /** µS and s, soon after the last pulse. */
  readonly young: Float32Array;
  readonly youngAgesSeconds: Float32Array;
  /** µS and s, at the reference age or later. */
  readonly late: Float32Array;
  readonly lateAgesSeconds: Float32Array;
}

/** Places at which the shift of the exponent is found, over full range, and how wide their windows are, as a share of it. */
const windows = 25;
const windowShare = 0.05;
/** Two readings that are closer in the logarithm of age than this tell nothing of drift. */
const shortestLog = 0.5;
/** How single devices scatter about the mean, as a share of what they conduct, and how far exponents may be off: what a prior weighs. */
const relativeScatter = 0.06;
const exponentSpread = 0.03;
