import { badFile } from "../files/readFile.ts";
import { readNpy } from "../files/npy.ts";
import type { LeftOut } from "../files/tensor.ts";
import { readWeights, type SourcedLayer } from "../files/weights.ts";
import { type NetworkInputs, readInputs } from "../networks/inputFile.ts";
import { OnnxNetwork } from "../networks/onnxNetwork.ts";
import { counted } from "../src/counted.ts";
import { MhoError } from "../src/errors.ts";
import type { ChipGeometry } from "../src/chip/geometry.ts";
import { accuracyMeasure, type NetworkMeasure, similarityMeasure } from "../src/results/networkMeasure.ts";
import { similarityOf } from "../src/results/similarity.ts";
import { placeLayers } from "../src/weights/placement.ts";
import type { ExampleNetwork } from "./exampleNetworks.ts";
import { exampleFile, exampleNetworkFile, inputsOf, type JudgedChoice } from "./judged.ts";

/** Which network: one of the examples, one of the user's own, or weights alone. */
export interface NetworkChoice extends JudgedChoice {
  readonly network: ExampleNetwork;
  readonly weights?: string | undefined;
  /** The matrices that go on the chip, by name; all of them where nothing is said. The others stay in software. */
  readonly tensors?: readonly string[] | undefined;
}

/** How a network did. */
export interface Score {
  /** The share of images right, or the mean cosine of its outputs to those in software; NaN where it is not judged. */
  readonly score: number;
  /** Of a similarity: the mean over the tenth of the inputs that did worst. */
  readonly worstTenth?: number | undefined;
}

/** A trained network and, where there are any, the inputs that judge it. */
export interface TrainedNetwork {
  readonly name: string;
  /** SHA-256 of its ONNX file; undefined of weights alone. */
  readonly digest?: string | undefined;
  /** The matrices that go on the chip. */
  readonly layers: readonly SourcedLayer[];
  readonly text: string;
  /** What looks like weights and stays digital, as it is not read. */
  readonly leftOut: readonly LeftOut[];
  /** By what it is judged; undefined where no inputs were given. */
  readonly measure: NetworkMeasure | undefined;
  /** Images with labels, or other inputs without; 0 where none were given. */
  readonly inputs: number;
  /** With the weights as they were trained; NaN without inputs. */
  readonly softwareScore: number;
  /** How it does when the layers hold these values. */
  scoreWith(values: readonly Float32Array[]): Promise<Score>;
  /** What it gives for each input then; undefined without inputs. */
  readonly outputsWith?: ((values: readonly Float32Array[]) => Promise<Float32Array[]>) | undefined;
}

/**
 * Loads a network of the examples, or one of the user's own. Throws `bad-file`, `bad-argument`.
 *
 * @param onLayers  hears of the matrices that go on the chip, before the network is run.
 */
export async function loadNetwork(
  choice: NetworkChoice,
  onLayers: (layers: TrainedNetwork["layers"]) => void = () => {},
): Promise<TrainedNetwork> {
  const { network, onnx, labels, weights, output, tensors } = choice;
  if (weights !== undefined) return ofWeights(weights, tensors, onLayers);
  const file = inputsOf(choice);
  if (onnx !== undefined && file === undefined) return ofWeights(onnx, tensors, onLayers);
  const found = await OnnxNetwork.read(onnx ?? exampleNetworkFile(network));
  const inputs = await readInputs(file ?? exampleFile("digits-test-images.npy"));
  const places = placesOf(found, tensors);
  const layers = places.map((place) => found.layers[place]!);
  onLayers(layers);
  const run = <T>(work: (all: readonly Float32Array[]) => Promise<T>, values: readonly Float32Array[]) =>
    work(found.layers.map((layer, l) => (places.includes(l) ? values[places.indexOf(l)]! : layer.values)));
  const labelled = file === undefined || labels !== undefined;
  const judged = labelled
    ? await byLabels(found, inputs, labels ?? exampleFile("digits-test-labels.npy"), output)
    : await byOutputs(found, inputs, output);
  return {
    name: onnx ?? network,
    digest: found.digest,
    layers,
    text: textOf(onnx ?? network, found.layers, places),
    leftOut: found.leftOut,
    ...judged,
    scoreWith: (values) => run(judged.scoreWith, values),
    outputsWith: (values) => run((all) => found.outputs(all, inputs, output), values),
  };
}

type Judged = Pick<TrainedNetwork, "measure" | "inputs" | "softwareScore" | "scoreWith">;

async function byLabels(
  found: OnnxNetwork,
  inputs: NetworkInputs,
  labels: string,
  output: string | undefined,
): Promise<Judged> {
  const { shape, values: classes } = await readNpy(labels);
  refuseUnlabelled(inputs, labels, shape, classes.length);
  const scoreWith = async (values: readonly Float32Array[]): Promise<Score> => ({
    score: await found.accuracy(values, inputs, classes, output),
  });
  const { score } = await scoreWith(found.layers.map(({ values }) => values));
  return { measure: accuracyMeasure, inputs: classes.length, softwareScore: score, scoreWith };
}

