import type { ChipIdentity } from "../../src/chip/driver.ts";
import type { ChipDescription } from "../../src/chip/description.ts";
import type { FitRecord, ModelDefinition } from "../../src/model/definition.ts";
import { modelOf } from "../../src/model/modelOf.ts";
import type { StrategyLayer } from "../../src/optimize/strategy.ts";
import type { LaidNetwork } from "../../src/results/assessment.ts";
import type { SweepRecord } from "../../src/run/journal.ts";
import { type RunOverview, summarise, summariseChain } from "../../src/results/summary.ts";
import { type Seconds } from "../../src/units.ts";
import { watchTimes } from "../../src/run/watch.ts";
import type { RunId, RunStore } from "../../src/run/store.ts";
import { type ContestResult, judge, judgedAt, layNaively, layOptimised } from "./contest.ts";
import type { DemoLoop } from "./demoLoop.ts";
import type { AccuracyPredictor } from "./predicted.ts";
import type { TrainedNetwork } from "../trainedNetwork.ts";
import type { BenchEvent } from "../events.ts";
import { type FittedDefinition, fitModel } from "../fit.ts";
import { beside } from "../threads/threads.ts";

/** Who is compared, in this order. */
export const contenders = [
  { name: "by hand" },
  { name: "best open loop" },
  { name: "best open loop, a day old" },
  { name: "closed loop" },
] as const;

/** What came of one chip. */
export interface DemoResult {
  readonly identity: ChipIdentity;
  readonly port: string;
  /** One a contender. */
  readonly results: readonly (ContestResult & {
    readonly overview: RunOverview;
    readonly chipSeconds: Seconds;
  })[];
  /** What it took to measure the chip, beside what the closed loop took. */
  readonly characterisation: { readonly pulses: number; readonly chipSeconds: Seconds };
  /** The closed loop's devices as they were meant, and as they were read a second after they were programmed. */
  readonly programmed: { readonly laid: LaidNetwork; readonly sweeps: readonly SweepRecord[] };
  readonly fit: FitRecord;
  /** What was believed of the devices before they were measured, and after. */
  readonly factory: ModelDefinition;
  readonly fitted: FittedDefinition;
  readonly description: ChipDescription;
  readonly curves: { readonly factory: readonly StrategyLayer[]; readonly fitted: readonly StrategyLayer[] };
  readonly corrected: readonly number[];
}

export interface StorySetting {
  readonly store: RunStore;
  readonly seed: number;
  readonly emit: (event: BenchEvent) => void;
  /** Ends the story between two steps. */
  readonly signal: AbortSignal | undefined;
}

type Told = Omit<DemoResult, "identity" | "port">;

/** Tells the story on one chip, chapter by chapter. What is calculated beside it ends with it. */
export async function tellStory(
  network: TrainedNetwork,
  loop: DemoLoop,
  predictor: AccuracyPredictor,
  { signal, ...setting }: StorySetting,
): Promise<Told> {
  const ending = new AbortController();
  const calculating = signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal]);
  try {
    return await tellChapters(network, loop, predictor, { ...setting, signal: calculating });
  } finally {
    ending.abort();
  }
}

