import type { Seconds } from "../src/units.ts";
import { cholesky, dot, inverseOfLower } from "./matrix.ts";
import { lateLookAges } from "../src/program/lateLooks.ts";
import { covarianceWith, noiseCovariance } from "./noiseKernel.ts";

/**
 * What devices of equal ages share: how their reads are weighed. Of one device the reads are
 *
 *     y_j = A e^(−ν L_j) (1 + ε_j),   L_j = ln((age_j + onset)/(reference + onset)),   cov ε = Q² K
 *
 * and near a guess the relative deviations y_j/m_j − 1 are linear in (δ ln A, δν). Their best linear estimate, by
 * generalised least squares, is the same for every device of the cohort up to the data.
 */
export interface Cohort {
  /** Which of the sweeps its devices have. */
  readonly sweeps: Uint16Array;
  readonly logAges: Float64Array;
  /** 2 × n: rows give δ ln A and δν from relative deviations. */
  readonly estimator: Float64Array;
  /** Of (ln A, ν), in units of Q². */
  readonly varianceLogA: number;
  readonly covariance: number;
  readonly varianceExponent: number;
  /** L⁻¹ of K = L Lᵀ, row-major: makes deviations independent. */
  readonly whitener: Float64Array;
  /** Whitened columns 1 and −L, made orthonormal, n × 2 by column: what a fit of a device takes away. */
  readonly fitted: Float64Array;
  /** Whitened L²/2, less what (A, ν) can do of it, n; and its length. */
  readonly bend: Float64Array;
  readonly bendLength: number;
  /** Whitened K K-free noise of size 1 in every sweep adds this to one degree of freedom. */
  readonly whiteShare: number;
  /** Covariance of ln A, as estimated, with the noise of the mean of the late looks that give verdicts, in units of Q². */
  readonly alongLook: number;
}

/** What of a cohort does not depend on the onset of drift, and takes most of its time. */
export interface Weighing {
  readonly whitener: Float64Array;
  /** Whitened column of ones. */
  readonly ones: Float64Array;
  /** Covariance of each read with the mean of the late looks that give verdicts, in units of Q². */
  readonly look: Float64Array;
}

/** Undefined for fewer than three sweeps, and where ages cannot tell them apart. */
export function weighingOf(
  agesSeconds: Float64Array,
  averages: readonly number[],
  reading: { readSeconds: Seconds; spacingSeconds: Seconds },
  referenceAgeSeconds: Seconds,
): Weighing | undefined {
  const n = agesSeconds.length;
  if (n < 3) return undefined;
  const kernel = noiseCovariance(agesSeconds, averages, reading.readSeconds, reading.spacingSeconds);
  const l = cholesky(kernel, n);
  if (l === undefined) return undefined;
  const whitener = inverseOfLower(l, n);
  const look = new Float64Array(n);
  const lookAges = lateLookAges(referenceAgeSeconds);
  for (const age of lookAges) {
    covarianceWith(age, agesSeconds, reading.readSeconds).forEach(
      (value, k) => (look[k]! += value / lookAges.length),
    );
  }
  return { whitener, ones: whitened(whitener, new Float64Array(n).fill(1)), look };
}

/** Undefined where all sweeps are at one age, which cannot tell a drift. */
export function cohortOf(
  sweeps: Uint16Array,
  agesSeconds: Float64Array,
  { whitener, ones, look }: Weighing,
  law: { referenceAgeSeconds: Seconds; onsetSeconds: Seconds },
): Cohort | undefined {
  const n = sweeps.length;
  const { referenceAgeSeconds, onsetSeconds } = law;
  const logAges = agesSeconds.map((age) =>
    Math.log((age + onsetSeconds) / (referenceAgeSeconds + onsetSeconds)),
  );
  const slopes = whitened(
    whitener,
    logAges.map((log) => -log),
  );
  const aa = dot(ones, ones);
  const an = dot(ones, slopes);
  const nn = dot(slopes, slopes);
  const determinant = aa * nn - an * an;
  if (!(determinant > 1e-6 * aa * nn)) return undefined;
  const estimator = new Float64Array(2 * n);
  for (let j = 0; j < n; j++) {
    let one = 0;
    let slope = 0;
    for (let k = j; k < n; k++) {
      one += ones[k]! * whitener[k * n + j]!;
      slope += slopes[k]! * whitener[k * n + j]!;
    }
    estimator[j] = (nn * one - an * slope) / determinant;
    estimator[n + j] = (aa * slope - an * one) / determinant;
  }
  const fitted = new Float64Array(2 * n);
  for (let k = 0; k < n; k++) {
    fitted[k] = ones[k]! / Math.sqrt(aa);
    fitted[n + k] = (slopes[k]! - (an / aa) * ones[k]!) / Math.sqrt(determinant / aa);
  }
  const bend = whitened(
    whitener,
    logAges.map((log) => (log * log) / 2),
  );
  lessFitted(bend, fitted);
  const bendLength = Math.sqrt(dot(bend, bend));
  return {
    sweeps,
    logAges,
    estimator,
    varianceLogA: nn / determinant,
    covariance: -an / determinant,
    varianceExponent: aa / determinant,
    whitener,
    fitted,
    bend: bendLength > 1e-9 ? bend.map((value) => value / bendLength) : bend,
    bendLength,
    whiteShare: whiteShareOf(whitener, fitted, n),
    alongLook: dot(look, estimator),
  };
}

/** W⁻¹ x for a lower triangle. */
export function whitened(
  whitener: Float64Array,
  x: Float64Array,
  out: Float64Array = new Float64Array(x.length),
): Float64Array {
  const n = x.length;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    const row = i * n;
    for (let k = 0; k <= i; k++) sum += whitener[row + k]! * x[k]!;
    out[i] = sum;
  }
  return out;
}

/**
 * Takes from whitened deviations what (A, ν) could explain of them.
 *
 * @returns the square of what it took: zero at the best fit, and in units of Q² the square of the way there in standard errors.
 */
export function lessFitted(x: Float64Array, fitted: Float64Array): number {
  const n = x.length;
  let one = 0;
  let slope = 0;
  for (let k = 0; k < n; k++) {
    one += x[k]! * fitted[k]!;
    slope += x[k]! * fitted[n + k]!;
  }
  for (let k = 0; k < n; k++) x[k]! -= one * fitted[k]! + slope * fitted[n + k]!;
  return one * one + slope * slope;
}

function whiteShareOf(whitener: Float64Array, fitted: Float64Array, n: number): number {
  const column = new Float64Array(n);
  let sum = 0;
  for (let j = 0; j < n; j++) {
    for (let k = 0; k < n; k++) column[k] = k >= j ? whitener[k * n + j]! : 0;
    lessFitted(column, fitted);
    sum += dot(column, column);
  }
  return sum / (n - 2);
}
