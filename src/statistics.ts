/** Sizes without sign, ascending; what is not a number is left out. */
export function sortedSizes(values: Float32Array): Float32Array {
  const sizes = new Float32Array(values.length);
  let count = 0;
  for (const value of values) if (!Number.isNaN(value)) sizes[count++] = Math.abs(value);
  return sizes.subarray(0, count).sort();
}

/** The value that a share of the sorted values does not exceed; NaN of none. */
export function quantile(sorted: Float32Array, share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? sorted[0] ?? Number.NaN;
}

/**
 * The value that one more draw of the same kind falls below with this chance, by the order of those that were drawn: place
 * share · (n + 1) among n, linear in between, and no further than the outermost.
 */
export function nextBelow(draws: readonly number[], share: number): number {
  const sorted = draws.toSorted((a, b) => a - b);
  const place = Math.min(sorted.length, Math.max(1, share * (sorted.length + 1)));
  const low = Math.floor(place);
  const [from, to] = [sorted[low - 1]!, sorted[low] ?? sorted[low - 1]!];
  return from + (place - low) * (to - from);
}

/** Share of the sorted values that are at most a limit, 0 … 1; NaN of none. */
export function shareWithin(sorted: Float32Array, limit: number): number {
  const beyond = sorted.findIndex((value) => value > limit);
  return (beyond < 0 ? sorted.length : beyond) / sorted.length;
}

/** The smallest number of pulses that a share of the devices did not exceed. */
export function pulsesOfShare(devicesByPulses: readonly number[], share: number): number {
  const enough = share * devicesByPulses.reduce((sum, devices) => sum + devices, 0);
  let devices = 0;
  const place = devicesByPulses.findIndex((more) => (devices += more) >= enough);
  return Math.max(0, place);
}

/** The smallest and the largest, however many; ±∞ of none. */
export function rangeOf(values: Iterable<number>): { readonly least: number; readonly most: number } {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { least, most };
}
