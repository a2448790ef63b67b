import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAddress } from "../lab/address.ts";
import { openBench } from "../lab/bench.ts";
import { describeChip } from "../lab/openChip.ts";
import { readTargets } from "../lab/targets.ts";
import { readWeights } from "../files/weights.ts";
import { verifyPcm } from "../src/program/verifyPcm.ts";
import { checkPlan } from "../src/run/planCheck.ts";
import { smallStrategy } from "./fuzz/jsonFiles.ts";
import { strategyWithWeights } from "./fuzz/strategyTargets.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

interface LayerFile {
  name: string;
  tile?: number;
  input_start?: number;
  output_start?: number;
  shape: unknown[];
  scale_microsiemens_per_unit: unknown;
  significance: unknown[];
  wanted_microsiemens: unknown[];
  weight_clip: number;
  plus: unknown[][];
  minus: unknown[][];
  compensation: number[];
  predicted: { tnmse_by_time: number[] };
  histogram: { edges: number[] };
}

interface StrategyFile {
  time_weights: number[];
  layers: [LayerFile, ...LayerFile[]];
}

/** A good strategy for 3 × 2 weights, spoiled, and where it is. */
async function spoiled(spoil: (layer: LayerFile, file: StrategyFile) => void): Promise<string> {
  const folder = emptyFolder();
  const file = JSON.parse(new TextDecoder().decode(await strategyWithWeights(folder))) as StrategyFile;
  spoil(file.layers[0], file);
  const path = join(folder, "s.json");
  writeFileSync(path, JSON.stringify(file).replaceAll('"1e999"', "1e999"));
  return path;
}

async function targetsOf(path: string, chip = "emulator:pcm-64") {
  const address = parseAddress(chip);
  return readTargets(path, address, await describeChip(address), undefined);
}

const says = (code: string, message: RegExp) => ({ code, message: expect.stringMatching(message) as string });

