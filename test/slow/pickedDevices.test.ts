import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openBench } from "../../lab/bench.ts";
import type { DeviceModel } from "../../src/model/deviceModel.ts";
import type { ProgrammingMethod, ProgrammingTask } from "../../src/program/method.ts";
import { begin as beginVerify, verifyPcm } from "../../src/program/verifyPcm.ts";
import { Random, uniformOf } from "../../src/random.ts";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";

removeFoldersAfterEach();

const chip = "emulator:pcm-64?seed=5&births=stranger&swing=2";

/** Sixteen rows of conductances over the range. */
function targetsIn(folder: string): string {
  const random = new Random(1);
  const path = join(folder, "targets.csv");
  const row = (r: number): string =>
    Array.from({ length: 256 }, (_, k) =>
      (24 * uniformOf(random.at(r * 256 + k, 0).word0) + 0.5).toFixed(3),
    ).join();
  writeFileSync(path, Array.from({ length: 16 }, (_, r) => row(r)).join("\n"));
  return path;
}

describe("a fit to devices that a method picked by young readings", () => {
  it("is not believed, and says that they were picked: a wrong model keeps those that drift its way", async () => {
    const young = {
      ...verifyPcm,
      name: "young",
      begin: (task: ProgrammingTask, model: DeviceModel) =>
        beginVerify(task, model, { confirmations: 0, youngMargins: 1 }),
    } as ProgrammingMethod;
    const workspace = emptyFolder();
    const bench = await openBench({ workspace, chip, extensions: { methods: [young] } });
    const run = await bench.program(targetsIn(workspace), { method: "young" });
    await bench.watch(run, { until: 86_400, perDecade: 6 });
    const { record } = await bench.fit([run]);
    expect(record.believe).toBe(false);
    const failed = record.checks.filter(({ ok }) => !ok).map(({ says }) => says);
    expect(failed).toEqual([
      expect.stringMatching(/aimed at \d+\.\d µS settled \d\.\d+ of their spread beside it/),
    ]);
    await bench.close();
  });

  it("is believed of verify, which learns how the devices settle, and so picks none that drift as the wrong model says", async () => {
    const workspace = emptyFolder();
    const bench = await openBench({ workspace, chip });
    const run = await bench.program(targetsIn(workspace), { method: "verify" });
    await bench.watch(run, { until: 86_400, perDecade: 6 });
    expect((await bench.fit([run])).record.believe).toBe(true);
    await bench.close();
  });
});
