import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openWorkspace } from "../../storage/workspace.ts";
import { mho, startMho } from "../support/commandLine.ts";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";
import { withoutTerms } from "../support/withoutTerms.ts";
import { smallWeights } from "../support/smallNetwork.ts";

removeFoldersAfterEach();

describe("mho demo", () => {
  it("prints the same table for the same seed, and another for another", async () => {
    const folder = emptyFolder();
    const weights = smallWeights(folder);
    const table = async (seed: string): Promise<string> => {
      const { out } = await mho(
        "demo",
        "--weights",
        weights,
        "--repeats",
        "1",
        "--out",
        folder,
        "--seed",
        seed,
      );
      return out.slice(out.indexOf("time after"), out.indexOf("Report:"));
    };
    const first = await table("7");
    expect(first).toMatch(/by hand +\d/);
    expect(await table("7")).toBe(first);
    expect(await table("8")).not.toBe(first);
  });

  it("ends with 3 and a sentence when the emulator is killed in mid-run and no chip comes back for half a minute", async () => {
    const folder = emptyFolder();
    // Of a number of its own: a chip of the same number may open the same pseudo-terminal next, and be taken for it.
    const emulator = startMho(["emulate", `pcm-64?tiles=2&seed=${process.pid}`, "--json"]);
    const { address } = JSON.parse(await emulator.line(/address/)) as { address: string };
    const demo = startMho([
      "demo",
      "--json",
      "--weights",
      smallWeights(folder),
      "--out",
      folder,
      "--chip",
      address,
      "--workspace",
      folder,
    ]);
    await demo.line(/"turn":2/);
    emulator.process.kill("SIGKILL");
    const { code, err } = await demo.ended();
    expect(code).toBe(3);
    // By which of the two it is noticed first, reading or writing, is chance.
    expect(err).toMatch(
      /^mho: (The link to the chip(?: at serial:\/dev\/pts\/\d+\S*)? is gone|Cannot write to \/dev\/pts\/\d+): .*Check the cable.*serial:\/dev\/pts\/\d+/,
    );
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  it("leaves a transcript that is replayed without a difference, to the last byte of the emulated chip", async () => {
    const folder = emptyFolder();
    const transcript = join(folder, "line.jsonl");
    const args = ["--weights", smallWeights(folder), "--out", folder, "--workspace", folder, "--quiet"];
    const chip = "emulator:pcm-64?tiles=3&seed=7&state=none";
    expect((await mho("demo", ...args, "--chip", chip, "--transcript", transcript)).code).toBe(0);
    const { code, out } = await mho("replay", transcript, "--json");
    const result = JSON.parse(out.trim().split("\n").at(-1)!) as Record<string, unknown>;
    expect(result).toMatchObject({ differences: 0, emulator: "same", first_difference: null });
    expect([code, result["replies"] === result["requests"]]).toEqual([0, true]);
  });
});

describe("mho demo on a chip of another technology", () => {
  it("tells the same story of ReRAM that relaxes: by its own methods, a table fitted and believed, the closed loop errs least after a year", async () => {
    const out = emptyFolder();
    const args = ["--weights", smallWeights(out), "--workspace", out, "--out", out];
    const { code, out: text } = await mho("demo", "--json", "--chip", "emulator:rram-128", ...args);
    expect(code).toBe(0);
    const lines = text.trim().split("\n");
    const result = JSON.parse(lines.at(-1)!) as DemoResult;
    expect(result).toMatchObject({ type: "result", believed: true, chips: 1 });
    const last = (name: string): number =>
      result.contenders.find((one) => one.name === name)!.weight_error_rms_percent.at(-1)!;
    expect(last("best open loop") / last("by hand")).toBeLessThan(0.8);
    expect(last("closed loop") / last("best open loop")).toBeLessThan(0.9);
    expect(lines.find((line) => line.includes('"model_compared"'))).toMatch(/"spread_microsiemens":\[\d/);
    const report = withoutTerms(readFileSync(result.report, "utf8"));
    expect(report).toContain("relaxation slows with age");
    expect(report).toContain("the pair G+ and G−");
    expect(report).not.toMatch(/drift/i);
    const store = await openWorkspace(out);
    const methods = await Promise.all(
      ["r1", "r2", "r3", "r4"].map(async (run) => (await store.plan(run)).method),
    );
    await store.close();
    expect(methods).toEqual(["staircase", "residual", "verify", "residual"]);
  });
});

interface DemoResult {
  readonly report: string;
  readonly contenders: readonly { name: string; weight_error_rms_percent: number[] }[];
}
