/**
 * Lower triangle L of a positive definite matrix A = L Lᵀ, row-major, n × n; undefined when A is not positive definite.
 *
 * @param a     only its lower triangle is read.
 * @param l     written where it is given. What stands above its diagonal is left as it is.
 * @param least a squared pivot must be larger than this.
 */
export function cholesky(
  a: Float64Array,
  n: number,
  l: Float64Array = new Float64Array(n * n),
  least = 0,
): Float64Array | undefined {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= l[i * n + k]! * l[j * n + k]!;
      if (i === j) {
        if (!(sum > least)) return undefined;
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

/** Writes x = A⁻¹ b, A = L Lᵀ. */
export function solveByCholesky(l: Float64Array, n: number, b: Float64Array, x: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= l[i * n + k]! * x[k]!;
    x[i] = sum / l[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let k = i + 1; k < n; k++) sum -= l[k * n + i]! * x[k]!;
    x[i] = sum / l[i * n + i]!;
  }
}

/** A⁻¹ of a positive definite matrix; undefined when it is not. */
export function inverseOf(a: Float64Array, n: number): Float64Array | undefined {
  const l = cholesky(a, n);
  return l === undefined ? undefined : inverseByCholesky(l, n);
}

/** A⁻¹, A = L Lᵀ. */
export function inverseByCholesky(l: Float64Array, n: number): Float64Array {
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

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}

export function norm(x: Float64Array): number {
  return Math.sqrt(dot(x, x));
}
