import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { verdictNames } from "../src/program/method.ts";
import { newestLayout } from "../storage/schema.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string): string => readFileSync(`${root}/${file}`, "utf8");

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly const?: unknown;
}

const envelope = new Set(["type", "time", "seq", "version", "command", "dry_run", "what"]);

/** Keys of a TypedDict, with those of the ones that it extends. */
function keysOf(type: string): string[] {
  const [, base, body] = new RegExp(`^class ${type}\\((\\w+).*?\\):\\n(.*?)(?=^class |$(?![^]))`, "ms").exec(
    read("python/src/mho/results.py"),
  )!;
  const own = [...body!.matchAll(/^ {4}(\w+): /gm)].map(([, key]) => key!);
  return [...(base === "TypedDict" ? [] : keysOf(base!)), ...own].sort();
}

/** The schemas of a command's results. */
function resultsOf(command: string): Schema[] {
  const leaves = ({ oneOf, ...schema }: Schema): Schema[] => oneOf?.flatMap(leaves) ?? [schema];
  return leaves(JSON.parse(read("schemas/events.json")) as Schema).filter(
    ({ properties }) => properties?.["type"]?.const === "result" && properties["command"]?.const === command,
  );
}

/** Of a list its items; of what may be null what it is otherwise. */
function inside(schema: Schema | undefined): Schema {
  const either = schema?.anyOf ?? schema?.oneOf;
  if (either !== undefined) return inside(either.find(({ properties, items }) => properties ?? items));
  return schema?.items === undefined ? (schema ?? {}) : inside(schema.items);
}

describe("the Python package", () => {
  it("has the version of mho", () => {
    const { version } = JSON.parse(read("package.json")) as { version: string };
    expect(/^version = "(.+)"$/m.exec(read("python/pyproject.toml"))?.[1]).toBe(version);
  });

  it("knows the verdicts by the same numbers", () => {
    const names = /^verdict_names.*?= \((.*?)^\)/ms.exec(read("python/src/mho/sweeps.py"))![1]!;
    expect([...names.matchAll(/"(.+)"/g)].map(([, name]) => name)).toEqual([...verdictNames]);
  });

  it("reads workspaces up to the newest layout", () => {
    const layout = /^newest_layout = (\d+)$/m.exec(read("python/src/mho/workspace.py"))![1];
    expect(Number(layout)).toBe(newestLayout);
  });

  it.each<[string, ...string[]]>([
    ["RunSummary", "show", "runs"],
    ["NetworkSummary", "show", "networks"],
    ["RunDetails", "show"],
    ["NetworkResult", "show"],
    ["RunResult", "resume"],
    ["NetworkShare", "resume", "shares"],
    ["Found", "resume", "found"],
    ["Count", "measure", "counts"],
    ["Figure", "measure", "figures"],
    ["MeasureResult", "measure"],
    ["WeightError", "program", "weight_errors"],
    ["Estimate", "program"],
    ["WatchResult", "watch"],
    ["FitResult", "fit"],
    ["TrimResult", "trim"],
  ])("promises in %s exactly what mho says without exception", (type, command, ...way) => {
    const wanted = keysOf(type);
    const said = resultsOf(command)
      .map((result) => way.reduce((at, key) => inside(at.properties?.[key]), result))
      .map(({ required = [] }) => required.filter((key) => !envelope.has(key)).sort());
    expect(said).toContainEqual(wanted);
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
