import type { DyingDevices } from "../model/definition.ts";
import type { DeviceModel } from "../model/deviceModel.ts";
import { dyingModel } from "../model/dying.ts";
import type { Seconds } from "../units.ts";
import type { LayerWeights } from "../weights/layer.ts";
import { type Baseline, baselinesOf } from "./baselines.ts";
import { type ColumnPrediction, predictColumns } from "./columns.ts";
import { type ErrorBudget, errorBudget, limitOf, perfectTableOf } from "./errorBudget.ts";
import { MomentTable } from "./momentTable.ts";
import { type CompensationRule, predict, type TranslationProblem } from "./prediction.ts";
import { onSizes } from "./strategySolver.ts";
import { type Layout, translate, type Translation } from "./translate.ts";
import { type ColumnSizes, columnSizesOf, type WeightSizes, weightSizesOf } from "./weightSizes.ts";

/** What a person decides; the rest is found. */
export interface TranslationOptions {
  readonly layout: Layout;
  readonly timesSeconds: readonly Seconds[];
  /** One a time, summing to 1. */
  readonly timeWeights: Float64Array;
  readonly rule: CompensationRule;
  readonly compensationPer: "tile" | "column";
  /** One β for the layer, or one a column, by which each column's largest weight fills the same range. */
  readonly scalePer: "layer" | "column";
  readonly pairDriftCorrelation: number;
  /** Share of the weights, in percent, that are not clipped. */
  readonly clipPercentile: number;
}

/** How the weights of one layer, or one tile of it, are best held, and what to expect. */
export interface LayerStrategy {
  readonly weights: WeightSizes;
  readonly translation: Translation;
  /** The error where each weight counts by its importance, where that was said. */
  readonly byImportance?: { readonly tnmse: number; readonly tnmseByTime: Float64Array };
  /** What devices that die add to the error, where the model has some. */
  readonly addedByDeaths?: { readonly tnmse: number; readonly tnmseByTime: Float64Array };
  /** β of each column, µS per unit of weight. */
  readonly scales: Float64Array;
  /** Where every column has its own α. */
  readonly columns?: ColumnPrediction;
  readonly budget: ErrorBudget;
  /** TNMSE that perfect programming would leave; undefined where the model cannot tell. */
  readonly limit: { readonly tnmse: number; readonly tnmseByTime: Float64Array } | undefined;
  readonly baselines: readonly Baseline[];
}

/** Moments are asked of a model only once, however many layers there are. */
export class Translator {
  readonly #model: DeviceModel;
  readonly #options: TranslationOptions;
  readonly #table: MomentTable;
  /** Of the same devices, were programming perfect. */
  readonly #perfectTable: MomentTable | undefined;
  /** Of the same devices, of which some die. */
  readonly #dyingTable: MomentTable | undefined;

  /**
   * @param dying  how devices die. Conductances are found for those that live; the error is told with and without.
   * @throws RangeError when the model knows nothing of one of the times.
   */
  constructor(model: DeviceModel, options: TranslationOptions, dying?: DyingDevices) {
    this.#model = model;
    this.#options = options;
    this.#table = new MomentTable(model, options.timesSeconds);
    this.#perfectTable = perfectTableOf(model, options.timesSeconds);
    this.#dyingTable = dying && new MomentTable(dyingModel(model, dying), options.timesSeconds);
  }

  /** @param importance  how much each weight counts, ≥ 0; all the same where nothing is said. */
  strategyFor(layer: LayerMatrix, importance?: Float32Array): LayerStrategy {
    return this.strategiesFor([layer], importance && [importance])[0]!;
  }

