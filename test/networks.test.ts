import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readNpy } from "../files/npy.ts";
import { readInputs } from "../networks/inputFile.ts";
import { OnnxNetwork } from "../networks/onnxNetwork.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

const example = (name: string): string =>
  fileURLToPath(new URL(`../examples/digits/${name}`, import.meta.url));

removeFoldersAfterEach();

describe("a network of the examples", () => {
  it.each([
    ["mlp", 584, 3],
    ["cnn", 586, 3],
    ["lstm", 574, 5],
    ["transformer", 589, 14],
  ])(
    "%s gets %i of 597 held-out images right, as it did where it was trained",
    async (name, right, layers) => {
      const network = await OnnxNetwork.read(example(`digits-${name}.onnx`));
      const images = await readInputs(example("digits-test-images.npy"));
      const labels = await readNpy(example("digits-test-labels.npy"));
      expect(network.layers).toHaveLength(layers);
      const own = network.layers.map(({ values }) => values);
      expect(await network.accuracy(own, images, labels.values)).toBe(right / 597);
    },
  );

  it.each(["mlp", "cnn", "lstm", "transformer"])(
    "%s is run with the weights that it is given, each in its place",
    async (name) => {
      const network = await OnnxNetwork.read(example(`digits-${name}.onnx`));
      const images = await readInputs(example("digits-test-images.npy"));
      const labels = await readNpy(example("digits-test-labels.npy"));
      const own = network.layers.map(({ values }) => values);
      const accuracy = (values: Float32Array[]): Promise<number> =>
        network.accuracy(values, images, labels.values);
      const last = own.length - 1;
      const without = own.map((values, l) => (l === last ? new Float32Array(values.length) : values));
      expect(await accuracy(without)).toBeLessThan(0.2);
      const mixed = own.map((values, l) => (l === 0 ? values.toReversed() : values));
      expect(await accuracy(mixed)).toBeLessThan(0.8);
      expect(await accuracy(own)).toBeGreaterThan(0.95);
    },
  );
});

describe("a network of one's own", () => {
  const labels = Float32Array.of(1, 2);

  it("is refused with images that it does not take", async () => {
    const network = await OnnxNetwork.read(example("digits-mlp.onnx"));
    const own = network.layers.map(({ values }) => values);
    const tensor = { shape: [2, 63], values: new Float32Array(126) };
    const images = { file: "x.npy", arrays: [{ name: undefined, tensor }] };
    await expect(network.accuracy(own, images, labels)).rejects.toMatchObject({
      code: "bad-file",
      message: expect.stringMatching(/an entry of \w+ is 63, and the network takes/) as string,
    });
  });

  it("is refused when it is no model, or cut", async () => {
    const path = join(emptyFolder(), "no.onnx");
    writeFileSync(path, "not a model at all");
    await expect(OnnxNetwork.read(path)).rejects.toMatchObject({ code: "bad-file" });
  });
});
