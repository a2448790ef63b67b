import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { joinedReads } from "../calibration/joinedReads.ts";
import type { DriftSweep } from "../calibration/driftData.ts";
import { openBench } from "../lab/bench.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { gaussianWeights } from "./support/weights.ts";

removeFoldersAfterEach();

describe("a trim of devices that are stepped", () => {
  it("leaves less than a third of the error, and no more than was foretold: some never needed a pulse, and a step restarts nothing", async () => {
    const workspace = emptyFolder();
    const bench = await openBench({ workspace, chip: "emulator:ecram-64?seed=3" });
    const out = join(workspace, "strategy.json");
    const single = ["--model", "ecram-li", "--layout", "single-pair", "--out", out];
    await mho("optimize", gaussianWeights(workspace, 8, 64), ...single);
    const run = await bench.program(out);
    await bench.watch(run, { until: "2h", perDecade: 2 });
    const trim = await bench.trim(run);
    await bench.watch(trim.run!, { until: "1d", perDecade: 1 });
    const lastOf = async (id: string) => (await bench.run(id)).forecasts[0]!.points.at(-1)!;
    const [left, trimmed] = [await lastOf(run), await lastOf(trim.run!)];
    expect(trimmed.measuredPercent).toBeLessThan(0.33 * left.measuredPercent);
    expect(trimmed.measuredPercent).toBeLessThan(1.2 * trimmed.foretoldPercent);
    await bench.close();
  });
});

describe("reads of a device before a step", () => {
  const sweep = (at: number, values: readonly number[], flag = 0): DriftSweep => ({
    conductanceMicrosiemens: Float32Array.from(values),
    flags: new Uint8Array(values.length).fill(flag),
    rowTimesMicroseconds: Float64Array.of(at),
    averages: 1,
    celsius: undefined,
  });

  it("are moved by the step, once for each of them, so that its ageing goes on; others stay as they are", () => {
    const sweeps = [
      sweep(1, [8, 3]),
      sweep(2, [7, 3]),
      sweep(11, [9, 3]),
      sweep(21, [5, 2]),
      sweep(22, [4.5, 1.5]),
    ];
    const joined = joinedReads(sweeps, 2, [Float64Array.of(10, Number.NaN), Float64Array.of(20, 20)]);
    const of = (i: number) => joined.map(({ conductanceMicrosiemens }) => conductanceMicrosiemens[i]);
    expect(of(0)).toEqual([6, 5, 5, 5, 4.5]);
    expect(of(1)).toEqual([2, 2, 2, 2, 1.5]);
    expect(sweeps[0]!.conductanceMicrosiemens[0]).toBe(8);
  });

  it("say nothing where the step is not known, because nothing was read since", () => {
    const joined = joinedReads([sweep(1, [8]), sweep(2, [7])], 1, [Float64Array.of(10)]);
    expect(joined.map(({ flags }) => flags[0])).toEqual([2, 2]);
  });
});
