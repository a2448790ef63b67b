import { countOf, type FoundTensor, type LeftOut } from "../tensor.ts";
import type { BesideModel } from "../besideModel.ts";
import { DamagedMessage } from "../protobuf.ts";
import type { Constant } from "./constant.ts";
import { changedWeights } from "./changedWeights.ts";
import type { Constants } from "./constants.ts";
import { folded } from "./folding.ts";
import type { Graph, Model, Node } from "./graph.ts";
import { isPlain } from "./names.ts";
import { scopesOf } from "./scopes.ts";
import { type Slot, slotsOf } from "./slots.ts";
import { isReal, numbersOf, type StoredTensor } from "./tensor.ts";
import { unread } from "./unread.ts";

/** A tensor of weights, and how the network uses it. */
export interface WeightUse {
  readonly name: string;
  readonly slot: Slot;
  readonly order: FoundTensor["order"];
  readonly shape: readonly number[];
  /** The shape of the value that a node takes: a vector is a matrix of one column. */
  readonly valueShape: readonly number[];
  /** The tensor of the file, where a node takes it as it is or turned. */
  readonly stored: StoredTensor | undefined;
  /** The value that a node takes, and ONNX's number of its type. */
  readonly value: string;
  readonly dataType: number;
  /** The numbers of the whole tensor, without the slot's factor. Throws `bad-file`, DamagedMessage. */
  read(): Promise<Float64Array>;
}

export interface Uses {
  readonly uses: readonly WeightUse[];
  readonly leftOut: readonly LeftOut[];
}

/** Which constants are weights, each once, in the order of the nodes; and which look like it and are not read. */
export async function usesOf(model: Model, beside: BesideModel): Promise<Uses> {
  const scopes = scopesOf(model, beside);
  const { graph, functions } = model;
  const { constants } = scopes[0]!;
  const uses: WeightUse[] = [];
  const leftOut = new Map<string, string>();
  const taken = new Set<string>();
  const names = new Set<string>();

  const nameFor = (source: string, node: Node, index: number, part: string): string => {
    const own = `${node.name || `${node.op}_${index}`}${part}`;
    const first = part === "" && isPlain(source) ? source : own;
    const free = [first, own].find((name) => !names.has(name)) ?? `${own}_${names.size}`;
    names.add(free);
    return free;
  };

  const take = async (node: Node, index: number, slot: Slot): Promise<void> => {
    const value = node.inputs[slot.input] ?? "";
    if (!constants.has(value)) return;
    const found = (await storedUse(graph, value, slot)) ?? (await foldedUse(constants, node, value, slot));
    if ("why" in found) {
      leftOut.set(isPlain(value) ? value : node.name || `${node.op}_${index}`, found.why);
      return;
    }
    if (taken.has(found.key)) return;
    taken.add(found.key);
    uses.push({ ...found.use, name: nameFor(found.source, node, index, slot.part) });
  };

  const storedUse = (within: Graph, value: string, slot: Slot) => {
    const found = slot.scaled === undefined ? sourceOf(within, value) : undefined;
    if (found === undefined || !isReal(found.stored) || found.stored.shape.length < 2) return undefined;
    if (found.turned && (slot.holds !== "batch" || found.stored.shape.length !== 2)) return undefined;
    const { stored, name } = found;
    const order = found.turned ? turnedOrder(slot.order) : slot.order;
    const { shape, dataType } = stored;
    const read = once(() => numbersOf(stored, beside));
    return Promise.resolve({
      key: name,
      source: name,
      use: { slot, order, shape: asMatrix(shape, slot), valueShape: shape, stored, value, dataType, read },
    });
  };

  const leave = (found: readonly LeftOut[]): void =>
    found.forEach(({ name, why }) => leftOut.has(name) || leftOut.set(name, why));
  for (const scope of scopes) {
    for (const [index, node] of scope.graph.nodes.entries()) {
      if (node.outputs.every((output) => output === "" || scope.constants.has(output))) continue;
      const isRead = scope === scopes[0] && !functions.has(`${node.domain} ${node.op}`);
      for (const slot of (isRead ? slotsOf(node) : undefined) ?? []) await take(node, index, slot);
      leave(await unread(node, scope, functions));
      leave(await changedWeights(node, scope, functions));
    }
  }
  for (const name of graph.sparse) leftOut.set(name, "it is stored sparsely");
  const read = new Set(uses.map(({ name }) => name));
  return {
    uses,
    leftOut: [...leftOut].map(([name, why]) => ({
      name,
      why,
      ...(read.has(name) && { elsewhereRead: true }),
    })),
  };
}

