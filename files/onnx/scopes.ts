import type { BesideModel } from "../besideModel.ts";
import { countOf } from "../tensor.ts";
import { Constants } from "./constants.ts";
import { functionKey, type Graph, type Model, type Node } from "./graph.ts";
import { wayOfWeights } from "./products.ts";
import { isMoving, isSquashing, Signals } from "./signals.ts";

/** A graph, with what is known of its values: the network itself, a branch of an If, the body of a loop or of a function. */
export interface Scope {
  readonly graph: Graph;
  readonly constants: Constants;
  /** Which node carries it out, for a person; undefined of the network itself. */
  readonly inside: string | undefined;
  /** Constants that reach a value which is known only while the network runs. */
  reaching(value: string): Reached;
  readonly signals: Signals;
}

/** A constant that reaches a value by way of a node that also takes what the network is given. */
export interface Reaching {
  /** Where the constant is known, and as which value. */
  readonly scope: Scope;
  readonly value: string;
  /** The first node that takes both. */
  readonly by: Node;
  /**
   * Whether no signal is among the numbers: products of the network's inputs, and these themselves, but not their largest or mean, nor
   * a gate that the constant is multiplied by.
   */
  readonly alone: boolean;
}

type Reached = ReadonlyMap<string, Reaching>;

/** All graphs of a model, each once, the network itself first. */
export function scopesOf({ graph, functions }: Model, beside: BesideModel): readonly Scope[] {
  const scopes = new Map<Graph, Scope>();
  scopeOf(graph, { functions, beside, scopes }, undefined, undefined);
  return [...scopes.values()];
}

interface World {
  readonly functions: ReadonlyMap<string, Graph>;
  readonly beside: BesideModel;
  readonly scopes: Map<Graph, Scope>;
}

/**
 * Follows weights through scaling, choosing, joining and the like. A product ends them: what it gives are no weights.
 *
 * @param outer  the graph around it, whose values it may use.
 */
function scopeOf(graph: Graph, world: World, outer: Scope | undefined, inside: string | undefined): Scope {
  const constants = new Constants(graph, world.beside, outer?.constants);
  const reached = new Map<string, Reached>();
  const reaching = (value: string): Reached => reached.get(value) ?? outer?.reaching(value) ?? none;
  const signals = new Signals(
    (value) => constants.has(value),
    (value) => !(constants.has(value) || graph.makers.has(value) || outer?.reaching(value).size),
    outer?.signals,
  );
  const scope: Scope = { graph, constants, inside, reaching, signals };
  world.scopes.set(graph, scope);
  for (const node of graph.nodes) {
    const inner = innerOf(node, world, scope);
    if (node.outputs.every((output) => output === "" || constants.has(output))) continue;
    const way = wayOfWeights(node);
    const values = valuesOf(node);
    const held = signals.add(node, way, values);
    if (way === "product" || way === "ends") continue;
    if (way === "normalises" && held.signal) {
      const scaled = [...reaching(values[0] ?? "")].filter(([, { by }]) => /^(?:Mul|Div)$/.test(by.op));
      const passed = isSquashing(node) && !held.score && scaled.length > 0;
      if (passed) for (const output of node.outputs) reached.set(output, new Map(scaled));
      continue;
    }
    const all = new Map<string, Reaching>();
    const isGated = node.op === "Mul" && values.some((value) => signals.isGate(value));
    const add = (within: Scope, value: string): void => {
      if (value === "" || all.size >= mostReaching) return;
      if (!within.constants.has(value))
        within
          .reaching(value)
          .forEach((one, key) =>
            all.set(key, { ...one, alone: one.alone && (!held.signal || isMoving(node)) }),
          );
      else if (!isNumber(within, value))
        all.set(value, { scope: within, value, by: node, alone: !held.signal || isGated });
    };
    for (const input of values) add(scope, input);
    for (const one of inner) for (const output of one.graph.outputs) add(one, output);
    if (all.size > 0) for (const output of node.outputs) reached.set(output, all);
  }
  return scope;
}

const none: Reached = new Map();

/** Weights that are followed to one value; a warning names no more. */
const mostReaching = 64;

/** The graphs that a node carries out. A function knows nothing of where it is called from. */
function innerOf(node: Node, world: World, outer: Scope): Scope[] {
  const body = world.functions.get(functionKey(node.domain, node.op));
  const where = `${node.op}${node.name === "" ? "" : ` (${node.name})`}`;
  const made = (graph: Graph, around: Scope | undefined, inside: string): Scope =>
    world.scopes.get(graph) ?? scopeOf(graph, world, around, inside);
  const graphs = [...node.attributes.values()].flatMap((one) => one.graphs);
  return [
    ...graphs.map((graph) => made(graph, outer, where)),
    ...(body === undefined ? [] : [made(body, undefined, `the function ${node.op}`)]),
  ];
}

/** Those inputs of a node whose numbers its output holds; the others say which, where and how many. */
function valuesOf({ op, domain, inputs }: Node): readonly string[] {
  const places = domain === "" && Object.hasOwn(held, op) ? held[op]! : undefined;
  return places === undefined ? inputs : places.map((n) => inputs[n] ?? "");
}

const held: Readonly<Record<string, readonly number[]>> = {
  ...Object.fromEntries(
    (
      "Gather GatherElements GatherND Slice Split Pad Tile Expand Reshape Squeeze Unsqueeze Trilu Clip CumSum TopK Compress Resize " +
      "Upsample ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum ReduceLogSumExp"
    )
      .split(" ")
      .map((op) => [op, [0]]),
  ),
  Where: [1, 2],
  ScatterElements: [0, 2],
  ScatterND: [0, 2],
};

function isNumber({ graph }: Scope, value: string): boolean {
  const stored = graph.tensors.get(value);
  return stored !== undefined && countOf(stored.shape) <= 1;
}
