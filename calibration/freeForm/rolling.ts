import type { FitForecast } from "../../src/model/definition.ts";
import { Conditional } from "./conditional.ts";
import { inside95Holds, mostMeanOffStds } from "../../src/model/forecastLimits.ts";
import { bestContinuation, splitsOf } from "./chosen.ts";
import { continued } from "./continuation.ts";
import { Place } from "./knots.ts";
import type { SureMoments } from "./momentErrors.ts";
import { valueAt } from "./moments.ts";
import type { Readings } from "./readings.ts";
import type { Structure } from "./structure.ts";
import { type LawTable, tableOf, varianceAt } from "./table.ts";
import { tailShares } from "./tails.ts";

const mostDevices = 20_000;

/** Fits to the first ages and looks at the next decade, the shortest first. */
export function rollingForecasts(
  readings: Readings,
  moments: SureMoments,
  structure: Structure,
  tails: readonly Float64Array[],
): FitForecast[] {
  const { logAge } = moments.knots;
  return splitsOf(logAge)
    .toReversed()
    .map(({ known, to }) => {
      const table = tableOf(moments, structure, known);
      const law = bestContinuation(moments, structure, known);
      const foreseen = continued(table, law, [logAge[to]!]);
      return compare(readings, moments, foreseen, { from: known - 1, to, tails });
    });
}

function compare(
  readings: Readings,
  moments: SureMoments,
  foreseen: LawTable,
  { from, to, tails }: { from: number; to: number; tails: readonly Float64Array[] },
): FitForecast {
  const { start, logAge, deviation, written, count, onsetSeconds } = readings;
  const { conductance, logAge: knots } = moments.knots;
  const nG = conductance.length;
  const [fromLog, toLog] = [knots[from]!, knots[to]!];
  // Reads count for the age that they are nearest to.
  const low = (knots[to - 1]! + toLog) / 2;
  const high = to + 1 < knots.length ? (toLog + knots[to + 1]!) / 2 : Infinity;
  const known = (fromLog + knots[from + 1]!) / 2;
  const conditional = new Conditional(foreseen);
  const [lower, upper] = [tails[tailShares.indexOf(0.025)]!, tails[tailShares.indexOf(0.975)]!];
  const [g, t, was] = [new Place(), new Place(), new Place()];
  let [inside, reads, square, foretold, told, change, devices] = [0, 0, 0, 0, 0, 0, 0];
  const every = Math.max(1, Math.ceil(count / mostDevices));
  const changeMean = new Float64Array(nG);
  const changeCount = new Float64Array(nG);
  let [read, before] = [-1, -1];
  /** Leaves the places of the read that was foretold and of the last known one; −1 where there is none. */
  const find = (i: number): void => {
    read = -1;
    before = -1;
    for (let k = start[i]!; k < start[i + 1]!; k++) {
      if (logAge[k]! <= known) before = k;
      else if (read < 0 && logAge[k]! > low && logAge[k]! <= high) read = k;
    }
  };
  for (let i = 0; i < count; i += every) {
    find(i);
    if (read < 0) continue;
    g.of(conductance, written[i]!);
    t.of(foreseen.knots.logAge, logAge[read]!);
    was.of(knots.subarray(0, from + 1), Math.min(logAge[read]!, fromLog));
    const off = deviation[read]! - valueAt(foreseen.shift, nG, g, t);
    const variance = varianceAt(foreseen, g, t) + valueAt(foreseen.noise, nG, g, t);
    // Tails as they were at the last age that was known, widened as the law widens.
    const wider = Math.sqrt(variance / Math.max(1e-12, valueAt(moments.square, nG, g, was)));
    reads++;
    square += off * off;
    foretold += variance;
    if (off >= wider * valueAt(lower, nG, g, was) && off <= wider * valueAt(upper, nG, g, was)) inside++;
    if (before < 0) continue;
    const near = g.part > 0.5 ? g.low + 1 : g.low;
    changeMean[near]! += deviation[read]! - deviation[before]!;
    changeCount[near]!++;
    devices++;
  }
  for (let i = 0; i < count; i += every) {
    find(i);
    if (read < 0 || before < 0) continue;
    g.of(conductance, written[i]!);
    const near = g.part > 0.5 ? g.low + 1 : g.low;
    const plain = deviation[read]! - deviation[before]! - changeMean[near]! / changeCount[near]!;
    conditional.take(readings, i, known);
    const left = deviation[read]! + written[i]! - conditional.at(logAge[read]!).mean;
    // A few devices that leap must not speak for all.
    const cap = (16 * foretold) / Math.max(1, reads);
    change += Math.min(cap, plain * plain);
    told += Math.min(cap, left * left);
  }
  const meanOffStds = meanOff(moments, foreseen, to, toLog);
  const inside95 = inside / Math.max(1, reads);
  return {
    fromSeconds: Math.exp(fromLog) - onsetSeconds,
    toSeconds: Math.exp(toLog) - onsetSeconds,
    devices: reads,
    inside95,
    meanOffStds,
    spreadRatio: Math.sqrt(square / Math.max(1e-12, foretold)),
    toldByOwnReads: devices === 0 || change === 0 ? 0 : Math.max(0, 1 - told / change),
    holds: inside95Holds(inside95) && meanOffStds <= mostMeanOffStds,
  };
}

function meanOff(moments: SureMoments, foreseen: LawTable, to: number, toLog: number): number {
  const nG = moments.knots.conductance.length;
  const t = new Place();
  t.of(foreseen.knots.logAge, toLog);
  const g = new Place();
  let [sum, count] = [0, 0];
  for (let k = 0; k < nG; k++) {
    const at = to * nG + k;
    if (!(moments.devices[at]! > 20)) continue;
    g.of(moments.knots.conductance, moments.knots.conductance[k]!);
    const off = valueAt(foreseen.shift, nG, g, t) - moments.shift[at]!;
    // What chance alone makes of it is not held against a forecast.
    const error = moments.shiftError[at]!;
    sum += Math.max(0, off * off - error * error) / Math.max(1e-12, moments.square[at]!);
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
}