describe("a strategy", () => {
  it("is laid on a chip, whole or by tiles of its layer", async () => {
    const path = await spoiled(() => {});
    const { tiles } = await targetsOf(path);
    expect(tiles.map(({ block }) => block)).toEqual([{ tile: 0, rowStart: 0, rowCount: 3 }]);
    const parts = await spoiled((layer, file) => {
      file.layers[0] = { ...layer, tile: 0, input_start: 0, output_start: 0, shape: [2, 2] };
      file.layers.push({ ...layer, tile: 1, input_start: 2, output_start: 0, shape: [1, 2] });
    });
    const laid = await targetsOf(parts, "emulator:pcm-64?tiles=2");
    expect(laid.tiles.map(({ block }) => block.rowCount)).toEqual([2, 1]);
    const perRow = 256;
    expect(laid.tiles[1]!.targetsMicrosiemens).toEqual(tiles[0]!.targetsMicrosiemens.subarray(2 * perRow));
  });

  it("of version 1 lays what the same strategy of today does", async () => {
    const folder = emptyFolder();
    await strategyWithWeights(folder);
    const path = join(folder, "s.json");
    writeFileSync(path, readFileSync("test/fixtures/strategies/version-1.json"));
    const [now] = (await targetsOf(await spoiled(() => {}))).tiles;
    const [then] = (await targetsOf(path)).tiles;
    now!.targetsMicrosiemens.forEach((target, i) => {
      if (Number.isNaN(target)) expect(then!.targetsMicrosiemens[i]).toBeNaN();
      else expect(then!.targetsMicrosiemens[i]).toBeCloseTo(target, 4);
    });
    expect(then!.cells!.outputScales).toBeUndefined();
  });

  it("with a scale a column lays each column over the whole range, and says what its outputs are worth", async () => {
    const weights = Float32Array.of(-1, 0.05, 0, 0.025, 1, -0.1);
    const folder = emptyFolder();
    writeFileSync(join(folder, "net.csv"), "-1,0.05\n0,0.025\n1,-0.1\n");
    const [layer] = await readWeights(join(folder, "net.csv"));
    const { tensor, sha256: digest } = layer!.source;
    const path = join(folder, "s.json");
    writeFileSync(path, smallStrategy({ file: "net.csv", tensor, digest }, weights, "column"));
    const laid = await targetsOf(path);
    const pcm64 = await describeChip(parseAddress("emulator:pcm-64"));
    const { cells } = laid.tiles[0]!;
    const { wantedMicrosiemens: wanted, outputScales } = cells!;
    expect(wanted[0]).toBeCloseTo(-75, 4);
    expect(wanted[2 * 64 + 1]).toBeCloseTo(-75, 4);
    expect(outputScales).toHaveLength(64);
    expect(outputScales![0]).toBe(1);
    expect(outputScales![1]).toBeCloseTo(0.1, 6);
    const oneFactor = { ...pcm64, outputsScaledBy: "tile" as const };
    expect(() => checkPlan(laid, oneFactor, verifyPcm)).toThrow(
      /tile 0 has a scale for each column, and pcm-64 scales its outputs by the tile.*--scale full/,
    );
    expect(() => checkPlan(laid, pcm64, verifyPcm)).not.toThrow();
  });

  // Room for these would take all of the memory, or time without end.
  it.each([
    ["a billion rows", { shape: [1e9, 1] }],
    ["a billion columns", { shape: [1, 1e9] }],
    ["more than all numbers", { shape: [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] }],
    ["a corner", { shape: [2, 2] }],
    ["a part beyond the last input", { tile: 0, input_start: 1, output_start: 0 }],
    [
      "a part far beyond it",
      { tile: 0, input_start: Number.MAX_SAFE_INTEGER, output_start: 0, shape: [1, 2] },
    ],
    ["a part beyond the last output", { tile: 0, input_start: 0, output_start: 2, shape: [1, 1] }],
    ["a whole part of a billion rows", { tile: 0, input_start: 0, output_start: 0, shape: [1e9, 1] }],
  ])("that claims %s of its tensor is refused by its sizes, before room is made", async (_, change) => {
    const path = await spoiled((layer) => Object.assign(layer, change));
    await expect(targetsOf(path)).rejects.toMatchObject(
      says(
        "bad-file",
        /s\.json: layer net.* has \d+ × \d+ weights.*, and tensor net of .*net\.csv 3 × 2\. Run mho optimize/,
      ),
    );
  });

  it("of more tiles than the chip has is refused before any is laid", async () => {
    const path = await spoiled((layer, file) => {
      for (let k = 1; k < 300; k++) file.layers.push({ ...layer, name: `net ${k}` });
    });
    await expect(targetsOf(path)).rejects.toMatchObject(
      says(
        "bad-argument",
        /needs 300 tiles of 64 × 64 cells, and the chip has 1\. Use a chip with more tiles: .*tiles=300/,
      ),
    );
  });

  it.each([
    ["a negative size", (layer: LayerFile) => (layer.shape = [-3, 2]), /layers\.0\.shape/],
    ["half a row", (layer: LayerFile) => (layer.shape = [2.5, 2]), /layers\.0\.shape/],
    ["no size", (layer: LayerFile) => (layer.shape = [null, 2]), /layers\.0\.shape/],
    ["a size beyond all numbers", (layer: LayerFile) => (layer.shape = ["1e999", 2]), /layers\.0\.shape/],
    [
      "a scale of 0",
      (layer: LayerFile) => (layer.scale_microsiemens_per_unit = 0),
      /scale_microsiemens_per_unit/,
    ],
    [
      "a scale of -1",
      (layer: LayerFile) => (layer.scale_microsiemens_per_unit = -1),
      /scale_microsiemens_per_unit/,
    ],
    [
      "an endless scale",
      (layer: LayerFile) => (layer.scale_microsiemens_per_unit = "1e999"),
      /scale_microsiemens/,
    ],
    [
      "a huge list of factors",
      (layer: LayerFile) => (layer.significance = Array(1e5).fill(1)),
      /significance/,
    ],
    ["a short curve", (layer: LayerFile) => layer.plus[1]!.pop(), /plus and minus need one row/],
    ["a missing curve", (layer: LayerFile) => layer.minus.pop(), /plus and minus need one row/],
    ["a negative conductance", (layer: LayerFile) => (layer.plus[0]![0] = -1), /layers\.0\.plus\.0\.0/],
    [
      "a short α",
      (layer: LayerFile) => layer.compensation.pop(),
      /layers\.0\.compensation: it needs one value for each of 2/,
    ],
    [
      "a short error",
      (layer: LayerFile) => layer.predicted.tnmse_by_time.pop(),
      /layers\.0\.predicted\.tnmse_by_time/,
    ],
    [
      "a short histogram",
      (layer: LayerFile) => layer.histogram.edges.pop(),
      /histogram: edges must be one more/,
    ],
    ["a tile of less than nothing", (layer: LayerFile) => (layer.tile = -1), /layers\.0\.tile/],
    [
      "half an input to start from",
      (layer: LayerFile) => (layer.input_start = 0.5),
      /layers\.0\.input_start/,
    ],
  ])("with %s is refused where it is wrong", async (_, spoil, wrong) => {
    await expect(targetsOf(await spoiled(spoil))).rejects.toMatchObject(says("bad-file", wrong));
  });

  it("that names one tile of a layer twice, or weighs other times than it has, is refused", async () => {
    const twice = await spoiled((layer, file) => {
      Object.assign(layer, { tile: 3, input_start: 0, output_start: 0 });
      file.layers.push({ ...layer });
    });
    await expect(targetsOf(twice)).rejects.toMatchObject(
      says("bad-file", /layers\.1\.tile: tile 3 of net is listed twice/),
    );
    const unweighed = await spoiled((_, file) => file.time_weights.pop());
    await expect(targetsOf(unweighed)).rejects.toMatchObject(
      says("bad-file", /time_weights: it needs one value/),
    );
  });

  it("of one set of curves for the network and an α a column is not solved", async () => {
    const folder = emptyFolder();
    await strategyWithWeights(folder);
    const bench = await openBench({ workspace: folder });
    const translation = {
      layout: { pairs: 2, significance: { kind: "given", factors: [2, 1] }, scale: "full" },
      timesSeconds: [1],
      timeWeights: Float64Array.of(1),
      rule: "least-squares",
      compensationPer: "column",
      scalePer: "layer",
      pairDriftCorrelation: 0,
      clipPercentile: 100,
    } as const;
    const options = { model: "pcm-90nm", translation, per: "network", tileShape: [64, 64] } as const;
    await expect(bench.optimize(join(folder, "net.csv"), options)).rejects.toMatchObject(
      says("bad-argument", /has one α for all of its columns/),
    );
    await bench.close();
  });

  it("of more devices than a cell of the chip has is refused with both numbers and what to do", async () => {
    const path = await spoiled(() => {});
    await expect(targetsOf(path, "emulator:rram-128")).rejects.toMatchObject(
      says(
        "bad-argument",
        /^Cannot program \S*s\.json: layer net holds each weight in 4 devices, and a cell of this chip has 2\. Optimise it with --layout single-pair, or use a chip with cells of 4\.$/,
      ),
    );
  });

  it("whose curves overflow is refused: a device without a target would be left alone", async () => {
    const path = await spoiled((layer) => {
      layer.wanted_microsiemens = [-1e308, 1e308];
      layer.scale_microsiemens_per_unit = 1e308;
      layer.plus = layer.plus.map(() => [0, 1e308]);
      layer.minus = layer.minus.map(() => [1e308, 0]);
    });
    await expect(targetsOf(path)).rejects.toMatchObject(
      says("bad-argument", /s\.json: the curves of layer net have no conductance for the weight 0\.5\./),
    );
  });

  it("beyond the chip's range is refused by a dry run and before the chip is opened, like the same numbers in a matrix", async () => {
    const beyond = await spoiled((layer) => (layer.plus[0]![0] = 66.9));
    const wide = await spoiled((layer) => {
      layer.scale_microsiemens_per_unit = 1e300;
      layer.wanted_microsiemens = layer.wanted_microsiemens.map(
        (wanted) => (1e300 / 75) * (wanted as number),
      );
    });
    const workspace = emptyFolder();
    // A port that is not there would say so.
    const bench = await openBench({ workspace, chip: "serial:/dev/ttyNoSuchPort?chip=pcm-64" });
    const valuesMicrosiemens = new Float32Array(256).fill(66.9);
    try {
      for (const [given, wrong] of [
        [
          beyond,
          /Cannot program \S*s\.json into pcm-64: tile 0, row \d, device \d is to hold 66\.9 µS, and this chip holds 0 … 25 µS\. Optimise/,
        ],
        [wide, /s\.json into pcm-64: tile 0, row 0, cell 0 is to hold a weight of -Infinity µS/],
        [
          { title: "mine", valuesMicrosiemens },
          /mine into pcm-64: tile 0, row 0, device 0 is to hold 66\.9 µS, and this chip/,
        ],
      ] as const) {
        await expect(bench.estimate(given)).rejects.toMatchObject(says("bad-argument", wrong));
        await expect(bench.program(given)).rejects.toMatchObject(says("bad-argument", wrong));
      }
      const block = { tile: 0, rowStart: 63, rowCount: 2 };
      const codes = new Uint16Array(512).fill(1);
      const pulse = { block, kind: "reset", codes, widthNanoseconds: 100 } as const;
      await expect(bench.pulse(pulse)).rejects.toMatchObject(
        says("bad-argument", /it asks for tile 0, rows 63 to 64/),
      );
      await expect(
        bench.pulse({ ...pulse, block: { ...block, rowStart: 0 }, codes: codes.slice(1) }),
      ).rejects.toMatchObject(
        says(
          "bad-argument",
          /a pulse by hand into pcm-64: tile 0 has 511 values, and its 2 rows have 512 devices/,
        ),
      );
    } finally {
      await bench.close();
    }
  });
});
