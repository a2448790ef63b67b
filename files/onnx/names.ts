import type { Constants } from "./constants.ts";
import type { Node } from "./graph.ts";

/** A node, for a person. */
export function describe({ op, name }: Node): string {
  return name === "" ? op : `${op} (${name})`;
}

/** Whether an exporter's name says something to a person. */
export function isPlain(name: string): boolean {
  return name !== "" && !/::|^\d+$|Constant|^\//.test(name);
}

/** The shape of a constant; undefined where it cannot be worked out. */
export async function shapeOf(constants: Constants, name: string): Promise<readonly number[] | undefined> {
  const found = await constants.value(name);
  return "why" in found ? undefined : found.shape;
}

/** The name that a constant has in the file, if that says something. */
export async function sourceName(constants: Constants, name: string): Promise<string> {
  const found = await constants.value(name);
  return "why" in found || !isPlain(found.source) ? name : found.source;
}
