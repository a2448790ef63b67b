import { countOf, type LeftOut } from "../tensor.ts";
import type { Graph, Node } from "./graph.ts";
import { describe, shapeOf, sourceName } from "./names.ts";
import { isProduct, operandsOf } from "./products.ts";
import type { Scope } from "./scopes.ts";
import { slotsOf, staysDigital } from "./slots.ts";

/** Matrices that a node takes as they are and that are not read: the node is not known, or stands inside another. */
export async function unread(
  node: Node,
  scope: Scope,
  functions: ReadonlyMap<string, Graph>,
): Promise<LeftOut[]> {
  const { graph, constants, inside } = scope;
  // Linear models of ai.onnx.ml hold their weights as an attribute.
  if ((node.attributes.get("coefficients")?.reals.length ?? 0) > 1) {
    const name = `${node.name || node.op}.coefficients`;
    return [{ name, why: `it is an attribute of ${describe(node)}, which is not read` }];
  }
  const called = functions.has(`${node.domain} ${node.op}`);
  const slots = called || inside !== undefined ? undefined : slotsOf(node);
  // Of an Einsum, one operand may be read and the other not.
  if (!called && (staysDigital(node) || (slots !== undefined && node.op !== "Einsum"))) return [];
  const where = inside === undefined ? "" : ` inside ${inside}`;
  const operands = operandsOf(node, called);
  const found: LeftOut[] = [];
  for (const [n, input] of node.inputs.entries()) {
    if (input === "" || !constants.has(input) || slots?.some((slot) => slot.input === n)) continue;
    const shape = graph.tensors.get(input)?.shape ?? (await shapeOf(constants, input));
    // A product may take a matrix as a list of numbers; elsewhere a list is a bias.
    const isListed = operands?.inputs.includes(n) === true && isProduct(node) && countOf(shape ?? []) > 1;
    if (shape !== undefined && shape.length < 2 && !isListed) continue;
    const name = await sourceName(constants, input);
    found.push({ name, why: `it is used by ${describe(node)}${where}, which is not read` });
  }
  return found;
}
