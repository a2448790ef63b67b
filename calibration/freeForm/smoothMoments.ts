import { cholesky, inverseByCholesky, solveByCholesky } from "../matrix.ts";
import type { SureMoments } from "./momentErrors.ts";

/**
 * Moments that are as smooth over conductance as the devices say. At each age, what least squares found at the knots, ŝ with the covariance
 * Σ, is weighed against a curve whose slope changes little from one knot to the next,
 *
 *     (θ_(k+1) − θ_k)/h_k − (θ_k − θ_(k−1))/h_(k−1) ~ N(0, τ² (h_k + h_(k−1))/2 / w_k),
 *
 *     θ = (Σ⁻¹ + P/τ²)⁻¹ Σ⁻¹ ŝ,   of covariance (Σ⁻¹ + P/τ²)⁻¹,
 *
 * averaged over a row of τ, each weighed by its evidence. The w_k, of a gamma law, let a curve turn sharply at a few places, as it does where
 * devices can conduct no less: bends then follow Student's t. A table of few entries would miss what bends between them, and a rough one would
 * hold the chances of its devices: who aims by it aims at them. Errors hold what a smooth curve cannot follow (Wahba 1983, J. R. Stat. Soc. B
 * 45, 133). Spreads are smoothed by their logarithms, and products of reads as correlations, by the same weights.
 */
export function smoothed(moments: SureMoments): SureMoments {
  const { knots, shift, shiftError, square, squareError, product, gram, beside } = moments;
  const nG = knots.conductance.length;
  const nT = knots.logAge.length;
  if (nG < 3) return moments;
  const bends = bendsOf(knots.conductance);
  const out = {
    ...moments,
    shift: shift.slice(),
    shiftError: shiftError.slice(),
    square: square.slice(),
    squareError: squareError.slice(),
    product: product.slice(),
  };
  const smoothers: (Float64Array | undefined)[] = [];
  for (let age = 0; age < nT; age++) {
    const [from, to] = [age * nG, (age + 1) * nG];
    const ofAge = { gram: gram.subarray(from, to), beside: beside.subarray(from, to), bends };
    const squares = square.subarray(from, to);
    const scale = Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / nG);
    const means = curveThrough(shift.subarray(from, to), shiftError.subarray(from, to), scale, ofAge);
    if (means !== undefined) {
      out.shift.set(means.value, from);
      out.shiftError.set(means.error, from);
    }
    const logs = squares.map((value) => Math.log(Math.max(1e-300, value)));
    const logErrors = squareError.subarray(from, to).map((error, k) => error / Math.max(1e-300, squares[k]!));
    const spreads = squares.every((value) => value > leastSquare)
      ? curveThrough(logs, logErrors, 1, ofAge)
      : undefined;
    smoothers.push(spreads?.smoother);
    if (spreads === undefined) continue;
    spreads.value.forEach((log, k) => {
      out.square[from + k] = Math.exp(log);
      out.squareError[from + k] = Math.exp(log) * spreads.error[k]!;
    });
  }
  smoothProducts(out.product, square, out.square, smoothers, nG, nT);
  return { ...out, smoothers };
}

/** µS²: what has no spread at all has no logarithm. */
const leastSquare = 1e-9;
/** τ, as a share of the scale: from what hardly bends to what follows every entry. */
const roughnesses = Array.from({ length: 10 }, (_, k) => 0.001 * Math.exp(k * Math.LN2));

interface OfAge {
  /** Sums of the squared weights of an entry, and of those of an entry with the next. */
  readonly gram: Float64Array;
  readonly beside: Float64Array;
  readonly bends: readonly Bend[];
}

interface Curve {
  readonly value: Float64Array;
  readonly error: Float64Array;
  /** What the values are of what was found, nG × nG. */
  readonly smoother: Float64Array;
}

/** Undefined where errors are not known. */
function curveThrough(
  found: Float64Array,
  errors: Float64Array,
  scale: number,
  { gram, beside, bends }: OfAge,
): Curve | undefined {
  const n = found.length;
  const precision = precisionOf(errors, gram, beside);
  if (precision === undefined || !(scale > 0)) return undefined;
  const right = times(precision, found, n);
  const fits = roughnesses.flatMap(
    (roughness) => fitWith(roughness * scale, precision, right, found, bends) ?? [],
  );
  if (fits.length === 0) return undefined;
  const most = Math.max(...fits.map(({ evidence }) => evidence));
  const shares = fits.map(({ evidence }) => Math.exp(evidence - most));
  const all = shares.reduce((sum, share) => sum + share, 0);
  const value = new Float64Array(n);
  const covariance = new Float64Array(n * n);
  fits.forEach((fit, f) => {
    const share = shares[f]! / all;
    for (let k = 0; k < n; k++) value[k]! += share * fit.value[k]!;
    for (let at = 0; at < n * n; at++) covariance[at]! += share * fit.covariance[at]!;
  });
  const error = Float64Array.from(value, (mean, k) => {
    let variance = covariance[k * n + k]!;
    fits.forEach((fit, f) => {
      const off = fit.value[k]! - mean;
      variance += (shares[f]! / all) * off * off;
    });
    return Math.sqrt(variance);
  });
  return { value, error, smoother: product(covariance, precision, n) };
}

