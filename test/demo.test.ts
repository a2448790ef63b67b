import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openWorkspace } from "../storage/workspace.ts";
import { collect } from "./contracts/runStore.ts";
import { mho } from "./support/commandHere.ts";
import { startMho } from "./support/commandLine.ts";
import { emulatorHere } from "./support/emulatorHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { quarterTile, smallestWeights } from "./support/smallNetwork.ts";

removeFoldersAfterEach();

describe("mho demo", () => {
  // test/slow/demo.test.ts tells it over a line, of whole tiles.
  it("tells the whole story: measured, refitted and corrected, the closed loop errs least", async () => {
    const out = emptyFolder();
    const chip = `emulator:pcm-64?chip=${quarterTile(out)}&tiles=2&births=stranger&state=none`;
    const workspace = join(out, "workspace");
    const places = ["--chip", chip, "--weights", smallestWeights(out), "--out", out, "--workspace", workspace];
    const { code, out: text } = await mho("demo", "--json", ...places);
    expect(code).toBe(0);
    const result = JSON.parse(text.trim().split("\n").at(-1)!) as DemoResult;
    expect(result).toMatchObject({ type: "result", believed: true, software_accuracy: null });
    const last = (name: string): number =>
      result.contenders.find((one) => one.name === name)!.weight_error_rms_percent.at(-1)!;
    expect(last("best open loop") / last("by hand")).toBeLessThan(0.75);
    expect(last("closed loop") / last("best open loop")).toBeLessThan(0.8);
    expect(last("closed loop") / last("best open loop, a day old")).toBeLessThan(0.8);
    expect(readFileSync(result.report, "utf8")).toContain("<!doctype html>");
    expect(readFileSync(result.figures, "utf8")).toContain("closed loop,31536000,");
    const store = await openWorkspace(workspace);
    expect((await store.plan("r2")).method).toBe("residual");
    await store.close();
  });

  it("tells it over a line of a chip of its own, which goes with it when it is stopped", async () => {
    const out = emptyFolder();
    const demo = startMho(["demo", "--json", "--weights", smallestWeights(out), "--out", out]);
    await demo.line(/"turn"/);
    demo.process.kill("SIGINT");
    const { code, err } = await demo.ended();
    expect([code, err]).toEqual([130, expect.stringContaining("Its chip goes with it")]);
    const store = await openWorkspace(join(out, "workspace"));
    expect((await store.plan("r1")).chipAddress).toMatch(/^tcp:127\.0\.0\.1/);
    await store.close();
  });
});

describe("a small run over a line", () => {
  it("measures the same for the same seed, and something else for another", async () => {
    const [first, again, other] = [await measured(7), await measured(7), await measured(8)];
    expect(first).toHaveLength(13);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });
});

/**
 * A row of a chip that drifts by a law of its own, programmed and watched for a day by commands of their own. Returns its
 * sweeps, but for when the clock on the wall said that they were taken.
 */
async function measured(seed: number): Promise<object[]> {
  const folder = emptyFolder();
  const targets = join(folder, "targets.csv");
  writeFileSync(targets, Array.from({ length: 256 }, (_, k) => (7 * k) % 25).join());
  const { address } = await emulatorHere("pcm-64?births=stranger", { seed });
  expect((await mho("program", targets, "--chip", address, "--workspace", folder)).code).toBe(0);
  expect((await mho("watch", "r1", "--until", "1d", "--workspace", folder)).code).toBe(0);
  const store = await openWorkspace(folder);
  const sweeps = await collect(store.sweeps("r1"));
  await store.close();
  return sweeps.map((sweep) => ({ ...sweep, takenAt: "" }));
}

interface DemoResult {
  readonly type: string;
  readonly software_accuracy: number | null;
  readonly believed: boolean;
  readonly report: string;
  readonly figures: string;
  readonly contenders: readonly {
    name: string;
    weight_error_rms_percent: number[];
  }[];
}
