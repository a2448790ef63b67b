import { assert } from "../errors.ts";
import type { TileFactors } from "../run/calibration.ts";

/** What a tile gave for known inputs, and what it was meant to give. Arrays are row-major [vector, column], µS of each column's scale. */
export interface ReferenceOutputs {
  readonly columns: number;
  /** NaN in columns that are left out. */
  readonly meant: Float64Array;
  readonly seen: Float64Array;
  /**
   * What stays when a vector's signs are turned: a converter's offset, and as much noise as is in `seen`. Not known where single devices were
   * read.
   */
  readonly common?: Float64Array | undefined;
  /** What a µS of each column is worth in weight, over that of the column where it is worth most; 1 where not given. */
  readonly outputScales?: readonly number[] | undefined;
  /** Share of the directions that weights can differ in which the vectors show, 0 … 1; 0 where rows stand for others like them. */
  readonly shown: number;
}

export type DigitalFactors = Pick<TileFactors, "compensation" | "compensations" | "offsetsMicrosiemens">;

/**
 * Digital factors by least squares: α for the tile, and for each column
 *
 *     α̂_c = Σ_m z_mc y_mc / Σ_m y_mc²,
 *
 * shrunk towards α by how sure it is. Errors of weights that no vector shows, and noise, scatter α̂_c by s_c²; what columns differ by beyond
 * that is τ² (method of moments):
 *
 *     α_c = α + (α̂_c − α) τ²/(τ² + s_c²),   s_c² = ((r² − α² n²)(1 − shown) + α² n²) / Σ_m y_mc²
 *
 * with r² the mean square of z − α̂ y and n² the noise. Columns that are alike but for chance get α. Offsets o_c = −α_c ⟨common⟩_c are shrunk
 * towards their mean likewise.
 *
 * @param vectors  those to use; all where not given.
 */
export function recalibrated(
  outputs: ReferenceOutputs,
  vectors: readonly number[] = allOf(outputs),
): DigitalFactors {
  const { columns } = outputs;
  const sums = columnSums(outputs, vectors);
  const compensation = ratio(sums, outputs);
  const used = [...sums.keys()].filter((c) => sums[c]!.square > 0);
  const unsure = used.length < 2 || vectors.length < 2;
  const noise = mean(used.map((c) => sums[c]!.noise));
  const left = mean(used.map((c) => leftOver(outputs, vectors, c, sums[c]!)));
  const seenNoise = Math.min(left, compensation * compensation * noise);
  const scatter = (left - seenNoise) * (1 - outputs.shown) + seenNoise;
  const raw = shrunk(
    used.map((c) => sums[c]!.product / sums[c]!.square),
    used.map((c) => scatter / sums[c]!.square),
    compensation,
  );
  const compensations = Array<number>(columns).fill(compensation);
  const offsetsMicrosiemens = Array<number>(columns).fill(0);
  used.forEach((c, k) => (compensations[c] = unsure ? compensation : raw[k]!));
  if (outputs.common !== undefined) {
    const offsets = used.map((c) => -compensations[c]! * sums[c]!.common);
    const centre = mean(offsets);
    const variance = (compensation * compensation * noise) / Math.max(1, vectors.length);
    const found = shrunk(offsets, Array<number>(used.length).fill(variance), centre);
    used.forEach((c, k) => (offsetsMicrosiemens[c] = unsure ? 0 : found[k]!));
  }
  return { compensation, compensations, offsetsMicrosiemens };
}

/** For a chip that has one factor a tile behind it. */
export function tileFactors({ compensation, compensations }: DigitalFactors): DigitalFactors {
  return {
    compensation,
    compensations: compensations.map(() => compensation),
    offsetsMicrosiemens: compensations.map(() => 0),
  };
}

/** How far corrected outputs are from what was meant: sums over vectors and columns, which add up over tiles. */
export interface OutputErrors {
  /** Of the part that turns its sign with the vector: what weights are off by. µS² of the column that counts most. */
  readonly weightSquares: number;
  /** With what does not: offsets. */
  readonly productSquares: number;
  readonly meantSquares: number;
  readonly outputs: number;
}

/** @param factors  as they are; α alone where the others are left away. */
export function outputErrors(
  outputs: ReferenceOutputs,
  factors: DigitalFactors | { readonly compensation: number },
  vectors: readonly number[] = allOf(outputs),
): OutputErrors {
  const { columns, meant, seen, common } = outputs;
  let [weightSquares, productSquares, meantSquares, count] = [0, 0, 0, 0];
  for (let c = 0; c < columns; c++) {
    const alpha = "compensations" in factors ? factors.compensations[c]! : factors.compensation;
    const offset = "compensations" in factors ? factors.offsetsMicrosiemens[c]! : 0;
    const scale = outputs.outputScales?.[c] ?? 1;
    for (const m of vectors) {
      const z = meant[m * columns + c]!;
      if (Number.isNaN(z)) continue;
      const miss = scale * (alpha * seen[m * columns + c]! - z);
      const fixed = common === undefined ? 0 : scale * (alpha * common[m * columns + c]! + offset);
      weightSquares += miss * miss;
      productSquares += miss * miss + fixed * fixed;
      meantSquares += scale * scale * z * z;
      count++;
    }
  }
  return { weightSquares, productSquares, meantSquares, outputs: count };
}

