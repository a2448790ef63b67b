import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openBench } from "../lab/index.ts";
import { mho } from "./support/commandHere.ts";
import { mho as mhoProcess } from "./support/commandLine.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const chip = ["--chip", "emulator:pcm-64?state=none"];

async function ran(text: string, ...words: string[]) {
  const folder = emptyFolder();
  const file = join(folder, "experiment.mjs");
  writeFileSync(file, text);
  const { code, out, err } = await mho("run", file, "--json", "--workspace", folder, ...chip, ...words);
  const lines = out.trim().split("\n").filter(Boolean);
  return { code, err, last: JSON.parse(lines.at(-1) ?? "{}") as Record<string, unknown> };
}

describe("mho run", () => {
  it("runs the example that climbs a ladder of pulses, each a run of its own", async () => {
    const folder = emptyFolder();
    const args = ["--workspace", folder, "--json", ...chip, "--", "from=200", "to=300", "step=50"];
    const { code, out } = await mho("run", "examples/experiments/ladder.mjs", ...args);
    expect(code).toBe(0);
    const { runs, value } = JSON.parse(out.trim().split("\n").at(-1)!) as {
      runs: string[];
      value: { steps: { after_microsiemens: number }[] };
    };
    expect(runs).toEqual(["r1", "r2", "r3"]);
    const after = value.steps.map(({ after_microsiemens: g }) => g);
    expect(after).toEqual(after.toSorted((a, b) => b - a));
  });

  it("programs by a method that the file brings along", async () => {
    const folder = emptyFolder();
    const args = ["--workspace", folder, "--json", ...chip];
    const { code, out } = await mho("run", "examples/experiments/step-method.mjs", ...args);
    expect(code).toBe(0);
    const { value } = JSON.parse(out.trim().split("\n").at(-1)!) as {
      value: Record<string, { yield_percent: number; pulses_a_device: number }>;
    };
    expect(value["verify"]!.yield_percent).toBeGreaterThan(95);
    expect(value["stepping"]!.pulses_a_device).toBeGreaterThan(2 * value["verify"]!.pulses_a_device);
  });

  it("hands words on, and gives what the function returns as JSON", async () => {
    const { code, last } = await ran(
      "export const run = (bench, { args, signal }) => ({ args, aborted: signal.aborted, list: Float32Array.of(1, 2) });",
      "--",
      "a=1",
      "b",
    );
    expect([code, last["value"]]).toEqual([0, { args: ["a=1", "b"], aborted: false, list: [1, 2] }]);
    expect(last["sha256"]).toMatch(/^[0-9a-f]{64}$/);
  });

  it("ends an experiment that waits for what never comes, and says so", async () => {
    const folder = emptyFolder();
    const file = join(folder, "never.mjs");
    writeFileSync(file, "export const run = () => new Promise(() => {});");
    const { code, err } = await mhoProcess("run", file, "--workspace", folder, ...chip);
    expect([code, err]).toEqual([
      2,
      expect.stringContaining("never.mjs: run(bench) waits for a promise that nothing settles any more"),
    ]);
  });

  it.each([
    [
      "export const run = () => ({ count: 10n });",
      /JSON cannot hold what run\(bench\) returned \(Do not know .*BigInt\)/,
    ],
    ["const a = {}; a.a = a; export const run = () => a;", /JSON cannot hold what run\(bench\) returned/],
    ["export const walk = 1;", /exports no function run\. Give it one/],
    ["export function run() {\n  null.x;\n}", /run\(bench\) failed: TypeError: .*, line 2\./],
    ["export function run( {", /cannot be loaded: SyntaxError/],
  ])("says what is wrong with %j, and where", async (text, message) => {
    const { code, err } = await ran(text);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  it("keeps the limits of the chip, and says so in the bench's own words", async () => {
    const { code, err } = await ran(
      "export const run = (bench) => bench.pulse({ row: 0, devices: [0], amplitude: { value: 1, unit: 'A' }, kind: 'reset', widthNanoseconds: 100 });",
    );
    expect(code).toBe(2);
    expect(err).toMatch(/amplitude|µA/);
  });

  it("says which Node reads TypeScript, where this one does not", async () => {
    const folder = emptyFolder();
    const file = join(folder, "experiment.ts");
    writeFileSync(file, "export const run = (bench: unknown): string => typeof bench;");
    const { code, out, err } = await mho("run", file, "--json", "--workspace", folder);
    const reads = Boolean((process.features as { typescript?: unknown }).typescript);
    expect(code).toBe(reads ? 0 : 2);
    expect(reads ? out : err).toMatch(reads ? /"value":"object"/ : /Use Node 22\.18 or newer/);
  });

  it("is a call of the library too", async () => {
    const bench = await openBench({ workspace: emptyFolder() });
    const file = join(bench.workspace, "experiment.mjs");
    writeFileSync(file, "export const run = async (bench, { args }) => args.length;");
    expect(await bench.experiment(file, { args: ["x"] })).toBe(1);
    await bench.close();
  });
});
