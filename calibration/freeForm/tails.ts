import { Place } from "./knots.ts";
import type { Moments } from "./moments.ts";
import { valueAt } from "./moments.ts";
import type { Readings } from "./readings.ts";

/** Shares of the reads whose bounds are kept: the bands of 99, 95 and 68 %, and the middle. */
export const tailShares = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.16, 0.25, 0.35, 0.5, 0.65, 0.75, 0.84, 0.9, 0.95, 0.975, 0.99, 0.995,
] as const;
const normalDeviations = [
  -2.5758, -2.3263, -1.96, -1.6449, -1.2816, -0.9945, -0.6745, -0.3853, 0, 0.3853, 0.6745, 0.9945, 1.2816,
  1.6449, 1.96, 2.3263, 2.5758,
];

/** What so large a share of reads lies below, from the mean, µS: one table [age, conductance] a share. */
export function tailsOf(readings: Readings, moments: Moments): Float64Array[] {
  const plain = tablesOf(readings, moments, undefined);
  const [low, high] = [plain[tailShares.indexOf(0.16)]!, plain[tailShares.indexOf(0.84)]!];
  const least = 1e-3 * Math.sqrt(moments.square.reduce((most, v) => Math.max(most, v), 0));
  // Devices about an entry differ in width from its own: each is measured by the width where it lies.
  return tablesOf(
    readings,
    moments,
    low.map((q, at) => Math.max(least, (high[at]! - q) / 2)),
  );
}

function tablesOf(readings: Readings, moments: Moments, width: Float64Array | undefined): Float64Array[] {
  const { start, logAge, deviation, written, count } = readings;
  const { knots, shift, square } = moments;
  const [nG, nT] = [knots.conductance.length, knots.logAge.length];
  const every = Math.max(1, Math.ceil(count / mostDevices));
  const values: number[][] = Array.from({ length: nG * nT }, () => []);
  const weights: number[][] = Array.from({ length: nG * nT }, () => []);
  const [g, t] = [new Place(), new Place()];
  for (let i = 0; i < count; i += every) {
    g.of(knots.conductance, written[i]!);
    for (let k = start[i]!; k < start[i + 1]!; k++) {
      t.of(knots.logAge, logAge[k]!);
      const off = deviation[k]! - valueAt(shift, nG, g, t);
      const own = width === undefined ? 1 : valueAt(width, nG, g, t);
      for (let a = 0; a < 4; a++) {
        const w = (a < 2 ? 1 - t.part : t.part) * (a % 2 === 0 ? 1 - g.part : g.part);
        if (w < leastWeight) continue;
        const at = (t.low + (a >> 1)) * nG + g.low + (a & 1);
        values[at]!.push(width === undefined ? off : (off / own) * width[at]!);
        weights[at]!.push(w);
      }
    }
  }
  const tables = tailShares.map(() => new Float64Array(nG * nT));
  for (let at = 0; at < nG * nT; at++) {
    const found = weightedQuantiles(values[at]!, weights[at]!);
    tables.forEach((table, s) => (table[at] = found?.[s] ?? normalDeviations[s]! * Math.sqrt(square[at]!)));
  }
  return tables;
}

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
