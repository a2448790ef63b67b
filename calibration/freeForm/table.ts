import type { FreeFormDefinition } from "../../src/model/definition.ts";
import type { Seconds } from "../../src/units.ts";
import { type Knots, Place } from "./knots.ts";
import type { Moments } from "./moments.ts";
import { type Covariance, covarianceOf, type Structure } from "./structure.ts";

/** A law at the knots of conductance and at ages, measured or continued. Indices as in `Moments`. */
export interface LawTable {
  readonly knots: Knots;
  /** Added to ages before their logarithm is taken. */
  readonly onsetSeconds: Seconds;
  /** µS, [age, conductance]. */
  readonly shift: Float64Array;
  /** µS², [conductance, age, age]. */
  readonly between: Float64Array;
  /** µS², of a read as it was measured, [age, conductance]. */
  readonly noise: Float64Array;
}

/** One that was found from reads, and can be continued. */
export interface FoundTable extends LawTable {
  /** Walk and courses behind it, one a conductance. */
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
  const between = new Float64Array(nG * ages * ages);
  const noise = new Float64Array(ages * nG);
  const covariances: Covariance[] = [];
  for (let g = 0; g < nG; g++) {
    const products = new Float64Array(ages * ages);
    const squares = new Float64Array(ages);
    for (let a = 0; a < ages; a++) {
      squares[a] = square[a * nG + g]!;
      for (let b = 0; b <= a; b++) products[a * ages + b] = product[(g * all + a) * all + b]!;
    }
    const covariance = covarianceOf(products, squares, structure);
    between.set(covariance.between, g * ages * ages);
    for (let a = 0; a < ages; a++) noise[a * nG + g] = covariance.noise[a]!;
    covariances.push(covariance);
  }
  return {
    knots: { conductance: knots.conductance, logAge: knots.logAge.subarray(0, ages) },
    onsetSeconds,
    shift: shift.subarray(0, ages * nG),
    between,
    noise,
    covariances,
  };
}

/** That of a model, with the noise of one read. */
export function tableOfModel(definition: FreeFormDefinition): LawTable {
  const { conductanceMicrosiemens, agesSeconds, onsetSeconds, covarianceMicrosiemensSquared } = definition;
  const [nG, nT] = [conductanceMicrosiemens.length, agesSeconds.length];
  const between = new Float64Array(nG * nT * nT);
  covarianceMicrosiemensSquared.forEach((triangle, g) => {
    for (let a = 0; a < nT; a++) {
      for (let b = 0; b <= a; b++) {
        const k = triangle[(a * (a + 1)) / 2 + b]!;
        between[(g * nT + a) * nT + b] = k;
        between[(g * nT + b) * nT + a] = k;
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
    between,
    noise: Float64Array.from(definition.readVarianceMicrosiemensSquared.flat()),
  };
}

/** K between two ages for a device. */
export function betweenAt(table: LawTable, g: Place, s: Place, t: Place): number {
  const { between, knots } = table;
  const n = knots.logAge.length;
  let sum = 0;
  for (let side = 0; side < 2; side++) {
    const wg = side === 0 ? 1 - g.part : g.part;
    if (wg === 0) continue;
    const base = (g.low + side) * n * n;
    for (let a = 0; a < 2; a++) {
      const wa = wg * (a === 0 ? 1 - s.part : s.part);
      if (wa === 0) continue;
      for (let b = 0; b < 2; b++) {
        const w = wa * (b === 0 ? 1 - t.part : t.part);
        if (w !== 0) sum += w * between[base + (s.low + a) * n + t.low + b]!;
      }
    }
  }
  return sum;
}
