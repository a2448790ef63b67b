import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readWeights } from "../files/weights.ts";
import { MhoError } from "../src/errors.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/weights/${name}`, import.meta.url));

/** The matrix in every fixture; `make.py` beside them writes it with numpy, torch and onnx. */
const matrix = Array.from({ length: 12 }, (_, i) => (8 * Math.floor(i / 4) + (i % 4) - 10) / 4);
/** The same with rows and columns exchanged, as torch holds a layer of 4 inputs and 3 outputs. */
const turned = Array.from({ length: 12 }, (_, i) => matrix[4 * (i % 3) + Math.floor(i / 3)]!);

const bad = (message: RegExp) => ({ code: "bad-file", message: expect.stringMatching(message) as string });

async function only(name: string) {
  const layers = await readWeights(fixture(name));
  expect(layers).toHaveLength(1);
  return layers[0]!;
}

describe("weights from numpy", () => {
  it.each([
    ["c-f4.npy", 1],
    ["fortran-f4.npy", 1],
    ["version-3.npy", 1],
    ["f2.npy", 1],
    ["f8-big.npy", 1],
    ["bf16.npy", 1],
    ["i2-big.npy", 4],
    ["stored.npz", 1],
    ["zip64.npz", 1],
    ["streamed.npz", 1],
  ])("%s: rows are inputs", async (name, times) => {
    const layers = await readWeights(fixture(name));
    expect(layers.map(({ inputs, outputs }) => [inputs, outputs])).toEqual([[3, 4]]);
    expect([...layers[0]!.values]).toEqual(matrix.map((value) => times * value));
  });

  it("a Fortran-ordered array of three dimensions is unrolled like a convolution", async () => {
    const { inputs, outputs, values } = await only("fortran-cube.npy");
    expect([inputs, outputs]).toEqual([12, 2]);
    expect(Array.from(values.filter((_, i) => i % 2 === 0))).toEqual(
      Array.from({ length: 12 }, (_, i) => i - 12),
    );
    expect(Array.from(values.filter((_, i) => i % 2 === 1))).toEqual(Array.from({ length: 12 }, (_, i) => i));
  });

  it("a lone vector, a scalar and a mask are layers too", async () => {
    expect(await only("vector.npy")).toMatchObject({ name: "vector", inputs: 4, outputs: 1 });
    expect([...(await only("scalar.npy")).values]).toEqual([1.5]);
    expect([...(await only("bool.npy")).values]).toEqual(matrix.map((value) => (value > 0 ? 1 : 0)));
  });

  it("compressed archives give every matrix, in order, and leave biases out", async () => {
    const layers = await readWeights(fixture("deflated.npz"));
    expect(layers.map(({ name }) => name)).toEqual(["first", "second"]);
    expect([...layers[1]!.values]).toEqual(matrix.map((value) => 2 * value));
  });

  it("what is no plain number is refused in a sentence", async () => {
    await expect(readWeights(fixture("complex.npy"))).rejects.toMatchObject(
      bad(/holds <c8, not plain numbers/),
    );
    await expect(readWeights(fixture("records.npy"))).rejects.toMatchObject(bad(/holds records, not plain/));
  });
});

