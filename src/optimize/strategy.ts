import type { ModelDefinition } from "../model/definition.ts";
import type { Seconds } from "../units.ts";
import type { LayerStrategy } from "./layerStrategy.ts";
import type { CompensationRule } from "./prediction.ts";
import type { Solution } from "./strategySolver.ts";

/** How a network's weights are to be held by devices: what `optimize` hands to `program`. */
export interface Strategy {
  readonly model: ModelDefinition;
  readonly timesSeconds: readonly Seconds[];
  /** One a time, summing to 1. */
  readonly timeWeights: readonly number[];
  readonly compensationRule: CompensationRule;
  readonly pairDriftCorrelation: number;
  /** Errors are those of the mean of so many reads. */
  readonly reads: number;
  readonly layers: readonly StrategyLayer[];
  /** Where it was asked for: what a network is worth whose layers are so held. */
  readonly predictedAccuracy?: PredictedAccuracy | undefined;
}

/** The share of images that a network gets right on chips as the model has them, or how like software its outputs are. */
export interface PredictedAccuracy {
  readonly network: string;
  /** SHA-256 of the network's file. */
  readonly networkDigest: string;
  /** What shares are of: images right (where nothing is said), or for networks without labels the cosine of outputs to software's. */
  readonly measure?: "similarity" | undefined;
  /** Or other inputs. */
  readonly images: number;
  /** With the weights as they were trained; 1 of a similarity. */
  readonly softwareAccuracy: number;
  /** Chips that were drawn. */
  readonly draws: number;
  readonly timesSeconds: readonly Seconds[];
  /** One a time, over the chips. */
  readonly mean: readonly number[];
  /** Another chip lies below `low`, and above `high`, with a chance of 5 % each. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** One layer, or one tile of it. */
export interface StrategyLayer {
  readonly name: string;
  /** Where the curves are a tile's own: its number in the layer, row by row, and where it begins. */
  readonly tile?: number | undefined;
  readonly inputStart?: number | undefined;
  readonly outputStart?: number | undefined;
  /** Inputs (rows) and outputs (columns). */
  readonly shape: readonly [number, number];
  readonly weightsSource: {
    readonly file: string;
    readonly tensor: string;
    readonly digest: string;
    /** Which way round the tensor was said to stand. */
    readonly orientation?: "outputs-first" | "outputs-last" | undefined;
  };
  /** The largest |w|, by which errors are normalised. */
  readonly weightMax: number;
  /** Larger weights are clipped to this; where columns have scales of their own, that of the widest column. */
  readonly weightClip: number;
  /** β, or β_c, one a column: column c is to hold β_c w. */
  readonly scaleMicrosiemensPerUnit: ColumnScales;
  /** F of each pair. */
  readonly significance: readonly number[];
  /** β w, ascending from the most negative to the most positive that is held, µS; what is beyond is clipped. Just 0 for a layer of zeros. */
  readonly wantedMicrosiemens: readonly number[];
  /** µS, one row a pair, one entry a place of the grid; linear in between. */
  readonly plus: readonly (readonly number[])[];
  readonly minus: readonly (readonly number[])[];
  /** α at each time. */
  readonly compensation: readonly number[];
  /** α of each column at each time, where columns have their own. */
  readonly compensationByColumn?: readonly (readonly number[])[] | undefined;
  readonly predicted: Errors;
  /** The same with devices that die, where the model knows of some. */
  readonly predictedWithDeaths?: Errors | undefined;
  /** The same where each weight counts by its importance, where that was said. */
  readonly predictedByImportance?: Errors | undefined;
  readonly baselines: readonly (Errors & {
    readonly name: string;
    readonly significance: readonly number[];
  })[];
  /** TNMSE by cause at each time. */
  readonly errorBudget: {
    readonly programming: readonly number[];
    readonly drift: readonly number[];
    readonly read: readonly number[];
    readonly translation: readonly number[];
    readonly saturation: readonly number[];
  };
  /** What perfect programming would leave; absent where the model cannot tell. */
  readonly perfectProgramming?: Errors | undefined;
  /** How the sizes |w| are spread: shares between edges. */
  readonly histogram: { readonly edges: readonly number[]; readonly shares: readonly number[] };
  readonly search: {
    readonly stopped: string;
    readonly strategiesTried: number;
    readonly rounds: number;
    readonly roundsStopped: string;
  };
}

export interface Errors {
  readonly tnmse: number;
  readonly tnmseByTime: readonly number[];
  /** Root mean square error in percent of the largest weight. */
  readonly rmsPercentByTime: readonly number[];
}

/** What is found for a layer, as a strategy tells it. */
export function strategyLayer(
  given: Pick<StrategyLayer, "name" | "tile" | "inputStart" | "outputStart" | "shape" | "weightsSource">,
  {
    weights,
    scales,
    translation,
    byImportance,
    addedByDeaths,
    columns,
    budget,
    limit,
    baselines,
  }: LayerStrategy,
): StrategyLayer {
  return {
    ...given,
    weightMax: weights.max,
    weightClip: weights.clip,
    scaleMicrosiemensPerUnit: scales.every((scale) => scale === scales[0]) ? scales[0]! : [...scales],
    significance: translation.significance,
    ...mirrored(translation),
    compensation: [...translation.compensation],
    ...(columns ? { compensationByColumn: rowsOf(columns.compensation, given.shape[1]) } : {}),
    predicted: errorsOf(columns ?? translation),
    ...(addedByDeaths ? { predictedWithDeaths: errorsOf(sumOf(columns ?? translation, addedByDeaths)) } : {}),
    ...(byImportance ? { predictedByImportance: errorsOf(byImportance) } : {}),
    baselines: baselines.map((baseline) => ({
      name: baseline.name,
      significance: baseline.significance,
      ...errorsOf(baseline),
    })),
    errorBudget: {
      programming: [...budget.programming],
      drift: [...budget.drift],
      read: [...budget.read],
      translation: [...budget.translation],
      saturation: [...budget.saturation],
    },
    ...(limit ? { perfectProgramming: errorsOf(limit) } : {}),
    histogram: histogramOf(weights),
    search: {
      stopped: translation.searchStopped,
      strategiesTried: translation.strategiesTried,
      rounds: translation.rounds,
      roundsStopped: translation.stopped,
    },
  };
}

/** One scale for all columns, or one a column, µS per unit of weight. */
export type ColumnScales = number | readonly number[];

export function scaleOf(scales: ColumnScales, column: number): number {
  return typeof scales === "number" ? scales : scales[column]!;
}

/** The least and the largest of the scales; the column of the least counts most. */
export function spanOf(scales: ColumnScales): [least: number, most: number] {
  if (typeof scales === "number") return [scales, scales];
  let [least, most] = [Infinity, 0];
  for (const scale of scales) {
    if (scale < least) least = scale;
    if (scale > most) most = scale;
  }
  return [least, most];
}

/** Each place of the grid in percent of the largest weight of the layer, or of its own column where columns have scales of their own. */
export function gridPercent({
  wantedMicrosiemens,
  scaleMicrosiemensPerUnit,
  weightMax,
}: Pick<StrategyLayer, "wantedMicrosiemens" | "scaleMicrosiemensPerUnit" | "weightMax">): number[] {
  const full = spanOf(scaleMicrosiemensPerUnit)[0] * weightMax;
  return wantedMicrosiemens.map((wanted) => (100 * wanted) / full);
}

interface ErrorByTime {
  readonly tnmse: number;
  readonly tnmseByTime: Float64Array;
}

function sumOf(one: ErrorByTime, other: ErrorByTime): ErrorByTime {
  return {
    tnmse: one.tnmse + other.tnmse,
    tnmseByTime: one.tnmseByTime.map((error, t) => error + other.tnmseByTime[t]!),
  };
}

function errorsOf({ tnmse, tnmseByTime }: ErrorByTime): Errors {
  return {
    tnmse,
    tnmseByTime: [...tnmseByTime],
    rmsPercentByTime: Array.from(tnmseByTime, (error) => 10 * Math.sqrt(error)),
  };
}

/** Curves for both signs: a negative weight is its positive with plus and minus exchanged. */
export function mirrored({
  curves: { sizes, conductances },
  significance: { length: pairs },
  scaleMicrosiemensPerUnit: scale,
}: Solution): Pick<StrategyLayer, "wantedMicrosiemens" | "plus" | "minus"> {
  const devices = 2 * pairs;
  const last = sizes.length - 1;
  const places = Array.from({ length: 2 * last + 1 }, (_, i) => i - last);
  const curve = (pair: number, side: 0 | 1): number[] =>
    places.map((place) => {
      const device = 2 * pair + (place < 0 ? 1 - side : side);
      return conductances[Math.abs(place) * devices + device]!;
    });
  return {
    wantedMicrosiemens: places.map((place) => scale * (place < 0 ? -sizes[-place]! : sizes[place]!)),
    plus: Array.from({ length: pairs }, (_, pair) => curve(pair, 0)),
    minus: Array.from({ length: pairs }, (_, pair) => curve(pair, 1)),
  };
}

function rowsOf(values: Float64Array, rows: number): number[][] {
  const length = values.length / rows;
  return Array.from({ length: rows }, (_, row) => [...values.subarray(row * length, (row + 1) * length)]);
}

const histogramBins = 64;

function histogramOf({ sizes, shares, max }: LayerStrategy["weights"]): StrategyLayer["histogram"] {
  const edges = Array.from({ length: histogramBins + 1 }, (_, i) => (max * i) / histogramBins);
  const bins = Array.from({ length: histogramBins }, () => 0);
  sizes.forEach((size, k) => {
    const bin = max === 0 ? 0 : Math.min(histogramBins - 1, Math.floor((size / max) * histogramBins));
    bins[bin]! += shares[k]!;
  });
  return { edges, shares: bins };
}
