import type { z } from "zod";
import { jsonIn, placeOf } from "./jsonText.ts";
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
    const issue = deepest(parsed.error.issues[0]!);
    const place = issue.path.length > 0 ? `at ${issue.path.join(".")}: ` : "";
    const line = placeOf(bytes, issue.path);
    const where = line === undefined ? "" : ` (${line})`;
    throw badFile(path, `${place}${issue.message}${where}`, `Correct the ${kind} there.`, parsed.error);
  }
  return parsed.data;
}

/** Of the branches of a union, the one that came furthest says best what is wrong. */
function deepest(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string } {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return issue;
  const found = issue.errors
    .filter((branch) => branch.length > 0)
    .map((branch) => deepest(branch[0]!))
    .sort((a, b) => b.path.length - a.path.length)[0];
  return found === undefined ? issue : { path: [...issue.path, ...found.path], message: found.message };
}