async function tellChapters(
  network: TrainedNetwork,
  loop: DemoLoop,
  predictor: AccuracyPredictor,
  { store, seed, emit, signal }: StorySetting,
): Promise<Told> {
  const { description, factory, technology } = loop;
  const { strategy, conductances, byHand = conductances } = technology.usualMethods;
  const finish = async (laid: LaidNetwork, chain: readonly RunId[], ages?: readonly Seconds[]) => ({
    ...(await judge(network, laid, store, chain.at(-1)!, ages)),
    overview: await summariseChain(store, chain),
    chipSeconds: loop.chipSecondsOf(chain),
  });

  // A chip's answers leave a processor core time for the next strategy.
  const openStrategy = beside(() => layOptimised(network, factory, description, signal));

  emit({ type: "chapter", number: 1, title: "By hand" });
  const naively = layNaively(network, description);
  const naiveRun = await loop.program("by hand", byHand, factory, naively.tiles, [1]);
  await loop.watch(new Map([[naiveRun, judgedAt]]));
  const naive = await finish(naively, [naiveRun]);

  emit({ type: "chapter", number: 2, title: `With the published model, ${factory.name}` });
  const tileShape = [description.geometry.rows, description.geometry.columns] as const;
  const open = await openStrategy();
  const openRun = await loop.program("open loop", strategy, factory, open.tiles, [1]);
  const later = judgedAt.map((time) => day + time);
  const year = [...new Set([...judgedAt, ...later])].sort((a, b) => a - b);

  // A spare tile is got to know while the network lives its first day; without one, when the network is done.
  const spare = description.geometry.tiles > open.tiles.length;
  if (!spare) await loop.watch(new Map([[openRun, year]]));
  emit({ type: "chapter", number: 3, title: "Getting to know the chip for a day" });
  // From here to the next strategies a processor core has little to do.
  predictor.ask("best open loop", factory, open.curves, tileShape);
  const known = await loop.characterise(spare ? open.tiles.length : 0);
  const ages = new Map<string, readonly Seconds[]>(known.map((run) => [run, watchTimes(day, 6)]));
  if (spare) ages.set(openRun, [1, 3600, day]);
  await loop.watch(ages);
  const { model: fitted, record: fit } = await fitModel(store, known, factory, "refitted", seed);
  emit(compared(factory, fitted, fit));
  const closedStrategy = beside(() => layOptimised(network, fitted, description, signal));
  if (spare) await loop.watch(new Map([[openRun, year]]));
  const openResult = await finish(open, [openRun]);
  const aDayOld = await finish(open, [openRun], later);

  emit({ type: "chapter", number: 4, title: "With the refitted model, in a closed loop" });
  const again = await closedStrategy();
  const firstRun = await loop.program("closed loop", strategy, fitted, again.tiles, [1]);
  predictor.ask("closed loop", fitted, again.curves, tileShape);
  const sweeps: SweepRecord[] = [];
  for await (const sweep of store.sweeps(firstRun)) sweeps.push(sweep);
  const { chain, corrected } = await loop.correct(firstRun, fitted);
  await loop.watch(new Map([[chain.at(-1)!, judgedAt]]));
  const closed = await finish(again, chain);
  emit({ type: "corrected", devices: corrected });
  return {
    results: [naive, openResult, aDayOld, closed],
    characterisation: { pulses: await pulsesOf(store, known), chipSeconds: loop.chipSecondsOf(known) },
    programmed: { laid: again, sweeps },
    fit,
    factory,
    fitted,
    description,
    curves: { factory: open.curves, fitted: again.curves },
    corrected,
  };
}

async function pulsesOf(store: RunStore, runs: readonly RunId[]): Promise<number> {
  let pulses = 0;
  for (const run of runs) pulses += (await summarise(store, run)).pulses;
  return pulses;
}

const day = 86_400;

/** The model, before and after, at a few conductances. */
function compared(
  factory: ModelDefinition,
  fitted: FittedDefinition,
  { believe, checks }: FitRecord,
): BenchEvent {
  const conductances = [2, 5, 10, 20];
  const told = (name: string, definition: ModelDefinition) => {
    const law = modelOf(definition);
    const begun = Math.max(1, law.knownTimesSeconds.from);
    const spread = (g: number): number => {
      const { programming, drift } = law.varianceParts(g, day);
      return Math.sqrt(programming + drift);
    };
    return {
      name,
      left_percent: conductances.map((g) => (100 * law.mean(g, day)) / law.mean(g, begun)),
      spread_microsiemens: conductances.map(spread),
    };
  };
  return {
    type: "model_compared",
    conductance_microsiemens: conductances,
    models: [told(factory.name, factory), told("refitted", fitted)],
    believed: believe,
    failed_checks: checks.filter(({ ok }) => !ok).map(({ name }) => name),
  };
}
