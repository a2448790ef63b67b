import { normalQuantile } from "../random.ts";

/**
 * The point of Student's t that is exceeded, on either side, with a probability.
 *
 * @param probability  of both tails together, from 0 to 1.
 * @param freedom      degrees of freedom, 1 or more.
 * @source Hill 1970, Comm. ACM 13, 619 (algorithm 396).
 */
export function studentBeyond(probability: number, freedom: number): number {
  const [p, n] = [probability, freedom];
  if (!(n >= 1)) return Number.NaN;
  if (n < 2) return 1 / Math.tan((p * Math.PI) / 2);
  if (n < 3) return Math.sqrt(2 / (p * (2 - p)) - 2);
  const a = 1 / (n - 0.5);
  const b = 48 / (a * a);
  let c = ((20_700 * a) / b - 98) * a * a - 16 * a + 96.36;
  const d = ((94.5 / (b + c) - 3) / b + 1) * Math.sqrt((a * Math.PI) / 2) * n;
  let y = Math.exp((2 / n) * Math.log(d * p));
  if (y > 0.05 + a) {
    const x = normalQuantile(p / 2);
    y = x * x;
    if (n < 5) c += 0.3 * (n - 4.5) * (x + 0.6);
    c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c;
    y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x;
    y = Math.expm1(a * y * y);
  } else {
    y =
      ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) *
        ((n + 1) / (n + 2)) +
      1 / y;
  }
  return Math.sqrt(n * y);
}
