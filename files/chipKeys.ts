import { z } from "zod";
import type { ChipDocument } from "../src/chip/description.ts";
import { chipFileSchema } from "./chipDescription.ts";
import type { TechnologyFile } from "./technologies/technologyFile.ts";

/** What a key of a description means. */
export interface ChipKey {
  /** As `limits.max_width_nanoseconds`. */
  readonly path: string;
  readonly unit: string;
  readonly use: string | undefined;
  /** What happens without it; undefined of a key that has to be there. */
  readonly leftOut: string | undefined;
  readonly isRequired: boolean;
}

/** Every key of descriptions of a technology, in the order of the schema. */
export function chipKeys(technology: TechnologyFile): ChipKey[] {
  return keysOf(z.toJSONSchema(chipFileSchema(technology), { io: "input" }) as Node);
}

/** Optional keys that a description leaves out, and what happens without them. Below one that is left out none is named. */
export function keysLeftOut(
  { text }: ChipDocument,
  technologies: readonly TechnologyFile[],
): { readonly key: string; readonly leftOut: string }[] {
  const json = JSON.parse(text) as { readonly technology?: unknown };
  const file = technologies.find(({ technology }) => technology.name === json.technology);
  if (file === undefined) return [];
  return chipKeys(file).flatMap(({ path, leftOut }) => {
    const places = path.split(".");
    const parent = at(json, places.slice(0, -1));
    if (leftOut === undefined || path === "$schema" || typeof parent !== "object") return [];
    return at(json, places) === undefined ? [{ key: path, leftOut }] : [];
  });
}

function at(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (of, name) => (typeof of === "object" && of !== null ? (of as Record<string, unknown>)[name] : undefined),
    tree,
  );
}

/** A part of a JSON schema, with what `key` adds. */
interface Node {
  readonly description?: string;
  readonly unit?: string;
  readonly left_out?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
}

function keysOf({ properties = {}, required = [] }: Node, path = ""): ChipKey[] {
  return Object.entries(properties).flatMap(([name, node]) => {
    const own = path === "" ? name : `${path}.${name}`;
    const { unit = "", description: use, left_out: leftOut } = node;
    return [{ path: own, unit, use, leftOut, isRequired: required.includes(name) }, ...keysOf(node, own)];
  });
}
