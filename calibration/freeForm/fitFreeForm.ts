import type { FitForecast } from "../../src/model/definition.ts";
import type { Seconds } from "../../src/units.ts";
import type { DriftData } from "../driftData.ts";
import { testedTo } from "../fitRecord.ts";
import { Conditional } from "./conditional.ts";
import { bestContinuation } from "./chosen.ts";
import { type Continuation, continued, laterAges } from "./continuation.ts";
import { conductanceCounts, type Knots, knotsOf, Place } from "./knots.ts";
import { type Moments, momentsAt, valueAt } from "./moments.ts";
import { type Readings, readingsOf } from "./readings.ts";
import { rollingForecasts } from "./rolling.ts";
import { type Structure, structures } from "./structure.ts";
import { type FoundTable, type LawTable, tableOf } from "./table.ts";
import { tailsOf } from "./tails.ts";

/** All that was found of devices without asking for a law. */
export interface FreeFormFit {
  readonly readings: Readings;
  readonly moments: Moments;
  readonly structure: Structure;
  readonly table: FoundTable;
  /** From the mean, µS: one table [age, conductance] for each of `tailShares`. */
  readonly tails: readonly Float64Array[];
  readonly continuation: Continuation;
  readonly forecasts: readonly FitForecast[];
  /** Age of the oldest reads. */
  readonly measuredToSeconds: Seconds;
  /** The oldest age of which an earlier fit foretold what was read; 0 where none did. */
  readonly testedToSeconds: Seconds;
}

/** Fits a table of moments to what was read of devices, and tries how far it foresees. */
export function fitFreeForm(parts: readonly DriftData[]): FreeFormFit {
  const readings = readingsOf(parts);
  const knots = bestKnots(readings);
  const structure = bestStructure(readings, knots);
  const moments = momentsAt(readings, knots);
  const table = tableOf(moments, structure);
  const tails = tailsOf(readings, moments);
  const forecasts = rollingForecasts(readings, moments, structure, tails);
  return {
    readings,
    moments,
    structure,
    table,
    tails,
    continuation: bestContinuation(moments, structure),
    forecasts,
    measuredToSeconds: Math.exp(knots.logAge.at(-1)!) - readings.onsetSeconds,
    testedToSeconds: testedTo(forecasts),
  };
}

/**
 * As few conductances as foresee reads of held-out devices as well as more would: a table with too many holds the chances of its devices,
 * and who aims by it aims at them.
 */
function bestKnots(readings: Readings): Knots {
  const fitted = fittedOf(readings);
  let best: { knots: Knots; scores: Float64Array } | undefined;
  for (const most of conductanceCounts) {
    const knots = knotsOf(readings, most);
    if (best !== undefined && knots.conductance.length >= best.knots.conductance.length) continue;
    const scores = densities(readings, momentsAt(readings, knots, fitted));
    if (best === undefined || !clearlyWorse(scores, best.scores)) best = { knots, scores };
  }
  return best!.knots;
}

/** 0 for devices that are held out, to try what is found of the others. */
function fittedOf({ count }: Readings): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (i % heldOutEvery === 0 ? 0 : 1));
}

/** For each held-out device the mean logarithm of the density of its reads. */
function densities(readings: Readings, { knots, shift, square }: Moments): Float64Array {
  const { start, logAge, deviation, written, count } = readings;
  const nG = knots.conductance.length;
  const [g, t] = [new Place(), new Place()];
  return Float64Array.from({ length: Math.ceil(count / heldOutEvery) }, (_, k) => {
    const i = k * heldOutEvery;
    g.of(knots.conductance, written[i]!);
    let sum = 0;
    for (let read = start[i]!; read < start[i + 1]!; read++) {
      t.of(knots.logAge, logAge[read]!);
      const variance = valueAt(square, nG, g, t);
      // What was written is known, and tells nothing.
      if (!(variance > 1e-9)) continue;
      const off = deviation[read]! - valueAt(shift, nG, g, t);
      sum += Math.max(-10, -0.5 * ((off * off) / variance + Math.log(variance)));
    }
    return sum / (start[i + 1]! - start[i]!);
  });
}

/** By more than two standard errors of the mean difference. */
function clearlyWorse(scores: Float64Array, than: Float64Array): boolean {
  const n = scores.length;
  let [sum, squares] = [0, 0];
  for (let i = 0; i < n; i++) {
    const difference = scores[i]! - than[i]!;
    sum += difference;
    squares += difference * difference;
  }
  const mean = sum / n;
  return mean < -2 * Math.sqrt(Math.max(0, squares / n - mean * mean) / n);
}

/**
 * The structure that foresees best: every fifth device is held out, and each of its later reads is foreseen from its earlier ones
 * and the law of the others.
 */
function bestStructure(readings: Readings, knots: Knots): Structure {
  const moments = momentsAt(readings, knots, fittedOf(readings));
  let best = structures[0]!;
  let most = -Infinity;
  for (const structure of structures) {
    const score = foresight(readings, tableOf(moments, structure));
    if (score > most + clearlyBetter) {
      most = score;
      best = structure;
    }
  }
  return best;
}

const heldOutEvery = 5;
const mostHeldOut = 4000;
/** Of the mean logarithm of the density. */
const clearlyBetter = 0.002;

/** Mean logarithm of the density of held-out devices' reads, each given the ones before it. */
function foresight(readings: Readings, table: LawTable): number {
  const { start, logAge, deviation, written, count } = readings;
  const conditional = new Conditional(table);
  const every = heldOutEvery * Math.max(1, Math.ceil(count / heldOutEvery / mostHeldOut));
  let [sum, n] = [0, 0];
  for (let i = 0; i < count; i += every) {
    const [from, to] = [start[i]!, start[i + 1]!];
    // The last read, and one in the middle: from all before it.
    for (const k of new Set([to - 1, from + Math.floor((to - from) / 2)])) {
      if (k <= from) continue;
      conditional.take(readings, i, logAge[k - 1]!);
      const { mean, variance } = conditional.at(logAge[k]!);
      const all = variance + conditional.noiseAt(logAge[k]!);
      const off = deviation[k]! + written[i]! - mean;
      sum += Math.max(-10, -0.5 * ((off * off) / all + Math.log(all)));
      n++;
    }
  }
  return sum / Math.max(1, n);
}

/** The table of what was read of a few runs, continued for ten years. */
export function tableOfReads(parts: readonly DriftData[]): LawTable {
  const { table, continuation, readings } = fitFreeForm(parts);
  return continued(table, continuation, laterAges(table.knots.logAge.at(-1)!, readings.onsetSeconds));
}
