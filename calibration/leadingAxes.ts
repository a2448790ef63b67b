/**
 * The largest positive eigenvalues of a symmetric matrix with their vectors, each vector times the root of its value: the sum of their
 * outer products is the best approximation of the matrix of that rank. By orthogonal iteration.
 *
 * @param symmetric  n × n, row-major.
 * @param wanted     how many; fewer where fewer are positive.
 * @param begin      where known: vectors near those that are wanted.
 * @source Golub, van Loan, Matrix Computations, §8.2.4.
 */
export function leadingAxes(
  symmetric: Float64Array,
  n: number,
  wanted: number,
  begin: readonly Float64Array[] = [],
): Float64Array[] {
  // A shift makes the largest values those of largest size.
  let shift = 0;
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += Math.abs(symmetric[i * n + j]!);
    shift = Math.max(shift, sum - symmetric[i * n + i]! - Math.abs(symmetric[i * n + i]!));
  }
  const axes = Array.from(
    { length: Math.min(wanted, n) },
    (_, k) =>
      begin[k]?.slice() ??
      Float64Array.from({ length: n }, (__, i) => Math.cos((Math.PI * k * (i + 0.5)) / n)),
  );
  const values = new Float64Array(axes.length);
  for (let round = 0; round < mostRounds; round++) {
    let moved = 0;
    axes.forEach((axis, k) => {
      const next = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        let sum = shift * axis[i]!;
        for (let j = 0; j < n; j++) sum += symmetric[i * n + j]! * axis[j]!;
        next[i] = sum;
      }
      for (let other = 0; other < k; other++) less(next, axes[other]!);
      const length = Math.sqrt(along(next, next));
      if (!(length > 0)) return;
      for (let i = 0; i < n; i++) {
        const value = next[i]! / length;
        moved = Math.max(moved, Math.abs(value - axis[i]!));
        axis[i] = value;
      }
    });
    if (moved < tolerance) break;
  }
  axes.forEach((axis, k) => {
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) values[k]! += axis[i]! * symmetric[i * n + j]! * axis[j]!;
  });
  return axes.flatMap((axis, k) => (values[k]! > 0 ? [axis.map((x) => x * Math.sqrt(values[k]!))] : []));
}

const mostRounds = 100;
const tolerance = 1e-6;

function along(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Takes from x what lies along a unit vector. */
function less(x: Float64Array, unit: Float64Array): void {
  const share = along(x, unit);
  for (let i = 0; i < x.length; i++) x[i]! -= share * unit[i]!;
}
