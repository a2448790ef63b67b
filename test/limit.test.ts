import { describe, expect, it } from "vitest";
import type { SourcedLayer } from "../files/weights.ts";
import { accuracyMeasure } from "../src/results/networkMeasure.ts";
import { accuracyLimit, type DrawOptions } from "../lab/limit.ts";
import { weightsToJudge } from "../lab/judged.ts";
import type { TrainedNetwork } from "../lab/trainedNetwork.ts";
import { builtInDefinitions, pcm90nmDefinition } from "../src/model/builtIn.ts";
import { pcm90nm } from "../src/model/modelOf.ts";
import { Translator } from "../src/optimize/layerStrategy.ts";
import { type Strategy, strategyLayer } from "../src/optimize/strategy.ts";
import { normalOf, Random } from "../src/random.ts";
import { nextBelow } from "../src/statistics.ts";
import { placeLayers, weightsOfPlacement } from "../src/weights/placement.ts";
import { forecastOf } from "../storage/records.ts";
const times = [1, 86_400, 31_104_000];

function layerOf(name: string, inputs: number, outputs: number, seed: number): SourcedLayer {
  const random = new Random(seed).fork("weights");
  const values = Float32Array.from(
    { length: inputs * outputs },
    (_, i) => 0.2 * normalOf(random.at(i, 0).word0),
  );
  return { name, inputs, outputs, values, source: { file: "", tensor: name, sha256: name, turned: false } };
}

/** "Accuracy" is the mean square weight error over the square of the layer's largest weight: what a strategy foretells. */
function networkOf(
  layers: readonly SourcedLayer[],
  seen: (values: readonly Float32Array[]) => void = () => {},
): TrainedNetwork {
  return {
    name: "net",
    digest: "of net",
    layers,
    text: "",
    leftOut: [],
    measure: accuracyMeasure,
    inputs: 10,
    softwareScore: 1,
    scoreWith(values) {
      seen(values);
      const [{ values: meant }] = layers as [SourcedLayer];
      const largest = meant.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
      const square = meant.reduce((sum, w, i) => sum + (values[0]![i]! - w) * (values[0]![i]! - w), 0);
      return Promise.resolve({ score: square / meant.length / (largest * largest) });
    },
  };
}

function strategyOf(
  layer: SourcedLayer,
  pairDriftCorrelation = 0,
  tile?: readonly [number, number],
): Strategy {
  const translator = new Translator(pcm90nm, {
    layout: { pairs: 2, significance: { kind: "given", factors: [2, 1] }, scale: "full" },
    timesSeconds: times,
    timeWeights: new Float64Array(times.length).fill(1 / times.length),
    rule: "least-squares",
    compensationPer: "tile",
    scalePer: "column",
    pairDriftCorrelation,
    clipPercentile: 100,
  });
  const weightsSource = { file: "", tensor: layer.name, digest: layer.source.sha256 };
  const [rows, columns] = tile ?? [layer.inputs, layer.outputs];
  const parts = placeLayers([layer], { tiles: Infinity, rows, columns, devicesPerCell: 1 });
  const layers = parts.map((part, k) => {
    const { inputStart, inputCount: inputs, outputStart, outputCount: outputs } = part;
    const place = tile && { tile: k, inputStart, outputStart };
    const given = { name: layer.name, shape: [inputs, outputs] as const, weightsSource, ...place };
    return strategyLayer(
      given,
      translator.strategyFor({ inputs, outputs, values: weightsOfPlacement(layer, part) }),
    );
  });
  return {
    model: pcm90nmDefinition,
    timesSeconds: times,
    timeWeights: times.map(() => 1 / times.length),
    compensationRule: "least-squares",
    pairDriftCorrelation,
    reads: 1,
    layers,
  };
}

const options: DrawOptions = { draws: 8, seed: 7, tileShape: [64, 64], causes: [] };

