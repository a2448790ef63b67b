import type { DeviceModel } from "../model/deviceModel.ts";
import type { Seconds } from "../units.ts";
import type { LayerWeights } from "../weights/layer.ts";
import { type Baseline, baselinesOf } from "./baselines.ts";
import { type ColumnPrediction, predictColumns } from "./columns.ts";
import { type ErrorBudget, errorBudget, limitOf } from "./errorBudget.ts";
import { MomentTable } from "./momentTable.ts";
import type { CompensationRule, TranslationProblem } from "./prediction.ts";
import { type Layout, translate, type Translation } from "./translate.ts";
import { type WeightSizes, weightSizesOf } from "./weightSizes.ts";

/** What a person decides; the rest is found. */
export interface TranslationOptions {
  readonly layout: Layout;
  readonly timesSeconds: readonly Seconds[];
  /** One a time, summing to 1. */
  readonly timeWeights: Float64Array;
  readonly rule: CompensationRule;
  readonly compensationPer: "tile" | "column";
  readonly pairDriftCorrelation: number;
  /** Share of the weights, in percent, that are not clipped. */
  readonly clipPercentile: number;
}

/** How the weights of one layer, or one tile of it, are best held, and what to expect. */
export interface LayerStrategy {
  readonly weights: WeightSizes;
  readonly translation: Translation;
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

  /** Throws RangeError when the model knows nothing of one of the times. */
  constructor(model: DeviceModel, options: TranslationOptions) {
    this.#model = model;
    this.#options = options;
    this.#table = new MomentTable(model, options.timesSeconds);
  }

  strategyFor(layer: Pick<LayerWeights, "inputs" | "outputs" | "values">): LayerStrategy {
    const { layout, timeWeights, rule, pairDriftCorrelation, clipPercentile, compensationPer } =
      this.#options;
    const weights = weightSizesOf(layer.values, clipPercentile);
    const problem: TranslationProblem = {
      table: this.#table,
      timeWeights,
      rule,
      weights,
      pairDriftCorrelation,
    };
    const translation = translate(problem, layout);
    return {
      weights,
      translation,
      ...(compensationPer === "column" ? { columns: predictColumns(problem, translation, layer) } : {}),
      budget: errorBudget(problem, this.#model, translation),
      limit: limitOf(problem, this.#model, translation),
      baselines: baselinesOf(problem),
    };
  }
}
