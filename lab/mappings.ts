import { fileURLToPath } from "node:url";
import { plainIssue } from "../files/plainIssue.ts";
import { type Mapping, mappingOf, mappingSchema, parseMapping } from "../files/measurements/mapping.ts";
import { readInputFile } from "../files/readFile.ts";
import { MhoError } from "../src/errors.ts";
import { packageRoot } from "./packageRoot.ts";

/** The mappings that come with mho. */
export const builtInMappings = ["arc1-csv", "t-r", "rram-relaxation", "rram-bake"] as const;

/** A mapping, and its text as a run keeps it. */
export interface NamedMapping {
  readonly mapping: Mapping;
  readonly text: string;
}

/** @param given  a built-in name, a file, or what such a file holds. Throws `bad-argument` or `bad-file`. */
export async function mappingNamed(given: string | object): Promise<NamedMapping> {
  if (typeof given !== "string") {
    const parsed = mappingSchema.safeParse(given);
    if (parsed.success) return { mapping: mappingOf(parsed.data), text: JSON.stringify(given) };
    const [issue] = parsed.error.issues;
    throw new MhoError(
      "bad-argument",
      `as: at ${issue!.path.join(".")}: ${plainIssue(issue!, given)}. Correct the mapping there.`,
    );
  }
  const isBuiltIn = (builtInMappings as readonly string[]).includes(given);
  if (!isBuiltIn && !/[./\\]/.test(given)) {
    throw new MhoError(
      "bad-argument",
      `--as ${given}: there is no mapping ${given}. Known are ${builtInMappings.join(", ")}, or give a file.`,
    );
  }
  const path = isBuiltIn ? fileURLToPath(new URL(`mappings/${given}.json`, packageRoot)) : given;
  const bytes = await readInputFile(path);
  const mapping = parseMapping(bytes, path);
  return { mapping, text: new TextDecoder().decode(bytes) };
}