interface CurveFit {
  readonly value: Float64Array;
  readonly covariance: Float64Array;
  /** Logarithm, up to a constant. */
  readonly evidence: number;
}

/** For one τ; the w_k by turns with the curve, as their expectation given it. */
function fitWith(
  tau: number,
  precision: Float64Array,
  right: Float64Array,
  found: Float64Array,
  bends: readonly Bend[],
): CurveFit | undefined {
  const n = found.length;
  const w = new Float64Array(bends.length).fill(1);
  for (let round = 0; ; round++) {
    const matrix = precision.slice();
    bends.forEach(({ k, weights }, j) => {
      for (let a = 0; a < 3; a++)
        for (let b = 0; b < 3; b++)
          matrix[(k - 1 + a) * n + k - 1 + b]! += (w[j]! * weights[a]! * weights[b]!) / (tau * tau);
    });
    const l = cholesky(matrix, n);
    if (l === undefined) return undefined;
    const value = new Float64Array(n);
    solveByCholesky(l, n, right, value);
    const covariance = inverseByCholesky(l, n);
    if (round === rounds) {
      let evidence = -bends.length * Math.log(tau);
      for (let k = 0; k < n; k++)
        evidence -= Math.log(l[k * n + k]!) + (right[k]! * (found[k]! - value[k]!)) / 2;
      for (const one of w) evidence += ((freedom - 1) * Math.log(one) - freedom * one) / 2;
      return { value, covariance, evidence };
    }
    bends.forEach(({ k, weights }, j) => {
      let [bend, variance] = [0, 0];
      for (let a = 0; a < 3; a++) {
        bend += weights[a]! * value[k - 1 + a]!;
        for (let b = 0; b < 3; b++)
          variance += weights[a]! * weights[b]! * covariance[(k - 1 + a) * n + k - 1 + b]!;
      }
      w[j] = (freedom + 1) / (freedom + (bend * bend + variance) / (tau * tau));
    });
  }
}

/** Of Student's t. */
const freedom = 3;
const rounds = 4;

/**
 * Σ⁻¹: correlations between entries as hat functions give them, each entry's error as it was found.
 *
 * @returns undefined where an entry has no error.
 */
function precisionOf(
  errors: Float64Array,
  gram: Float64Array,
  beside: Float64Array,
): Float64Array | undefined {
  const n = errors.length;
  const matrix = new Float64Array(n * n);
  const least = 1e-6 * gram.reduce((most, value) => Math.max(most, value), 0);
  for (let k = 0; k < n; k++) {
    matrix[k * n + k] = gram[k]! + least;
    if (k > 0) {
      matrix[k * n + k - 1] = beside[k - 1]!;
      matrix[(k - 1) * n + k] = beside[k - 1]!;
    }
  }
  const l = cholesky(matrix, n);
  if (l === undefined || errors.some((error) => !(error > 0))) return undefined;
  const inverse = inverseByCholesky(l, n);
  const widths = errors.map((error, k) => error / Math.sqrt(inverse[k * n + k]!));
  for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) matrix[a * n + b]! /= widths[a]! * widths[b]!;
  return matrix;
}

/** The change of slope at an inner knot, of variance 1 where τ is. */
interface Bend {
  readonly k: number;
  readonly weights: readonly [number, number, number];
}

function bendsOf(conductance: Float64Array): Bend[] {
  const n = conductance.length;
  const usual = (conductance[n - 1]! - conductance[0]!) / (n - 1);
  const gap = (k: number): number => (conductance[k + 1]! - conductance[k]!) / usual;
  return Array.from({ length: n - 2 }, (_, before) => {
    const [left, right] = [gap(before), gap(before + 1)];
    const width = Math.sqrt((left + right) / 2);
    return { k: before + 1, weights: [1 / left / width, -(1 / left + 1 / right) / width, 1 / right / width] };
  });
}

function smoothProducts(
  products: Float64Array,
  found: Float64Array,
  smooth: Float64Array,
  smoothers: readonly (Float64Array | undefined)[],
  nG: number,
  nT: number,
): void {
  const correlations = new Float64Array(nG);
  for (let a = 0; a < nT; a++) {
    const smoother = smoothers[a];
    if (smoother === undefined) continue;
    for (let b = 0; b <= a; b++) {
      const place = (g: number): number => (g * nT + a) * nT + b;
      for (let g = 0; g < nG; g++)
        correlations[g] = products[place(g)]! / Math.sqrt(found[a * nG + g]! * found[b * nG + g]!);
      if (correlations.some((value) => !Number.isFinite(value))) continue;
      times(smoother, correlations, nG).forEach((value, g) => {
        products[place(g)] = value * Math.sqrt(smooth[a * nG + g]! * smooth[b * nG + g]!);
      });
    }
  }
}

/** A x, n × n. */
export function times(matrix: Float64Array, x: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n);
  for (let a = 0; a < n; a++) for (let b = 0; b < n; b++) out[a]! += matrix[a * n + b]! * x[b]!;
  return out;
}

function product(x: Float64Array, y: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let a = 0; a < n; a++)
    for (let k = 0; k < n; k++) for (let b = 0; b < n; b++) out[a * n + b]! += x[a * n + k]! * y[k * n + b]!;
  return out;
}
