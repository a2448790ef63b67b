import type { z } from "zod";
import { jsonIn, placeOf } from "./jsonText.ts";
import { plainIssue, shown } from "./plainIssue.ts";
import { badFile, readInputFile } from "./readFile.ts";

/** Reads a JSON file and checks it. Throws `bad-file` with the first place that is wrong. */
export async function readJson<T>(path: string, schema: z.ZodType<T>, kind: string): Promise<T> {
  return parseJson(await readInputFile(path), path, schema, kind);
}

/** The same of a file's bytes. */
export function parseJson<T>(bytes: Uint8Array, path: string, schema: z.ZodType<T>, kind: string): T {
  const data = jsonIn(bytes, path, `Give a ${kind} in JSON.`);
  const parsed = schema.safeParse(data);
  if (!parsed.success) {
    refuseOtherKind(path, data, kind);
    // A key that is misspelt says best why another is missing.
    const strange = parsed.error.issues.find((one) => one.code === "unrecognized_keys");
    const issue = deepest(strange ?? parsed.error.issues[0]!);
    const line = placeOf(bytes, [...issue.path, ...(strange?.keys.slice(0, 1) ?? [])]);
    const where = line === undefined ? "" : ` (${line})`;
    throw badFile(path, `${wrongAt(issue, data)}${where}`, `Correct the ${kind} there.`, parsed.error);
  }
  return parsed.data;
}

/** What the files of mho call themselves, by what people call them. */
const formats: Readonly<Record<string, string>> = {
  strategy: "mho-strategy",
  model: "mho-model",
  "chip description": "mho-chip",
  config: "mho-config",
  mapping: "mho-mapping",
  "record of faults": "mho-faults",
};

/** A file of another kind is not to be corrected key by key. */
function refuseOtherKind(path: string, data: unknown, kind: string): void {
  const wanted = formats[kind];
  if (wanted === undefined || typeof data !== "object" || data === null) return;
  const { format } = data as { readonly format?: unknown };
  if (format === wanted) return;
  const other = Object.entries(formats).find(([, name]) => name === format)?.[0];
  const is =
    other !== undefined
      ? `it is a ${other}, and a ${kind} is needed`
      : `its format is ${format === undefined ? "not given" : shown(format)}, and a ${kind} has "format": "${wanted}"`;
  const way =
    format === undefined ? `Add that line, and "version": 1, if it is a ${kind}.` : `Give a ${kind}.`;
  throw badFile(path, is, way);
}

/** What is wrong, and where. */
function wrongAt(issue: z.core.$ZodIssue, data: unknown): string {
  const { path } = issue;
  if (path.length === 1 && path[0] === "version" && issue.code === "invalid_value") {
    const { version } = data as { readonly version?: unknown };
    const is = version === undefined ? "version is missing" : `version is ${shown(version)}`;
    return `${is}; this mho reads version ${issue.values.join(", ")}`;
  }
  return path.length > 0 ? `at ${path.join(".")}: ${plainIssue(issue, data)}` : plainIssue(issue, data);
}

/** Of the branches of a union, the one that came furthest says best what is wrong. */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return issue;
  const found = issue.errors
    .filter((branch) => branch.length > 0)
    .map((branch) => deepest(branch[0]!))
    .sort((a, b) => b.path.length - a.path.length)[0];
  return found === undefined ? issue : { ...found, path: [...issue.path, ...found.path] };
}
