import { BesideModel } from "./besideModel.ts";
import { numbersOf, isReal, storedTensor, type StoredTensor, writeNumbers } from "./onnxTensor.ts";
import { DamagedMessage, type Field, fieldsOf, wholeNumbers } from "./protobuf.ts";
import { badFile, readInputFile } from "./readFile.ts";
import type { Tensor } from "./safetensors.ts";

/** A matrix of a layer, its first dimension the inputs or the outputs. */
export interface OnnxWeights {
  readonly name: string;
  readonly tensor: Tensor;
  readonly outputsFirst: boolean;
}

/**
 * Reads the weight matrices of MatMul, Gemm, Conv, LSTM, GRU and RNN nodes, in the graph's order. Throws `bad-file`.
 */
export async function readOnnx(path: string): Promise<OnnxWeights[]> {
  return parseOnnx(await readInputFile(path), path);
}

/** The same of a file's bytes; what it keeps beside itself is looked for beside the path. */
export async function parseOnnx(bytes: Uint8Array, path: string): Promise<OnnxWeights[]> {
  try {
    const graph = graphOf(bytes);
    const found: OnnxWeights[] = [];
    const beside = new BesideModel(path);
    for (const use of weightUses(graph)) {
      const tensor = await numbersOf(use.stored, beside);
      found.push(...matricesOf(use, tensor));
    }
    return found;
  } catch (error) {
    if (!(error instanceof DamagedMessage)) throw error;
    throw badFile(path, "it is no ONNX model, or it is damaged or cut", "Export or copy it again.", error);
  }
}

/**
 * The same model with other numbers in its weight matrices, which are written over those of the file.
 *
 * @param bytes     of the model; left as they are.
 * @param matrices  one for each that `readOnnx` finds, in its order and of its shape.
 * @throws `bad-file` when the weights are not kept inside the file as 32- or 64-bit floats.
 */
export function withOtherWeights(
  path: string,
  bytes: Uint8Array,
  matrices: readonly Float32Array[],
): Uint8Array {
  const copy = bytes.slice();
  let next = 0;
  for (const { stored, op, name } of weightUses(graphOf(copy))) {
    const directions = isRecurrent(op) && stored.shape.length === 3 ? stored.shape[0]! : 1;
    const length = stored.shape.reduce((product, size) => product * size, 1) / directions;
    const values = new Float32Array(length * directions);
    for (let n = 0; n < directions; n++) values.set(matrices[next++]!, n * length);
    if (writeNumbers(stored, values)) continue;
    throw badFile(
      path,
      `the weights ${name} are not kept in it as 32- or 64-bit floats`,
      "Export it with float32 weights inside the file.",
    );
  }
  return copy;
}

