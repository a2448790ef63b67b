import type { Seconds } from "../../src/units.ts";
import { cholesky, solveByCholesky } from "../matrix.ts";
import { type Knots, Place } from "./knots.ts";
import type { Readings } from "./readings.ts";

/** What the reads say at the knots; nothing of it is a law yet. */
export interface Moments {
  readonly knots: Knots;
  readonly onsetSeconds: Seconds;
  /** Mean of deviations, µS, row-major [age, conductance]. */
  readonly shift: Float64Array;
  /** Mean square of one read about the mean, µS², likewise; and how many devices it rests on. */
  readonly square: Float64Array;
  readonly devices: Float64Array;
  /** Mean product of two different reads of a device, [conductance, age, age]; NaN where there are none. */
  readonly product: Float64Array;
  /** L of the normal equations L Lᵀ = Hᵀ H of the hat functions, which shift and square were found by. */
  readonly factor: Float64Array;
}

/**
 * Moments by least squares on hat functions over (G, ln age): each read counts at its own age. Products of two different reads hold no
 * white noise.
 *
 * @param use  which devices count: 1 for those that do; all where not given.
 */
export function momentsAt(readings: Readings, knots: Knots, use?: Uint8Array): Moments {
  const { shift, factor } = meansAt(readings, knots, use);
  return {
    knots,
    onsetSeconds: readings.onsetSeconds,
    shift,
    factor,
    ...spreadsAt(readings, knots, shift, factor, use),
  };
}

function meansAt(
  readings: Readings,
  knots: Knots,
  use: Uint8Array | undefined,
): { shift: Float64Array; factor: Float64Array } {
  const { start, logAge, deviation, written, count } = readings;
  const [nG, nT] = [knots.conductance.length, knots.logAge.length];
  const n = nG * nT;
  const matrix = new Float64Array(n * n);
  const right = new Float64Array(n);
  const [g, t] = [new Place(), new Place()];
  const at = new Int32Array(4);
  const weight = new Float64Array(4);
  for (let i = 0; i < count; i++) {
    if (use?.[i] === 0) continue;
    g.of(knots.conductance, written[i]!);
    for (let k = start[i]!; k < start[i + 1]!; k++) {
      t.of(knots.logAge, logAge[k]!);
      const first = t.low * nG + g.low;
      at[0] = first;
      at[1] = first + 1;
      at[2] = first + nG;
      at[3] = first + nG + 1;
      weight[0] = (1 - t.part) * (1 - g.part);
      weight[1] = (1 - t.part) * g.part;
      weight[2] = t.part * (1 - g.part);
      weight[3] = t.part * g.part;
      for (let a = 0; a < 4; a++) {
        const w = weight[a]!;
        if (w === 0) continue;
        const row = at[a]!;
        right[row]! += w * deviation[k]!;
        for (let b = 0; b <= a; b++) if (weight[b]! !== 0) matrix[row * n + at[b]!]! += w * weight[b]!;
      }
    }
  }
  // A breath of smoothness, so that an entry without reads follows its neighbours.
  smooth(matrix, nG, nT);
  // Positive definite: every entry has a pull of its own.
  const factor = cholesky(matrix, n)!;
  const shift = new Float64Array(n);
  solveByCholesky(factor, n, right, shift);
  return { shift, factor };
}

/** Adds small second differences along both axes, and a smaller pull towards no change at all. */
function smooth(matrix: Float64Array, nG: number, nT: number): void {
  const n = nG * nT;
  const add = (places: readonly number[], weights: readonly number[], strength: number): void => {
    places.forEach((row, a) =>
      places.forEach((column, b) => {
        if (column <= row) matrix[row * n + column]! += strength * weights[a]! * weights[b]!;
      }),
    );
  };
  for (let t = 0; t < nT; t++) {
    for (let g = 0; g < nG; g++) {
      const at = t * nG + g;
      add([at], [1], 1e-6);
      if (g > 0 && g < nG - 1) add([at - 1, at, at + 1], [1, -2, 1], smoothness);
      if (t > 0 && t < nT - 1) add([at - nG, at, at + nG], [1, -2, 1], smoothness);
    }
  }
}

/** As much as one read counts. */
const smoothness = 0.3;

