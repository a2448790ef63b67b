import { Place } from "./knots.ts";
import type { SureMoments } from "./momentErrors.ts";
import { valueAt } from "./moments.ts";
import type { Readings } from "./readings.ts";
import { times } from "./smoothMoments.ts";

/** Shares of the reads whose bounds are kept: the bands of 99, 95 and 68 %, and the middle. */
export const tailShares = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.16, 0.25, 0.35, 0.5, 0.65, 0.75, 0.84, 0.9, 0.95, 0.975, 0.99, 0.995,
] as const;
const normalDeviations = [
  -2.5758, -2.3263, -1.96, -1.6449, -1.2816, -0.9945, -0.6745, -0.3853, 0, 0.3853, 0.6745, 0.9945, 1.2816,
  1.6449, 1.96, 2.3263, 2.5758,
];

/**
 * What so large a share of reads lies below, from the mean, µS: one table [age, conductance] a share. Reads are measured by the width of
 * their own conductance; what shares lie below in widths changes little with it, and is found at a few conductances only.
 */
export function tailsOf(readings: Readings, moments: SureMoments): Float64Array[] {
  const { conductance } = moments.knots;
  const [nG, nT] = [conductance.length, moments.knots.logAge.length];
  const width = widthsOf(readings, moments);
  const every = Math.max(1, Math.ceil((nG - 1) / (mostPlaces - 1)));
  const few = conductance.filter((_, k) => k % every === 0 || k === nG - 1);
  const inWidths = tablesOf(readings, moments, few, width);
  const g = new Place();
  return inWidths.map((table) =>
    Float64Array.from({ length: nT * nG }, (_, at) => {
      g.of(few, conductance[at % nG]!);
      const first = Math.floor(at / nG) * few.length + g.low;
      const z = (1 - g.part) * table[first]! + (g.part === 0 ? 0 : g.part * table[first + 1]!);
      return z * width[at]!;
    }),
  );
}

/** Half of what lies between 16 and 84 %, as smooth over conductance as spreads are. */
function widthsOf(readings: Readings, moments: SureMoments): Float64Array {
  const { knots, square, smoothers = [] } = moments;
  const nG = knots.conductance.length;
  const plain = tablesOf(readings, moments, knots.conductance, undefined);
  const [low, high] = [plain[tailShares.indexOf(0.16)]!, plain[tailShares.indexOf(0.84)]!];
  const least = 1e-3 * Math.sqrt(square.reduce((most, v) => Math.max(most, v), 0));
  const width = low.map((q, at) => Math.max(least, (high[at]! - q) / 2));
  smoothers.forEach((smoother, age) => {
    if (smoother === undefined) return;
    const logs = width.subarray(age * nG, (age + 1) * nG).map(Math.log);
    width.set(times(smoother, logs, nG).map(Math.exp), age * nG);
  });
  return width;
}

/** @param width  what reads are measured by; µS where not given. */
function tablesOf(
  readings: Readings,
  moments: SureMoments,
  conductance: Float64Array,
  width: Float64Array | undefined,
): Float64Array[] {
  const { start, logAge, deviation, written, count } = readings;
  const { knots, shift, square } = moments;
  const [nG, nT, all] = [conductance.length, knots.logAge.length, knots.conductance.length];
  const every = Math.max(1, Math.ceil(count / mostDevices));
  const values: number[][] = Array.from({ length: nG * nT }, () => []);
  const weights: number[][] = Array.from({ length: nG * nT }, () => []);
  const [g, place, t] = [new Place(), new Place(), new Place()];
  for (let i = 0; i < count; i += every) {
    g.of(knots.conductance, written[i]!);
    place.of(conductance, written[i]!);
    for (let k = start[i]!; k < start[i + 1]!; k++) {
      t.of(knots.logAge, logAge[k]!);
      const off = deviation[k]! - valueAt(shift, all, g, t);
      const own = width === undefined ? 1 : valueAt(width, all, g, t);
      for (let a = 0; a < 4; a++) {
        const w = (a < 2 ? 1 - t.part : t.part) * (a % 2 === 0 ? 1 - place.part : place.part);
        if (w < leastWeight) continue;
        const at = (t.low + (a >> 1)) * nG + place.low + (a & 1);
        values[at]!.push(off / own);
        weights[at]!.push(w);
      }
    }
  }
  const tables = tailShares.map(() => new Float64Array(nG * nT));
  for (let at = 0; at < nG * nT; at++) {
    const found = weightedQuantiles(values[at]!, weights[at]!);
    g.of(knots.conductance, conductance[at % nG]!);
    t.of(knots.logAge, knots.logAge[Math.floor(at / nG)]!);
    const normal =
      Math.sqrt(valueAt(square, all, g, t)) / (width === undefined ? 1 : valueAt(width, all, g, t));
    tables.forEach((table, s) => (table[at] = found?.[s] ?? normalDeviations[s]! * normal));
  }
  return tables;
}

/** Conductances at which the form of tails is found. */
const mostPlaces = 13;
const mostDevices = 60_000;
const leastWeight = 0.05;
const fewestValues = 100;

function weightedQuantiles(values: readonly number[], weights: readonly number[]): number[] | undefined {
  if (values.length < fewestValues) return undefined;
  const order = Uint32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!);
  const all = weights.reduce((sum, w) => sum + w, 0);
  let below = 0;
  let at = 0;
  return tailShares.map((share) => {
    while (at < order.length - 1 && below + weights[order[at]!]! / 2 < share * all)
      below += weights[order[at++]!]!;
    return values[order[at]!]!;
  });
}
