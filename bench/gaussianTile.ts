import { findPreset } from "../emulator/presets.ts";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import { Translator } from "../src/optimize/layerStrategy.ts";
import { strategyLayer } from "../src/optimize/strategy.ts";
import { normalOf, Random } from "../src/random.ts";
import { layStrategy } from "../src/run/laying.ts";
import type { TileTargets } from "../src/run/plan.ts";

/** The six times of the optimiser's table. */
export const sixTimes = [1, 60, 3600, 86_400, 2_592_000, 31_104_000];

/** 4,096 Gaussian weights (σ a quarter of the largest) on one tile, as the optimiser would hold them. */
export function gaussianTile(
  model: DeviceModel,
  seed: number,
  significance: "auto" | number,
  scalePer: "layer" | "column" = "layer",
): TileTargets {
  const random = new Random(seed).fork("weights");
  const values = Float32Array.from({ length: 4096 }, (_, i) =>
    Math.max(-1, Math.min(1, normalOf(random.at(i, 0).word0) / 4)),
  );
  values[0] = 1;
  const layer = { name: "gaussian", inputs: 64, outputs: 64, values };
  const translator = new Translator(model, {
    layout: {
      pairs: 2,
      significance:
        significance === "auto" ? { kind: "free" } : { kind: "given", factors: [significance, 1] },
      scale: scalePer === "column" ? "within" : "full",
    },
    timesSeconds: sixTimes,
    timeWeights: new Float64Array(6).fill(1 / 6),
    rule: "least-squares",
    compensationPer: "tile",
    scalePer,
    pairDriftCorrelation: 0,
    clipPercentile: 100,
  });
  const given = {
    name: "gaussian",
    shape: [64, 64] as const,
    weightsSource: { file: "", tensor: "", digest: "" },
  };
  const solved = strategyLayer(given, translator.strategyFor(layer));
  return layStrategy([solved], [layer], findPreset("pcm-64", {})!.geometry).tiles[0]!;
}