function spreadsAt(
  readings: Readings,
  knots: Knots,
  shift: Float64Array,
  factor: Float64Array,
  use: Uint8Array | undefined,
): Pick<Moments, "square" | "devices" | "product"> {
  const { start, logAge, deviation, written, count } = readings;
  const [nG, nT] = [knots.conductance.length, knots.logAge.length];
  const n = nG * nT;
  const square = new Float64Array(n);
  const weights = new Float64Array(n);
  // For each two ages, least squares over the conductances: a matrix of three diagonals.
  const products = new Float64Array(nG * nT * nT);
  const pairs = new Float64Array(nG * nT * nT);
  const beside = new Float64Array(nG * nT * nT);
  const counts = new Float64Array(nG * nT * nT);
  const [g, t] = [new Place(), new Place()];
  const rest = new Float64Array(mostReads);
  const low = new Int32Array(mostReads);
  const part = new Float64Array(mostReads);
  const everyPair = Math.max(1, Math.ceil(count / mostPairedDevices));
  for (let i = 0; i < count; i++) {
    if (use?.[i] === 0) continue;
    g.of(knots.conductance, written[i]!);
    const reads = Math.min(mostReads, start[i + 1]! - start[i]!);
    for (let k = 0; k < reads; k++) {
      t.of(knots.logAge, logAge[start[i]! + k]!);
      low[k] = t.low;
      part[k] = t.part;
      const r = deviation[start[i]! + k]! - valueAt(shift, nG, g, t);
      rest[k] = r;
      for (let a = 0; a < 4; a++) {
        const w = (a < 2 ? 1 - t.part : t.part) * (a % 2 === 0 ? 1 - g.part : g.part);
        if (w === 0) continue;
        const at = (t.low + (a >> 1)) * nG + g.low + (a & 1);
        weights[at]! += w;
        square[at]! += w * r * r;
      }
    }
    if (i % everyPair !== 0) continue;
    const [below, above] = [1 - g.part, g.part];
    const base = g.low * nT * nT;
    for (let j = 1; j < reads; j++) {
      for (let k = 0; k < j; k++) {
        const value = rest[j]! * rest[k]!;
        for (let a = 0; a < 2; a++) {
          const wa = a === 0 ? 1 - part[j]! : part[j]!;
          if (wa === 0) continue;
          for (let b = 0; b < 2; b++) {
            const w = wa * (b === 0 ? 1 - part[k]! : part[k]!);
            if (w === 0) continue;
            const [x, y] = [low[j]! + a, low[k]! + b];
            const at = base + Math.max(x, y) * nT + Math.min(x, y);
            products[at]! += w * below * value;
            pairs[at]! += w * below * below;
            counts[at]! += w * below;
            if (above === 0) continue;
            products[at + nT * nT]! += w * above * value;
            pairs[at + nT * nT]! += w * above * above;
            counts[at + nT * nT]! += w * above;
            beside[at]! += w * below * above;
          }
        }
      }
    }
  }
  const product = solvedProducts({ products, pairs, beside, counts }, nG, nT);
  const fitted = new Float64Array(n);
  solveByCholesky(factor, n, square, fitted);
  for (let at = 0; at < n; at++) {
    const w = Math.max(1e-9, weights[at]!);
    // Least squares may overshoot where spreads change fast; a mean about the place cannot.
    square[at] = Math.max(leastShare * (square[at]! / w), fitted[at]!);
  }
  return { square, devices: weights, product };
}

const leastShare = 0.1;

interface ProductSums {
  readonly products: Float64Array;
  readonly pairs: Float64Array;
  /** Of an entry with that of the next conductance. */
  readonly beside: Float64Array;
  readonly counts: Float64Array;
}

/** NaN where there are too few pairs to tell. */
function solvedProducts(
  { products, pairs, beside, counts }: ProductSums,
  nG: number,
  nT: number,
): Float64Array {
  const solved = new Float64Array(products.length).fill(Number.NaN);
  const step = nT * nT;
  const [upper, right] = [new Float64Array(nG), new Float64Array(nG)];
  for (let a = 0; a < nT; a++) {
    for (let b = 0; b <= a; b++) {
      const first = a * nT + b;
      // By elimination from below and substitution from above.
      for (let g = 0; g < nG; g++) {
        const at = first + g * step;
        const below = g === 0 ? 0 : beside[at - step]!;
        const diagonal = pairs[at]! + 1e-6 * (1 + counts[at]!) - (g === 0 ? 0 : below * upper[g - 1]!);
        upper[g] = beside[at]! / diagonal;
        right[g] = (products[at]! - (g === 0 ? 0 : below * right[g - 1]!)) / diagonal;
      }
      for (let g = nG - 2; g >= 0; g--) right[g]! -= upper[g]! * right[g + 1]!;
      for (let g = 0; g < nG; g++) {
        if (counts[first + g * step]! >= fewestPairs) solved[first + g * step] = right[g]!;
      }
    }
  }
  return solved;
}

/** Reads of a device that are looked at. */
export const mostReads = 64;
const mostPairedDevices = 131_072;
const fewestPairs = 20;

/** A table over [age, conductance], between its entries. */
export function valueAt(table: Float64Array, nG: number, g: Place, t: Place): number {
  const at = t.low * nG + g.low;
  const below = (1 - g.part) * table[at]! + (g.part === 0 ? 0 : g.part * table[at + 1]!);
  if (t.part === 0) return below;
  const above = (1 - g.part) * table[at + nG]! + (g.part === 0 ? 0 : g.part * table[at + nG + 1]!);
  return (1 - t.part) * below + t.part * above;
}
