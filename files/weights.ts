import { createHash } from "node:crypto";
import { basename, extname } from "node:path";
import type { LayerWeights } from "../src/weights/layer.ts";
import { readCsv } from "./csv.ts";
import { readNpy } from "./npy.ts";
import { readNpz } from "./npz.ts";
import { readOnnx } from "./onnx.ts";
import { badFile } from "./readFile.ts";
import { readSafetensors, type Tensor } from "./safetensors.ts";

/** A layer, and where its weights came from. */
export interface SourcedLayer extends LayerWeights {
  /** `sha256`: of the layer's values, row-major little-endian 32-bit floats, in hexadecimal. */
  readonly source: {
    readonly file: string;
    readonly tensor: string;
    readonly sha256: string;
    /** Whether the tensor has its outputs first, as torch does. */
    readonly turned: boolean;
  };
}

/** A layer's values as its tensor had them: what `layerOf` turned is turned back. */
export function asStored({ inputs, outputs, values, source }: SourcedLayer): Float32Array {
  if (!source.turned) return values;
  return values.map((_, i) => values[(i % inputs) * outputs + Math.floor(i / inputs)]!);
}

interface Found {
  readonly name: string;
  readonly tensor: Tensor;
  /** Whether the first dimension counts outputs, as in torch, or inputs. */
  readonly outputsFirst: boolean;
}

/**
 * Reads the layers of a file of weights: every tensor of two dimensions or more, or those that are named, in the order
 * in which they are named. Throws `bad-file`.
 */
export async function readWeights(path: string, tensors?: readonly string[]): Promise<SourcedLayer[]> {
  const found = await findTensors(path);
  const chosen = tensors
    ? tensors.map((name) => named(path, found, name))
    : found.length === 1
      ? found
      : found.filter(({ tensor }) => tensor.shape.length >= 2);
  if (chosen.length === 0) {
    throw badFile(path, "it holds no weight matrix", "Name a tensor with --tensor, or give another file.");
  }
  return chosen.map((one) => layerOf(path, one));
}

async function findTensors(path: string): Promise<Found[]> {
  const extension = extname(path).toLowerCase();
  const stem = basename(path, extname(path));
  const inputsFirst = (tensors: Iterable<[string, Tensor]>): Found[] =>
    Array.from(tensors, ([name, tensor]) => ({ name, tensor, outputsFirst: tensor.shape.length > 2 }));
  switch (extension) {
    case ".npy":
      return inputsFirst([[stem, await readNpy(path)]]);
    case ".csv":
      return inputsFirst([[stem, await readCsv(path)]]);
    case ".npz":
      return inputsFirst(await readNpz(path));
    case ".safetensors":
      return Array.from(await readSafetensors(path), ([name, tensor]) => ({
        name,
        tensor,
        outputsFirst: true,
      }));
    case ".onnx":
      return readOnnx(path);
    default:
      throw badFile(
        path,
        `${extension || "a name without an ending"} is no kind of weights that is read here`,
        "Give .npy, .npz, .safetensors, .onnx or .csv.",
      );
  }
}

function named(path: string, found: readonly Found[], name: string): Found {
  const one = found.find((candidate) => candidate.name === name);
  if (one !== undefined) return one;
  const names = found.map((candidate) => candidate.name);
  const listed = names.slice(0, 10).join(", ") + (names.length > 10 ? `, and ${names.length - 10} more` : "");
  throw badFile(path, `there is no tensor ${name} in it`, `It has ${listed || "none"}.`);
}

/** A tensor as a crossbar sees it: convolutions unrolled, inputs on rows. */
function layerOf(path: string, { name, tensor, outputsFirst }: Found): SourcedLayer {
  const { shape, values } = tensor;
  if (values.length === 0) throw badFile(path, `tensor ${name} is empty`, "Give another with --tensor.");
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw badFile(
      path,
      `tensor ${name} holds ${values[bad]} at element ${bad}`,
      "Weights must be finite numbers.",
    );
  }
  const first = shape[0] ?? 1;
  const rest = values.length / first;
  const turned = outputsFirst && shape.length > 1;
  const rows = turned ? values.map((_, i) => values[(i % first) * rest + Math.floor(i / first)]!) : values;
  const sha256 = createHash("sha256")
    .update(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength))
    .digest("hex");
  return {
    name,
    inputs: turned ? rest : first,
    outputs: turned ? first : rest,
    values: rows,
    source: { file: path, tensor: name, sha256, turned },
  };
}
