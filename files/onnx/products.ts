import type { Node } from "./graph.ts";
import { slotsOf } from "./slots.ts";

/** Inputs of which one may be weights: those of a product of two values, or those that are weights and nothing else. */
export interface Operands {
  readonly inputs: readonly number[];
  readonly areWeights: boolean;
}

/** Where a node multiplies by matrices; undefined where it does not. */
export function operandsOf(node: Node, called: boolean): Operands | undefined {
  const all = node.inputs.map((_, n) => n);
  if (called || node.op === "Einsum" || isForeign(node)) return { inputs: all, areWeights: false };
  const slots = slotsOf(node);
  if (slots !== undefined) {
    const inputs = slots.map(({ input }) => input);
    return { inputs, areWeights: !(inputs.includes(0) && inputs.includes(1)) };
  }
  return isProduct(node) ? { inputs: [0, 1], areWeights: false } : undefined;
}

export type WayOfWeights = "product" | "ends" | "normalises" | "passes";

/**
 * What becomes of weights in a node: a product ends them, and so does what compares and counts. What normalises ends those that are a
 * part of a signal, such as biases of attention scores, and passes others on.
 */
export function wayOfWeights(node: Node): WayOfWeights {
  if (slotsOf(node) !== undefined || isProduct(node)) return "product";
  return ending.test(node.op) ? "ends" : normalising.test(node.op) ? "normalises" : "passes";
}

/** Whether an operator multiplies matrices, by its name. */
export function isProduct({ op }: Node): boolean {
  return product.test(op);
}

const product = /MatMul|Gemm|Conv|Einsum/;

const ending =
  /^(?:.*Attention.*|Shape|Size|ArgM.*|Equal|Greater.*|Less.*|Not|And|Or|Xor|IsNaN|IsInf|NonZero)$/;

const normalising = /^(?:Softmax|LogSoftmax|Hardmax|.*Normalization.*|LRN)$/;

/** An operator that neither ONNX nor ONNX Runtime has: what it does is not known. */
function isForeign({ domain }: Node): boolean {
  return domain !== "" && !/^(?:com\.microsoft(?:\..*)?|ai\.onnx\..*)$/.test(domain);
}
