import { countOf, type LeftOut } from "../tensor.ts";
import type { Graph, Node } from "./graph.ts";
import { describe, shapeOf, sourceName } from "./names.ts";
import { operandsOf } from "./products.ts";
import type { Reaching, Scope } from "./scopes.ts";

/**
 * Constants that a node multiplies by after others changed or chose them by what the network is given. What reaches both operands of a
 * product, such as the tables of rotary embeddings, is no matrix; nor is what reaches the operand beside a constant one.
 */
export async function changedWeights(
  node: Node,
  scope: Scope,
  functions: ReadonlyMap<string, Graph>,
): Promise<LeftOut[]> {
  const found = new Map<string, LeftOut>();
  const name = async (one: Reaching, by: string): Promise<void> => {
    const source = await sourceName(one.scope.constants, one.value);
    const where = scope.inside === undefined ? "" : ` inside ${scope.inside}`;
    const why = `it reaches ${by}${where} through ${describe(one.by)}, which also takes what is known only while the network runs`;
    if (!found.has(source)) found.set(source, { name: source, why });
  };
  for (const one of summed(node, scope)) if ((await rank(one)) >= 2) await name(one, describe(node));

  const operands = operandsOf(node, functions.has(`${node.domain} ${node.op}`));
  if (operands === undefined) return [...found.values()];
  const inputs = operands.inputs.map((n) => node.inputs[n] ?? "").filter((input) => input !== "");
  if (!operands.areWeights && inputs.some((input) => isMatrix(scope, input))) return [...found.values()];
  const open = inputs.filter((input) => !scope.constants.has(input));
  for (const input of open) {
    const reaching = [...scope.reaching(input)]
      .filter(([key]) => operands.areWeights || !open.every((other) => scope.reaching(other).has(key)))
      .map(([, one]) => one);
    const ranks = await Promise.all(reaching.map(rank));
    const largest = Math.max(...ranks);
    for (const [n, one] of reaching.entries())
      if (ranks[n]! >= 2 || (operands.areWeights && ranks[n] === largest)) await name(one, describe(node));
  }
  return [...found.values()];
}

/** A product written as x · w, summed. */
function summed(node: Node, scope: Scope): Reaching[] {
  const by = /^Reduce(?:Sum|Mean)$/.test(node.op) ? scope.graph.makers.get(node.inputs[0] ?? "") : undefined;
  if (by?.op !== "Mul" || by.inputs.every((input) => scope.constants.has(input))) return [];
  return by.inputs
    .filter((value) => scope.constants.has(value))
    .map((value) => ({ scope, value, by, alone: false }));
}

/** How many dimensions of a constant are longer than 1; two where it cannot be worked out. */
async function rank({ scope, value, by, alone }: Reaching): Promise<number> {
  const shape = scope.graph.tensors.get(value)?.shape ?? (await shapeOf(scope.constants, value));
  if (shape === undefined) return 2;
  const long = shape.filter((size) => size > 1).length;
  // A bias may be a row; what is multiplied or chosen as one column is a matrix of one column.
  const isColumn = shape.length === 2 && shape[1] === 1 && !/^(?:Add|Sub)$/.test(by.op);
  return long === 1 && (isColumn || alone) ? 2 : long;
}

/** Whether an operand is a constant of more than one number. */
function isMatrix({ constants, graph }: Scope, value: string): boolean {
  if (!constants.has(value)) return false;
  const stored = graph.tensors.get(value);
  return stored === undefined || countOf(stored.shape) > 1;
}