/** The ways in which outputs can be corrected. */
export interface Judged {
  readonly before: OutputErrors;
  readonly tile: OutputErrors;
  readonly column: OutputErrors;
  readonly columnWithOffset: OutputErrors;
}

/**
 * Judges each way on vectors that its factors were not found from: a quarter at a time, the factors each time from the other three.
 *
 * @param before  the factors in use until now; undefined for none, α = 1.
 */
export function judge(outputs: ReferenceOutputs, before: DigitalFactors | undefined): Judged {
  const all = allOf(outputs);
  assert(all.length >= folds, "there are vectors for every fold");
  const sums = { before: none, tile: none, column: none, columnWithOffset: none };
  for (let fold = 0; fold < folds; fold++) {
    const held = all.filter((m) => m % folds === fold);
    const rest = all.filter((m) => m % folds !== fold);
    const found = recalibrated({ ...outputs, shown: (outputs.shown * rest.length) / all.length }, rest);
    const { compensation, offsetsMicrosiemens } = found;
    const withoutOffset = { ...found, offsetsMicrosiemens: offsetsMicrosiemens.map(() => 0) };
    const of = (factors: Parameters<typeof outputErrors>[1]): OutputErrors =>
      outputErrors(outputs, factors, held);
    sums.before = added(sums.before, of(before ?? { compensation: 1 }));
    sums.tile = added(sums.tile, of({ compensation }));
    sums.column = added(sums.column, of(withoutOffset));
    sums.columnWithOffset = added(sums.columnWithOffset, of(found));
  }
  return sums;
}

export const folds = 4;

const none: OutputErrors = { weightSquares: 0, productSquares: 0, meantSquares: 0, outputs: 0 };

function added(a: OutputErrors, b: OutputErrors): OutputErrors {
  return {
    weightSquares: a.weightSquares + b.weightSquares,
    productSquares: a.productSquares + b.productSquares,
    meantSquares: a.meantSquares + b.meantSquares,
    outputs: a.outputs + b.outputs,
  };
}

interface ColumnSums {
  readonly product: number;
  readonly square: number;
  /** Mean of what stays when signs are turned, µS, and its variance, which is that of the noise. */
  readonly common: number;
  readonly noise: number;
}

/** Of columns that are left out, or give nothing, `square` is 0. */
function columnSums(
  { columns, meant, seen, common }: ReferenceOutputs,
  vectors: readonly number[],
): ColumnSums[] {
  return Array.from({ length: columns }, (_, c) => {
    let [product, square, sum, squares] = [0, 0, 0, 0];
    for (const m of vectors) {
      const [z, y] = [meant[m * columns + c]!, seen[m * columns + c]!];
      if (Number.isNaN(z) || Number.isNaN(y)) return { product: 0, square: 0, common: 0, noise: 0 };
      product += z * y;
      square += y * y;
      const fixed = common?.[m * columns + c] ?? 0;
      sum += fixed;
      squares += fixed * fixed;
    }
    const count = vectors.length;
    const middle = sum / count;
    const noise = count < 2 ? 0 : Math.max(0, squares - count * middle * middle) / (count - 1);
    return { product, square, common: middle, noise };
  });
}

/** α of all columns together. */
function ratio(sums: readonly ColumnSums[], { outputScales }: ReferenceOutputs): number {
  let [product, square] = [0, 0];
  sums.forEach((sum, c) => {
    const scale = outputScales?.[c] ?? 1;
    product += scale * scale * sum.product;
    square += scale * scale * sum.square;
  });
  return product > 0 ? product / square : 1;
}

/** Mean square of what a column's own α leaves, µS². */
function leftOver(
  { columns, meant, seen }: ReferenceOutputs,
  vectors: readonly number[],
  column: number,
  { product, square }: ColumnSums,
): number {
  const alpha = product / square;
  let sum = 0;
  for (const m of vectors) {
    const miss = meant[m * columns + column]! - alpha * seen[m * columns + column]!;
    sum += miss * miss;
  }
  return sum / Math.max(1, vectors.length - 1);
}

/**
 * Values of one spread about a centre, each known up to a variance: how far each is to be believed. The spread is told by those that are
 * known best.
 */
function shrunk(values: readonly number[], variances: readonly number[], centre: number): number[] {
  const exact = variances.some((variance) => variance <= 0);
  let [sum, weights] = [0, 0];
  values.forEach((value, k) => {
    const variance = variances[k]!;
    const weight = exact ? 1 : 1 / (variance * variance);
    sum += weight * ((value - centre) * (value - centre) - variance);
    weights += weight;
  });
  const spread = Math.max(0, sum / Math.max(weights, Number.MIN_VALUE));
  return values.map((value, k) => {
    const sure = spread + variances[k]!;
    return centre + (sure > 0 ? spread / sure : 0) * (value - centre);
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function allOf({ meant, columns }: ReferenceOutputs): number[] {
  return Array.from({ length: columns === 0 ? 0 : meant.length / columns }, (_, m) => m);
}
