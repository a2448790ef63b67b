import { DamagedMessage, type Field, fieldsOf, signedNumbers } from "../protobuf.ts";
import { type StoredTensor, storedTensor } from "./tensor.ts";

export interface Node {
  readonly op: string;
  /** Empty for ONNX's own operators. */
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

export interface Attribute {
  readonly whole: number | undefined;
  readonly wholes: readonly number[];
  readonly real: number | undefined;
  readonly reals: readonly number[];
  readonly text: string;
  readonly tensor: StoredTensor | undefined;
  /** What an If or a loop carries out. */
  readonly graphs: readonly Graph[];
}

export interface Graph {
  readonly nodes: readonly Node[];
  /** Initialisers, and the values of Constant nodes, by the value's name. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Names of initialisers that are stored sparsely, which are not read. */
  readonly sparse: readonly string[];
  /** The names of what it gives, in order. */
  readonly outputs: readonly string[];
  /** Which node gives a value, by the value's name: the first, if several say that they do. */
  readonly makers: ReadonlyMap<string, Node>;
}

export interface Model {
  readonly graph: Graph;
  /** Bodies of the model's own functions, by domain and name. */
  readonly functions: ReadonlyMap<string, Graph>;
}

/** Reads the structure of a model; its numbers stay where they are. Throws DamagedMessage. */
export function modelOf(bytes: Uint8Array): Model {
  let graph: Graph | undefined;
  const functions = new Map<string, Graph>();
  for (const field of fieldsOf(bytes)) {
    if (field.number === 7) graph ??= graphOf(field.bytes, 0);
    else if (field.number === 25) {
      const fields = [...fieldsOf(field.bytes)];
      const [name, domain] = [textIn(fields, 1), textIn(fields, 10)];
      const nodes = fields.filter(({ number }) => number === 7).map((one) => nodeOf(one.bytes, 0));
      functions.set(functionKey(domain, name), graphWith(nodes, new Map(), [], textsIn(fields, 5)));
    }
  }
  if (graph === undefined) throw new DamagedMessage();
  return { graph, functions };
}

export function functionKey(domain: string, name: string): string {
  return `${domain === "ai.onnx" ? "" : domain} ${name}`;
}

/** Graphs inside graphs are few; a message of many levels is an attack on the stack. */
const mostLevels = 16;

function graphOf(bytes: Uint8Array, level: number): Graph {
  if (level > mostLevels) throw new DamagedMessage();
  const nodes: Node[] = [];
  const tensors = new Map<string, StoredTensor>();
  const sparse: string[] = [];
  const outputs: string[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) nodes.push(nodeOf(field.bytes, level));
    else if (field.number === 5) {
      const tensor = storedTensor(field.bytes);
      tensors.set(tensor.name, tensor);
    } else if (field.number === 15) {
      const values = [...fieldsOf(field.bytes)].find(({ number }) => number === 1);
      sparse.push(values === undefined ? "" : storedTensor(values.bytes).name);
    } else if (field.number === 12) outputs.push(textIn([...fieldsOf(field.bytes)], 1));
  }
  return graphWith(nodes, tensors, sparse, outputs);
}

function graphWith(
  nodes: readonly Node[],
  tensors: Map<string, StoredTensor>,
  sparse: readonly string[],
  outputs: readonly string[],
): Graph {
  const makers = new Map<string, Node>();
  for (const node of nodes) {
    const [output] = node.outputs;
    const value = node.op === "Constant" ? valueOfConstant(node) : undefined;
    if (value !== undefined && output !== undefined && !tensors.has(output)) tensors.set(output, value);
    for (const name of node.outputs) if (name !== "" && !makers.has(name)) makers.set(name, node);
  }
  return { nodes, tensors, sparse, outputs, makers };
}

/** A Constant node may hold its numbers in five ways. */
function valueOfConstant({ attributes }: Node): StoredTensor | undefined {
  const value = attributes.get("value")?.tensor;
  if (value !== undefined) return value;
  const stored = (shape: readonly number[], whole: boolean, values: readonly number[]): StoredTensor => {
    const raw = new Uint8Array((whole ? 8 : 4) * values.length);
    const view = new DataView(raw.buffer);
    values.forEach((number, i) => {
      if (whole) view.setBigInt64(8 * i, BigInt(number), true);
      else view.setFloat32(4 * i, number, true);
    });
    return { name: "", shape, dataType: whole ? 7 : 1, raw, typed: [], whole: [], external: new Map() };
  };
  const [real, reals] = [attributes.get("value_float")?.real, attributes.get("value_floats")?.reals];
  const [whole, wholes] = [attributes.get("value_int")?.whole, attributes.get("value_ints")?.wholes];
  if (real !== undefined) return stored([], false, [real]);
  if (reals !== undefined) return stored([reals.length], false, reals);
  if (whole !== undefined) return stored([], true, [whole]);
  return wholes === undefined ? undefined : stored([wholes.length], true, wholes);
}

function nodeOf(bytes: Uint8Array, level: number): Node {
  const fields = [...fieldsOf(bytes)];
  const domain = textIn(fields, 7);
  return {
    inputs: textsIn(fields, 1),
    outputs: textsIn(fields, 2),
    name: textIn(fields, 3),
    op: textIn(fields, 4),
    domain: domain === "ai.onnx" ? "" : domain,
    attributes: new Map(
      fields.filter(({ number }) => number === 5).map((field) => attributeOf(field, level)),
    ),
  };
}

function attributeOf({ bytes }: Field, level: number): [string, Attribute] {
  const fields = [...fieldsOf(bytes)];
  const of = (number: number): Field[] => fields.filter((field) => field.number === number);
  const [tensor] = of(5);
  return [
    textIn(fields, 1),
    {
      whole: of(3)[0]?.signed,
      wholes: of(8).flatMap(signedNumbers),
      real: of(2).flatMap(floatsOf)[0],
      reals: of(7).flatMap(floatsOf),
      text: textIn(fields, 4),
      tensor: tensor && storedTensor(tensor.bytes),
      graphs: [...of(6), ...of(11)].map((field) => graphOf(field.bytes, level + 1)),
    },
  ];
}

function floatsOf({ bytes }: Field): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => view.getFloat32(4 * i, true));
}

function textIn(fields: readonly Field[], wanted: number): string {
  return new TextDecoder().decode(fields.find(({ number }) => number === wanted)?.bytes);
}

function textsIn(fields: readonly Field[], wanted: number): string[] {
  const text = new TextDecoder();
  return fields.filter(({ number }) => number === wanted).map(({ bytes }) => text.decode(bytes));
}
