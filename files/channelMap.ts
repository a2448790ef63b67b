import { z } from "zod";
import type { ChannelMap } from "../src/chip/channels.ts";
import { jsonIn } from "./jsonText.ts";
import { plainIssue } from "./plainIssue.ts";
import { badFile, readInputFile } from "./readFile.ts";

/** As matrices of several makers write them: `1A01`, `1101`, `1!1`. */
const channel = z.string().regex(/^[\w!]{1,16}$/, "a channel is a name such as 1A01");
const line = z.union([channel.transform((name) => [name]), z.array(channel).min(1).max(8)]);

const schema = z.strictObject({
  format: z.literal("mho-channels"),
  version: z.literal(1),
  rows: z.array(line).min(1).max(1023),
  columns: z.array(line).min(1).max(4000),
});

/** Reads which channels of a switch matrix lead to the rows and columns of an array. Throws `bad-file`. */
export async function readChannelMap(path: string): Promise<ChannelMap> {
  return parseChannelMap(await readInputFile(path), path);
}

export function parseChannelMap(bytes: Uint8Array, path: string): ChannelMap {
  const json = jsonIn(bytes, path, example);
  const result = schema.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    const field = issue!.path.join(".");
    throw badFile(path, `${field === "" ? "" : `${field}: `}${plainIssue(issue!, json)}`, example);
  }
  const { rows, columns } = result.data;
  for (const [of, lines] of [
    ["rows", rows],
    ["columns", columns],
  ] as const) {
    const both = connectedTwo(lines);
    if (both !== undefined) {
      const [one, other] = both;
      const text = `${of}.${one}: its channels are all among those of ${of}.${other}, so both would be connected when ${other} is meant. Give each its own`;
      throw badFile(path, text, example);
    }
  }
  return { rows, columns };
}

/** Two lines that no choice of channels tells apart: what leads to the first is closed whenever the second is. */
function connectedTwo(lines: readonly (readonly string[])[]): readonly [number, number] | undefined {
  const users = new Map<string, number[]>();
  lines.forEach((line, k) => line.forEach((name) => void users.set(name, [...(users.get(name) ?? []), k])));
  for (const [k, line] of lines.entries()) {
    const others = users.get(line[0]!)!.filter((other) => other !== k);
    const other = others.find((one) => line.every((name) => lines[one]!.includes(name)));
    if (other !== undefined) return [k, other];
  }
  return undefined;
}

const example = "See chips/channels/707b-8x8.json for an example.";
