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

/** Times that people know, between two; finer ones where there are few. */
export function durationTicks(low: Seconds, high: Seconds): Seconds[] {
  const between = (times: readonly Seconds[]): Seconds[] =>
    times.filter((time) => time >= low * 0.9 && time <= high * 1.1);
  const within = between([1e-3, 1, 60, 3600, 86_400, 2_592_000, 31_536_000]);
  if (within.length > 2) return within;
  const finer = between([
    1e-3, 0.01, 0.1, 1, 10, 60, 600, 3600, 21_600, 86_400, 604_800, 2_592_000, 31_536_000,
  ]);
  return finer.length > 1 ? finer : [low, high];
}

/** Ticks whose labels do not touch each other; the last one always. */
export function spaced(
  ticks: readonly number[],
  label: (tick: number) => string,
  pixelsPerUnit: number,
): number[] {
  const half = (tick: number): number => (label(tick).length * letterPixels + gapPixels) / 2;
  return ticks.reduceRight<number[]>((kept, tick) => {
    const [next] = kept;
    const fits = next === undefined || (next - tick) * pixelsPerUnit >= half(tick) + half(next);
    return fits ? [tick, ...kept] : kept;
  }, []);
}

const letterPixels = 6.8;
const gapPixels = 8;

/** What a linear axis of times is written in. */
export function timeUnit(longest: Seconds): { readonly divisor: number; readonly unit: string } {
  if (longest < 180) return { divisor: 1, unit: "s" };
  if (longest < 3 * 3600) return { divisor: 60, unit: "minutes" };
  if (longest < 3 * 86_400) return { divisor: 3600, unit: "hours" };
  return { divisor: 86_400, unit: "days" };
}
