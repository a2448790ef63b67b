import type { Microsiemens, Seconds } from "../units.ts";
import type { FreeFormDefinition } from "./definition.ts";

/** The table of a free form itself, by age; `freeForm.ts` has what it means. */
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
export function placeIn(
  ascending: ArrayLike<number>,
  value: number,
): { low: number; high: number; part: number } {
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