/** Without labels: by the network's own outputs in software. */
async function byOutputs(
  found: OnnxNetwork,
  inputs: NetworkInputs,
  output: string | undefined,
): Promise<Judged> {
  const software = await found.outputs(
    found.layers.map(({ values }) => values),
    inputs,
    output,
  );
  if (software.every(({ length }) => length < 2)) {
    throw badFile(
      found.file,
      `${output === undefined ? "its first output" : `its output ${output}`} is one number for each input, and the cosine of single numbers tells nothing`,
      "Name another output with --output, or give --labels.",
    );
  }
  return {
    measure: similarityMeasure,
    inputs: software.length,
    softwareScore: 1,
    async scoreWith(values) {
      const { mean, worstTenth } = similarityOf(await found.outputs(values, inputs, output), software);
      return { score: mean, worstTenth };
    },
  };
}

/**
 * The same for a network that is to be judged.
 *
 * @throws `bad-argument` where both kinds are named, or one of the user's own without inputs.
 */
export async function loadJudged({ network, ...own }: JudgedChoice): Promise<TrainedNetwork> {
  if (network !== undefined && own.onnx !== undefined) {
    throw new MhoError(
      "bad-argument",
      "Give --network, one that comes with mho, or --onnx, your own, and not both.",
    );
  }
  const loaded = await loadNetwork({ ...own, network: network ?? "cnn" });
  if (loaded.inputs > 0) return loaded;
  throw new MhoError(
    "bad-argument",
    "--onnx needs what the network is judged by: --images and --labels, or --inputs for a network without labels.",
  );
}

/** Weights alone: how well they are held can be said, and not what for. */
async function ofWeights(
  path: string,
  tensors: readonly string[] | undefined,
  onLayers: (layers: TrainedNetwork["layers"]) => void,
): Promise<TrainedNetwork> {
  const leftOut: LeftOut[] = [];
  const layers = await readWeights(path, { tensors, onLeftOut: (one) => leftOut.push(one) });
  onLayers(layers);
  return {
    name: path,
    layers,
    text: textOf(
      path,
      layers,
      layers.map((_, place) => place),
    ),
    leftOut,
    measure: undefined,
    inputs: 0,
    softwareScore: Number.NaN,
    scoreWith: () => Promise.resolve({ score: Number.NaN }),
  };
}

/** Which of a network's matrices go on the chip, in the graph's order. */
function placesOf({ file, layers }: OnnxNetwork, tensors: readonly string[] | undefined): number[] {
  const names = layers.map(({ name }) => name);
  const strange = tensors?.find((name) => !names.includes(name));
  if (strange !== undefined) {
    throw badFile(file, `it has no weight matrix ${strange}`, `It has ${names.join(", ")}.`);
  }
  return [...layers.keys()].filter((place) => tensors === undefined || tensors.includes(names[place]!));
}

function textOf(name: string, layers: readonly SourcedLayer[], places: readonly number[]): string {
  const weightsOf = (some: readonly SourcedLayer[]): string =>
    some.reduce((sum, { values }) => sum + values.length, 0).toLocaleString("en");
  const all = `${weightsOf(layers)} weights in ${counted(layers.length, "matrix", "matrices")}`;
  if (places.length === layers.length) return `${name}, ${all}`;
  const own = weightsOf(places.map((place) => layers[place]!));
  return `${name}, ${own} of ${all}: ${places.length} on the chip, the others in software`;
}

function refuseUnlabelled(
  { file, arrays }: NetworkInputs,
  labelsFile: string,
  shape: readonly number[],
  labels: number,
): void {
  // Single numbers go into every run.
  const { tensor } = arrays.find((one) => one.tensor.shape.length > 0) ?? arrays[0] ?? noArray(file);
  if (tensor.values.length === 0 || labels === 0) {
    throw badFile(tensor.values.length === 0 ? file : labelsFile, "it is empty", "Give some images.");
  }
  if (tensor.shape[0] === labels && shape.length === 1) return;
  throw badFile(
    labelsFile,
    `it holds labels of shape ${shape.join(" × ")}, and ${file} ${tensor.shape[0]} images`,
    "Give one class number an image.",
  );
}

function noArray(file: string): never {
  throw badFile(file, "it holds no array", "Give some images.");
}

/** Tiles of an emulated chip that hold the network, and one to get to know the devices by. */
export function tilesNeeded(layers: TrainedNetwork["layers"], geometry: ChipGeometry): number {
  return placeLayers(layers, { ...geometry, tiles: mostTiles }).length + 1;
}

const mostTiles = 65_535;
