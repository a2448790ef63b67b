import type { Seconds } from "../src/units.ts";

/** Round values from at most `low` to at least `high`, evenly apart; about `most` of them and never fewer than two. */
export function linearTicks(low: number, high: number, most: number): number[] {
  const range = high > low ? high - low : Math.abs(high) || 1;
  const raw = range / Math.max(2, most - 1);
  const decade = 10 ** Math.floor(Math.log10(raw));
  const step = decade * ([1, 2, 5].find((round) => round * decade >= raw * (1 - 1e-9)) ?? 10);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/** Round values between two, for an axis of logarithms: several of every decade while they are few, else the decades. */
export function logarithmicTicks(low: number, high: number, most: number): number[] {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const of = (digits: readonly number[], every = 1): number[] =>
    Array.from({ length: to - from + 1 }, (_, k) => k)
      .filter((k) => k % every === 0)
      .flatMap((k) => digits.map((digit) => Number(`${digit}e${from + k}`)))
      .filter((tick) => tick >= low * 0.98 && tick <= high * 1.02);
  const candidates = [
    of([1, 2, 3, 5, 7]),
    of([1, 2, 5]),
    of([1, 3]),
    of([1]),
    of([1], 2),
    of([1], 3),
    // Over less than an octave.
    of([1, 2, 3, 4, 5, 6, 7, 8, 9]),
  ];
  return (
    candidates.find((ticks) => ticks.length >= 2 && ticks.length <= most) ??
    [low, high].map((end) => Number(end.toPrecision(2)))
  );
}

/** Times that people know, between two. */
export function durationTicks(low: Seconds, high: Seconds): Seconds[] {
  const known = [1e-3, 1, 60, 3600, 86_400, 2_592_000, 31_536_000];
  const within = known.filter((time) => time >= low * 0.9 && time <= high * 1.1);
  return within.length > 1 ? within : [low, high];
}

/** What a linear axis of times is written in. */
export function timeUnit(longest: Seconds): { readonly divisor: number; readonly unit: string } {
  if (longest < 180) return { divisor: 1, unit: "s" };
  if (longest < 3 * 3600) return { divisor: 60, unit: "minutes" };
  if (longest < 3 * 86_400) return { divisor: 3600, unit: "hours" };
  return { divisor: 86_400, unit: "days" };
}