  /**
   * One set of curves for all of these layers.
   *
   * @param onShare  hears how much of the work is done, 0 … 1, as far as that can be told.
   */
  strategiesFor(
    layers: readonly LayerMatrix[],
    importance?: readonly Float32Array[],
    onShare: (share: number) => void = () => {},
  ): LayerStrategy[] {
    const { layout, timeWeights, rule, pairDriftCorrelation, clipPercentile, compensationPer, scalePer } =
      this.#options;
    const asked = { table: this.#table, timeWeights, rule, pairDriftCorrelation };
    const all = weightSizesOf(joined(layers.map(({ values }) => values)), { clipPercentile });
    const sizes = (counts?: Float32Array): ColumnSizes =>
      scalePer === "column"
        ? columnSizesOf(layers, { clipPercentile, importance: counts })
        : {
            weights:
              counts === undefined
                ? all
                : weightSizesOf(joined(layers.map(({ values }) => values)), {
                    clipPercentile,
                    importance: counts,
                  }),
            ranges: layers.map(({ outputs }) => new Float64Array(outputs).fill(1)),
          };
    const { weights, ranges } = sizes();
    const problem: TranslationProblem = { ...asked, weights };
    const counted = importance && { ...asked, weights: sizes(joined(importance)).weights };
    const work = workOf(layers, this.#options);
    const found = translate(counted ?? problem, layout, (share) => onShare(work.search * share));
    const translation =
      counted === undefined
        ? found
        : {
            ...found,
            ...predict(
              problem,
              onSizes(found.curves, 2 * found.significance.length, weights),
              found.significance,
              found.scaleMicrosiemensPerUnit,
            ),
          };
    const shared = {
      weights: { ...all, clip: weights.clip },
      translation,
      ...(counted && { byImportance: { tnmse: found.tnmse, tnmseByTime: found.tnmseByTime } }),
      ...(this.#dyingTable && { addedByDeaths: addedByDeaths(problem, this.#dyingTable, translation) }),
      budget: errorBudget(problem, this.#model, translation),
      limit: limitOf(problem, this.#perfectTable, translation),
      baselines: baselinesOf({ ...asked, weights: all }),
    };
    let predicted = work.search;
    return layers.map((layer, l) => ({
      ...shared,
      scales: ranges[l]!.map((range) => translation.scaleMicrosiemensPerUnit / range),
      ...(compensationPer === "column" && {
        columns: predictColumns(problem, translation, layer, ranges[l]!, (share) => {
          onShare(predicted + work.columns[l]! * share);
          if (share === 1) predicted += work.columns[l]!;
        }),
      }),
    }));
  }
}

/** What the conductances that were found for living devices come to among devices of which some die. */
function addedByDeaths(
  problem: TranslationProblem,
  table: MomentTable,
  { curves, significance, scaleMicrosiemensPerUnit, tnmse, tnmseByTime }: Translation,
): { tnmse: number; tnmseByTime: Float64Array } {
  const conductances = onSizes(curves, 2 * significance.length, problem.weights);
  const all = predict({ ...problem, table }, conductances, significance, scaleMicrosiemensPerUnit);
  return {
    tnmse: Math.max(0, all.tnmse - tnmse),
    tnmseByTime: all.tnmseByTime.map((error, t) => Math.max(0, error - tnmseByTime[t]!)),
  };
}

/** How the work falls to the search and to the columns of each layer, as shares of it. */
function workOf(
  layers: readonly LayerMatrix[],
  { layout, compensationPer }: TranslationOptions,
): { readonly search: number; readonly columns: readonly number[] } {
  // Measured: a pair more takes three times as long; columns take as long as they have weights.
  const search = [0.5, 0.5, 1.5, 6, 20, 60, 180][layout.pairs]!;
  const columns = layers.map(({ values }) => (compensationPer === "column" ? values.length / 400_000 : 0));
  const all = search + columns.reduce((sum, one) => sum + one, 0);
  return { search: search / all, columns: columns.map((one) => one / all) };
}

/** A layer, or a part of it. */
export type LayerMatrix = Pick<LayerWeights, "inputs" | "outputs" | "values">;

/** What of a layer its strategy depends on. */
export function matrixOf({ inputs, outputs, values }: LayerMatrix): LayerMatrix {
  return { inputs, outputs, values };
}

function joined(lists: readonly Float32Array[]): Float32Array {
  if (lists.length === 1) return lists[0]!;
  const all = new Float32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all;
}
