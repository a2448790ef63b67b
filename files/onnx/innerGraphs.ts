import type { BesideModel } from "../besideModel.ts";
import type { LeftOut } from "../tensor.ts";
import { Constants } from "./constants.ts";
import { functionKey, type Graph, type Node } from "./graph.ts";
import { staysDigital } from "./slots.ts";

/** Weights in the graphs that a node carries out: the branches of an If, the body of a loop or of a function of the model's own. */
export async function innerLeftOut(
  node: Node,
  functions: ReadonlyMap<string, Graph>,
  outer: Constants,
  beside: BesideModel,
  seen = new Set<Graph>(),
): Promise<LeftOut[]> {
  const body = functions.get(functionKey(node.domain, node.op));
  const graphs = [...node.attributes.values()].flatMap((one) => one.graphs);
  const found: LeftOut[] = [];
  for (const graph of body === undefined ? graphs : [...graphs, body]) {
    if (seen.has(graph)) continue;
    seen.add(graph);
    // A function knows nothing of where it is called from.
    const constants = new Constants(graph, beside, graph === body ? undefined : outer);
    const where =
      graph === body ? `the function ${node.op}` : `${node.op}${node.name === "" ? "" : ` (${node.name})`}`;
    for (const inner of graph.nodes) {
      found.push(...(await innerLeftOut(inner, functions, constants, beside, seen)));
      if (staysDigital(inner) || inner.outputs.every((output) => constants.has(output))) continue;
      for (const input of inner.inputs) {
        if (input === "" || !constants.has(input)) continue;
        const value = await constants.value(input);
        if (!("why" in value) && value.shape.length < 2) continue;
        const name = "why" in value ? input : value.source || input;
        found.push({ name, why: `it is used by ${inner.op} inside ${where}, which is not read` });
      }
    }
  }
  return found;
}
