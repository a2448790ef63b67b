import { normalDensity, normalDistribution } from "../model/normal.ts";

/** So many devices whose value lies above `low` and at most at `high`; the ends may be infinite. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

export interface CensoredNormal {
  readonly mean: number;
  readonly std: number;
  /** Standard errors of the two. */
  readonly meanError: number;
  readonly stdError: number;
}

/**
 * The normal distribution most likely to put so many values into these intervals, by expectation and maximisation:
 *
 *     μ ← ⟨E[x | a < x ≤ b]⟩,   σ² ← ⟨E[(x − μ)² | a < x ≤ b]⟩
 *
 * Standard errors are of the curvature of the log-likelihood there.
 *
 * @source Dempster, Laird & Rubin 1977, J. R. Stat. Soc. B 39, 1, example 4.2 (grouped data).
 * @returns undefined where fewer than two intervals hold anything: nothing tells of the spread.
 */
export function fitCensoredNormal(intervals: readonly Interval[]): CensoredNormal | undefined {
  const held = intervals.filter(({ count }) => count > 0);
  const total = held.reduce((sum, { count }) => sum + count, 0);
  if (held.length < 2) return undefined;
  const width = finiteWidth(held);
  const middles = held.map(({ low, high }) =>
    Number.isFinite(low) && Number.isFinite(high)
      ? (low + high) / 2
      : Number.isFinite(low)
        ? low + width
        : high - width,
  );
  let mean = weighted(held, middles, total);
  let std = Math.max(
    width / 4,
    Math.sqrt(
      weighted(
        held,
        middles.map((middle) => (middle - mean) * (middle - mean)),
        total,
      ),
    ),
  );
  for (let round = 0; round < 2000; round++) {
    const moments = held.map(({ low, high }) => momentsWithin(mean, std, low, high));
    const nextMean = weighted(
      held,
      moments.map(({ first }) => first),
      total,
    );
    const variance =
      weighted(
        held,
        moments.map(({ second }) => second),
        total,
      ) -
      nextMean * nextMean;
    const nextStd = Math.sqrt(Math.max(1e-12, variance));
    const moved = Math.abs(nextMean - mean) + Math.abs(nextStd - std);
    [mean, std] = [nextMean, nextStd];
    if (moved < 1e-7 * std) break;
  }
  return { mean, std, ...errorsAt(held, mean, std) };
}

/** E[x] and E[x²] of a normal value that lies between two ends. */
export function momentsWithin(
  mean: number,
  std: number,
  low: number,
  high: number,
): { readonly first: number; readonly second: number } {
  const [a, b] = [(low - mean) / std, (high - mean) / std];
  const inside = chance(a, b);
  if (inside < 1e-12) {
    const near = a > 0 ? low : high;
    const at = Number.isFinite(near) ? near : mean;
    return { first: at, second: at * at };
  }
  const [densityA, densityB] = [densityAt(a), densityAt(b)];
  const shift = (densityA - densityB) / inside;
  const bend = ((Number.isFinite(a) ? a * densityA : 0) - (Number.isFinite(b) ? b * densityB : 0)) / inside;
  const first = mean + std * shift;
  return { first, second: mean * mean + 2 * mean * std * shift + std * std * (1 + bend) };
}

function chance(a: number, b: number): number {
  // Of the two tails the smaller one keeps its digits.
  return a > 0 ? distribution(-a) - distribution(-b) : distribution(b) - distribution(a);
}

function distribution(z: number): number {
  return z === Infinity ? 1 : z === -Infinity ? 0 : normalDistribution(z);
}

function densityAt(z: number): number {
  return Number.isFinite(z) ? normalDensity(z) : 0;
}

function weighted(held: readonly Interval[], values: readonly number[], total: number): number {
  return held.reduce((sum, { count }, k) => sum + count * values[k]!, 0) / total;
}

function finiteWidth(held: readonly Interval[]): number {
  const widths = held.map(({ low, high }) => high - low).filter(Number.isFinite);
  return widths.length === 0 ? 1 : widths.reduce((sum, width) => sum + width, 0) / widths.length;
}

function errorsAt(held: readonly Interval[], mean: number, std: number) {
  const likelihood = (m: number, s: number): number =>
    held.reduce(
      (sum, { low, high, count }) =>
        sum + count * Math.log(Math.max(1e-300, chance((low - m) / s, (high - m) / s))),
      0,
    );
  const h = 1e-3 * std;
  const at = likelihood(mean, std);
  const second = (plus: number, minus: number): number => -(plus - 2 * at + minus) / (h * h);
  const mm = second(likelihood(mean + h, std), likelihood(mean - h, std));
  const ss = second(likelihood(mean, std + h), likelihood(mean, std - h));
  const ms =
    -(
      likelihood(mean + h, std + h) -
      likelihood(mean + h, std - h) -
      likelihood(mean - h, std + h) +
      likelihood(mean - h, std - h)
    ) /
    (4 * h * h);
  const determinant = mm * ss - ms * ms;
  return {
    meanError: determinant > 0 ? Math.sqrt(ss / determinant) : Number.NaN,
    stdError: determinant > 0 ? Math.sqrt(mm / determinant) : Number.NaN,
  };
}
