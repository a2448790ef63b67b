import { fileURLToPath } from "node:url";
import { badFile } from "../files/readFile.ts";
import { readNpy } from "../files/npy.ts";
import { readSafetensors, type Tensor } from "../files/safetensors.ts";
import { type Mlp, mlpAccuracy, mlpFromTensors } from "../networks/mlp.ts";
import type { LayerWeights } from "../src/weights/layer.ts";
import { placeLayers } from "../src/weights/placement.ts";
import { parseAddress } from "./address.ts";
import { describeChip } from "./openChip.ts";
import { packageRoot } from "./packageRoot.ts";

/** A trained network and the images that judge it. */
export interface DemoNetwork {
  readonly mlp: Mlp;
  readonly text: string;
  readonly images: number;
  readonly softwareAccuracy: number;
  /** The share of images right when the layers' weights are these. */
  accuracyWith(layers: readonly LayerWeights[]): number;
}

/** Loads the digits network of the examples, or a perceptron for the same images from a file of the user's. */
export async function loadNetwork(weightsFile: string | undefined): Promise<DemoNetwork> {
  const path = weightsFile ?? example("digits-mlp.safetensors");
  const mlp = mlpFromTensors(path, await readSafetensors(path));
  const images = await readNpy(example("digits-test-images.npy"));
  const labels = await readNpy(example("digits-test-labels.npy"));
  refuseOtherShape(path, mlp, images);
  const accuracyWith = (layers: readonly LayerWeights[]): number =>
    mlpAccuracy({ ...mlp, layers }, images, labels.values);
  const widths = [mlp.layers[0]!.inputs, ...mlp.layers.map(({ outputs }) => outputs)];
  const weights = mlp.layers.reduce((sum, { values }) => sum + values.length, 0);
  return {
    mlp,
    text: `${widths.join("-")} perceptron, ${weights.toLocaleString("en")} weights`,
    images: labels.values.length,
    softwareAccuracy: accuracyWith(mlp.layers),
    accuracyWith,
  };
}

/** Tiles of the emulated chip that hold the network. */
export async function tilesNeeded({ mlp }: DemoNetwork): Promise<number> {
  const { geometry } = await describeChip(parseAddress("emulator:pcm-64?tiles=65535"));
  return placeLayers(mlp.layers, geometry).length;
}

function refuseOtherShape(path: string, mlp: Mlp, images: Tensor): void {
  const pixels = images.shape[1]!;
  const { inputs } = mlp.layers[0]!;
  const { outputs } = mlp.layers.at(-1)!;
  if (inputs === pixels && outputs === 10) return;
  throw badFile(
    path,
    `the network takes ${inputs} inputs and gives ${outputs} outputs, but the digits have ${pixels} pixels and 10 classes`,
    "Give a perceptron trained on the 8 × 8 digits.",
  );
}

function example(name: string): string {
  return fileURLToPath(new URL(`examples/digits/${name}`, packageRoot));
}
