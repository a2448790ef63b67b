import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Bench } from "../lab/bench.ts";

const page = readFileSync(new URL("../docs/library.md", import.meta.url), "utf8");

// test/slow/consumer.test.ts compiles and runs its script.
describe("docs/library.md", () => {
  it("tells of every method of a bench", () => {
    const told = [...page.matchAll(/^\| `(\w+)(?:\(|`)/gm)].map(([, name]) => name);
    const methods = Object.getOwnPropertyNames(Bench.prototype).filter((name) => name !== "constructor");
    expect(methods.filter((name) => !told.includes(name))).toEqual([]);
  });
});
