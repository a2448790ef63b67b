import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { verdictNames } from "../src/program/method.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string): string => readFileSync(`${root}/${file}`, "utf8");

describe("the Python package", () => {
  it("has the version of mho", () => {
    const { version } = JSON.parse(read("package.json")) as { version: string };
    expect(/^version = "(.+)"$/m.exec(read("python/pyproject.toml"))?.[1]).toBe(version);
  });

  it("knows the verdicts by the same numbers", () => {
    const names = /^verdict_names.*?= \((.*?)^\)/ms.exec(read("python/src/mho/sweeps.py"))![1]!;
    expect([...names.matchAll(/"(.+)"/g)].map(([, name]) => name)).toEqual([...verdictNames]);
  });
});

describe("the notebook of the examples", () => {
  const text = read("examples/notebook.ipynb");

  it("has small outputs without paths of a machine", () => {
    expect(text.length).toBeLessThan(60_000);
    expect(text).not.toMatch(/\/(?:tmp|home|root|Users|work|var)\//);
    expect(text).toContain("image/png");
  });
});
