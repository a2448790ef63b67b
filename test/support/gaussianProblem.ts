import { hermes2Definition, pcm90nmDefinition } from "../../src/model/builtIn.ts";
import type { DeviceModel } from "../../src/model/deviceModel.ts";
import { modelOf } from "../../src/model/modelOf.ts";
import { normalDensity } from "../../src/model/normal.ts";
import { MomentTable } from "../../src/optimize/momentTable.ts";
import type { TranslationProblem } from "../../src/optimize/prediction.ts";

/** 1 s, 1 min, 1 h, 1 day, 30 days, 360 days, weighted equally. */
export const times = [1, 60, 3600, 86_400, 2_592_000, 31_104_000];
export const timeWeights = new Float64Array(times.length).fill(1 / times.length);

export const hermes2 = modelOf(hermes2Definition);
export const tabulated = modelOf({
  family: "tabulated-drift",
  name: "tabulated",
  base: pcm90nmDefinition,
  conductanceMicrosiemens: [0, 12, 25],
  driftExponentMean: [0.09, 0.02, 0.07],
  driftExponentStd: [0.03, 0.006, 0.025],
});

/** Gaussian weights, σ a quarter of the largest. */
export const gaussian = (() => {
  const sizes = Float64Array.from({ length: 501 }, (_, k) => k / 500);
  const density = sizes.map((size, k) => normalDensity(4 * size) * (k === 0 || k === 500 ? 0.5 : 1));
  const total = density.reduce((sum, d) => sum + d, 0);
  return { sizes, shares: density.map((d) => d / total), max: 1, clip: 1 };
})();

export function problem(model: DeviceModel): TranslationProblem {
  const table = new MomentTable(model, times);
  return { table, timeWeights, rule: "least-squares", weights: gaussian, pairDriftCorrelation: 0 };
}
