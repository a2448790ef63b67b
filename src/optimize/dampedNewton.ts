/**
 * Solves (H + λ diag) step = gradient over the free devices by Cholesky's method.
 *
 * @returns false when the damped Hessian is not positive definite.
 */
export function solveDamped(
  hessian: Float64Array,
  gradient: Float64Array,
  free: Uint8Array,
  damping: number,
  step: Float64Array,
): boolean {
  const n = gradient.length;
  const factor = new Float64Array(n * n);
  step.fill(0);
  for (let i = 0; i < n; i++) {
    if (!free[i]) continue;
    for (let j = 0; j <= i; j++) {
      if (!free[j]) continue;
      let sum = hessian[i * n + j]! + (i === j ? damping * (1 + Math.abs(hessian[i * n + i]!)) : 0);
      for (let k = 0; k < j; k++) if (free[k]) sum -= factor[i * n + k]! * factor[j * n + k]!;
      if (i === j) {
        if (sum <= 1e-12) return false;
        factor[i * n + i] = Math.sqrt(sum);
      } else {
        factor[i * n + j] = sum / factor[j * n + j]!;
      }
    }
  }
  for (let i = 0; i < n; i++) {
    if (!free[i]) continue;
    let sum = gradient[i]!;
    for (let k = 0; k < i; k++) if (free[k]) sum -= factor[i * n + k]! * step[k]!;
    step[i] = sum / factor[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    if (!free[i]) continue;
    let sum = step[i]!;
    for (let k = i + 1; k < n; k++) if (free[k]) sum -= factor[k * n + i]! * step[k]!;
    step[i] = sum / factor[i * n + i]!;
  }
  return true;
}
