import { parseChipDescription } from "../../files/chipDescription.ts";
import { faultRecordSchema } from "../../files/faults.ts";
import { parseJson } from "../../files/json.ts";
import { camelKeys } from "../../files/keys.ts";
import { definitionOf, modelDigest, modelFileOf, modelSchema } from "../../files/model.ts";
import { parseStrategy, strategyText } from "../../files/strategy.ts";
import { describeStrategy } from "../../cli/showStrategy.ts";
import { builtInDefinitions, pcm90nmDefinition } from "../../src/model/builtIn.ts";
import { modelOf } from "../../src/model/modelOf.ts";
import { Translator } from "../../src/optimize/layerStrategy.ts";
import { strategyLayer } from "../../src/optimize/strategy.ts";
import { repositoryFile } from "./fixtures.ts";
import { surface, utf8 } from "./surface.ts";

const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

const faults = json({
  format: "mho-faults",
  version: 1,
  seed: 3,
  line: { damaged: 0.01, late: 0.5, lost_replies: 0 },
  latest_milliseconds: 50,
  clock_parts_per_million: -20,
  events: [
    { fault: "reset", after_carrying_out: true, after_requests: 9 },
    { fault: "stick", tile: 0, row: 1, device: 2, high: true, after_requests: 10 },
    { fault: "converter-jump", tile: 0, offset_codes: 3, gain: 1.1, after_requests: 4 },
  ],
});

export const jsonFileSurfaces = [
  surface("faults", 150, {
    corpus: [faults],
    language: "json",
    feed: (bytes) =>
      camelKeys(parseJson(bytes, "given.json", faultRecordSchema, "record of faults")) !== null,
  }),
  surface("model", 90, () => ({
    corpus: builtInDefinitions.map((definition) => json(modelFileOf(definition))),
    language: "json",
    feed(bytes) {
      const definition = definitionOf(parseJson(bytes, "given.json", modelSchema, "model"));
      const model = modelOf(definition);
      modelDigest(definition);
      const most = model.maxConductanceMicrosiemens;
      return !Number.isNaN(most);
    },
  })),
  surface("strategy", 20, () => ({
    corpus: [smallStrategy(), smallStrategy(undefined, undefined, "column")],
    language: "json",
    feed: (bytes) => describeStrategy(parseStrategy(bytes, "given.json")).length > 0,
  })),
  surface("chip-description", 50, () => ({
    corpus: ["pcm-64", "pcm-256", "rram-128", "ecram-64"].map((name) => repositoryFile(`chips/${name}.json`)),
    language: "json",
    feed: (bytes) => parseChipDescription(bytes, "given.json").name !== "",
  })),
];

/** As `mho optimize` writes it, of six weights. */
export function smallStrategy(
  weightsSource = { file: "net.npy", tensor: "net", digest: "0" },
  values: Float32Array = Float32Array.of(-1, 0.5, 0, 0.25, 1, -0.1),
  scalePer: "layer" | "column" = "layer",
): Uint8Array {
  const timesSeconds = [1, 3600];
  const translator = new Translator(modelOf(pcm90nmDefinition), {
    layout: { pairs: 2, significance: { kind: "given", factors: [2, 1] }, scale: "full" },
    timesSeconds,
    timeWeights: Float64Array.of(0.5, 0.5),
    rule: "least-squares",
    compensationPer: "tile",
    scalePer,
    pairDriftCorrelation: 0,
    clipPercentile: 100,
  });
  const found = translator.strategyFor({
    inputs: 3,
    outputs: 2,
    values,
  });
  return utf8(
    strategyText({
      model: pcm90nmDefinition,
      timesSeconds,
      timeWeights: [0.5, 0.5],
      compensationRule: "least-squares",
      pairDriftCorrelation: 0,
      reads: 1,
      layers: [strategyLayer({ name: "net", shape: [3, 2], weightsSource }, found)],
    }),
  );
}
