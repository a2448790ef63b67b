import type { FitForecast } from "../../src/model/definition.ts";
import type { Seconds } from "../../src/units.ts";
import type { DriftData } from "../driftData.ts";
import { testedTo } from "../fitRecord.ts";
import { Conditional } from "./conditional.ts";
import { bestContinuation } from "./chosen.ts";
import { type Continuation, continued, laterAges } from "./continuation.ts";
import { type Knots, knotsOf } from "./knots.ts";
import { type SureMoments, withErrors } from "./momentErrors.ts";
import { momentsAt } from "./moments.ts";
import { type Readings, readingsOf } from "./readings.ts";
import { rollingForecasts } from "./rolling.ts";
import { smoothed } from "./smoothMoments.ts";
import { type Structure, structures } from "./structure.ts";
import { type FoundTable, type LawTable, tableOf } from "./table.ts";
import { tailsOf } from "./tails.ts";

/** All that was found of devices without asking for a law. */
export interface FreeFormFit {
  readonly readings: Readings;
  readonly moments: SureMoments;
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
  const knots = knotsOf(readings);
  const structure = bestStructure(readings, knots);
  const moments = smoothMoments(readings, knots);
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

/** 0 for devices that are held out, to try what is found of the others. */
function fittedOf({ count }: Readings): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (i % heldOutEvery === 0 ? 0 : 1));
}

/** As smooth over conductance as devices say, with errors. */
function smoothMoments(readings: Readings, knots: Knots, use?: Uint8Array): SureMoments {
  return smoothed(withErrors(readings, momentsAt(readings, knots, use), use));
}

/**
 * The structure that foresees best: every fifth device is held out, and each of its later reads is foreseen from its earlier ones
 * and the law of the others.
 */
function bestStructure(readings: Readings, knots: Knots): Structure {
  const moments = smoothMoments(readings, knots, fittedOf(readings));
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
