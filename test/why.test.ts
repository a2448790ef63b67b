import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const page = (name: string): string => readFileSync(new URL(`../docs/${name}`, import.meta.url), "utf8");

/** Figures of docs/why.md and README.md, and the same figure where it is told with its command. */
const figures: readonly [told: string, where: string, measured: string][] = [
  ["6.55 %", "tutorial.md", "weight error after 30 days: 6.55 %"],
  ["3.56 %", "tutorial.md", "weight error after 30 days: 3.56 %"],
  ["62 % ± 5 %", "refit.md", "0.62 ± 0.05"],
  ["10 % ± 1 %", "refit.md", "0.10 ± 0.01"],
  ["0.0646", "optimizer.md", "0.0646"],
  ["0.0686", "optimizer.md", "0.0686"],
  ["94.3 … 96.0 %", "real-devices.md", "94.3 … 96.0 %"],
  ["200 controllers", "reliability.md", "200 of 200"],
];

describe("docs/why.md", () => {
  it.each(figures)("tells %s as %s does", (told, where, measured) => {
    expect(page("why.md")).toContain(told);
    expect(page(where)).toContain(measured);
  });
});

describe("docs/drift.svg and README.md", () => {
  it("tell the figures of the tutorial, rounded", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    for (const text of [readme, page("drift.svg")]) expect(text).toMatch(/6\.6 %[^]*3\.6 %/);
  });
});
