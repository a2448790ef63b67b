import type { FoundTensor } from "../tensor.ts";
import { einsumOperand } from "./einsum.ts";
import type { Node } from "./graph.ts";

/** Where a node takes a matrix of weights. */
export interface Slot {
  readonly input: number;
  /** Of a matrix, or of the whole tensor of a convolution. */
  readonly order: FoundTensor["order"];
  /** What is appended to the node's name: it has several. */
  readonly part: string;
  /** What the node multiplies the product by. */
  readonly factor: number;
  /** A matrix a direction, a matrix for each index of the dimensions before the last two, or one tensor. */
  readonly holds: "directions" | "batch" | "one";
  /** How many dimensions, from the first on, are rows of one matrix; the others are its columns. */
  readonly rows?: number | undefined;
  /** The inputs that turn whole numbers into weights, and along which dimension. */
  readonly scaled?: { readonly scale: number; readonly zero: number; readonly axis: "first" | "last" };
}

/** Where a node takes weights that are read; undefined for all other operators. */
export function slotsOf(node: Node): readonly Slot[] | undefined {
  const key = `${node.domain}:${node.op}`;
  return Object.hasOwn(slots, key) ? slots[key]!(node) : undefined;
}

const plain = { part: "", factor: 1, holds: "one" } as const;

const convolution = (): Slot[] => [{ ...plain, input: 1, order: "outputs-first" }];

const recurrent = (): Slot[] =>
  ([".W", ".R"] as const).map((part, i) => ({
    ...plain,
    input: 1 + i,
    order: "outputs-first",
    part,
    holds: "directions",
  }));

/** y = a b: b has its inputs first, and a its outputs, unless they are turned. */
function product(
  node: Node,
  inputs: readonly [a: number, b: number],
  turned: readonly [string, string],
): Slot[] {
  const turns = turned.map((name) => (node.attributes.get(name)?.whole ?? 0) !== 0);
  const factor = node.attributes.get("alpha")?.real ?? 1;
  return [
    {
      ...plain,
      input: inputs[1],
      order: turns[1] ? "outputs-first" : "inputs-first",
      factor,
      holds: "batch",
    },
    {
      ...plain,
      input: inputs[0],
      order: turns[0] ? "inputs-first" : "outputs-first",
      factor,
      holds: "batch",
    },
  ];
}

const slots: Readonly<Record<string, (node: Node) => readonly Slot[] | undefined>> = {
  ":MatMul": (node) => product(node, [0, 1], ["", ""]),
  ":Gemm": (node) => product(node, [0, 1], ["transA", "transB"]),
  "com.microsoft:FusedMatMul": (node) =>
    ["transBatchA", "transBatchB"].some((name) => (node.attributes.get(name)?.whole ?? 0) !== 0)
      ? undefined
      : product(node, [0, 1], ["transA", "transB"]),
  ":Einsum"(node) {
    const equation = node.attributes.get("equation")?.text ?? "";
    const found = ([1, 0] as const).flatMap((input) => {
      const operand = node.inputs.length === 2 ? einsumOperand(equation, input) : undefined;
      return operand === undefined ? [] : [{ ...plain, ...operand, input }];
    });
    return found.length === 0 ? undefined : found;
  },
  ":Conv": convolution,
  "com.microsoft:FusedConv": convolution,
  ":ConvTranspose": () => [{ ...plain, input: 1, order: "inputs-first" }],
  ":LSTM": recurrent,
  ":GRU": recurrent,
  ":RNN": recurrent,
  ":QLinearConv": () => [
    { ...plain, input: 3, order: "outputs-first", scaled: { scale: 4, zero: 5, axis: "first" } },
  ],
  ":QLinearMatMul": () => [
    {
      ...plain,
      input: 3,
      order: "inputs-first",
      holds: "batch",
      scaled: { scale: 4, zero: 5, axis: "last" },
    },
  ],
};

/**
 * Whether an operator's constants are no matrices that multiply a vector: they are added, compared, looked up, or multiplied element by
 * element.
 */
export function staysDigital({ op }: Node): boolean {
  return digital.has(op);
}

const digital = new Set(
  (
    "Add Sub Mul Div Pow Mod Sum Mean Min Max Clip Where Equal Greater GreaterOrEqual Less LessOrEqual And Or Xor Not PRelu " +
    "Gather GatherElements GatherND ScatterElements ScatterND Scatter OneHot Concat Slice Split Pad Expand Tile Reshape Resize Upsample " +
    "BatchNormalization InstanceNormalization LayerNormalization GroupNormalization SimplifiedLayerNormalization RMSNormalization " +
    "SkipLayerNormalization SkipSimplifiedLayerNormalization EmbedLayerNormalization RotaryEmbedding BiasGelu FastGelu BiasAdd " +
    "QuantizeLinear DequantizeLinear Identity Cast Softmax TopK Trilu MultiHeadAttention GroupQueryAttention"
  ).split(" "),
);
