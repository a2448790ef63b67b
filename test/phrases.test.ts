import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { mho } from "./support/commandHere.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Turns of phrase that make a reader read a sentence twice. All of them were in these pages once. */
const heavy: readonly RegExp[] = [
  /\bnobody\b/i,
  /\bsomebody\b/i,
  /\bwhoever\b/i,
  /\bis there (?:a|an|any|no|one)\b/i,
  /\bwhat is not\b/i,
  /\bwhat stands\b/i,
  /\bthe very (?:same|devices)\b/i,
  /\bto be had\b|\bbe had again\b/i,
];

const pages = [
  "",
  "docs/",
  "protocols/packet/",
  "protocols/scpi/",
  "examples/digits/",
  "examples/levels/",
].flatMap((folder) =>
  readdirSync(root + folder)
    .filter((name) => name.endsWith(".md") && name !== "CHANGELOG.md")
    .map((name) => folder + name),
);

describe("plain words", () => {
  it.each(pages)("are what %s is written in", (page) => {
    expect(found(readFileSync(root + page, "utf8"))).toEqual([]);
  });

  it("are what every command's help is written in", async () => {
    const help = async (...args: string[]): Promise<string> => (await mho(...args, "--help")).out;
    const all = await help();
    const names = [...all.matchAll(/^ {2}([a-z]+) (?:\[|<)/gm)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(15);
    const helps = await Promise.all(names.map((name) => help(name)));
    expect(helps.every((text) => text.includes("Usage: mho "))).toBe(true);
    expect(found([all, ...helps].join("\n"))).toEqual([]);
  });

  it("are missed where a heavy turn comes back", () => {
    expect(found("Nobody said when to read r1.")).toEqual(["Nobody"]);
  });
});

function found(text: string): string[] {
  const prose = text.replace(/\s+/g, " ");
  return heavy.flatMap((phrase) => phrase.exec(prose)?.[0] ?? []);
}
