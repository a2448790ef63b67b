import type { PowerLawDefinition } from "../../src/model/definition.ts";
import { builtInDefinition, modelOf, pcm90nm } from "../../src/model/modelOf.ts";
import { asPowerLaw } from "../../src/model/powerLaw.ts";
import type { ModelDefinition } from "../../src/model/definition.ts";
import { Translator } from "../../src/optimize/layerStrategy.ts";
import { type StrategyLayer, strategyLayer } from "../../src/optimize/strategy.ts";
import { normalOf, Random } from "../../src/random.ts";
import { layStrategy } from "../../src/run/laying.ts";
import type { TileTargets } from "../../src/run/plan.ts";
import type { LayerWeights } from "../../src/weights/layer.ts";
import type { World } from "./world.ts";

/** What a world's controller believes of its devices before it has measured any. */
export function believedIn({ preset }: World): ModelDefinition {
  const names: Record<string, string> = { "pcm-256": "pcm-hermes-1", "rram-128": "reram-wan-2022" };
  return builtInDefinition(names[preset.name] ?? pcm90nm.name)!;
}

export function powerLawBelievedIn(world: World): PowerLawDefinition | undefined {
  return asPowerLaw(believedIn(world));
}

/** A world's layer as it is to be programmed; strategies are solved once, however many worlds use them. */
export function layOut(world: World): readonly TileTargets[] {
  const { shape, layer, preset } = world;
  const weights = weightsOf(shape, layer);
  const { devicesPerCell } = preset.geometry;
  const key = `${preset.name} ${layer}`;
  const strategy = strategies.get(key) ?? solve(believedIn(world), devicesPerCell / 2, layer);
  strategies.set(key, strategy);
  const ofShape = { ...strategy, shape };
  return layStrategy([ofShape], [weights], preset.geometry).tiles;
}

const strategies = new Map<string, StrategyLayer>();

/** Normal, and three times as many of them as a strategy needs to know how they are spread. */
function solve(definition: ModelDefinition, pairs: number, layer: number): StrategyLayer {
  const wide = weightsOf([48, 64], layer);
  const model = modelOf(definition);
  const timesSeconds = model.knownTimesSeconds.to >= day * 30 ? [1, 3600, day, 30 * day] : [1, day];
  const translator = new Translator(model, {
    layout: { pairs, significance: { kind: "given", factors: pairs === 2 ? [2, 1] : [1] }, scale: "full" },
    timesSeconds,
    timeWeights: new Float64Array(timesSeconds.length).fill(1 / timesSeconds.length),
    rule: "least-squares",
    compensationPer: "tile",
    scalePer: "layer",
    pairDriftCorrelation: 0,
    clipPercentile: 100,
  });
  const given = {
    name: wide.name,
    shape: [48, 64] as const,
    weightsSource: { file: "", tensor: "", digest: "" },
  };
  return strategyLayer(given, translator.strategyFor(wide));
}

const day = 86_400;

function weightsOf([inputs, outputs]: readonly [number, number], layer: number): LayerWeights {
  const random = new Random(layer).fork("weights");
  // Within what the strategy, which is solved for many, holds without clipping.
  const values = Float32Array.from({ length: inputs * outputs }, (_, i) => {
    const { word0 } = random.at(i, 0);
    return Math.max(-1, Math.min(1, (0.2 + 0.1 * layer) * normalOf(word0)));
  });
  return { name: `layer ${layer}`, inputs, outputs, values };
}
