import { describe, expect, it } from "vitest";
import { characterise, readOut } from "../../bench/characterised.ts";
import { published } from "../../bench/loop.ts";
import { refit } from "../../calibration/refit.ts";
import { onlyTheLawFails, tableInstead } from "../../calibration/tableInstead.ts";
import { openBench } from "../../lab/bench.ts";
import { Random, uniformOf } from "../../src/random.ts";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";

removeFoldersAfterEach();

describe("phase-change devices that do not drift by a power law", () => {
  it("get a table where that foresees later reads of held-out devices better, and are told so", async () => {
    const random = new Random(1);
    const valuesMicrosiemens = Float32Array.from(
      { length: 32 * 256 },
      (_, i) => 1 + 23 * uniformOf(random.at(i, 0).word0),
    );
    const bench = await openBench({
      workspace: emptyFolder(),
      chip: "emulator:pcm-64?seed=5&births=accelerating",
    });
    const run = await bench.program({ title: "spread", valuesMicrosiemens });
    await bench.watch(run, { until: 86_400, perDecade: 6 });
    const { model, record } = await bench.fit([run]);
    expect(model.family).toBe("free-form");
    expect(model.pulseResponse).toBeDefined();
    expect(record.believe).toBe(true);
    expect(record.remarks[0]).toMatch(
      /do not drift by a power law \(straight drift.*\): of \d+ later reads .* a table gives 1\.\d+ times the density .* so this model is a table/,
    );
    await bench.close();
  });

  it("keep the power law where a table is no better, as with a tenth of devices that differ", async () => {
    const chip = await characterise("curved", 1);
    const found = refit(chip.data, readOut, published);
    expect(onlyTheLawFails(found.verdict)).toBe(true);
    const tried = tableInstead(chip.data, readOut, published, found);
    expect(tried?.isBetter).toBe(false);
  });

  it("are not looked at where the measurement is what fails", () => {
    const checks = [
      { name: "straight drift", ok: false, says: "" },
      { name: "long enough", ok: false, says: "" },
    ];
    expect(onlyTheLawFails({ believe: false, checks, remarks: [] })).toBe(false);
    expect(onlyTheLawFails({ believe: false, checks: checks.slice(0, 1), remarks: [] })).toBe(true);
    expect(onlyTheLawFails({ believe: true, checks: [], remarks: [] })).toBe(false);
    // Picking alone is mended by an open-loop run.
    const picked = [{ name: "not picked apart", ok: false, says: "" }];
    expect(onlyTheLawFails({ believe: false, checks: picked, remarks: [] })).toBe(false);
  });
});
