import type { Microsiemens, Seconds } from "../units.ts";
import type { FreeFormDefinition } from "./definition.ts";
import { type DeviceModel, refuseUnknownTime, usualOnsetSeconds } from "./deviceModel.ts";

/**
 * Devices known by a table that was measured, over conductance G and age: the mean m(G, t), the covariance K(G; s, t) of what equal
 * devices do at two ages, and the noise of one read.
 *
 *     y(t) = m(G, t) + δ(t) + noise,   cov(δ(s), δ(t)) = R(G, min(s, t)) + C(G; s, t) + [s = t] P(G, t)
 *
 * R is a random walk, C courses that each device follows by a factor of its own, P what comes and goes. All are linear between the
 * table's conductances and, in ln(age + onset), between its ages; K then stays a covariance. Beyond the outer conductances the
 * table is level, the mean by what it differs from G.
 *
 * Time counts from `timeZeroSeconds` of age, as in every model.
 */
export function freeFormModel(
  definition: FreeFormDefinition,
  { perfect = false, reads = 1 } = {},
): DeviceModel {
  const { name, timeZeroSeconds, agesSeconds } = definition;
  const law = new FreeFormLaw(definition);
  const variances = (target: Microsiemens, time: Seconds) => {
    refuseUnknownTime(model, time);
    const age = time + timeZeroSeconds;
    const first = agesSeconds[0]!;
    const all = law.variance(target, age);
    const atFirst = law.covariance(target, first, first);
    const shared = law.covariance(target, first, age);
    const programming = atFirst > 0 ? Math.min(all, (shared * shared) / atFirst) : 0;
    return {
      programming: perfect ? 0 : programming,
      drift: Math.max(0, all - programming),
      // White: what lasts from one read to the next is in the table's covariance.
      read: law.readVariance(target, age) / reads,
    };
  };
  const mean = (target: Microsiemens, time: Seconds): Microsiemens => {
    refuseUnknownTime(model, time);
    return law.mean(target, time + timeZeroSeconds);
  };
  const model: DeviceModel = {
    name,
    minConductanceMicrosiemens: definition.minConductanceMicrosiemens,
    maxConductanceMicrosiemens: definition.maxConductanceMicrosiemens,
    knownTimesSeconds: {
      from: Math.max(0, agesSeconds[0]! - timeZeroSeconds),
      to: agesSeconds.at(-1)! - timeZeroSeconds,
    },
    referenceAgeSeconds: definition.referenceAgeSeconds,
    timeZeroSeconds,
    onsetSeconds: definition.onsetSeconds > 0 ? definition.onsetSeconds : usualOnsetSeconds,
    driftExponentMean: () => 0,
    programmingStd: (target) =>
      perfect ? 0 : Math.sqrt(law.covariance(target, agesSeconds[0]!, agesSeconds[0]!)),
    mean,
    variance(target, time) {
      const { programming, drift, read } = variances(target, time);
      return programming + drift + read;
    },
    varianceParts: variances,
    perfectlyProgrammed: () => freeFormModel(definition, { perfect: true, reads }),
    meanOfReads: (averaged) => freeFormModel(definition, { perfect, reads: averaged }),
    sample(target, time, normal) {
      const { programming, drift, read } = variances(target, time);
      return mean(target, time) + Math.sqrt(programming + drift + read) * normal();
    },
  };
  return model;
}

/** The table itself, by age. */
export class FreeFormLaw {
  readonly #definition: FreeFormDefinition;
  readonly #logAges: Float64Array;

  constructor(definition: FreeFormDefinition) {
    this.#definition = definition;
    this.#logAges = Float64Array.from(definition.agesSeconds, (age) =>
      Math.log(age + definition.onsetSeconds),
    );
  }

  /** µS. */
  mean(conductance: Microsiemens, age: Seconds): Microsiemens {
    return Math.max(0, conductance + this.#at(this.#definition.shiftMicrosiemens, conductance, age));
  }

  /** Of one read about what the device conducts, µS². */
  readVariance(conductance: Microsiemens, age: Seconds): number {
    return this.#at(this.#definition.readVarianceMicrosiemensSquared, conductance, age);
  }

  /** Of what equal devices conduct, µS². */
  variance(conductance: Microsiemens, age: Seconds): number {
    const passing = this.#at(this.#definition.passingMicrosiemensSquared, conductance, age);
    return this.covariance(conductance, age, age) + passing;
  }

  /** µS²; what comes and goes is not in it. */
  covariance(conductance: Microsiemens, age1: Seconds, age2: Seconds): number {
    const {
      conductanceMicrosiemens,
      coursesMicrosiemensSquared: tables,
      walkMicrosiemensSquared,
    } = this.#definition;
    const g = placeIn(conductanceMicrosiemens, conductance);
    const s = placeIn(this.#logAges, Math.log(age1 + this.#definition.onsetSeconds));
    const t = placeIn(this.#logAges, Math.log(age2 + this.#definition.onsetSeconds));
    const of = (table: readonly number[]): number =>
      (1 - s.part) * (1 - t.part) * entry(table, s.low, t.low) +
      (1 - s.part) * t.part * entry(table, s.low, t.high) +
      s.part * (1 - t.part) * entry(table, s.high, t.low) +
      s.part * t.part * entry(table, s.high, t.high);
    const courses = (1 - g.part) * of(tables[g.low]!) + (g.part === 0 ? 0 : g.part * of(tables[g.high]!));
    return courses + this.#at(walkMicrosiemensSquared, conductance, Math.min(age1, age2));
  }

  /**
   * What a share of reads falls below, µS: tails as they were measured, and not as a normal law would have them.
   *
   * @param share  one of the definition's `tailShares`, or between two of them.
   */
  quantile(conductance: Microsiemens, age: Seconds, share: number): Microsiemens {
    const { tailShares, tailMicrosiemens } = this.#definition;
    const { low, high, part } = placeIn(tailShares, share);
    const deviation = (k: number): number => this.#at(tailMicrosiemens[k]!, conductance, age);
    return this.mean(conductance, age) + (1 - part) * deviation(low) + part * deviation(high);
  }

  #at(rows: readonly (readonly number[])[], conductance: Microsiemens, age: Seconds): number {
    const g = placeIn(this.#definition.conductanceMicrosiemens, conductance);
    const t = placeIn(this.#logAges, Math.log(age + this.#definition.onsetSeconds));
    const of = (row: readonly number[]): number => (1 - g.part) * row[g.low]! + g.part * row[g.high]!;
    return (1 - t.part) * of(rows[t.low]!) + t.part * of(rows[t.high]!);
  }
}

/** Where a value lies among ascending ones: beyond the outer ones it is held there. */
function placeIn(ascending: ArrayLike<number>, value: number): { low: number; high: number; part: number } {
  const last = ascending.length - 1;
  if (!(value > ascending[0]!)) return { low: 0, high: 0, part: 0 };
  if (value >= ascending[last]!) return { low: last, high: last, part: 0 };
  let high = 1;
  while (ascending[high]! < value) high++;
  const low = high - 1;
  return { low, high, part: (value - ascending[low]!) / (ascending[high]! - ascending[low]!) };
}

function entry(triangle: readonly number[], a: number, b: number): number {
  const [row, column] = a >= b ? [a, b] : [b, a];
  return triangle[(row * (row + 1)) / 2 + column]!;
}
