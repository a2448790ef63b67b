/**
 * Intervals of 95 % for what a sample says, and for the difference of two samples.
 *
 * - Means, and root mean squares by their linearisation x²/(2 rms), by Student's t: over pairs where both samples are of the same
 *   devices, else as Welch has it, with his degrees of freedom.
 * - Shares by adding half a device to each of the four outcomes of pairs (Agresti & Min 2005, Stat. Med. 24, 729), else one device of
 *   each kind to each sample (Agresti & Caffo 2000, Am. Stat. 54, 280), so that shares near 100 % keep an interval. A share of one sample has Wilson's interval.
 *
 * They are over devices: how far other chips differ, they do not say.
 */

/** What is stated of a sample of devices. A share is of values that are 0 or 1, in percent. */
export type Statistic = "mean" | "rms" | "share";

export interface Estimate {
  readonly value: number;
  /** Ends of the interval; NaN where there are fewer than two devices. */
  readonly low: number;
  readonly high: number;
  readonly devices: number;
}

/** @param values  NaN for devices that do not count. */
export function estimateOf(statistic: Statistic, values: Float32Array): Estimate {
  if (statistic === "share") {
    const { count, sum } = momentsOf(values, (value) => value);
    const value = count === 0 ? Number.NaN : (100 * sum) / count;
    return { value, ...wilson(sum, count), devices: count };
  }
  const { value, influence, count } = linearised(statistic, values);
  const { variance } = momentsOf(values, influence);
  const width = studentQuantile(count - 1) * Math.sqrt(variance / count);
  return { value, ...within(value, width, statistic === "rms" ? 0 : -Infinity, Infinity), devices: count };
}

/**
 * How much b is above a.
 *
 * @param paired  whether both are of the same devices, in their order; those that count in one alone are left out.
 */
export function differenceOf(
  statistic: Statistic,
  a: Float32Array,
  b: Float32Array,
  paired: boolean,
): Estimate {
  const [x, y] = paired ? common(a, b) : [a, b];
  if (statistic === "share") return paired ? pairedShares(x, y) : twoShares(x, y);
  const [of, other] = [linearised(statistic, x), linearised(statistic, y)];
  const value = other.value - of.value;
  if (paired) {
    const each = Float64Array.from(x, (one, i) => other.influence(y[i]!) - of.influence(one));
    const { variance, count } = momentsOf(each, (one) => one);
    const width = studentQuantile(count - 1) * Math.sqrt(variance / count);
    return { value, low: value - width, high: value + width, devices: count };
  }
  const [va, vb] = [momentsOf(x, of.influence), momentsOf(y, other.influence)];
  const [sa, sb] = [va.variance / va.count, vb.variance / vb.count];
  const freedom =
    sa + sb === 0
      ? va.count + vb.count - 2
      : ((sa + sb) * (sa + sb)) / ((sa * sa) / (va.count - 1) + (sb * sb) / (vb.count - 1));
  const width = studentQuantile(freedom) * Math.sqrt(sa + sb);
  return { value, low: value - width, high: value + width, devices: va.count + vb.count };
}

/** Whether a difference is shown: its interval is known and does not include zero. */
export function isShown({ low, high }: Estimate): boolean {
  return low > 0 || high < 0;
}

function pairedShares(x: Float32Array, y: Float32Array): Estimate {
  let [gained, lost] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    if (y[i]! > x[i]!) gained++;
    else if (y[i]! < x[i]!) lost++;
  }
  const count = x.length;
  if (count === 0) return unknown;
  const [b, c, n] = [gained + 0.5, lost + 0.5, count + 2];
  const middle = (b - c) / n;
  const width = (normal95 * Math.sqrt(b + c - ((b - c) * (b - c)) / n)) / n;
  return { value: (100 * (gained - lost)) / count, ...within(100 * middle, 100 * width), devices: count };
}

