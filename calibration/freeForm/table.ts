import type { FreeFormDefinition } from "../../src/model/definition.ts";
import type { Seconds } from "../../src/units.ts";
import { type Knots, Place } from "./knots.ts";
import { type Moments, valueAt } from "./moments.ts";
import { type Covariance, covarianceOf, type Structure } from "./structure.ts";

/**
 * A law at the knots of conductance and at ages, measured or continued. Between ages a walk is taken as a walk: K(s, t) = R(min(s, t)),
 * and courses as straight. [age, conductance] where not said otherwise.
 */
export interface LawTable {
  readonly knots: Knots;
  /** Added to ages before their logarithm is taken. */
  readonly onsetSeconds: Seconds;
  /** µS. */
  readonly shift: Float64Array;
  /** R, µS². */
  readonly walk: Float64Array;
  /** Σ φ(s) φ(t), µS², [conductance, age, age]. */
  readonly courses: Float64Array;
  /** What comes and goes from one age to the next, µS². */
  readonly passing: Float64Array;
  /** Of a read as it was measured, µS². */
  readonly noise: Float64Array;
}

/** One that was found from reads, and can be continued. */
export interface FoundTable extends LawTable {
  /** One a conductance. */
  readonly covariances: readonly Covariance[];
}

/** @param ages  how many of the first ages may be known: the others are as if they had never been read. */
export function tableOf(
  moments: Moments,
  structure: Structure,
  ages = moments.knots.logAge.length,
): FoundTable {
  const { knots, onsetSeconds, shift, square, product } = moments;
  const all = knots.logAge.length;
  const nG = knots.conductance.length;
  const [walk, passing, noise] = [0, 0, 0].map(() => new Float64Array(ages * nG));
  const courses = new Float64Array(nG * ages * ages);
  const covariances: Covariance[] = [];
  for (let g = 0; g < nG; g++) {
    const products = new Float64Array(ages * ages);
    const squares = new Float64Array(ages);
    for (let a = 0; a < ages; a++) {
      squares[a] = square[a * nG + g]!;
      for (let b = 0; b <= a; b++) products[a * ages + b] = product[(g * all + a) * all + b]!;
    }
    const covariance = covarianceOf(products, squares, structure);
    for (let a = 0; a < ages; a++) {
      walk![a * nG + g] = covariance.walk[a]!;
      passing![a * nG + g] = covariance.passing[a]!;
      noise![a * nG + g] = Math.min(squares[a]!, covariance.noise);
    }
    productsInto(courses, g, ages, covariance.courses);
    covariances.push(covariance);
  }
  return {
    knots: { conductance: knots.conductance, logAge: knots.logAge.subarray(0, ages) },
    onsetSeconds,
    shift: shift.subarray(0, ages * nG),
    walk: walk!,
    courses,
    passing: passing!,
    noise: noise!,
    covariances,
  };
}

/** Writes Σ φ(s) φ(t) of a conductance. */
export function productsInto(
  into: Float64Array,
  g: number,
  ages: number,
  courses: readonly Float64Array[],
): void {
  for (const phi of courses) {
    for (let a = 0; a < ages; a++)
      for (let b = 0; b < ages; b++) into[(g * ages + a) * ages + b]! += phi[a]! * phi[b]!;
  }
}

/** That of a model, with the noise of one read. */
export function tableOfModel(definition: FreeFormDefinition): LawTable {
  const { conductanceMicrosiemens, agesSeconds, onsetSeconds } = definition;
  const [nG, nT] = [conductanceMicrosiemens.length, agesSeconds.length];
  const courses = new Float64Array(nG * nT * nT);
  definition.coursesMicrosiemensSquared.forEach((triangle, g) => {
    for (let a = 0; a < nT; a++) {
      for (let b = 0; b <= a; b++) {
        const k = triangle[(a * (a + 1)) / 2 + b]!;
        courses[(g * nT + a) * nT + b] = k;
        courses[(g * nT + b) * nT + a] = k;
      }
    }
  });
  return {
    knots: {
      conductance: Float64Array.from(conductanceMicrosiemens),
      logAge: Float64Array.from(agesSeconds, (age) => Math.log(age + onsetSeconds)),
    },
    onsetSeconds,
    shift: Float64Array.from(definition.shiftMicrosiemens.flat()),
    walk: Float64Array.from(definition.walkMicrosiemensSquared.flat()),
    courses,
    passing: Float64Array.from(definition.passingMicrosiemensSquared.flat()),
    noise: Float64Array.from(definition.readVarianceMicrosiemensSquared.flat()),
  };
}

/** K between two ages of a device, s the earlier one, µS²; what comes and goes is not in it. */
export function betweenAt(table: LawTable, g: Place, s: Place, t: Place): number {
  const { courses, walk, knots } = table;
  const n = knots.logAge.length;
  let sum = valueAt(walk, knots.conductance.length, g, s);
  for (let side = 0; side < 2; side++) {
    const wg = side === 0 ? 1 - g.part : g.part;
    if (wg === 0) continue;
    const base = (g.low + side) * n * n;
    for (let a = 0; a < 2; a++) {
      const wa = wg * (a === 0 ? 1 - s.part : s.part);
      if (wa === 0) continue;
      for (let b = 0; b < 2; b++) {
        const w = wa * (b === 0 ? 1 - t.part : t.part);
        if (w !== 0) sum += w * courses[base + (s.low + a) * n + t.low + b]!;
      }
    }
  }
  return sum;
}

/** Variance of what equal devices conduct at an age, µS²; a read's noise is not in it. */
export function varianceAt(table: LawTable, g: Place, t: Place): number {
  return betweenAt(table, g, t, t) + valueAt(table.passing, table.knots.conductance.length, g, t);
}
