import { readNpy } from "../files/npy.ts";
import { badFile } from "../files/readFile.ts";
import type { LeftOut, Tensor } from "../files/tensor.ts";
import { readWeights, type SourcedLayer } from "../files/weights.ts";
import { OnnxNetwork } from "../networks/onnxNetwork.ts";
import { MhoError } from "../src/errors.ts";
import type { ChipGeometry } from "../src/chip/geometry.ts";
import { placeLayers } from "../src/weights/placement.ts";
import type { ExampleNetwork } from "./exampleNetworks.ts";
import { exampleFile, exampleNetworkFile, type JudgedChoice } from "./judged.ts";

/** Which network: one of the examples, one of the user's own, or weights alone. */
export interface NetworkChoice {
  readonly network: ExampleNetwork;
  readonly onnx?: string | undefined;
  readonly images?: string | undefined;
  readonly labels?: string | undefined;
  readonly weights?: string | undefined;
}

/** A trained network and, where there are any, the images that judge it. */
export interface TrainedNetwork {
  readonly name: string;
  /** SHA-256 of its ONNX file; undefined of weights alone. */
  readonly digest?: string | undefined;
  readonly layers: readonly SourcedLayer[];
  readonly text: string;
  /** What looks like weights and stays digital, as it is not read. */
  readonly leftOut: readonly LeftOut[];
  /** 0 where nobody gave any. */
  readonly images: number;
  /** NaN without images. */
  readonly softwareAccuracy: number;
  /** The share of images right when the layers hold these values; NaN without images. */
  accuracyWith(values: readonly Float32Array[]): Promise<number>;
}

/** Loads a network of the examples, or one of the user's own. Throws `bad-file`, `bad-argument`. */
export async function loadNetwork({
  network,
  onnx,
  images,
  labels,
  weights,
}: NetworkChoice): Promise<TrainedNetwork> {
  if (weights !== undefined) return ofWeights(weights);
  if ((images === undefined) !== (labels === undefined)) {
    throw new MhoError(
      "bad-argument",
      "Give --images and --labels together: the one says what the other is.",
    );
  }
  if (onnx === undefined && images !== undefined) {
    throw new MhoError("bad-argument", "--images and --labels go with --onnx, your own network.");
  }
  if (onnx !== undefined && images === undefined) return ofWeights(onnx);
  const found = await OnnxNetwork.read(onnx ?? exampleNetworkFile(network));
  const pictures = await readNpy(images ?? exampleFile("digits-test-images.npy"));
  const classes = await readNpy(labels ?? exampleFile("digits-test-labels.npy"));
  refuseUnlabelled(images ?? "", pictures, labels ?? "", classes);
  const accuracyWith = (values: readonly Float32Array[]): Promise<number> =>
    found.accuracy(values, pictures, classes.values);
  return {
    name: onnx ?? network,
    digest: found.digest,
    layers: found.layers,
    text: textOf(onnx ?? network, found.layers),
    leftOut: found.leftOut,
    images: classes.values.length,
    softwareAccuracy: await accuracyWith(found.layers.map(({ values }) => values)),
    accuracyWith,
  };
}

/**
 * The same for a network that is to be judged.
 *
 * @throws `bad-argument` where both kinds are named, or one of the user's own without images.
 */
export async function loadJudged({ network, ...own }: JudgedChoice): Promise<TrainedNetwork> {
  if (network !== undefined && own.onnx !== undefined) {
    throw new MhoError(
      "bad-argument",
      "Give --network, one that comes with mho, or --onnx, your own, and not both.",
    );
  }
  const loaded = await loadNetwork({ ...own, network: network ?? "cnn" });
  if (loaded.images > 0) return loaded;
  throw new MhoError("bad-argument", "--onnx needs --images and --labels, to judge the network by.");
}

/** Weights alone: how well they are held can be said, and not what for. */
async function ofWeights(path: string): Promise<TrainedNetwork> {
  const leftOut: LeftOut[] = [];
  const layers = await readWeights(path, { onLeftOut: (one) => leftOut.push(one) });
  return {
    name: path,
    layers,
    text: textOf(path, layers),
    leftOut,
    images: 0,
    softwareAccuracy: Number.NaN,
    accuracyWith: () => Promise.resolve(Number.NaN),
  };
}

function textOf(name: string, layers: readonly SourcedLayer[]): string {
  const weights = layers.reduce((sum, { values }) => sum + values.length, 0);
  return `${name}, ${weights.toLocaleString("en")} weights in ${layers.length} ${layers.length === 1 ? "matrix" : "matrices"}`;
}

function refuseUnlabelled(imagesFile: string, images: Tensor, labelsFile: string, labels: Tensor): void {
  if (images.values.length === 0 || labels.values.length === 0) {
    throw badFile(images.values.length === 0 ? imagesFile : labelsFile, "it is empty", "Give some images.");
  }
  if (images.shape[0] === labels.values.length && labels.shape.length === 1) return;
  throw badFile(
    labelsFile,
    `it holds labels of shape ${labels.shape.join(" × ")}, and ${imagesFile} ${images.shape[0]} images`,
    "Give one class number an image.",
  );
}

/** Tiles of an emulated chip that hold the network, and one to get to know the devices by. */
export function tilesNeeded({ layers }: TrainedNetwork, geometry: ChipGeometry): number {
  return placeLayers(layers, { ...geometry, tiles: mostTiles }).length + 1;
}

const mostTiles = 65_535;
