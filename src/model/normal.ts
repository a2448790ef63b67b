/** Density of the standard normal distribution. */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
}

/**
 * Distribution function of the standard normal distribution, to 14 digits; its lower tail keeps its relative
 * precision. A power series near the middle, a continued fraction in the tails.
 *
 * @source Marsaglia 2004, J. Stat. Softw. 11(4), for the series; Abramowitz & Stegun 26.2.14 for the fraction.
 */
export function normalDistribution(x: number): number {
  if (x < -3) return upperTail(-x);
  if (x > 3) return 1 - upperTail(x);
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + sum * normalDensity(x);
}

function upperTail(x: number): number {
  let fraction = x;
  for (let k = 100; k > 0; k--) fraction = x + k / fraction;
  return normalDensity(x) / fraction;
}

/** First and second moment of max(0, X) for X normal with the given mean and standard deviation. */
export function clippedMoments(mean: number, std: number): { first: number; second: number } {
  if (std === 0) return { first: Math.max(0, mean), second: mean > 0 ? mean * mean : 0 };
  const z = mean / std;
  const above = normalDistribution(z);
  const density = normalDensity(z);
  return {
    first: mean * above + std * density,
    second: (mean * mean + std * std) * above + mean * std * density,
  };
}

/** Never below zero, which the difference of two moments may be by its last digits where nothing varies. */
export function varianceOf({ first, second }: { readonly first: number; readonly second: number }): number {
  return Math.max(0, second - first * first);
}

/** First and second moment of X for X normal, held between low and high. */
export function clampedMoments(
  mean: number,
  std: number,
  low: number,
  high: number,
): { first: number; second: number } {
  if (std === 0) {
    const held = Math.min(high, Math.max(low, mean));
    return { first: held, second: held * held };
  }
  const a = (low - mean) / std;
  const b = (high - mean) / std;
  const [below, above] = [normalDistribution(a), normalDistribution(-b)];
  const inside = 1 - below - above;
  const [atLow, atHigh] = [normalDensity(a), normalDensity(b)];
  return {
    first: low * below + high * above + mean * inside + std * (atLow - atHigh),
    second:
      low * low * below +
      high * high * above +
      (mean * mean + std * std) * inside +
      std * ((mean + low) * atLow - (mean + high) * atHigh),
  };
}

/**
 * E[exp(−s |X|)] for X normal: what drift by a folded-normal exponent does to a mean, with s = ln τ.
 *
 * @param std ≥ 0.
 */
export function foldedNormalLaplace(mean: number, std: number, s: number): number {
  if (std === 0) return Math.exp(-Math.abs(mean) * s);
  const shift = std * s;
  const z = mean / std;
  const half = 0.5 * shift * shift;
  return (
    Math.exp(half - mean * s) * normalDistribution(z - shift) +
    Math.exp(half + mean * s) * normalDistribution(-z - shift)
  );
}
