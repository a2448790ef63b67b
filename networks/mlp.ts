import type { Tensor } from "../files/safetensors.ts";
import { MhoError } from "../src/errors.ts";
import type { LayerWeights } from "../src/weights/layer.ts";

/** A perceptron: linear layers with ReLU between them. Biases stay digital. */
export interface Mlp {
  readonly layers: readonly LayerWeights[];
  readonly biases: readonly Float32Array[];
}

/**
 * Finds the layers `fc1`, `fc2`, … of a PyTorch state dictionary, whose weights are [outputs, inputs].
 * Throws `bad-file` when there are none, or when their shapes do not follow one another.
 */
export function mlpFromTensors(path: string, tensors: ReadonlyMap<string, Tensor>): Mlp {
  const layers: LayerWeights[] = [];
  const biases: Float32Array[] = [];
  for (let number = 1; ; number++) {
    const name = `fc${number}`;
    const weight = tensors.get(`${name}.weight`);
    if (weight === undefined) break;
    const [outputs, inputs] = weight.shape;
    if (
      weight.shape.length !== 2 ||
      outputs === undefined ||
      inputs === undefined ||
      outputs * inputs === 0
    ) {
      throw wrongShape(path, `${name}.weight is ${shapeText(weight.shape)}, and a matrix is needed`);
    }
    const before = layers.at(-1);
    if (before && before.outputs !== inputs) {
      throw wrongShape(path, `${name} takes ${inputs} inputs, but ${before.name} gives ${before.outputs}`);
    }
    const bias = tensors.get(`${name}.bias`)?.values ?? new Float32Array(outputs);
    if (bias.length !== outputs) {
      throw wrongShape(path, `${name}.bias has ${bias.length} values for ${outputs} outputs`);
    }
    layers.push({ name, inputs, outputs, values: transpose(weight.values, outputs, inputs) });
    biases.push(bias);
  }
  if (layers.length === 0) throw wrongShape(path, "it has no tensor fc1.weight");
  return { layers, biases };
}

/**
 * The share of images whose largest output is their label.
 *
 * @param images  [n, inputs].
 * @param labels  n class numbers.
 */
export function mlpAccuracy(mlp: Mlp, images: Tensor, labels: Float32Array): number {
  const inputs = mlp.layers[0]!.inputs;
  let right = 0;
  for (let n = 0; n < labels.length; n++) {
    const outputs = forward(mlp, images.values.subarray(n * inputs, (n + 1) * inputs));
    if (outputs.indexOf(Math.max(...outputs)) === labels[n]) right++;
  }
  return right / labels.length;
}

function forward({ layers, biases }: Mlp, image: Float32Array): Float32Array {
  let activations = image;
  layers.forEach(({ inputs, outputs, values }, l) => {
    const sums = biases[l]!.slice();
    for (let input = 0; input < inputs; input++) {
      const activation = activations[input]!;
      if (activation === 0) continue;
      const row = input * outputs;
      for (let output = 0; output < outputs; output++) sums[output]! += activation * values[row + output]!;
    }
    if (l < layers.length - 1) for (let i = 0; i < outputs; i++) sums[i] = Math.max(0, sums[i]!);
    activations = sums;
  });
  return activations;
}

function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c]!;
  return out;
}

function wrongShape(path: string, what: string): MhoError {
  return new MhoError("bad-file", `Cannot use ${path}: ${what}. Give a perceptron with layers fc1, fc2, ….`, {
    file: path,
  });
}

function shapeText(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}
