import type { Node } from "./graph.ts";
import type { WayOfWeights } from "./products.ts";

/** What a node's outputs hold of what the network is given. */
export interface Held {
  readonly signal: boolean;
  /** A product of two signals, such as the scores of an attention. */
  readonly score: boolean;
}

/** Which values of a graph hold signals, scores of attentions, and gates; node by node, in their order. */
export class Signals {
  readonly #signals = new Set<string>();
  readonly #scores = new Set<string>();
  readonly #gates = new Set<string>();
  readonly #isConstant: (value: string) => boolean;
  readonly #isGiven: (value: string) => boolean;
  readonly #outer: Signals | undefined;

  /**
   * @param isConstant  whether a value is known beforehand.
   * @param isGiven     whether it is one of what the graph is given.
   * @param outer       of the graph around this one.
   */
  constructor(
    isConstant: (value: string) => boolean,
    isGiven: (value: string) => boolean,
    outer: Signals | undefined,
  ) {
    this.#isConstant = isConstant;
    this.#isGiven = isGiven;
    this.#outer = outer;
  }

  /** @param values  those inputs of the node whose numbers its outputs hold. */
  add(node: Node, way: WayOfWeights, values: readonly string[]): Held {
    const isProduct = way === "product";
    const signal = isProduct || values.some((value) => value !== "" && this.#isSignal(value));
    const score = isProduct
      ? !node.inputs.some((input) => this.#isConstant(input))
      : values.some((value) => this.isScore(value));
    const gate = signal && !score && (isSquashing(node) || (isMoving(node) && this.isGate(values[0] ?? "")));
    for (const output of node.outputs) {
      if (signal && way !== "ends" && !isShrinking(node)) this.#signals.add(output);
      if (score) this.#scores.add(output);
      if (gate) this.#gates.add(output);
    }
    return { signal, score };
  }

  /** What a signal was squashed to, each element or each row of it. */
  isGate(value: string): boolean {
    return this.#gates.has(value);
  }

  #isSignal(value: string): boolean {
    return this.#signals.has(value) || this.#isGiven(value);
  }

  isScore(value: string): boolean {
    return this.#scores.has(value) || this.#outer?.isScore(value) === true;
  }
}

/** What makes gates of signals, and normalises rows. */
export function isSquashing({ op }: Node): boolean {
  return /^(?:Sigmoid|HardSigmoid|Softmax|LogSoftmax|Hardmax)$/.test(op);
}

/** What changes no number. */
export function isMoving({ op }: Node): boolean {
  return /^(?:Identity|Cast|Reshape|Flatten|Squeeze|Unsqueeze|Transpose|Expand|Tile|Split|Slice|Gather)$/.test(
    op,
  );
}

/** What is left of a signal is no signal: one number of many. */
function isShrinking({ op }: Node): boolean {
  return /^(?:Reduce|Global)/.test(op);
}
