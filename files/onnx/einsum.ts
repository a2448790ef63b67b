import type { FoundTensor } from "../tensor.ts";

/** How an operand of an Einsum is a matrix of weights, or a batch of them. */
export interface EinsumOperand {
  readonly order: FoundTensor["order"];
  readonly holds: "batch" | "one";
  /** How many of its dimensions, from the first on, are the rows of its matrix; the others are its columns. */
  readonly rows: number | undefined;
}

/**
 * How one operand of an equation of two is multiplied by the other, such as `i o` of `bi,io->bo`, or `i h d` of `b t i, i h d -> b t h d`.
 * Undefined where that is no product of matrices, or where the letters of inputs and outputs do not stand together.
 */
export function einsumOperand(equation: string, operand: 0 | 1): EinsumOperand | undefined {
  const [left = "", output] = equation.replaceAll(" ", "").split("->");
  const operands = left.split(",").map((letters) => letters.replace("...", ""));
  const [own, other] = [operands[operand], operands[1 - operand]];
  if (own === undefined || other === undefined || operands.length !== 2 || output === undefined)
    return undefined;
  // What a signal has more of, an ellipsis may stand for; of weights it would say how many there are.
  if (left.split(",")[operand]!.includes("...") || [own, other].some(repeats)) return undefined;
  const kinds = own.split("").map((letter) => {
    const [shared, kept] = [other.includes(letter), output.includes(letter)];
    return shared ? (kept ? "b" : "i") : kept ? "o" : "?";
  });
  const text = kinds.join("");
  const [, batch, first, second] = /^([bo]*?)(i+|o+)(i+|o+)$/.exec(text) ?? [];
  if (batch === undefined || first![0] === second![0]) return undefined;
  const order = first!.startsWith("i") ? "inputs-first" : "outputs-first";
  // A letter in front, such as that of heads, is one matrix each.
  if (batch === "") return { order, holds: "one", rows: first!.length };
  return first!.length === 1 && second!.length === 1 ? { order, holds: "batch", rows: undefined } : undefined;
}

function repeats(letters: string): boolean {
  return new Set(letters).size !== letters.length;
}
