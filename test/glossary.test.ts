import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { describe, expect, it } from "vitest";
import { glossary } from "../report/glossary.ts";
import { partsOf, termNames } from "../report/terms.ts";
import { builtInMethods } from "../src/program/methods.ts";
import { verdictNames } from "../src/program/method.ts";
import { glossaryOfDocs } from "./support/glossary.ts";

const path = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url));
const names = glossary.flatMap((entry) => entry.names);

describe("the glossary", () => {
  it("says on pages what docs/glossary.md says (npm run glossary writes it anew)", async () => {
    const rows = glossaryOfDocs().map(({ names: all, meaning }) => `${all.join(", ")}: ${meaning}\n`);
    const text =
      "/** The rows of docs/glossary.md, for pages that explain their terms. Written by `npm run glossary`. */\n" +
      `export const glossaryText = \`\n${rows.join("").replace(/[\\`]|\$\{/g, "\\$&")}\`;`;
    const code = await format(text, { printWidth: 110, parser: "typescript" });
    await expect(code).toMatchFileSnapshot(path("report/glossaryText.ts"));
    expect(glossary).toEqual(glossaryOfDocs());
  });

  it("has no term twice, and a meaning of every term", () => {
    expect(names.length).toBe(new Set(names).size);
    expect(glossary.length).toBeGreaterThan(80);
    for (const {
      names: [name],
      meaning,
    } of glossary)
      expect(meaning, name).toMatch(/^.{10,}/);
  });

  it("has every verdict and every method", () => {
    const methods = builtInMethods.map(({ name }) => name);
    expect([...verdictNames, ...methods].filter((name) => !names.includes(name))).toEqual([]);
  });

  it("knows every name that pages mark with care", () => {
    expect(termNames.alone.filter((name) => !names.includes(name))).toEqual([]);
    expect(termNames.oncePerPage.filter((name) => !names.includes(name))).toEqual([]);
    expect(termNames.never.filter((name) => !names.includes(name))).toEqual([]);
  });

  it("is what the words of a page are looked up in", () => {
    const marked = (text: string): string[] =>
      partsOf(text).flatMap(({ text: said, term }) =>
        term === undefined ? [] : [`${said}: ${term.names[0]!}`],
      );
    expect(marked("Weight error after 3 sweeps; LSP first, F = 2, in two LSP")).toEqual([
      "Weight error: weight error",
      "sweeps: sweep",
      "LSP first: MSP first",
      "F: significance",
      "LSP: LSP",
    ]);
    expect(marked("open")).toEqual(["open: open"]);
    expect(marked("weak: 3")).toEqual(["weak: weak"]);
    expect(marked("left open, verify.csv, data 9F3, 20 °F, pcm-verify, ±σν")).toEqual([]);
  });
});

describe("the words that mean something here", () => {
  it("stand in the pages' own code under the names that the glossary has", () => {
    const page = readFileSync(path("web/page/index.html"), "utf8");
    const used = [...page.matchAll(/data-term="([^"]*)"/g)].map(([, name]) => name!);
    expect(used.filter((name) => !names.includes(name))).toEqual([]);
  });
});
