import { counted } from "../src/counted.ts";
import type { RunId, RunReader } from "../src/run/store.ts";
import { type RunOverview, summariseChain } from "../src/results/summary.ts";
import { yieldOf } from "../src/results/yield.ts";

/** The run, and those that it corrects, the first one first. */
export async function chainOf(store: Pick<RunReader, "plan">, run: RunId): Promise<RunId[]> {
  const { corrects } = await store.plan(run);
  return corrects === undefined ? [run] : [...(await chainOf(store, corrects)), run];
}

/** A run together with those that it corrects. */
export interface ChainResult {
  /** The first one first. */
  readonly runs: readonly RunId[];
  /** All pulses, and how each device ended at last. */
  readonly overview: RunOverview;
  readonly yieldPercent: number | undefined;
}

/** Undefined of a run that corrects no other. */
export async function chainResultOf(store: RunReader, run: RunId): Promise<ChainResult | undefined> {
  const runs = await chainOf(store, run);
  if (runs.length === 1) return undefined;
  const overview = await summariseChain(store, runs);
  return { runs, overview, yieldPercent: yieldOf(overview.verdicts) };
}

/** For people. */
export function chainSentence({ runs, overview, yieldPercent }: ChainResult): string {
  const { pulses, devices } = overview;
  const each = (pulses / Math.max(1, devices)).toFixed(1);
  const ended = yieldPercent === undefined ? "no yield yet" : `yield ${yieldPercent.toFixed(2)} %`;
  return (
    `Together with ${runs.slice(0, -1).join(" and ")}, which it corrects: ${counted(pulses, "pulse")} on ` +
    `${counted(devices, "device")} (${each} each); ${ended}.`
  );
}

/** The same as a field of a result. */
export function chainFields({ runs, overview, yieldPercent }: ChainResult) {
  const { devices, pulses } = overview;
  return { runs: [...runs], devices, pulses, yield_percent: yieldPercent ?? null };
}
