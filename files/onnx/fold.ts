import type { Constant } from "./constant.ts";
import type { Node } from "./graph.ts";

export type Made = Omit<Constant, "source" | "sourceCount">;

/**
 * What a node makes of constants: undefined where it cannot be worked out.
 *
 * @param output  which of the node's outputs.
 */
export type Fold = (
  node: Node,
  inputs: readonly (Constant | undefined)[],
  first: Constant,
  output: number,
) => Made | undefined;
