import { cellErrors, heldWeights } from "../../src/results/cellErrors.ts";
import type { SweepRecord } from "../../src/run/journal.ts";
import type { RunPlan } from "../../src/run/plan.ts";
import type { RunId, RunStore } from "../../src/run/store.ts";
import { recall } from "../../src/run/recall.ts";
import { verdicts } from "../../src/program/method.ts";

/** How well a run holds what it is meant to, when it was read last: squared errors, and how many they are of. */
export interface Result {
  readonly meanSquare: number;
  /** Of the mean. */
  readonly standardError: number;
  readonly count: number;
}

/**
 * Of weights, in units of the largest of their tile; of devices, in µS, where a plan knows of no weights. Devices that a run calls
 * uncertain do not count: nobody looked whether they were fired at, and it says so.
 */
export async function resultOf(store: RunStore, run: RunId): Promise<Result> {
  const plan = await store.plan(run);
  const newest = new Map<number, SweepRecord>();
  for await (const sweep of store.sweeps(run)) newest.set(sweep.tile, sweep);
  for (const chained of plan.corrects === undefined ? [run] : [run, plan.corrects]) {
    for (const { block, verdicts: given } of await recall(store, chained)) {
      const sweep = newest.get(block.tile);
      given.forEach((verdict, i) => {
        if (verdict === verdicts.uncertain && sweep) sweep.conductanceMicrosiemens[i] = Number.NaN;
      });
    }
  }
  return meanOf([...newest.values()].flatMap((sweep) => squaresOf(plan, sweep)));
}

/** How many standard errors lie between two results. */
export function distanceOf(a: Result, b: Result): number {
  const { standardError: left } = a;
  const { standardError: right } = b;
  return Math.abs(a.meanSquare - b.meanSquare) / Math.sqrt(left * left + right * right);
}

function squaresOf({ tiles }: RunPlan, { tile, conductanceMicrosiemens, flags }: SweepRecord): number[] {
  const { targetsMicrosiemens, cells } = tiles.find(({ block }) => block.tile === tile)!;
  if (cells === undefined) {
    const errors = Array.from(conductanceMicrosiemens, (g, i) =>
      flags[i] === 0 ? g - targetsMicrosiemens[i]! : Number.NaN,
    );
    return errors.filter((error) => !Number.isNaN(error)).map((error) => error * error);
  }
  const { compensation } = cellErrors(cells, conductanceMicrosiemens);
  const { wantedMicrosiemens: wanted } = cells;
  const largest = wanted.reduce((most, w) => (Math.abs(w) > most ? Math.abs(w) : most), 0) || 1;
  const errors = Array.from(
    heldWeights(cells, conductanceMicrosiemens),
    (held, i) => (compensation * held - wanted[i]!) / largest,
  );
  return errors.filter((error) => !Number.isNaN(error)).map((error) => error * error);
}

function meanOf(values: readonly number[]): Result {
  const count = values.length;
  const meanSquare = values.reduce((sum, v) => sum + v, 0) / Math.max(1, count);
  const variance =
    values.reduce((sum, v) => sum + (v - meanSquare) * (v - meanSquare), 0) / Math.max(1, count - 1);
  return { meanSquare, standardError: Math.sqrt(variance / Math.max(1, count)), count };
}
