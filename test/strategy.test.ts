import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { modelDigest, modelFileOf, modelSchema, definitionOf, readModel } from "../files/model.ts";
import { readStrategy, strategyText } from "../files/strategy.ts";
import { builtInDefinitions, pcm90nmDefinition } from "../src/model/builtIn.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { Translator, type TranslationOptions } from "../src/optimize/layerStrategy.ts";
import { type Strategy, strategyLayer } from "../src/optimize/strategy.ts";
import { normalOf, Random } from "../src/random.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const bad = (message: RegExp) => ({ code: "bad-file", message: expect.stringMatching(message) as string });

function fileOf(content: unknown): string {
  const path = join(emptyFolder(), "given.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const timesSeconds = [1, 3600, 2_592_000];
const wishes: TranslationOptions = {
  layout: { pairs: 2, significance: { kind: "given", factors: [2, 1] }, scale: "full" },
  timesSeconds,
  timeWeights: new Float64Array(3).fill(1 / 3),
  rule: "least-squares",
  compensationPer: "tile",
  scalePer: "layer",
  pairDriftCorrelation: 0,
  clipPercentile: 100,
};

/** Weights of 100 inputs and 20 outputs, Gaussian, the columns of different width. */
const layer = (() => {
  const random = new Random(4).fork("weights");
  const values = Float32Array.from(
    { length: 2000 },
    (_, i) => normalOf(random.at(i, 0).word0) * (0.05 + 0.01 * (i % 20)),
  );
  return { inputs: 100, outputs: 20, values };
})();

function strategyWith(changes: Partial<TranslationOptions>): Strategy {
  const translator = new Translator(modelOf(pcm90nmDefinition), { ...wishes, ...changes });
  const weightsSource = { file: "net.npy", tensor: "net", digest: "0" };
  const found = translator.strategyFor(layer);
  return {
    model: pcm90nmDefinition,
    timesSeconds,
    timeWeights: [1 / 3, 1 / 3, 1 / 3],
    compensationRule: "least-squares",
    pairDriftCorrelation: 0,
    reads: 1,
    layers: [strategyLayer({ name: "net", shape: [100, 20], weightsSource }, found)],
  };
}

describe("a strategy file", () => {
  const text = strategyText(strategyWith({}));

  it("comes back as it was written", async () => {
    const read = await readStrategy(fileOf(text));
    expect(strategyText(read)).toBe(text);
    expect(read.model).toEqual(pcm90nmDefinition);
  });

  it.each(["layer", "column"] as const)(
    "is enough for a reader of its own to draw devices and find the predicted errors, with a scale a %s (4 standard errors)",
    (scalePer) => {
      // Nothing of mho here: the published law, and the file as JSON.
      const file = JSON.parse(strategyText(strategyWith({ scalePer }))) as Record<string, unknown> & {
        times_seconds: number[];
        layers: Record<string, unknown>[];
      };
      const net = file.layers[0] as unknown as {
        wanted_microsiemens: number[];
        plus: number[][];
        minus: number[][];
        significance: number[];
        compensation: number[];
        scale_microsiemens_per_unit: number | number[];
        weight_max: number;
        predicted: { tnmse_by_time: number[]; rms_percent_by_time: number[] };
      };
      const random = new Random(9).fork("reader");
      let draws = 0;
      const normal = (): number => normalOf(random.at(draws++, 0).word0);
      const device = (g: number, time: number): number => {
        const r = g / 25;
        const logR = Math.log(Math.max(r, 1e-7));
        const programmed = Math.max(0, g + (0.26348 + 1.965 * r - 1.1731 * r * r) * normal());
        const mean = Math.min(0.1, Math.max(0.049, -0.0155 * logR + 0.0244));
        const std = Math.min(0.045, Math.max(0.008, -0.0125 * logR - 0.0059));
        const drifted = programmed * Math.exp(-Math.abs(mean + std * normal()) * Math.log((time + 20) / 20));
        const q = Math.min(0.0088 / Math.max(Math.exp(0.65 * logR), 1e-3), 0.2);
        const noise = q * Math.sqrt(Math.log((time + 20 + 250e-9) / 500e-9));
        return Math.max(0, drifted * (1 + noise * normal()));
      };
      const at = (curve: number[], wanted: number): number => {
        const grid = net.wanted_microsiemens;
        const inside = Math.min(grid.at(-1)!, Math.max(grid[0]!, wanted));
        const k = Math.max(
          1,
          grid.findIndex((place) => place >= inside),
        );
        const part = (inside - grid[k - 1]!) / (grid[k]! - grid[k - 1]!);
        return curve[k - 1]! + part * (curve[k]! - curve[k - 1]!);
      };
      file.times_seconds.forEach((time, t) => {
        let sum = 0;
        let squares = 0;
        let count = 0;
        for (let repeat = 0; repeat < 10; repeat++) {
          for (const [i, w] of layer.values.entries()) {
            const scales = net.scale_microsiemens_per_unit;
            const scale = typeof scales === "number" ? scales : scales[i % 20]!;
            let held = 0;
            net.significance.forEach((factor, pair) => {
              const [plus, minus] = [at(net.plus[pair]!, scale * w), at(net.minus[pair]!, scale * w)];
              held += factor * (device(plus, time) - device(minus, time));
            });
            const error = (net.compensation[t]! * held) / scale - w;
            const square = (100 * error * error) / (net.weight_max * net.weight_max);
            sum += square;
            squares += square * square;
            count++;
          }
        }
        const mean = sum / count;
        const standardError = Math.sqrt((squares / count - mean * mean) / count);
        expect(Math.abs(mean - net.predicted.tnmse_by_time[t]!)).toBeLessThan(4 * standardError);
        expect(net.predicted.rms_percent_by_time[t]).toBeCloseTo(
          10 * Math.sqrt(net.predicted.tnmse_by_time[t]!),
          6,
        );
      });
    },
  );

  it("mirrors its curves: a negative weight is its positive with plus and minus exchanged", () => {
    const { wantedMicrosiemens, plus, minus } = strategyWith({}).layers[0]!;
    const last = wantedMicrosiemens.length - 1;
    wantedMicrosiemens.forEach((wanted, i) => {
      expect(wantedMicrosiemens[last - i]).toBeCloseTo(-wanted, 12);
      plus.forEach((row, pair) => expect(row[i]).toBe(minus[pair]![last - i]));
    });
  });

  it("holds an α for every column where asked to, and its error is then smaller", async () => {
    const perTile = strategyWith({}).layers[0]!;
    const perColumn = strategyWith({ compensationPer: "column" }).layers[0]!;
    expect(perColumn.compensationByColumn!.map((row) => row.length)).toEqual(Array(20).fill(3));
    expect(perColumn.predicted.tnmse).toBeLessThan(perTile.predicted.tnmse);
    const file = fileOf(strategyText({ ...strategyWith({}), layers: [perColumn] }));
    expect((await readStrategy(file)).layers[0]!.compensationByColumn).toHaveLength(20);
  });

  it.each([
    [
      "another format",
      (f: Json) => (f["format"] = "mho-model"),
      /it is a model, and a strategy is needed\. Give a strategy/,
    ],
    [
      "no format",
      (f: Json) => delete f["format"],
      /its format is not given, and a strategy has "format": "mho-strategy"/,
    ],
    ["a changed model", (f: Json) => ((f["model"] as Json)["t0_seconds"] = 21), /changed by hand/],
    [
      "curves of unequal length",
      (f: Json) => (layerIn(f)["plus"] as number[][])[0]!.pop(),
      /one row for each/,
    ],
    [
      "a grid out of order",
      (f: Json) => (layerIn(f)["wanted_microsiemens"] as number[]).reverse(),
      /wanted_microsiemens must ascend/,
    ],
    [
      "a scale that its curves do not have",
      (f: Json) => (layerIn(f)["scale_microsiemens_per_unit"] = 1e300),
      /must end at weight_clip times the least scale/,
    ],
    [
      "too few scales",
      (f: Json) => (layerIn(f)["scale_microsiemens_per_unit"] = [1, 2]),
      /one scale for each column/,
    ],
  ])("with %s is refused", async (_, change, message) => {
    const file = JSON.parse(text) as Json;
    change(file);
    await expect(readStrategy(fileOf(file))).rejects.toMatchObject(bad(message));
  });
});

type Json = Record<string, unknown>;
const layerIn = (file: Json): Json => (file["layers"] as Json[])[0]!;

describe("a model file", () => {
  const tabulated = {
    format: "mho-model",
    version: 1,
    name: "mine",
    family: "tabulated-drift",
    base: "pcm-90nm",
    conductance_microsiemens: [0, 12, 25],
    drift_exponent_mean: [0.09, 0.02, 0.07],
    drift_exponent_std: [0.03, 0.006, 0.025],
  };
  const measured = {
    format: "mho-model",
    version: 1,
    name: "measured",
    family: "measured-moments",
    conductance_microsiemens: [0, 10],
    times_seconds: [1, 100],
    mean_microsiemens: [
      [0.1, 10],
      [0.1, 9],
    ],
    variance_microsiemens_squared: [
      [0.1, 1],
      [0.1, 2],
    ],
  };

  it("names a base, or carries it whole", async () => {
    const named = await readModel(fileOf(tabulated));
    const whole: Record<string, unknown> = modelFileOf(named);
    expect(whole["base"]).toMatchObject({ family: "power-law", t0_seconds: 20 });
    expect(await readModel(fileOf(whole))).toEqual(named);
  });

  it.each(builtInDefinitions.map((definition) => [definition.name, definition] as const))(
    "can hold the built-in %s whole",
    (_, definition) => {
      const again = definitionOf(modelSchema.parse(JSON.parse(JSON.stringify(modelFileOf(definition)))));
      expect(modelDigest(again)).toBe(modelDigest(definition));
    },
  );

  it.each([
    [
      "decreasing conductances",
      { ...tabulated, conductance_microsiemens: [0, 25, 12] },
      /conductances must ascend/,
    ],
    ["lists of unequal length", { ...tabulated, drift_exponent_std: [0.03] }, /need equal lengths/],
    [
      "a base that does not exist",
      { ...tabulated, base: "pcm-80nm" },
      /base must be a model or one of pcm-90nm/,
    ],
    [
      "a negative variance",
      {
        ...measured,
        variance_microsiemens_squared: [
          [0.1, -1],
          [0.1, 2],
        ],
      },
      /variance must not be negative/,
    ],
    ["too few rows", { ...measured, mean_microsiemens: [[0.1, 10]] }, /a row for each of 2 times/],
    ["times that are not positive", { ...measured, times_seconds: [0, 100] }, /times_seconds\.0/],
    ["an unknown family", { ...measured, family: "magic" }, /no such family/],
    ["an unknown field", { ...measured, colour: 1 }, /colour/],
    ["no JSON at all", "G = 3", /is not JSON/],
  ])("with %s is refused in a sentence", async (_, content, message) => {
    await expect(readModel(fileOf(content))).rejects.toMatchObject(bad(message));
  });

  it("by an unknown name is refused with the names that are known", async () => {
    await expect(readModel("pcm-80nm")).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringContaining("pcm-90nm, pcm-hermes-1") as string,
    });
  });
});

describe("the page of a model's file", () => {
  it("is in the docs, for every family", () => {
    const page = readFileSync(new URL("../docs/models.md", import.meta.url), "utf8");
    for (const family of [
      "power-law",
      "tabulated-drift",
      "timed-spread",
      "logarithmic-relaxation",
      "measured-moments",
    ])
      expect(page).toContain(`\`${family}\``);
  });
});
