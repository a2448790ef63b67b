import { MhoError } from "../errors.ts";
import { verdicts } from "../program/method.ts";
import type { TileMemory } from "../run/journal.ts";
import type { RunPlan } from "../run/plan.ts";
import { recall } from "../run/recall.ts";
import type { RunId, RunReader, RunSummary } from "../run/store.ts";
import { formatDuration, type Seconds } from "../units.ts";
import { differenceOf, type Estimate, estimateOf, isShown, type Statistic } from "./difference.ts";
import { deviceErrors, ErrorSpread, type ErrorsAtTime, weightErrors } from "./errorSpread.ts";
import { overviewOf, type RunOverview } from "./summary.ts";
import { ageShown, sweepTables, tileAge } from "./sweepTable.ts";
import { isJudged } from "./yield.ts";

/** What runs are compared by. */
export type QuantityName = "yield" | "weight_error" | "device_error" | "pulses";

export interface Quantity {
  readonly name: QuantityName;
  readonly title: string;
  readonly unit: string;
  readonly statistic: Statistic;
}

export const quantities: readonly Quantity[] = [
  { name: "yield", title: "yield", unit: "%", statistic: "share" },
  { name: "weight_error", title: "weight error", unit: "%", statistic: "rms" },
  { name: "device_error", title: "device error", unit: "µS", statistic: "rms" },
  { name: "pulses", title: "pulses a device", unit: "", statistic: "mean" },
];

/** A run among those that are compared. */
export interface ComparedRun extends RunSummary {
  readonly overview: RunOverview;
  /** At every age that it was read at. */
  readonly errors: readonly ErrorsAtTime[];
  /** By quantity; those that are not known are missing. */
  readonly estimates: Partial<Record<QuantityName, Estimate>>;
}

/** How much a run is above the first one. */
export interface Difference extends Estimate {
  readonly quantity: QuantityName;
  readonly run: RunId;
  readonly against: RunId;
  /** Over the same devices, each with itself. */
  readonly paired: boolean;
  /** False where the interval includes zero: then nothing is claimed. */
  readonly shown: boolean;
}

export interface Comparison {
  readonly runs: readonly ComparedRun[];
  /** At which errors are compared; undefined where there is no age at which all runs were read. */
  readonly ageSeconds: Seconds | undefined;
  readonly differences: readonly Difference[];
}

/**
 * Compares runs with the first of them: yield, errors at an age at which all were read, and pulses.
 *
 * @param at  the age to compare errors at; the last that all runs have in common where none is given.
 * @throws `bad-argument` for fewer than two runs, and for an age at which one of them was not read.
 */
export async function compareRuns(
  store: RunReader,
  runs: readonly RunId[],
  at?: Seconds,
): Promise<Comparison> {
  if (new Set(runs).size < 2)
    throw new MhoError("bad-argument", "Name at least two different runs to compare.");
  const looked = [];
  for (const run of runs) looked.push(await look(store, run));
  const age = commonAge(looked, at);
  const samples: Sample[] = [];
  for (const one of looked) samples.push(await sampleOf(store, one, age?.asked));
  const [first, ...others] = samples;
  const differences = others.flatMap((other) =>
    quantities.flatMap((q) => difference(first!, other, q) ?? []),
  );
  return {
    runs: samples.map(({ looked: { summary, overview, errors }, values }) => ({
      ...summary,
      overview,
      errors,
      estimates: Object.fromEntries(
        quantities.flatMap(({ name, statistic }) => {
          const of = values[name];
          return of === undefined ? [] : [[name, estimateOf(statistic, of)]];
        }),
      ),
    })),
    ageSeconds: age?.shown,
    differences,
  };
}

interface Looked {
  readonly summary: RunSummary;
  readonly plan: RunPlan;
  readonly memories: readonly TileMemory[];
  readonly overview: RunOverview;
  readonly errors: readonly ErrorsAtTime[];
  /** Ages as asked for at which every tile was read, and as they were. */
  readonly ages: ReadonlyMap<Seconds, Seconds>;
}

async function look(store: RunReader, run: RunId): Promise<Looked> {
  const plan = await store.plan(run);
  const memories = await recall(store, run);
  const spread = new ErrorSpread(plan);
  const ages = new Map<Seconds, Map<number, Seconds>>();
  for await (const table of sweepTables(store, run, plan, memories)) {
    const { tile, timeSeconds, conductanceMicrosiemens } = table.sweep;
    const age = tileAge(table);
    spread.add(tile, timeSeconds, conductanceMicrosiemens, age);
    const ofTiles = ages.get(timeSeconds) ?? new Map<number, Seconds>();
    if (!ofTiles.has(tile)) ofTiles.set(tile, age);
    ages.set(timeSeconds, ofTiles);
  }
  const whole = [...ages].filter(([, ofTiles]) => ofTiles.size === plan.tiles.length);
  return {
    summary: await store.summary(run),
    plan,
    memories,
    overview: overviewOf(plan.tiles, memories, new Set(ages.keys())),
    errors: spread.points(),
    ages: new Map(whole.map(([asked, ofTiles]) => [asked, ageShown(asked, [...ofTiles.values()])])),
  };
}

/** How far ages may lie apart that are compared as one. */
const tolerance = 0.1;

