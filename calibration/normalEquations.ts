import { cholesky, inverseByCholesky, norm, solveByCholesky } from "./matrix.ts";

/**
 * The normal equations of least squares at one point, in the symbols of leastSquares.ts: Ĥ δ̂ = −ĝ, scaled so that Ĥ has ones
 * on its diagonal. Made once a fit and used at every point of it.
 */
export class NormalEquations {
  /** J, m × n, row-major: for the caller to write before `form`. */
  readonly jacobian: Float64Array;
  readonly #n: number;
  /** Ĥ. */
  readonly #h: Float64Array;
  readonly #g: Float64Array;
  readonly #d: Float64Array;
  readonly #damped: Float64Array;
  readonly #l: Float64Array;
  readonly #delta: Float64Array;
  readonly #rows: number;

  constructor(m: number, n: number) {
    this.#n = n;
    this.#rows = m;
    this.jacobian = new Float64Array(m * n);
    this.#h = new Float64Array(n * n);
    this.#g = new Float64Array(n);
    this.#d = new Float64Array(n);
    this.#damped = new Float64Array(n * n);
    this.#l = new Float64Array(n * n);
    this.#delta = new Float64Array(n);
  }

  /** Takes J, and the residuals r, m. */
  form(r: Float64Array): void {
    const n = this.#n;
    const j = this.jacobian;
    const h = this.#h.fill(0);
    const g = this.#g.fill(0);
    for (let k = 0; k < this.#rows; k++) {
      for (let a = 0; a < n; a++) {
        const slope = j[k * n + a]!;
        if (slope === 0) continue;
        g[a]! += slope * r[k]!;
        for (let b = 0; b <= a; b++) h[a * n + b]! += slope * j[k * n + b]!;
      }
    }
    for (let a = 0; a < n; a++) this.#d[a] = Math.sqrt(h[a * n + a]!);
    for (let a = 0; a < n; a++) {
      g[a]! /= this.#d[a]! || 1;
      for (let b = 0; b <= a; b++) h[a * n + b]! /= this.#d[a]! * this.#d[b]! || 1;
    }
  }

  /** The largest |ĝ_a|: that of the column of J nearest to r, times ‖r‖. */
  steepest(): number {
    let most = 0;
    for (let a = 0; a < this.#n; a++) most = Math.max(most, Math.abs(this.#g[a]!));
    return most;
  }

  /** ‖D p‖. */
  size(p: Float64Array): number {
    let sum = 0;
    for (let a = 0; a < this.#n; a++) sum += this.#d[a]! * p[a]! * (this.#d[a]! * p[a]!);
    return Math.sqrt(sum);
  }

  /**
   * Writes p + δ, and returns ‖D δ‖; NaN where there is no step, as J is not finite. A parameter that nothing depends on stays
   * where it is.
   */
  step(damping: number, p: Float64Array, out: Float64Array): number {
    const n = this.#n;
    const damped = this.#damped;
    damped.set(this.#h);
    for (let a = 0; a < n; a++) damped[a * n + a] = 1 + damping;
    const delta = this.#delta;
    out.set(p);
    if (cholesky(damped, n, this.#l) === undefined) return Number.NaN;
    solveByCholesky(this.#l, n, this.#g, delta);
    for (let a = 0; a < n; a++) out[a] = p[a]! - (this.#d[a] === 0 ? 0 : delta[a]! / this.#d[a]!);
    return norm(delta);
  }

  /** (JᵀJ)⁻¹, n × n; undefined where columns of J are dependent. */
  covariance(): Float64Array | undefined {
    const n = this.#n;
    if (cholesky(this.#h, n, this.#l, leastPivot) === undefined) return undefined;
    const covariance = inverseByCholesky(this.#l, n);
    for (let a = 0; a < n; a++) {
      for (let b = 0; b < n; b++) covariance[a * n + b]! /= this.#d[a]! * this.#d[b]!;
    }
    return covariance;
  }
}

/** A squared pivot of Ĥ beneath which its columns count as dependent. */
const leastPivot = 1e-14;
