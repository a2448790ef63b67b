import { join } from "node:path";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openBench } from "../lab/bench.ts";
import { loadNetwork } from "../lab/trainedNetwork.ts";
import { readInputs } from "../networks/inputFile.ts";
import { OnnxNetwork } from "../networks/onnxNetwork.ts";
import { similarityOf } from "../src/results/similarity.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import {
  encoder,
  matrix,
  npy,
  npz,
  type Numbers,
  outputs,
  sequencer,
  smallestNetwork,
  width,
  words,
} from "./support/unlabelledNetworks.ts";

removeFoldersAfterEach();

const ids = { shape: [3, 4], values: [1, 2, 3, 0, 5, 4, 0, 0, 2, 2, 2, 2] };
const mask = { shape: [3, 4], values: [1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 1] };

describe("similarity to software", () => {
  it("is the mean cosine, and that of the tenth of the inputs that does worst", () => {
    const software = Array.from({ length: 20 }, () => Float32Array.of(1, 0));
    const cosines = software.map((_, n) => 1 - n / 100);
    const made = cosines.map((cosine) => Float32Array.of(3 * cosine, 3 * Math.sqrt(1 - cosine * cosine)));
    const { mean, worstTenth } = similarityOf(made, software);
    expect(mean).toBeCloseTo(1 - 9.5 / 100, 6);
    expect(worstTenth).toBeCloseTo((0.81 + 0.82) / 2, 6);
  });

  it("is 1 where both are zero, 0 where one is, and of one input where there are few", () => {
    const [none, some] = [new Float32Array(2), Float32Array.of(1, 1)];
    expect(similarityOf([none, some], [none, none])).toEqual({ mean: 0.5, worstTenth: 0 });
  });
});

