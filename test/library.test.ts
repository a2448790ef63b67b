import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Bench } from "../lab/bench.ts";

const page = readFileSync(new URL("../docs/library.md", import.meta.url), "utf8");

// test/slow/consumer.test.ts compiles and runs its script.
describe("the library", () => {
  it("exports all that dialects, technologies and methods from outside are made of", () => {
    const toys = new URL("toys/", import.meta.url);
    const imported = readdirSync(toys).flatMap((file) =>
      [...readFileSync(new URL(file, toys), "utf8").matchAll(/ from "([^"]+)"/g)].map(([, path]) => path!),
    );
    expect(imported).toContain("../../lab/index.ts");
    const deeper = imported.filter((path) => !/^(\.\.\/\.\.\/lab\/index\.ts|\.\/\w+\.ts|zod)$/.test(path));
    expect(deeper).toEqual([]);
  });
});

describe("docs/library.md", () => {
  it("tells of every method of a bench", () => {
    const told = [...page.matchAll(/^\| `(\w+)(?:\(|`)/gm)].map(([, name]) => name);
    const methods = Object.getOwnPropertyNames(Bench.prototype).filter((name) => name !== "constructor");
    expect(methods.filter((name) => !told.includes(name))).toEqual([]);
  });
});
