import type { Node } from "./graph.ts";
import { slotsOf } from "./slots.ts";

/** Inputs of which one may be weights: those of a product of two values, or those that are weights and nothing else. */
export interface Operands {
  readonly inputs: readonly number[];
  readonly areWeights: boolean;
}

/** Where a node multiplies by matrices; undefined where it does not. */
export function operandsOf(node: Node, called: boolean): Operands | undefined {
  const slots = called ? undefined : slotsOf(node);
  if (slots !== undefined) {
    const inputs = slots.map(({ input }) => input);
    return { inputs, areWeights: !(inputs.includes(0) && inputs.includes(1)) };
  }
  const all = node.inputs.map((_, n) => n);
  if (called || node.op === "Einsum" || isForeign(node)) return { inputs: all, areWeights: false };
  return isProduct(node) ? { inputs: [0, 1], areWeights: false } : undefined;
}

/** Whether no number of a node's output is one of weights that it takes: products, and what compares, counts and normalises. */
export function endsWeights(node: Node): boolean {
  return slotsOf(node) !== undefined || isProduct(node) || ending.test(node.op);
}

/** Whether an operator multiplies matrices, by its name. */
export function isProduct({ op }: Node): boolean {
  return product.test(op);
}

const product = /MatMul|Gemm|Conv|Einsum/;

const ending =
  /^(?:Softmax|LogSoftmax|Hardmax|.*Normalization.*|LRN|.*Attention.*|Shape|Size|ArgM.*|Equal|Greater.*|Less.*|Not|And|Or|Xor|IsNaN|IsInf|NonZero)$/;

/** An operator that neither ONNX nor ONNX Runtime has: what it does is not known. */
function isForeign({ domain }: Node): boolean {
  return domain !== "" && !/^(?:com\.microsoft(?:\..*)?|ai\.onnx\..*)$/.test(domain);
}
