export interface Minimum {
  readonly at: number;
  readonly value: number;
  readonly evaluations: number;
  /** Whether the least value lies at the first or the last of the places looked at. */
  readonly atEdge: boolean;
}

/**
 * The least value of a function of one positive variable: first at a few places, then by golden section in ln x
 * between the neighbours of the best of them.
 *
 * @param places     ascending, > 0, at least two.
 * @param tolerance  relative width at which to stop.
 */
export function minimise(f: (x: number) => number, places: readonly number[], tolerance: number): Minimum {
  const values = places.map(f);
  const best = values.indexOf(Math.min(...values));
  let low = Math.log(places[Math.max(0, best - 1)]!);
  let high = Math.log(places[Math.min(places.length - 1, best + 1)]!);
  const least = { at: places[best]!, value: values[best]! };
  let evaluations = places.length;
  const look = (x: number): number => {
    const at = Math.exp(x);
    const value = f(at);
    evaluations++;
    if (value < least.value) Object.assign(least, { at, value });
    return value;
  };
  let [a, b] = [high - golden * (high - low), low + golden * (high - low)];
  let [left, right] = [look(a), look(b)];
  while (high - low > tolerance) {
    if (left < right) {
      high = b;
      [b, right] = [a, left];
      a = high - golden * (high - low);
      left = look(a);
    } else {
      low = a;
      [a, left] = [b, right];
      b = low + golden * (high - low);
      right = look(b);
    }
  }
  return { ...least, evaluations, atEdge: least.at === places[0] || least.at === places.at(-1) };
}

/** How often `minimise` looks, at most. */
export function looksOf(places: readonly number[], tolerance: number): number {
  const widths = places.map((_, i) =>
    Math.log(places[Math.min(places.length - 1, i + 1)]! / places[Math.max(0, i - 1)]!),
  );
  const halvings = Math.log(Math.max(...widths) / tolerance) / -Math.log(golden);
  return places.length + 2 + Math.max(0, Math.ceil(halvings));
}

const golden = (Math.sqrt(5) - 1) / 2;
