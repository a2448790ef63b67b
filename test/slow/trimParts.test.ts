import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { plannedVisit } from "../../lab/trim.ts";
import { openBench } from "../../lab/bench.ts";
import { openWorkspace } from "../../storage/workspace.ts";
import { openTestChip } from "../support/chips.ts";
import { mho } from "../support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";
import { gaussianWeights } from "../support/weights.ts";

removeFoldersAfterEach();

describe("a trim of more devices than are thought about together", () => {
  it("is planned some tiles at a time, and expects of each what the whole does", async () => {
    const workspace = emptyFolder();
    const out = join(workspace, "strategy.json");
    const bench = await openBench({ workspace, chip: "emulator:pcm-64?seed=3&tiles=2" });
    await mho("optimize", gaussianWeights(workspace, 16, 128), "--model", "pcm-90nm", "--out", out);
    const run = await bench.program(out);
    await bench.watch(run, { until: "1d", perDecade: 3 });
    await bench.close();

    const { driver } = await openTestChip();
    const store = await openWorkspace(workspace);
    const plan = await store.plan(run);
    const lastRead = 86_400e6;
    driver.chipTime = () => Promise.resolve(lastRead);
    const visits = await Promise.all(
      [undefined, 4096].map((most) =>
        plannedVisit({ driver, store }, [run], plan, plan.model, [1, 3600, 30 * 86_400], 1, 7, most),
      ),
    );
    const [whole, parted] = visits.map(({ visit }) => visit);
    expect(parted!.tiles.map(({ targets }) => targets.block.tile)).toEqual([0, 1]);
    expect(parted!.expectedBefore / whole!.expectedBefore).toBeCloseTo(1, 1);
    expect(parted!.expectedAfter / whole!.expectedAfter).toBeCloseTo(1, 1);
    expect(parted!.expectedAfter).toBeLessThan(0.9 * parted!.expectedBefore);
    expect(parted!.devices / whole!.devices).toBeCloseTo(1, 1);
    expect(parted!.later.map(({ expected }, k) => expected / whole!.later[k]!.expected)).toEqual(
      whole!.later.map(() => expect.closeTo(1, 1) as number),
    );
    const parts: number[] = [];
    for await (const part of visits[1]!.believed()) parts.push(part.length);
    expect(parts).toEqual([1, 1]);
  });
});