function twoShares(x: Float32Array, y: Float32Array): Estimate {
  const [a, b] = [momentsOf(x, (value) => value), momentsOf(y, (value) => value)];
  if (a.count === 0 || b.count === 0) return unknown;
  const [pa, pb] = [(a.sum + 1) / (a.count + 2), (b.sum + 1) / (b.count + 2)];
  const width = normal95 * Math.sqrt((pa * (1 - pa)) / (a.count + 2) + (pb * (1 - pb)) / (b.count + 2));
  return {
    value: 100 * (b.sum / b.count - a.sum / a.count),
    ...within(100 * (pb - pa), 100 * width),
    devices: a.count + b.count,
  };
}

const unknown: Estimate = { value: Number.NaN, low: Number.NaN, high: Number.NaN, devices: 0 };

function within(
  middle: number,
  width: number,
  least = -Infinity,
  most = Infinity,
): { low: number; high: number } {
  return { low: Math.max(least, middle - width), high: Math.min(most, middle + width) };
}

/** Ends of the interval of a share of one sample, %. @source Wilson 1927, J. Am. Stat. Assoc. 22, 209. */
function wilson(successes: number, count: number): { low: number; high: number } {
  const [share, z2] = [successes / count, normal95 * normal95];
  const middle = (share + z2 / (2 * count)) / (1 + z2 / count);
  const width =
    (normal95 * Math.sqrt((share * (1 - share)) / count + z2 / (4 * count * count))) / (1 + z2 / count);
  return within(100 * middle, 100 * width, 0, 100);
}

/** A statistic, and what one device adds to it: its variance over devices is that of the statistic, times their number. */
function linearised(
  statistic: "mean" | "rms",
  values: Float32Array,
): { readonly value: number; readonly influence: (value: number) => number; readonly count: number } {
  if (statistic === "mean") {
    const { mean, count } = momentsOf(values, (value) => value);
    return { value: mean, influence: (value) => value, count };
  }
  const { mean: square, count } = momentsOf(values, (value) => value * value);
  const rms = Math.sqrt(square);
  return { value: rms, influence: (value) => (rms === 0 ? 0 : (value * value) / (2 * rms)), count };
}

function momentsOf(
  values: Float32Array | Float64Array,
  of: (value: number) => number,
): { readonly count: number; readonly sum: number; readonly mean: number; readonly variance: number } {
  let [count, mean, squares] = [0, 0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    count++;
    const [one, before] = [of(value), mean];
    mean += (one - before) / count;
    squares += (one - before) * (one - mean);
  }
  return {
    count,
    sum: mean * count,
    mean: count === 0 ? Number.NaN : mean,
    variance: count < 2 ? Number.NaN : squares / (count - 1),
  };
}

function common(a: Float32Array, b: Float32Array): [Float32Array, Float32Array] {
  const both = (_: number, i: number): boolean => !Number.isNaN(a[i]!) && !Number.isNaN(b[i]!);
  return [a.filter(both), b.filter(both)];
}

const normal95 = 1.959_963_984_540_054;

/**
 * The 97.5 % point of Student's t, to a thousandth from 3 degrees of freedom on; below, its known values.
 *
 * @source Abramowitz & Stegun 1964, 26.7.5.
 */
export function studentQuantile(freedom: number): number {
  if (!(freedom >= 1)) return Number.NaN;
  if (freedom < 2) return 12.7062;
  if (freedom < 3) return 4.3027;
  const [z, v] = [normal95, freedom];
  const [z3, z5, z7, z9] = [
    z * z * z,
    z * z * z * z * z,
    z * z * z * z * z * z * z,
    z * z * z * z * z * z * z * z * z,
  ];
  return (
    z +
    (z3 + z) / (4 * v) +
    (5 * z5 + 16 * z3 + 3 * z) / (96 * v * v) +
    (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * v * v * v) +
    (79 * z9 + 776 * z7 + 1482 * z5 - 1920 * z3 - 945 * z) / (92_160 * v * v * v * v)
  );
}
