import { dot, norm } from "./matrix.ts";
import { NormalEquations } from "./normalEquations.ts";

/*
 * Nonlinear least squares by damped Gauss–Newton steps.
 *
 *     F(p) = ½ ‖r(p)‖²,   J = ∂r/∂p  (m × n),   g = Jᵀ r,   H = Jᵀ J,   D = diag(√H_aa)
 *
 *     (H + λ D²) δ = −g
 *
 * The damping λ falls after a step that lowers F and rises after one that does not; such a step is not taken. λ = 0 is a
 * Gauss–Newton step, a large λ a short step downhill. Everything is solved in δ̂ = D δ, ĝ = D⁻¹ g and Ĥ = D⁻¹ H D⁻¹, which has
 * ones on its diagonal: units of parameters do not matter, and Ĥ is nearly as well conditioned as any scaling can make it.
 *
 * F need not be ½ ‖r‖². Where the variance of the data depends on p, as with mean squares, F is the negative log-likelihood,
 * r = (expected − seen)/σ(p) and J = (∂expected/∂p)/σ(p): then g is the gradient of F, H is Fisher's information, and the same
 * steps are Fisher's scoring.
 *
 * Sources: Levenberg 1944, Quart. Appl. Math. 2, 164; Marquardt 1963, J. SIAM 11, 431; the tests for stopping, Moré 1978,
 * Lecture Notes in Mathematics 630, 105; scoring as least squares, Jennrich and Moore 1975, Proc. ASA Stat. Comp. Sec., 57.
 */

/** Residuals and their derivatives, in units of the residuals' standard deviations. Priors are further residuals. */
export interface LeastSquaresProblem {
  /** m. */
  readonly residuals: number;
  /** Writes r(p), m, and returns F(p); Infinity where p is not allowed, and then `out` does not matter. */
  evaluate(p: Float64Array, out: Float64Array): number;
  /** Writes J(p), m × n, row-major. */
  jacobian(p: Float64Array, out: Float64Array): void;
}

/**
 * Why a fit stopped.
 *
 * - `gradient`: every column of J is perpendicular to r, to within the tolerance. A minimum.
 * - `cost`: a step of at least half of Gauss–Newton's length changed F by no more than the tolerance.
 * - `step`: the step was shorter than the tolerance. A minimum, or a kink from which no step goes down.
 * - `iterations`: the limit was reached first. Not converged.
 * - `singular`: the residuals do not depend on some parameter, or on some combination. No covariance.
 * - `start`: F is not finite at the start. Nothing was done.
 */
export type StopReason = "gradient" | "cost" | "step" | "iterations" | "singular" | "start";

export interface LeastSquaresFit {
  readonly parameters: Float64Array;
  /** F there. */
  readonly cost: number;
  /**
   * (JᵀJ)⁻¹ at `parameters`, n × n: the covariance of the parameters where residuals have a variance of 1, which is so when
   * the σ of the data are known. Where only their ratios are known, multiply by `dispersion`. Undefined if singular.
   */
  readonly covariance: Float64Array | undefined;
  /** ‖r‖²/(m − n): the variance of a residual, as the fit shows it; NaN where m ≤ n. */
  readonly dispersion: number;
  /** Trial steps, taken or not. */
  readonly iterations: number;
  readonly stopped: StopReason;
}

export interface Tolerances {
  readonly iterations: number;
  /** Largest |cosine| between r and a column of J. */
  readonly gradient: number;
  /** Change of F, absolute, in the units of F. Beneath rounding of F, rounding counts. */
  readonly cost: number;
  /** ‖D δ‖ over ‖D p‖. */
  readonly step: number;
}

const usual: Tolerances = { iterations: 100, gradient: 1e-10, cost: 0, step: 1e-10 };

const firstDamping = 1e-3;
const leastDamping = 1e-9;
const dampMore = 8;
const dampLess = 5;
/** Of F, relative. */
const rounding = 1e-15;

/**
 * Minimises F from a start. `start` is left as it is. A step that does not lower F, or to where F is not finite, is not taken.
 *
 * @param start  n parameters.
 */
export function leastSquares(
  problem: LeastSquaresProblem,
  start: Float64Array,
  tolerances: Partial<Tolerances> = {},
): LeastSquaresFit {
  const limits = { ...usual, ...tolerances };
  const n = start.length;
  const m = problem.residuals;
  const here = new NormalEquations(m, n);
  let p = start.slice();
  let trial = new Float64Array(n);
  let r = new Float64Array(m);
  let trialR = new Float64Array(m);
  let cost = problem.evaluate(p, r);
  if (!Number.isFinite(cost)) return failedAtStart(p, cost);
  problem.jacobian(p, here.jacobian);
  here.form(r);
  let damping = firstDamping;
  let iterations = 0;
  let stopped: StopReason | undefined;
  while (stopped === undefined) {
    if (here.steepest() <= limits.gradient * norm(r)) stopped = "gradient";
    else if (iterations === limits.iterations) stopped = "iterations";
    if (stopped !== undefined) break;
    iterations++;
    const length = here.step(damping, p, trial);
    if (Number.isNaN(length)) break;
    const trialCost = problem.evaluate(trial, trialR);
    const gain = cost - trialCost;
    if (damping <= 1 && Math.abs(gain) <= Math.max(limits.cost, rounding * Math.abs(cost))) stopped = "cost";
    else if (length <= limits.step * (limits.step + here.size(p))) stopped = "step";
    if (gain > 0) {
      [p, trial] = [trial, p];
      [r, trialR] = [trialR, r];
      cost = trialCost;
      problem.jacobian(p, here.jacobian);
      here.form(r);
      damping = Math.max(leastDamping, damping / dampLess);
    } else damping *= dampMore;
  }
  const covariance = here.covariance();
  if (covariance === undefined || stopped === undefined) stopped = "singular";
  const dispersion = m > n ? dot(r, r) / (m - n) : Number.NaN;
  return { parameters: p, cost, covariance, dispersion, iterations, stopped };
}

/** Whether the parameters may be taken for those of a minimum. */
export function hasConverged({ stopped }: Pick<LeastSquaresFit, "stopped">): boolean {
  return stopped === "gradient" || stopped === "cost" || stopped === "step";
}

/** ½ ‖r‖². */
export function halfSquares(r: Float64Array): number {
  return dot(r, r) / 2;
}

function failedAtStart(parameters: Float64Array, cost: number): LeastSquaresFit {
  return {
    parameters,
    cost,
    covariance: undefined,
    dispersion: Number.NaN,
    iterations: 0,
    stopped: "start",
  };
}
