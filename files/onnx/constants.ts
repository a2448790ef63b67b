import type { BesideModel } from "../besideModel.ts";
import { countOf } from "../tensor.ts";
import type { Constant } from "./constant.ts";
import { folded } from "./folding.ts";
import type { Graph, Node } from "./graph.ts";
import { isReadable, numbersOf } from "./tensor.ts";

/** Why a value is not known beforehand. */
export interface Unknown {
  readonly why: string;
}

/** The constants of a graph, worked out when they are asked for and kept. Throws DamagedMessage, `bad-file`. */
export class Constants {
  readonly #graph: Graph;
  readonly #beside: BesideModel;
  readonly #known = new Map<string, Promise<Constant | Unknown>>();
  readonly #constant: ReadonlySet<string>;

  readonly #outer: Constants | undefined;
  /** How many numbers may yet be made by repeating others, in all graphs of the file. */
  readonly #room: { left: number };

  /** @param outer  of the graph around this one, whose values it may use. */
  constructor(graph: Graph, beside: BesideModel, outer?: Constants) {
    this.#graph = graph;
    this.#beside = beside;
    this.#outer = outer;
    this.#room = outer === undefined ? { left: 2 ** 26 } : outer.#room;
    this.#constant = namesOf(graph, (name) => outer?.has(name) === true);
  }

  /** Whether a value depends on nothing that the network is given. */
  has(name: string): boolean {
    return this.#constant.has(name) || this.#outer?.has(name) === true;
  }

  async value(name: string, depth = 0): Promise<Constant | Unknown> {
    const before = this.#known.get(name);
    if (before !== undefined) return before;
    const found = this.#find(name, depth);
    // A chain that is too long from here may be short enough from elsewhere.
    if (depth < mostDepth) this.#known.set(name, found);
    return found;
  }

  async #find(name: string, depth: number): Promise<Constant | Unknown> {
    const stored = this.#graph.tensors.get(name);
    if (stored !== undefined) {
      if (!isReadable(stored)) return { why: `its type, number ${stored.dataType} of ONNX, is not read` };
      const values = await numbersOf(stored, this.#beside);
      const { shape, dataType } = stored;
      return { shape, dataType, values, source: name, sourceCount: countOf(shape) };
    }
    const node = this.#graph.makers.get(name);
    if (node === undefined && this.#outer?.has(name) === true) return this.#outer.value(name, depth);
    if (node === undefined || !this.has(name)) return { why: "it is not stored in the file" };
    if (depth >= mostDepth) return { why: `more than ${mostDepth} nodes lie between it and its use` };
    const inputs: (Constant | undefined)[] = [];
    for (const input of node.inputs) {
      const value = input === "" ? undefined : await this.value(input, depth + 1);
      if (value !== undefined && "why" in value) return value;
      inputs.push(value);
    }
    const made = folded(node, inputs, node.outputs.indexOf(name));
    if (made === undefined) return { why: passesThrough(node) };
    const largest = Math.max(...inputs.map((input) => input?.values.length ?? 0));
    if (made.values.length > largest && (this.#room.left -= made.values.length) < 0)
      return { why: "the file repeats numbers more often than fits the memory" };
    return made;
  }
}

const mostDepth = 64;

function passesThrough({ op, name }: Node): string {
  return `it passes through ${op}${name === "" ? "" : ` (${name})`}, which is not worked out beforehand`;
}

/** In the order of the nodes: each stands after what it needs. */
function namesOf({ nodes, tensors }: Graph, known: (name: string) => boolean): ReadonlySet<string> {
  const names = new Set(tensors.keys());
  for (const { inputs, outputs, attributes, op } of nodes) {
    if (inputs.length === 0 && op !== "Constant") continue;
    if (!inputs.every((input) => input === "" || names.has(input) || known(input))) continue;
    if (random.has(op) || [...attributes.values()].some(({ graphs }) => graphs.length > 0)) continue;
    for (const output of outputs) if (output !== "") names.add(output);
  }
  return names;
}

const random = new Set(["RandomNormalLike", "RandomUniformLike", "Multinomial", "Bernoulli"]);