describe("a network of several inputs", () => {
  /** What the encoder gives for the sentences above. */
  const expected = [0, 1, 2].map((n) => {
    const sum = Array.from({ length: width }, (_, w) =>
      [0, 1, 2, 3].reduce(
        (all, t) => all + mask.values[4 * n + t]! * words[width * ids.values[4 * n + t]! + w]!,
        0,
      ),
    );
    return Array.from({ length: outputs }, (_, o) =>
      sum.reduce((all, value, w) => all + value * matrix[w * outputs + o]!, 0),
    );
  });

  async function run(arrays: Readonly<Record<string, Numbers>>): Promise<Float32Array[]> {
    const folder = emptyFolder();
    const network = await OnnxNetwork.read(encoder(folder));
    const inputs = await readInputs(npz(join(folder, "x.npz"), arrays));
    return network.outputs(
      network.layers.map(({ values }) => values),
      inputs,
    );
  }

  const near = (found: readonly Float32Array[]): void => {
    expect(found).toHaveLength(3);
    found.forEach((output, n) =>
      output.forEach((value, o) => expect(value).toBeCloseTo(expected[n]![o]!, 5)),
    );
  };

  it("gets each array under its name, whole numbers as whole numbers, many entries at a time", async () => {
    near(await run({ mask, ids }));
  });

  it("gets entries that have its batch dimension one after the other, to the same end", async () => {
    const each = ({ values }: Numbers): Numbers => ({ shape: [3, 1, 4], values });
    near(await run({ mask: each(mask), ids: each(ids) }));
  });

  it("gets the states of a recurrent network beside its sequence, an entry each", async () => {
    const folder = emptyFolder();
    const network = await OnnxNetwork.read(sequencer(folder));
    const steps = Array.from({ length: 2 * 5 * width }, (_, i) => i / 10);
    const state = Array.from({ length: 2 * outputs }, (_, i) => -i);
    const inputs = await readInputs(
      npz(join(folder, "x.npz"), {
        steps: { shape: [2, 5, width], values: steps },
        state: { shape: [2, 1, outputs], values: state },
      }),
    );
    const found = await network.outputs([Float32Array.from(matrix)], inputs);
    expect(found.map(({ length }) => length)).toEqual([5 * outputs, 5 * outputs]);
    for (const [n, output] of found.entries()) {
      output.forEach((value, i) => {
        const [t, o] = [Math.floor(i / outputs), i % outputs];
        const through = [0, 1, 2].reduce(
          (sum, w) => sum + steps[(n * 5 + t) * width + w]! * matrix[w * outputs + o]!,
          0,
        );
        expect(value).toBeCloseTo(through + state[n * outputs + o]!, 4);
      });
    }
  });

  const takes = /encoder\.onnx takes ids \(int64, n × t\), mask \(int64, n × t\)/;
  it.each<[string, Readonly<Record<string, Numbers>>, RegExp]>([
    ["an array too few", { ids }, /it has no array mask \(it has ids\)/],
    ["an array too many", { ids, mask, types: ids }, /the network has no input types/],
    ["no array", {}, /it has no array ids \(it has none\)/],
    [
      "a dimension too few",
      { ids: { shape: [12], values: ids.values }, mask },
      /an entry of ids is a single number/,
    ],
    [
      "a number that is not whole",
      { ids: { ...ids, values: ids.values.map((id) => id / 2) }, mask },
      /ids takes whole numbers .*\(int64\), and its element 0 is 0\.5/,
    ],
    [
      "entries that do not pair",
      { ids, mask: { shape: [2, 4], values: mask.values.slice(4) } },
      /ids has 3 entries and mask 2/,
    ],
    [
      "batch dimensions on one side",
      { ids: { shape: [3, 1, 4], values: ids.values }, mask },
      /an entry of ids has the network's batch dimension and one of mask has not/,
    ],
    [
      "single numbers alone",
      { ids: { shape: [], values: [1] }, mask: { shape: [], values: [1] } },
      /it holds single numbers alone/,
    ],
    [
      "no entry",
      { ids: { shape: [0, 4], values: [] }, mask: { shape: [0, 4], values: [] } },
      /it holds no entry/,
    ],
  ])("says what it takes where it gets %s", async (_, arrays, message) => {
    const failed = run(arrays);
    await expect(failed).rejects.toMatchObject({ code: "bad-file" });
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toThrow(takes);
  });

  it("is refused with one nameless array, with another kind of file, and where an output is not there", async () => {
    const folder = emptyFolder();
    const network = await OnnxNetwork.read(encoder(folder));
    const own = network.layers.map(({ values }) => values);
    const alone = await readInputs(npy(join(folder, "x.npy"), ids));
    await expect(network.outputs(own, alone)).rejects.toThrow(/give \.npz with one array for each input/);
    await expect(readInputs(join(folder, "x.csv"))).rejects.toThrow(
      /\.npy \(a network of one input\) or \.npz/,
    );
    const both = await readInputs(npz(join(folder, "x.npz"), { ids, mask }));
    await expect(network.outputs(own, both, "scores")).rejects.toThrow(
      /no output scores\. Its outputs are out, total/,
    );
  });
});

