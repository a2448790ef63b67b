/** Solves damped Newton steps of n variables, in room that it uses again. */
export class DampedNewton {
  readonly #n: number;
  /** The variables that are free, and their Cholesky factor, row-major. */
  readonly #places: Uint8Array;
  readonly #factor: Float64Array;
  readonly #solved: Float64Array;

  constructor(n: number) {
    this.#n = n;
    this.#places = new Uint8Array(n);
    this.#factor = new Float64Array(n * n);
    this.#solved = new Float64Array(n);
  }

  /**
   * Solves (H + λ diag) step = gradient over the free variables by Cholesky's method.
   *
   * @returns false when the damped Hessian is not positive definite.
   */
  solve(
    hessian: Float64Array,
    gradient: Float64Array,
    free: Uint8Array,
    damping: number,
    step: Float64Array,
  ): boolean {
    const n = this.#n;
    const places = this.#places;
    const factor = this.#factor;
    const solved = this.#solved;
    let count = 0;
    for (let i = 0; i < n; i++) if (free[i]) places[count++] = i;
    for (let i = 0; i < count; i++) {
      const row = n * places[i]!;
      for (let j = 0; j < i; j++) {
        let sum = hessian[row + places[j]!]!;
        for (let k = 0; k < j; k++) sum -= factor[i * n + k]! * factor[j * n + k]!;
        factor[i * n + j] = sum / factor[j * n + j]!;
      }
      const own = hessian[row + places[i]!]!;
      let sum = own + damping * (1 + Math.abs(own));
      for (let k = 0; k < i; k++) sum -= factor[i * n + k]! * factor[i * n + k]!;
      if (sum <= 1e-12) return false;
      factor[i * n + i] = Math.sqrt(sum);
    }
    for (let i = 0; i < count; i++) {
      let sum = gradient[places[i]!]!;
      for (let k = 0; k < i; k++) sum -= factor[i * n + k]! * solved[k]!;
      solved[i] = sum / factor[i * n + i]!;
    }
    step.fill(0);
    for (let i = count - 1; i >= 0; i--) {
      let sum = solved[i]!;
      for (let k = i + 1; k < count; k++) sum -= factor[k * n + i]! * solved[k]!;
      solved[i] = sum / factor[i * n + i]!;
      step[places[i]!] = solved[i]!;
    }
    return true;
  }
}
