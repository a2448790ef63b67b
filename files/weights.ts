import { createHash } from "node:crypto";
import type { LayerWeights } from "../src/weights/layer.ts";
import { withCatalogue } from "./catalogue.ts";
import type { Orientation } from "./orientation.ts";
import { badFile } from "./readFile.ts";
import type { Catalogue, FoundTensor, LeftOut } from "./tensor.ts";

/** A layer, and where its weights came from. */
export interface SourcedLayer extends LayerWeights {
  /** `sha256`: of the layer's values, row-major little-endian 32-bit floats, in hexadecimal. */
  readonly source: {
    readonly file: string;
    readonly tensor: string;
    readonly sha256: string;
    /** Whether the tensor has its outputs first, as torch does. */
    readonly turned: boolean;
    /** Which way round it was said to stand. */
    readonly orientation?: Orientation | undefined;
  };
}

/** A layer's values as its tensor had them: what `layerOf` turned is turned back. */
export function asStored({ inputs, outputs, values, source }: SourcedLayer): Float32Array {
  if (!source.turned) return values;
  return values.map((_, i) => values[(i % inputs) * outputs + Math.floor(i / inputs)]!);
}

export interface WeightOptions {
  /** Which tensors, by name and in this order; every one of two dimensions or more where nothing is said. */
  readonly tensors?: readonly string[] | undefined;
  /** Which way round tensors stand; what their kind of file says where nothing is said. */
  readonly orientation?: Orientation | undefined;
  /** Told of every tensor that looks like weights and is not read; not when tensors are chosen by name. */
  readonly onLeftOut?: ((one: LeftOut) => void) | undefined;
}

/** Reads the layers of a file of weights. Only what is chosen is read and judged. Throws `bad-file`. */
export async function readWeights(path: string, options: WeightOptions = {}): Promise<SourcedLayer[]> {
  return withCatalogue(path, async (found) => {
    if (options.orientation !== undefined && path.toLowerCase().endsWith(".onnx")) {
      throw badFile(
        path,
        "an ONNX model says by itself which way round its weights stand",
        "Leave --orientation away.",
      );
    }
    const layers: SourcedLayer[] = [];
    for (const one of chosenOf(path, found, options.tensors))
      layers.push(await layerOf(path, one, options.orientation));
    if (options.tensors === undefined) found.leftOut.forEach((one) => options.onLeftOut?.(one));
    return layers;
  });
}

function chosenOf(
  path: string,
  { tensors, leftOut }: Catalogue,
  names: readonly string[] | undefined,
): readonly FoundTensor[] {
  if (names !== undefined) return names.map((name) => named(path, tensors, leftOut, name));
  const alone = tensors.length === 1 && leftOut.length === 0;
  const chosen = alone ? tensors : tensors.filter(({ shape }) => shape.length >= 2);
  if (chosen.length > 0) return chosen;
  const listed = leftOut.slice(0, mostNamed).map((one) => `${one.name}: ${one.why}`);
  const more = leftOut.length - listed.length;
  const all = [...listed, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
  const why = all === "" ? "" : ` that can be read (${all})`;
  throw badFile(
    path,
    `it holds no weight matrix${why}`,
    "Name a tensor with --tensor, or give another file.",
  );
}

/** Weights that cannot be read, in one message. */
const mostNamed = 8;

function named(
  path: string,
  tensors: readonly FoundTensor[],
  leftOut: readonly LeftOut[],
  name: string,
): FoundTensor {
  const one = tensors.find((candidate) => candidate.name === name);
  if (one !== undefined) return one;
  const unread = leftOut.find((candidate) => candidate.name === name);
  if (unread !== undefined)
    throw badFile(path, `tensor ${name} cannot be read: ${unread.why}`, "Name another.");
  const names = tensors.map((candidate) => candidate.name);
  const listed = names.slice(0, 10).join(", ") + (names.length > 10 ? `, and ${names.length - 10} more` : "");
  throw badFile(path, `there is no tensor ${name} in it`, `It has ${listed || "none"}.`);
}

/** A tensor as a crossbar sees it: convolutions unrolled, inputs on rows. */
async function layerOf(
  path: string,
  { name, shape, order: usual, read }: FoundTensor,
  orientation: Orientation | undefined,
): Promise<SourcedLayer> {
  if (usual === undefined && orientation === undefined) {
    throw badFile(
      path,
      `tensor ${name} has ${shape.length} dimensions, and this kind of file does not say which one counts outputs`,
      "Say --orientation outputs-last (Keras, HWIO) or outputs-first (torch, OIHW).",
    );
  }
  const order = orientation ?? usual;
  const values = await read();
  if (values.length === 0) throw badFile(path, `tensor ${name} is empty`, "Give another with --tensor.");
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw badFile(
      path,
      `tensor ${name} holds ${values[bad]} at element ${bad}`,
      "Weights must be finite numbers.",
    );
  }
  const vector = shape.length < 2;
  const first = order === "outputs-last" && !vector ? values.length / shape.at(-1)! : (shape[0] ?? 1);
  const rest = values.length / first;
  const turned = order === "outputs-first" && !vector;
  const rows = turned ? values.map((_, i) => values[(i % first) * rest + Math.floor(i / first)]!) : values;
  const sha256 = digestOf(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
  return {
    name,
    inputs: turned ? rest : first,
    outputs: turned ? first : rest,
    values: rows,
    source: { file: path, tensor: name, sha256, turned, ...(orientation && { orientation }) },
  };
}

/** Piece by piece: a hash takes 2 GiB at most at once. */
function digestOf(bytes: Uint8Array): string {
  const hash = createHash("sha256");
  for (let at = 0; at < bytes.length; at += pieceBytes) hash.update(bytes.subarray(at, at + pieceBytes));
  return hash.digest("hex");
}

const pieceBytes = 2 ** 28;