interface Node {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

interface Attribute {
  readonly whole: number;
  readonly wholes: readonly number[];
  readonly tensor: StoredTensor | undefined;
}

interface Graph {
  readonly nodes: readonly Node[];
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Which node gives a value, by the value's name: the first, if several say that they do. */
  readonly makers: ReadonlyMap<string, Node>;
}

function graphOf(bytes: Uint8Array): Graph {
  const nodes: Node[] = [];
  const tensors = new Map<string, StoredTensor>();
  for (const field of fieldsOf(graphBytes(bytes))) {
    if (field.number === 1) nodes.push(nodeOf(field.bytes));
    else if (field.number === 5) {
      const tensor = storedTensor(field.bytes);
      tensors.set(tensor.name, tensor);
    }
  }
  for (const node of nodes) {
    const value = node.op === "Constant" ? node.attributes.get("value")?.tensor : undefined;
    if (value !== undefined && node.outputs[0] !== undefined) tensors.set(node.outputs[0], value);
  }
  const makers = new Map<string, Node>();
  for (const node of nodes) {
    for (const output of node.outputs) if (!makers.has(output)) makers.set(output, node);
  }
  return { nodes, tensors, makers };
}

function graphBytes(model: Uint8Array): Uint8Array {
  for (const { number, bytes } of fieldsOf(model)) if (number === 7) return bytes;
  throw new DamagedMessage();
}

function nodeOf(bytes: Uint8Array): Node {
  const texts = new TextDecoder();
  const fields = [...fieldsOf(bytes)];
  const strings = (number: number): string[] =>
    fields.filter((field) => field.number === number).map((field) => texts.decode(field.bytes));
  const attributes = fields.filter(({ number }) => number === 5).map(attributeOf);
  return {
    inputs: strings(1),
    outputs: strings(2),
    name: strings(3)[0] ?? "",
    op: strings(4)[0] ?? "",
    attributes: new Map(attributes),
  };
}

function attributeOf({ bytes }: Field): [string, Attribute] {
  const fields = [...fieldsOf(bytes)];
  const name = fields.find(({ number }) => number === 1);
  const tensor = fields.find(({ number }) => number === 5);
  return [
    new TextDecoder().decode(name?.bytes),
    {
      whole: fields.find(({ number }) => number === 3)?.value ?? 0,
      wholes: fields.filter(({ number }) => number === 8).flatMap(wholeNumbers),
      tensor: tensor && storedTensor(tensor.bytes),
    },
  ];
}

interface WeightUse {
  readonly name: string;
  readonly stored: StoredTensor;
  readonly op: string;
  readonly outputsFirst: boolean;
}

/** Which stored tensors are weights, each once, and which way round. */
function weightUses(graph: Graph): WeightUse[] {
  const uses: WeightUse[] = [];
  const taken = new Set<string>();
  const add = (node: Node, index: number, input: number, outputsFirst: boolean, part = ""): void => {
    const source = sourceOf(graph, node.inputs[input] ?? "", 0);
    if (source === undefined || !isReal(source.stored) || source.stored.shape.length < 2) return;
    if (taken.has(source.name)) return;
    taken.add(source.name);
    const plain = part === "" && source.name !== "" && !/::|^\d+$|Constant|^\//.test(source.name);
    const name = plain ? source.name : `${node.name || `${node.op}_${index}`}${part}`;
    uses.push({ name, stored: source.stored, op: node.op, outputsFirst: outputsFirst !== source.turned });
  };
  graph.nodes.forEach((node, index) => {
    if (node.op === "MatMul") {
      add(node, index, 1, false);
      add(node, index, 0, true);
    } else if (node.op === "Gemm") {
      add(node, index, 1, node.attributes.get("transB")?.whole === 1);
    } else if (node.op === "Conv") {
      add(node, index, 1, true);
    } else if (isRecurrent(node.op)) {
      add(node, index, 1, true, ".W");
      add(node, index, 2, true, ".R");
    }
  });
  return uses;
}

/** The stored tensor behind a name, through nodes that only pass or turn it. */
function sourceOf(
  graph: Graph,
  name: string,
  depth: number,
): { name: string; stored: StoredTensor; turned: boolean } | undefined {
  const stored = graph.tensors.get(name);
  if (stored !== undefined) return { name, stored, turned: false };
  const node = depth < 8 ? graph.makers.get(name) : undefined;
  if (node === undefined || !["Identity", "Cast", "Transpose"].includes(node.op)) return undefined;
  const before = sourceOf(graph, node.inputs[0] ?? "", depth + 1);
  if (before === undefined || node.op !== "Transpose") return before;
  // Only a matrix is turned in a way that rows and columns can tell.
  return before.stored.shape.length === 2 ? { ...before, turned: !before.turned } : undefined;
}

function isRecurrent(op: string): boolean {
  return op === "LSTM" || op === "GRU" || op === "RNN";
}

/** Recurrent layers hold a matrix a direction. */
function matricesOf({ name, op, outputsFirst }: WeightUse, tensor: Tensor): OnnxWeights[] {
  if (!isRecurrent(op) || tensor.shape.length !== 3) return [{ name, tensor, outputsFirst }];
  const [directions, ...shape] = tensor.shape as [number, number, number];
  // With nothing in them, there could be any number.
  if (directions !== 1 && directions !== 2) throw new DamagedMessage();
  const length = shape[0] * shape[1];
  return Array.from({ length: directions }, (_, n) => ({
    name: n === 0 ? name : `${name}.reverse`,
    tensor: { shape, values: tensor.values.slice(n * length, (n + 1) * length) },
    outputsFirst,
  }));
}