describe("a network without labels", () => {
  it("is judged by its own outputs in software, which its own weights give exactly", async () => {
    const { onnx, inputs } = smallestNetwork(emptyFolder());
    const network = await loadNetwork({ network: "cnn", onnx, inputs });
    expect(network).toMatchObject({ inputs: 30, softwareScore: 1, measure: { name: "similarity" } });
    const own = network.layers.map(({ values }) => values);
    expect((await network.scoreWith(own)).score).toBeCloseTo(1, 12);
    const off = own.map((values, l) => (l === 0 ? values.map((w, i) => w + 0.1 * (i % 3)) : values));
    const { score, worstTenth } = await network.scoreWith(off);
    expect(score).toBeLessThan(0.999);
    expect(worstTenth!).toBeLessThan(score);
  });

  it("keeps the matrices in software that are not named for the chip", async () => {
    const { onnx, inputs } = smallestNetwork(emptyFolder());
    const network = await loadNetwork({ network: "cnn", onnx, inputs, tensors: ["second"] });
    expect(network.layers.map(({ name }) => name)).toEqual(["second"]);
    expect(network.text).toMatch(/60 of 828 weights in 2 matrices: 1 on the chip, the others in software/);
    expect((await network.scoreWith([new Float32Array(60)])).score).toBe(0);
    await expect(loadNetwork({ network: "cnn", onnx, inputs, tensors: ["third"] })).rejects.toThrow(
      /no weight matrix third\. It has first, second/,
    );
  });

  it("is refused where its output is one number an input, whose cosine tells nothing", async () => {
    const folder = emptyFolder();
    const onnx = encoder(folder);
    const inputs = npz(join(folder, "x.npz"), { ids, mask });
    const choice = { network: "cnn", onnx, inputs } as const;
    await expect(loadNetwork({ ...choice, output: "total" })).rejects.toThrow(
      /output total is one number for each input.*--output/,
    );
    expect((await loadNetwork(choice)).inputs).toBe(3);
  });

  it.each([
    [{ images: "x.npy", inputs: "x.npy" }, /--images or --inputs, and not both/],
    [{ images: "x.npy" }, /--images and --labels together.*--inputs/],
    [{ labels: "y.npy" }, /--images and --labels together/],
    [{ output: "y" }, /--output goes with/],
    [{ inputs: "x.npy", onnx: undefined }, /--inputs .*go with --onnx/],
  ])("is asked for in full (%o)", async (choice, message) => {
    await expect(loadNetwork({ network: "cnn", onnx: "n.onnx", ...choice })).rejects.toThrow(message);
  });
});

describe("the commands, of a network without labels", () => {
  it("predict its similarity, program it, and report it", async () => {
    const folder = emptyFolder();
    const { onnx, inputs } = smallestNetwork(folder);
    const file = join(folder, "s.json");
    const judged = ["--inputs", inputs];
    const solved = ["--model", "pcm-90nm", "--times", "1,1d", "--significance", "2", "--out", file];
    const made = await mho("optimize", onnx, ...solved, "--limit", ...judged, "--draws", "3", "--json");
    const { limit } = JSON.parse(made.out.trim().split("\n").at(-1)!) as { limit: Limit };
    expect(limit).toMatchObject({ measure: "similarity", images: 30, software_accuracy: 1 });
    const [first, later] = limit.mean as [number, number];
    expect(first).toBeGreaterThan(later);
    expect(later).toBeGreaterThan(0.9);
    expect((await mho("show", file)).out).toMatch(
      /Similarity to software of .*smallest\.onnx on 30 inputs, over 3 chips/,
    );

    const place = ["--workspace", folder];
    const chip = ["--chip", "emulator:pcm-64?tiles=2", ...place];
    const { out } = await mho("program", file, ...chip, "--sweep", "1");
    expect(out).toMatch(
      /predicts a similarity of .* to software, .* of 0\.\d{4} \(0\.\d{4} to 0\.\d{4}\) at 1 s/,
    );
    const page = join(folder, "r1.html");
    await mho("watch", "r1", "--until", "1h", ...place);
    const { code } = await mho("report", "r1", "--onnx", onnx, ...judged, "--out", page, ...place);
    expect(code).toBe(0);
    expect(readFileSync(page, "utf8")).toContain("mean over 30 inputs, comes to");
    const rows = readFileSync(join(folder, "r1.figures.csv"), "utf8");
    expect(rows).toMatch(/^similarity_over_time,.*,1,seconds,0\.99\d*,,,$/m);

    await using bench = await openBench({ workspace: folder });
    const again = await bench.limit(file, { onnx, inputs, draws: 3 });
    expect(again.predicted.mean[1]).toBeCloseTo(later, 8);
  });
});

interface Limit {
  readonly mean: readonly number[];
}