function isNear(a: Seconds, b: Seconds): boolean {
  return Math.abs(a - b) <= tolerance * Math.max(a, b);
}

/** The age to compare at: as each run was asked for it, and as the first one was read. */
function commonAge(
  looked: readonly Looked[],
  at: Seconds | undefined,
): { readonly asked: ReadonlyMap<RunId, Seconds>; readonly shown: Seconds } | undefined {
  const nearest = (ages: Looked["ages"], wanted: Seconds): [asked: Seconds, shown: Seconds] | undefined =>
    [...ages]
      .filter(([, shown]) => isNear(shown, wanted))
      .sort(([, a], [, b]) => Math.abs(a - wanted) - Math.abs(b - wanted))[0];
  const candidates = at === undefined ? [...looked[0]!.ages.values()].sort((a, b) => b - a) : [at];
  for (const wanted of candidates) {
    const found = looked.map(({ summary, ages }) => [summary.id, nearest(ages, wanted)] as const);
    const missing = found.find(([, age]) => age === undefined);
    if (missing === undefined)
      return { asked: new Map(found.map(([run, age]) => [run, age![0]])), shown: found[0]![1]![1] };
    if (at !== undefined) {
      const [run] = missing;
      const { ages } = looked.find(({ summary }) => summary.id === run)!;
      const has = [...ages.values()].sort((a, b) => a - b).map(formatDuration);
      throw new MhoError(
        "bad-argument",
        `Run ${run} was not read at an age of ${formatDuration(at)}. ` +
          (has.length === 0 ? `It was never read as a whole.` : `It was read at ${has.join(", ")}.`),
        { run },
      );
    }
  }
  return undefined;
}

/** A run's devices, in the order of its plan; NaN for those that do not count. */
interface Sample {
  readonly looked: Looked;
  readonly values: Partial<Record<QuantityName, Float32Array>>;
}

async function sampleOf(
  store: RunReader,
  looked: Looked,
  asked: ReadonlyMap<RunId, Seconds> | undefined,
): Promise<Sample> {
  const { plan, memories, summary } = looked;
  const values: Partial<Record<QuantityName, Float32Array>> = {};
  const accepted = joined(memories.map(({ verdicts: ended }) => Float32Array.from(ended, acceptedOf)));
  if (accepted.some((value) => !Number.isNaN(value))) values.yield = accepted;
  if (plan.imported === undefined) {
    values.pulses = joined(
      memories.map(({ pulses, verdicts: ended }) =>
        Float32Array.from(pulses, (count, i) => (ended[i] === verdicts.leftAlone ? Number.NaN : count)),
      ),
    );
  }
  const time = asked?.get(summary.id);
  if (time === undefined) return { looked, values };
  const places = new Map(plan.tiles.map(({ block }, k) => [block.tile, k]));
  const devices: Float32Array[] = [];
  const weights: Float32Array[] = [];
  const knowsWeights = plan.tiles.every(({ cells }) => cells !== undefined);
  for await (const { tile, timeSeconds, conductanceMicrosiemens } of store.sweeps(summary.id)) {
    const place = places.get(tile);
    if (timeSeconds !== time || place === undefined || devices[place] !== undefined) continue;
    const planned = plan.tiles[place]!;
    devices[place] = deviceErrors(planned.targetsMicrosiemens, conductanceMicrosiemens);
    if (knowsWeights) weights[place] = weightErrors(planned, conductanceMicrosiemens);
  }
  values.device_error = joined(devices);
  if (knowsWeights) values.weight_error = joined(weights);
  return { looked, values };
}

function acceptedOf(verdict: number): number {
  if (!isJudged(verdict)) return Number.NaN;
  return verdict === verdicts.accepted || verdict === verdicts.acceptedOutside ? 1 : 0;
}

function difference(a: Sample, b: Sample, { name, statistic }: Quantity): Difference | undefined {
  const [x, y] = [a.values[name], b.values[name]];
  if (x === undefined || y === undefined) return undefined;
  const paired = areSame(a.looked, b.looked, name === "weight_error");
  const estimate = differenceOf(statistic, x, y, paired);
  const [run, against] = [b.looked.summary.id, a.looked.summary.id];
  return { ...estimate, quantity: name, run, against, paired, shown: isShown(estimate) };
}

/** Whether two runs are of the same devices of one chip, with the same targets, or weights. */
function areSame(a: Looked, b: Looked, weights: boolean): boolean {
  const [x, y] = [a.summary, b.summary];
  if (x.chipName !== y.chipName || x.chipSerialNumber !== y.chipSerialNumber) return false;
  if (a.plan.tiles.length !== b.plan.tiles.length) return false;
  return a.plan.tiles.every((tile, k) => {
    const other = b.plan.tiles[k]!;
    const { block } = tile;
    const sameBlock =
      block.tile === other.block.tile &&
      block.rowStart === other.block.rowStart &&
      block.rowCount === other.block.rowCount;
    if (!sameBlock) return false;
    return weights
      ? tile.cells!.devicesPerCell === other.cells!.devicesPerCell &&
          areEqual(tile.cells!.wantedMicrosiemens, other.cells!.wantedMicrosiemens)
      : areEqual(tile.targetsMicrosiemens, other.targetsMicrosiemens);
  });
}

function areEqual(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
