import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonLine } from "../cli/output.ts";
import { writeSweepsCsv } from "../files/writeSweeps.ts";
import { tidyCsv } from "../report/csv.ts";
import { escaped } from "../report/page.ts";
import { harmless } from "../src/harmless.ts";
import type { SweepTable } from "../src/results/sweepTable.ts";
import { smallStrategy } from "./fuzz/jsonFiles.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { safetensors } from "./support/safetensors.ts";

removeFoldersAfterEach();

/** Clears the screen, sets the title, turns the writing round, begins a line; the last of them without an escape. */
const evil = "\x1b[2J\x1b]0;owned\x07\u202e\r\n\x9b31m";
// oxlint-disable-next-line no-control-regex
const moves = /[\0-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

describe("text of strangers", () => {
  it("is shown without what moves a terminal, and else as it is", () => {
    expect(harmless(`a${evil}b`)).toBe("a?[2J?]0;owned?????31mb");
    expect(harmless("25 µS ± 1 %: 3 × 4 − 1 … α ✓ 𝛼 日本語")).toBe("25 µS ± 1 %: 3 × 4 − 1 … α ✓ 𝛼 日本語");
    expect(harmless("x".repeat(5000), 10)).toBe(`${"x".repeat(10)}…`);
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        (text) => !moves.test(harmless(text).replaceAll("\n", "\x1b")),
      ),
    );
  });

  it("stays in the comments of tables, one line each", async () => {
    const folder = emptyFolder();
    const file = join(folder, "sweeps.csv");
    const none = (async function* (): AsyncIterable<SweepTable> {})();
    await writeSweepsCsv(file, { title: `t${evil}u` }, none);
    expect(readFileSync(file, "utf8")).toMatch(/^sweep,tile,[a-z_,]+\n$/);
    for (const table of [tidyCsv([`t${evil}u`], [])]) {
      expect(table).not.toMatch(moves);
      const [columns, ...rest] = table.trimEnd().split("\n").toReversed();
      expect(columns).not.toMatch(/^#/);
      expect(rest.filter((line) => !line.startsWith("#"))).toEqual([]);
    }
  });

  it("is one line of JSON that gives it back, without what moves a terminal", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const line = jsonLine({ text: text + evil });
        expect(line).not.toMatch(moves);
        expect(line).not.toContain("\n");
        expect(JSON.parse(line)).toEqual({ text: text + evil });
      }),
    );
  });

  it("stands in a page as text", () => {
    expect(escaped(`<b onclick="x">'&${evil}`)).toBe(
      "&lt;b onclick=&quot;x&quot;&gt;&#39;&amp;?[2J?]0;owned?????31m",
    );
  });
});

describe("the command line prints nothing that moves a terminal", () => {
  it.each([
    ["a key of a model", "model.json", `{"format":"mho-model","version":1,${JSON.stringify(evil)}:1}`],
    ["a format", "model.json", JSON.stringify({ format: evil })],
  ])("of %s", async (_, name, text) => {
    const path = join(emptyFolder(), name);
    writeFileSync(path, text);
    const { code, out, err } = await mho("show", path);
    expect([code, out]).toEqual([2, ""]);
    expect(err).not.toMatch(moves);
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  it("of the names of tensors and files, and no more of them than a person reads", async () => {
    const path = join(emptyFolder(), `${evil.replaceAll("\n", "")}.safetensors`);
    const tensors = {
      [evil]: { shape: [1, 2], values: [1, 2] },
      ["n".repeat(100_000)]: { shape: [1], values: [1] },
    };
    writeFileSync(path, safetensors(tensors));
    const { code, err } = await mho("optimize", path, "--model", "pcm-90nm", "--tensor", "missing");
    expect(code).toBe(2);
    expect(err).toContain("there is no tensor missing in it. It has ?[2J?]0;owned");
    expect(err).not.toMatch(moves);
    expect(err.length).toBeLessThan(3000);
    const json = await mho("optimize", path, "--model", "pcm-90nm", "--tensor", "missing", "--json");
    expect(json.out).not.toMatch(moves);
    expect((JSON.parse(json.out) as { message: string }).message).toContain(evil);
  });

  it("of a transcript", async () => {
    const path = join(emptyFolder(), "line.jsonl");
    writeFileSync(path, `${JSON.stringify({ format: "mho-transcript", version: 1, address: evil })}\n`);
    const { code, out } = await mho("replay", path);
    expect(code).toBe(0);
    expect(out).toMatch(/^\?\[2J/);
    expect(out).not.toMatch(moves);
  });

  it("of a strategy, and its page has no element of a stranger's", async () => {
    const folder = emptyFolder();
    const path = join(folder, "strategy.json");
    const file = JSON.parse(Buffer.from(smallStrategy()).toString()) as {
      layers: { name: string; weights_source: Record<string, string>; search: Record<string, unknown> }[];
    };
    const script = `<script>alert(1)</script>${evil}`;
    file.layers[0]!.name = script;
    file.layers[0]!.weights_source["file"] = script;
    file.layers[0]!.search["stopped"] = script;
    writeFileSync(path, JSON.stringify(file));
    const { out } = await mho("show", path);
    expect(out).toContain("?[2J");
    expect(out).not.toMatch(moves);
    const page = join(folder, "page.html");
    expect(await mho("report", path, "--out", page)).toMatchObject({ code: 0 });
    const html = readFileSync(page, "utf8");
    expect(html).toContain("&lt;script&gt;alert(1)");
    expect(html).not.toMatch(/<script/);
    expect(html).not.toMatch(moves);
  });
});
