import { type AnyNode, parse } from "@humanwhocodes/momoa";
import { badFile } from "./readFile.ts";
import { repeatedKey } from "./repeatedKey.ts";
import { encodingOf } from "./text.ts";

/** The value of a JSON text. Throws `bad-file` with line and column. */
export function jsonIn(bytes: Uint8Array, path: string, advice: string): unknown {
  const encoding = encodingOf(bytes);
  if (encoding !== "utf-8") {
    const name = encoding.toUpperCase().replace(/[BL]E$/, "");
    throw badFile(path, `it is not JSON: it is written in ${name}`, "Save it as UTF-8.");
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw badFile(path, "it is not JSON: it holds bytes that are not UTF-8", "Save it as UTF-8.", error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const { what, instead } = faultIn(text);
    throw badFile(path, `it is not JSON: ${what}`, instead ?? advice, error);
  }
  const again = repeatedKey(text);
  if (again === undefined) return value;
  const where = linesOf(text, again.at);
  throw badFile(
    path,
    `${where} has the key ${JSON.stringify(again.key.slice(0, 80))} once more`,
    "Leave one of them.",
  );
}

/** Where a value stands in a JSON text, by its keys: `line 3, column 5`; undefined where it is not there. */
export function placeOf(bytes: Uint8Array, keys: readonly PropertyKey[]): string | undefined {
  let node: AnyNode | undefined;
  try {
    node = parse(new TextDecoder().decode(bytes), { mode: "json" }).body;
  } catch {
    // Lists in lists without end, which the text's own reader bears.
    return undefined;
  }
  for (const key of keys) {
    const inside = childOf(node, key);
    // What is missing is missing here.
    if (inside === undefined) break;
    node = inside;
  }
  const { line, column } = node.loc.start;
  return `line ${line}, column ${column}`;
}

function childOf(node: AnyNode, key: PropertyKey): AnyNode | undefined {
  if (node.type === "Array") return node.elements[Number(key)]?.value;
  if (node.type !== "Object") return undefined;
  // Of several with one name, the last counts.
  return node.members.findLast(({ name }) => name.type === "String" && name.value === key)?.value;
}

interface Fault {
  readonly what: string;
  readonly instead?: string;
}

function faultIn(text: string): Fault {
  const at = offsetOf(text);
  const rest = text.slice(at, at + 20);
  const before = text.slice(0, at).trimEnd();
  const comma = /^[\]}]/.test(rest) && before.endsWith(",");
  const place = linesOf(text, comma ? before.length - 1 : at);
  if (comma) return { what: `${place} has a comma before "${rest[0]}"`, instead: "Take the comma out." };
  if (rest.trim() === "") return { what: `it ends at ${place}, and something is left open` };
  const word = /^[+-]?[A-Za-z]+/.exec(rest)?.[0];
  if (word !== undefined && /^[+-]?(?:nan|inf|infinity)$/i.test(word)) {
    const instead = "Write a number there, or leave the value out.";
    return { what: `${place} has ${word}, which JSON does not have`, instead };
  }
  if (word !== undefined && /^(?:true|false|none|null|undefined)$/i.test(word))
    return { what: `${place} has ${word}`, instead: "Write true, false or null." };
  if (rest.startsWith("'"))
    return { what: `${place} has a single quotation mark`, instead: 'Use " instead.' };
  if (/^(?:\/[/*]|#)/.test(rest))
    return { what: `${place} has a comment`, instead: "JSON has none. Take it out." };
  if (/^[\n\r\t]/.test(rest)) return { what: `${place} has a line end or a tab inside quotation marks` };
  return { what: `${place} has ${JSON.stringify(word ?? rest[0])} where it does not belong` };
}

/** Of the first character that is wrong. */
function offsetOf(text: string): number {
  try {
    parse(text, { mode: "json" });
  } catch (error) {
    const offset = (error as { readonly offset?: unknown }).offset;
    if (typeof offset === "number") return offset;
  }
  // That parser takes line ends inside of a text.
  for (const { 0: found, 1: end, index } of text.matchAll(/"(?:[^"\\\n\r\t]|\\.)*("|[\n\r\t]|$)/g))
    if (end !== '"') return index + found.length - end!.length;
  return text.length;
}

function linesOf(text: string, at: number): string {
  const lines = text.slice(0, at).split(/\r\n|\n|\r/);
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
}
