import type { Draws, Trick } from "./draws.ts";
import { hostileTexts } from "./hostileTexts.ts";

/** Tricks that need to know where a number, a string or a record stands in a text. */
export const textTricks: Readonly<Record<"text" | "json", readonly Trick[]>> = {
  text: [replaceNumber, replaceNumber, plantInString, repeatLine],
  json: [replaceNumber, replaceNumber, plantInString, repeatLine, plantKey, replaceValue, nest],
};

const oddNumbers: readonly string[] = [
  "1e999",
  "-1e999",
  "NaN",
  "Infinity",
  "-0",
  "0",
  "-1",
  "1e-320",
  "0.1",
  "2147483648",
  "4294967295",
  "4294967296",
  "9007199254740993",
  "18446744073709551615",
  "1".repeat(400),
  `0.${"0".repeat(400)}1`,
  "0x10",
  "1_000",
  "٣",
];

function replaceNumber(bytes: Uint8Array, draws: Draws): Uint8Array {
  return replaceOne(bytes, draws, /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi, () => draws.one(oddNumbers));
}

function plantInString(bytes: Uint8Array, draws: Draws): Uint8Array {
  return replaceOne(bytes, draws, /"[^"]*"/g, (found) => {
    const text = JSON.stringify(draws.one(hostileTexts)).slice(1, -1);
    return draws.oneIn(2) ? `"${text}"` : `${found.slice(0, -1)}${text}"`;
  });
}

/** A record gets a key that every object has by birth. */
function plantKey(bytes: Uint8Array, draws: Draws): Uint8Array {
  const key = draws.one(["__proto__", "constructor", "prototype", "toString", "polluted"]);
  const value = draws.one(['{"polluted":true}', "null", "1", '{"prototype":{"polluted":true}}', "[]"]);
  return replaceOne(bytes, draws, /\{/g, () => `{"${key}":${value},`);
}

function replaceValue(bytes: Uint8Array, draws: Draws): Uint8Array {
  const value = draws.one(["null", "true", "[]", "{}", '""', "[[]]", '"x"', "[null]", "-1"]);
  return replaceOne(bytes, draws, /-?\d+(?:\.\d+)?|"[^"]*"|\[\]|\{\}|true|false|null/g, () => value);
}

/** Levels upon levels, closed again or not. */
function nest(bytes: Uint8Array, draws: Draws): Uint8Array {
  const levels = draws.oneIn(50) ? 100_000 : draws.length(400);
  const [open, close] = draws.one([
    ["[", "]"],
    ['{"a":', "}"],
  ] as const);
  const inside = draws.oneIn(2) ? `1${close.repeat(levels)}` : "";
  return replaceOne(bytes, draws, /-?\d+(?:\.\d+)?|"[^"]*"/g, () => open.repeat(levels) + inside);
}

function repeatLine(bytes: Uint8Array, draws: Draws): Uint8Array {
  return replaceOne(bytes, draws, /[^\n]+\n?/g, (line) => line.repeat(Math.min(40, draws.length(40))));
}

/** Text is taken a character a byte, so that what is no UTF-8 stays as it is. */
function replaceOne(
  bytes: Uint8Array,
  draws: Draws,
  pattern: RegExp,
  put: (found: string) => string,
): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  // Not all places are looked for: those from somewhere on are as good.
  pattern.lastIndex = draws.below(text.length + 1);
  const found = pattern.exec(text) ?? pattern.exec(text);
  if (found === null) return bytes;
  const before = text.slice(0, found.index);
  const after = text.slice(found.index + found[0].length);
  return Uint8Array.from(Buffer.from(before + put(found[0]) + after, "latin1"));
}