describe("weights from torch and onnx", () => {
  it.each(["torch-f32", "torch-f16", "torch-bf16", "torch-f64"])(
    "%s.safetensors: a torch matrix is turned so that rows are inputs",
    async (name) => {
      const layer = (await readWeights(fixture(`${name}.safetensors`)))[0]!;
      expect(layer).toMatchObject({ name: "linear.weight", inputs: 4, outputs: 3 });
      expect([...layer.values]).toEqual(turned);
    },
  );

  it.each([
    ["matmul.onnx", "fc.weight", matrix],
    ["anonymous.onnx", "/fc/MatMul", matrix],
    ["gemm.onnx", "w", matrix],
    ["gemm-turned.onnx", "w", matrix],
    ["transposed.onnx", "w", matrix],
    ["constant.onnx", "w", matrix],
    ["f16.onnx", "fc.weight", matrix],
    ["bf16.onnx", "fc.weight", matrix],
    ["float-data.onnx", "fc.weight", matrix],
    ["external.onnx", "fc.weight", matrix],
    ["torch-linear.onnx", "fc.weight", turned],
  ])("%s gives layer %s with inputs on rows", async (name, layer, values) => {
    const found = await only(name);
    expect(found.name).toBe(layer);
    expect([...found.values]).toEqual(values);
  });

  it("the same layer has the same digest whatever wrote it", async () => {
    const torch = (await readWeights(fixture("torch-f32.safetensors")))[0]!;
    expect((await only("torch-linear.onnx")).source.sha256).toBe(torch.source.sha256);
    expect((await only("c-f4.npy")).source.sha256).toBe((await only("gemm.onnx")).source.sha256);
  });

  it("a convolution with groups is unrolled", async () => {
    expect(await only("conv.onnx")).toMatchObject({ name: "conv.weight", inputs: 12, outputs: 2 });
  });

  it("recurrent layers give input and recurrent weights for each direction", async () => {
    const lstm = await readWeights(fixture("lstm.onnx"));
    expect(lstm.map(({ name, inputs, outputs }) => [name, inputs, outputs])).toEqual([
      ["lstm.W", 4, 12],
      ["lstm.W.reverse", 4, 12],
      ["lstm.R", 3, 12],
      ["lstm.R.reverse", 3, 12],
    ]);
    expect([...lstm[1]!.values]).toEqual([...lstm[0]!.values].map((value) => -value));
    const gru = await readWeights(fixture("gru.onnx"));
    expect(gru.map(({ name }) => name)).toEqual(["gru.W", "gru.R"]);
  });

  it("external data outside the model's folder are refused", async () => {
    await expect(readWeights(fixture("outside.onnx"))).rejects.toMatchObject(
      bad(/points outside the model's folder/),
    );
  });
});

describe("weights from text", () => {
  it("with commas, or with a heading, semicolons and Windows line ends", async () => {
    expect([...(await only("plain.csv")).values]).toEqual(matrix);
    expect([...(await only("headed.csv")).values]).toEqual(matrix);
  });

  it.each([
    ["1,2\n3,x\n", /line 2, column 2 has "x" where a number should be/],
    ["1,2\n3\n", /line 2 has 1 numbers and those before it 2/],
    ["1,,2\n", /line 1, column 2 has "" where a number should be/],
    ["", /is empty/],
    ["1,NaN\n", /"NaN" where a number/],
    ["1,1e999\n", /line 1, column 2 has 1e999, too large a number/],
  ])("%j is refused with its line", async (text, message) => {
    const path = join(emptyFolder(), "given.csv");
    writeFileSync(path, text);
    await expect(readWeights(path)).rejects.toMatchObject(bad(message));
  });
});

describe("choosing weights", () => {
  it("by name, in the order asked for, vectors too", async () => {
    const layers = await readWeights(fixture("torch-f32.safetensors"), {
      tensors: ["linear.bias", "linear.weight"],
    });
    expect(layers.map(({ name, inputs, outputs }) => [name, inputs, outputs])).toEqual([
      ["linear.bias", 4, 1],
      ["linear.weight", 4, 3],
    ]);
  });

  it("says what there is when a name is wrong, and what can be read when the ending is", async () => {
    await expect(readWeights(fixture("torch-f32.safetensors"), { tensors: ["liner"] })).rejects.toMatchObject(
      bad(/no tensor liner in it\. It has linear\.(bias|weight), linear/),
    );
    await expect(readWeights(fixture("make.py"))).rejects.toMatchObject(bad(/Give \.npy, \.npz/));
    await expect(readWeights("nowhere.npy")).rejects.toMatchObject(bad(/there is no such file/));
  });
});

describe("damaged weights", () => {
  const names = readdirSync(fixture(".")).filter((name) => !/make\.py|external|outside/.test(name));

  /** Reads bytes as a file of that name: gives layers, or a sentence, and nothing else. */
  async function survives(name: string, bytes: Uint8Array): Promise<void> {
    const path = join(emptyFolder(), name);
    writeFileSync(path, bytes);
    await readWeights(path).catch((error: unknown) => {
      if (!(error instanceof MhoError) || error.code !== "bad-file") throw error;
    });
  }

  it.each(names)("%s cut anywhere is read or refused, never a crash", async (name) => {
    const bytes = readFileSync(fixture(name));
    for (let length = 0; length < bytes.length; length += 1 + Math.floor(bytes.length / 97)) {
      await survives(name, bytes.subarray(0, length));
    }
  });

  it("with any byte changed is read or refused, never a crash", async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.nat(), fc.nat(255), async (name, place, byte) => {
        const bytes = Uint8Array.from(readFileSync(fixture(name)));
        bytes[place % bytes.length] = byte;
        await survives(name, bytes);
      }),
      { numRuns: 600, seed: 5 },
    );
  });
});
