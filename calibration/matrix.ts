/**
 * Lower triangle L of a positive definite matrix A = L Lᵀ, row-major, n × n; undefined when A is not positive definite.
 */
export function cholesky(a: Float64Array, n: number): Float64Array | undefined {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= l[i * n + k]! * l[j * n + k]!;
      if (i === j) {
        if (!(sum > 0)) return undefined;
        l[i * n + i] = Math.sqrt(sum);
      } else {
        l[i * n + j] = sum / l[j * n + j]!;
      }
    }
  }
  return l;
}

/** L⁻¹ of a lower triangle. */
export function inverseOfLower(l: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let column = 0; column < n; column++) {
    inverse[column * n + column] = 1 / l[column * n + column]!;
    for (let i = column + 1; i < n; i++) {
      let sum = 0;
      for (let k = column; k < i; k++) sum -= l[i * n + k]! * inverse[k * n + column]!;
      inverse[i * n + column] = sum / l[i * n + i]!;
    }
  }
  return inverse;
}

/** A⁻¹ of a positive definite matrix; undefined when it is not. */
export function inverseOf(a: Float64Array, n: number): Float64Array | undefined {
  const l = cholesky(a, n);
  if (l === undefined) return undefined;
  const lower = inverseOfLower(l, n);
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = Math.max(i, j); k < n; k++) sum += lower[k * n + i]! * lower[k * n + j]!;
      inverse[i * n + j] = sum;
    }
  }
  return inverse;
}
