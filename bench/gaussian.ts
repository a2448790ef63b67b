import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import type { TabulatedDriftDefinition } from "../src/model/definition.ts";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import { normalDensity } from "../src/model/normal.ts";
import { MomentTable } from "../src/optimize/momentTable.ts";
import type { TranslationProblem } from "../src/optimize/prediction.ts";
import type { WeightSizes } from "../src/optimize/weightSizes.ts";

/** 1 s, 1 min, 1 h, 1 day, 30 days, 360 days; those of them that a model knows, and the last that it does. */
export function timesFor({ knownTimesSeconds: { from, to } }: DeviceModel): number[] {
  const times = [1, 60, 3600, 86_400, 2_592_000, 31_104_000].filter((time) => time >= from && time <= to);
  return times.length === 6 ? times : [...new Set([...times, to])];
}

/** Gaussian weights, σ a quarter of the largest, cut at ±1. */
export const gaussianWeights: WeightSizes = (() => {
  const count = 513;
  const sizes = Float64Array.from({ length: count }, (_, k) => k / (count - 1));
  const density = sizes.map((size, k) => normalDensity(4 * size) * (k === 0 || k === count - 1 ? 0.5 : 1));
  const total = density.reduce((sum, d) => sum + d, 0);
  return { sizes, shares: density.map((d) => d / total), max: 1, clip: 1 };
})();

export function gaussianProblem(model: DeviceModel): TranslationProblem {
  const times = timesFor(model);
  return {
    table: new MomentTable(model, times),
    timeWeights: new Float64Array(times.length).fill(1 / times.length),
    rule: "least-squares",
    weights: gaussianWeights,
    pairDriftCorrelation: 0,
  };
}

/** A device that drifts least in the middle of its range. */
export const tabulatedDefinition: TabulatedDriftDefinition = {
  family: "tabulated-drift",
  name: "tabulated",
  base: pcm90nmDefinition,
  conductanceMicrosiemens: [0, 12, 25],
  driftExponentMean: [0.09, 0.02, 0.07],
  driftExponentStd: [0.03, 0.006, 0.025],
};