describe("a network drawn from the model", () => {
  const layer = layerOf("a", 128, 96, 1);

  it.each([0, 0.8])(
    "errs at every time by what its strategy foretells, to a thirtieth (drift of pairs correlated by %s)",
    async (correlation) => {
      const strategy = strategyOf(layer, correlation);
      const foretold = strategy.layers[0]!.predicted.tnmseByTime;
      const { predicted } = await accuracyLimit(strategy, networkOf([layer]), options);
      predicted.mean.forEach((square, t) => {
        expect((100 * square) / foretold[t]!).toBeGreaterThan(29 / 30);
        expect((100 * square) / foretold[t]!).toBeLessThan(31 / 30);
      });
      // Where nothing is correlated the same strategy errs more.
      const alone = await accuracyLimit(
        { ...strategy, pairDriftCorrelation: 0 },
        networkOf([layer]),
        options,
      );
      const ratio = predicted.mean.at(-1)! / alone.predicted.mean.at(-1)!;
      if (correlation === 0) expect(ratio).toBe(1);
      else expect(ratio).toBeLessThan(0.95);
    },
  );

  it("takes curves of tiles back to their places in the matrix", async () => {
    const strategy = strategyOf(layer, 0, [48, 40]);
    const foretold = times.map((__, t) => {
      const weights = layer.values.length;
      const largest = layer.values.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
      return strategy.layers.reduce((sum, { shape, weightMax, predicted }) => {
        const unit = (shape[0] * shape[1] * weightMax * weightMax) / (weights * largest * largest);
        return sum + (unit * predicted.tnmseByTime[t]!) / 100;
      }, 0);
    });
    const { predicted } = await accuracyLimit(strategy, networkOf([layer]), {
      ...options,
      tileShape: [48, 40],
    });
    predicted.mean.forEach((square, t) => {
      expect(square / foretold[t]!).toBeGreaterThan(29 / 30);
      expect(square / foretold[t]!).toBeLessThan(31 / 30);
    });
  });

  it("errs less by each cause that is left out, and most by the one that the budget names", async () => {
    const strategy = strategyOf(layer);
    const causes = ["programming", "drift", "read"] as const;
    const { predicted, without } = await accuracyLimit(strategy, networkOf([layer]), { ...options, causes });
    const { errorBudget } = strategy.layers[0]!;
    for (const cause of causes) {
      times.forEach((_, t) => {
        const won = 100 * (predicted.mean[t]! - without[cause]!.mean[t]!);
        const own = errorBudget[cause][t]!;
        // What is won is the part of the budget, but that α and the mean move a little with it.
        expect(won).toBeGreaterThan(0.8 * own - 0.004);
        expect(won).toBeLessThan(1.2 * own + 0.004);
      });
    }
  });

  it("says nothing of a cause that the model cannot tell", async () => {
    const { without } = await accuracyLimit(
      { ...strategyOf(layer), model: builtIn("reram-wan-2022"), timesSeconds: [1, 3600, 86_400] },
      networkOf([layer]),
      { ...options, draws: 1, causes: ["drift", "read"] },
    );
    expect(without.read).toBeNull();
    expect(without.drift).not.toBeNull();
  });

  it("is the same for a seed, and another for another", async () => {
    const of = async (seed: number) =>
      (await accuracyLimit(strategyOf(layer), networkOf([layer]), { ...options, draws: 2, seed })).predicted
        .mean;
    const [first, again, other] = [await of(7), await of(7), await of(8)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it("keeps layers that the strategy does not hold as they were trained", async () => {
    const other = layerOf("b", 10, 4, 2);
    const heard: (readonly Float32Array[])[] = [];
    const network = networkOf([layer, other], (values) => heard.push(values));
    const { layers, layersHeld } = await accuracyLimit(strategyOf(layer), network, { ...options, draws: 1 });
    expect([layers, layersHeld]).toEqual([2, 1]);
    expect(heard).toHaveLength(times.length);
    for (const [own, trained] of heard) {
      expect(trained).toEqual(other.values);
      expect(own).not.toEqual(layer.values);
    }
    expect(network.layers[0]!.values).toEqual(layerOf("a", 128, 96, 1).values);
  });

  it("is refused where none of its layers is the strategy's, and without inputs", async () => {
    const other = networkOf([layerOf("b", 10, 4, 2)]);
    await expect(accuracyLimit(strategyOf(layer), other, options)).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(
        /network net has none of the weights that the strategy holds \(a\)/,
      ) as string,
    });
    await expect(
      accuracyLimit(strategyOf(layer), { ...networkOf([layer]), measure: undefined }, options),
    ).rejects.toThrow(/A prediction needs what the network is judged by/);
  });
});

function builtIn(name: string): Strategy["model"] {
  return builtInDefinitions.find((definition) => definition.name === name)!;
}

describe("the band of one more draw", () => {
  it("of 19 draws is from the least to the most, of more it lies between their order", () => {
    const draws = Array.from({ length: 19 }, (_, i) => (7 * i) % 19);
    expect([nextBelow(draws, 0.05), nextBelow(draws, 0.95)]).toEqual([0, 18]);
    expect(nextBelow([4, 1, 2, 3], 0.5)).toBe(2.5);
    expect(nextBelow([3], 0.05)).toBe(3);
  });

  it("holds 90 % of further draws, within 1 %, also of 25", () => {
    const random = new Random(3);
    let inside = 0;
    const rounds = 20_000;
    for (let round = 0; round < rounds; round++) {
      const draws = Array.from({ length: 25 }, (_, i) => normalOf(random.at(round, i).word0));
      const next = normalOf(random.at(round, 25).word0);
      if (next >= nextBelow(draws, 0.05) && next <= nextBelow(draws, 0.95)) inside++;
    }
    expect(Math.abs(inside / rounds - 0.9)).toBeLessThan(0.01);
  });
});

describe("what is judged by --limit", () => {
  it.each([
    ["weights that are a network", "n.onnx", { images: "x", labels: "y" }, ["n.onnx", "n.onnx"]],
    ["weights of a network", "w.npz", { onnx: "n.onnx", images: "x", labels: "y" }, ["w.npz", "n.onnx"]],
    ["a network alone", undefined, { onnx: "n.onnx", images: "x", labels: "y" }, ["n.onnx", "n.onnx"]],
  ] as const)("is %s", (_, given, flags, [weights, onnx]) => {
    expect(weightsToJudge(given, { limit: true, ...flags })).toMatchObject({ weights, judged: { onnx } });
  });

  it.each([
    [undefined, {}, /Name the file of the weights/],
    ["w.npz", { images: "x.npy" }, /--images goes with --limit/],
    ["w.npz", { draws: 3 }, /--draws goes with --limit/],
    ["w.npz", { limit: true }, /--limit needs the network that the weights are of/],
    [undefined, { limit: true }, /--limit needs the network/],
  ])("is asked for in full (%s, %o)", (given, flags, message) => {
    expect(() => weightsToJudge(given, flags)).toThrow(message);
  });
});

describe("a forecast in a workspace", () => {
  const accuracy = {
    network: "mlp",
    networkDigest: "d",
    images: 597,
    softwareAccuracy: 0.98,
    draws: 3,
    timesSeconds: [1, 60],
    mean: [0.97, 0.96],
    low: [0.96, 0.95],
    high: [0.98, 0.97],
  };
  const text = (over: object): string =>
    JSON.stringify({
      by: "strategy",
      model: "m",
      modelDigest: "d",
      timesSeconds: [1],
      rmsPercent: [2],
      accuracy: { ...accuracy, ...over },
    });

  it("keeps what was predicted of accuracy, and is damaged where that does not fit together", () => {
    expect(forecastOf(text({})).accuracy).toEqual(accuracy);
    expect(forecastOf(text({ measure: "similarity" })).accuracy).toMatchObject({ measure: "similarity" });
    for (const over of [
      { mean: [0.97] },
      { low: ["a", 1] },
      { images: -1 },
      { network: 3 },
      { measure: "loss" },
    ])
      expect(() => forecastOf(text(over))).toThrow(/a forecast/);
  });
});
