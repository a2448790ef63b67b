import { normalOf, type Random } from "../src/random.ts";
import type { Seconds } from "../src/units.ts";
import type { DeviceBeliefs } from "./deviceBelief.ts";
import type { Foresight } from "./foresight.ts";
import type { FittedLaw } from "./lawFit.ts";
import type { Moments } from "./trimMoments.ts";

/** What a refit found of drift, as far as it is asked here. */
export interface DriftLaws {
  readonly law: { readonly referenceAgeSeconds: Seconds; readonly onsetSeconds: Seconds };
  readonly population: { readonly laws: { readonly exponentSpread: Pick<FittedLaw, "value"> } };
}

/** Of devices that drift by a power law, each with an exponent of its own. */
export class PowerLawForesight implements Foresight {
  readonly #beliefs: DeviceBeliefs;
  readonly #found: DriftLaws;

  constructor(beliefs: DeviceBeliefs, found: DriftLaws) {
    this.#beliefs = beliefs;
    this.#found = found;
  }

  moments(agesSeconds: Float64Array, timesSeconds: readonly Seconds[]): Moments {
    const { referenceAgeSeconds, onsetSeconds } = this.#found.law;
    const beliefs = this.#beliefs;
    const count = agesSeconds.length;
    const times = timesSeconds.length;
    const mean = new Float64Array(count * times);
    const variance = new Float64Array(count * times);
    const logReference = Math.log(referenceAgeSeconds + onsetSeconds);
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

  /**
   * By then each device's exponent is known better, as if it had been read on evenly over the logarithm of age, which makes a slope's
   * precision grow with the cube of the span.
   */
  afterLook(
    _agesSeconds: Float64Array,
    ageSeconds: Seconds,
    factor: number,
    random: Random,
  ): PowerLawForesight {
    const longer = Math.max(1, Math.log(factor * ageSeconds + 1) / Math.log(ageSeconds + 1));
    const better = knownBetter(this.#beliefs, this.#found, longer * longer * longer, random);
    return new PowerLawForesight(better, this.#found);
  }
}

/** A draw of what will be believed when a device's own reads weigh `growth` times as much. */
function knownBetter(
  beliefs: DeviceBeliefs,
  found: DriftLaws,
  growth: number,
  random: Random,
): DeviceBeliefs {
  const { exponentSpread } = found.population.laws;
  const count = beliefs.logA.length;
  const better = {
    ...beliefs,
    exponent: beliefs.exponent.slice(),
    varianceLogA: beliefs.varianceLogA.slice(),
    covariance: beliefs.covariance.slice(),
    varianceExponent: beliefs.varianceExponent.slice(),
  };
  for (let i = 0; i < count; i++) {
    const variance = beliefs.varianceExponent[i]!;
    if (beliefs.lawless[i] === 1 || !(variance > 0)) continue;
    const spread = exponentSpread.value(Math.exp(beliefs.logA[i]!));
    const prior = 1 / Math.max(1e-8, spread * spread);
    const own = Math.max(0, 1 / variance - prior);
    const left = 1 / (prior + growth * own) / variance;
    const draw = normalOf(random.at(i, 0).word0);
    better.exponent[i]! += Math.sqrt(Math.max(0, 1 - left) * variance) * draw;
    better.varianceExponent[i]! *= left;
    better.covariance[i]! *= left;
    better.varianceLogA[i]! *= left;
  }
  return better;
}