interface FoundUse {
  /** What makes two uses the same matrix. */
  readonly key: string;
  readonly source: string;
  readonly use: Omit<WeightUse, "name">;
}

async function foldedUse(
  constants: Constants,
  node: Node,
  value: string,
  slot: Slot,
): Promise<FoundUse | { readonly why: string }> {
  const { scaled } = slot;
  let found: Constant | { readonly why: string } | undefined = await constants.value(value);
  if (!("why" in found) && scaled !== undefined) {
    const others: Constant[] = [];
    for (const input of [scaled.scale, scaled.zero]) {
      const name = node.inputs[input] ?? "";
      if (name === "") continue;
      const one = await constants.value(name);
      if ("why" in one) return one;
      others.push(one);
    }
    const axis = scaled.axis === "first" ? 0 : found.shape.length - 1;
    found = folded(dequantizing(axis), [found, ...others]) ?? { why: "its scale does not fit its shape" };
  }
  if ("why" in found) return found;
  if (!isReal(found)) return { why: `its numbers are of type ${found.dataType} of ONNX, without a scale` };
  const { values, dataType, source } = found;
  const column = slot.holds === "batch" && found.shape.length === 1;
  const shape = column
    ? slot.order === "inputs-first"
      ? [...found.shape, 1]
      : [1, ...found.shape]
    : found.shape;
  if (shape.length < 2) return { why: `it has the shape ${shape.join(" × ")}` };
  const read = (): Promise<Float64Array> => Promise.resolve(values);
  return {
    key: ` ${value}`,
    source,
    use: {
      slot,
      order: slot.order,
      shape: asMatrix(shape, slot),
      valueShape: found.shape,
      stored: undefined,
      value,
      dataType,
      read,
    },
  };
}

/** Rows and columns where an equation has several letters for them. */
function asMatrix(shape: readonly number[], { rows }: Slot): readonly number[] {
  return rows === undefined ? shape : [countOf(shape.slice(0, rows)), countOf(shape.slice(rows))];
}

function dequantizing(axis: number): Node {
  const whole = {
    whole: axis,
    wholes: [],
    real: undefined,
    reals: [],
    text: "",
    tensor: undefined,
    graphs: [],
  };
  return {
    op: "DequantizeLinear",
    domain: "",
    name: "",
    inputs: [],
    outputs: [],
    attributes: new Map([["axis", whole]]),
  };
}

/** The stored tensor behind a name, through nodes that only pass or turn it. */
function sourceOf(
  graph: Graph,
  name: string,
  depth = 0,
): { name: string; stored: StoredTensor; turned: boolean } | undefined {
  const stored = graph.tensors.get(name);
  if (stored !== undefined) return { name, stored, turned: false };
  const node = depth < 8 ? graph.makers.get(name) : undefined;
  if (node === undefined || node.domain !== "" || !["Identity", "Transpose"].includes(node.op))
    return undefined;
  const before = sourceOf(graph, node.inputs[0] ?? "", depth + 1);
  if (before === undefined || node.op === "Identity") return before;
  const order = node.attributes.get("perm")?.wholes;
  const turns = order === undefined || (order.length === 2 && order[0] === 1 && order[1] === 0);
  return turns && before.stored.shape.length === 2 ? { ...before, turned: !before.turned } : undefined;
}

function turnedOrder(order: FoundTensor["order"]): FoundTensor["order"] {
  return order === "outputs-first" ? "inputs-first" : "outputs-first";
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => (done ??= work());
}

/** The matrices of a use: one, one a direction, or one for each index before its last two. */
export function matricesOf(use: WeightUse): { readonly name: string; readonly shape: readonly number[] }[] {
  const { name, shape, slot } = use;
  if (slot.holds === "one" || shape.length < 3) return [{ name, shape }];
  const inner = shape.slice(-2);
  const count = countOf(shape.slice(0, -2));
  if (slot.holds === "directions") {
    // With nothing in them, there could be any number.
    if (shape.length !== 3 || (count !== 1 && count !== 2)) throw new DamagedMessage();
    return [name, `${name}.reverse`].slice(0, count).map((one) => ({ name: one, shape: inner }));
  }
  if (count === 1) return [{ name, shape: inner }];
  if (!(count <= mostMatrices)) throw new DamagedMessage();
  return Array.from({ length: count }, (_, n) => ({ name: `${name}.${n}`, shape: inner }));
}

const mostMatrices = 65_536;
