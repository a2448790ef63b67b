import { describe, expect, it } from "vitest";
import { openBench } from "../lab/index.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { normalOf, Random } from "../src/random.ts";
import { builtInMethods, methodFor } from "../src/program/methods.ts";
import { executeRun } from "../src/run/engine.ts";
import { estimateRun } from "../src/run/estimate.ts";
import type { RunPlan, TileTargets } from "../src/run/plan.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { dialectNamed, builtInDialects } from "../lab/dialects.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { slowBoard } from "./support/slowBoard.ts";

removeFoldersAfterEach();

/** Cells of two pairs that hold normally distributed weights on their significant pair. */
function tileOf(tile: number, rows: number, columns: number): TileTargets {
  const random = new Random(3).fork("weights");
  const cells = rows * columns;
  const targetsMicrosiemens = new Float32Array(4 * cells);
  const wantedMicrosiemens = Float32Array.from({ length: cells }, (_, cell) => {
    const weight = 8 * normalOf(random.at(tile * cells + cell, 0).word0);
    const held = Math.min(24, Math.abs(weight));
    targetsMicrosiemens[4 * cell + (weight > 0 ? 0 : 1)] = held;
    return 2 * (weight > 0 ? held : -held);
  });
  return {
    block: { tile, rowStart: 0, rowCount: rows },
    targetsMicrosiemens,
    cells: { devicesPerCell: 4, factors: [2, -2, 1, -1], wantedMicrosiemens },
  };
}

describe("an estimate of a slow board", () => {
  it.each([
    ["verify", "packet", 1],
    ["residual", "packet", 1],
    ["gdp", "packet", 1],
    ["verify", "packet", 3],
    ["verify", "scpi", 1],
    ["residual", "scpi", 1],
  ] as const)(
    "by %s in %s on %i tiles is within a third of what the run takes",
    async (name, dialect, tiles) => {
      const store = await openWorkspace(emptyFolder());
      const [rows, columns] = [8, 10];
      const { context, description, driver } = await slowBoard(store, { dialect, rows, columns, tiles });
      const method = methodFor(builtInMethods, name, description);
      const plan: RunPlan = {
        title: "slow",
        chipName: "pcm-64",
        chipSerialNumber: "EMU-7-slow",
        chipAddress: "slow",
        method: method.name,
        model: pcm90nmDefinition,
        sweepTimesSeconds: [1],
        sweepAverages: 16,
        pulsesPerDevice: 200,
        tiles: Array.from({ length: tiles }, (_, tile) => tileOf(tile, rows, columns)),
      };
      await driver.identify();
      const before = await driver.chipTime();
      await executeRun(context, plan);
      await driver.identify();
      const seconds = ((await driver.chipTime()) - before) / 1e6;
      const { rowBytes } = dialectNamed(builtInDialects, dialect);
      const estimate = estimateRun(description, plan.tiles, method, 200, { ...plan, rowBytes });
      expect(seconds).toBeGreaterThan(400);
      expect(estimate.seconds / seconds).toBeGreaterThan(0.7);
      expect(estimate.seconds / seconds).toBeLessThan(1.3);
      expect(estimate.longestRequest).toMatchObject({ what: "read of a row" });
      expect(estimate.longestRequest.seconds).toBeCloseTo(2, 1);
    },
  );
});

describe("a dry run", () => {
  const targets = { title: "all at 5 µS", valuesMicrosiemens: new Float32Array(64 * 256).fill(5) };

  it("counts the devices' settling, and names a request that standby waits for", async () => {
    await using bench = await openBench({
      workspace: emptyFolder(),
      chip: "emulator:pcm-64?state=none&device_milliseconds=10",
    });
    const { seconds, longestRequest } = await bench.estimate(targets, { method: "verify" });
    // A row of 256 devices takes 2.56 s, a tile some 35 pulses and reads of each of its 64 rows.
    expect(seconds).toBeGreaterThan(8 * 3600);
    expect(longestRequest.seconds).toBeCloseTo(2.56, 2);
    const fast = await bench.estimate(targets, { method: "verify", sweepTimesSeconds: [86_400] });
    expect(fast.seconds).toBeGreaterThan(86_400);
  });

  it("refuses a method that the chip's description or the dialect has no way for", async () => {
    await using bench = await openBench({
      workspace: emptyFolder(),
      chip: "emulator:pcm-64?state=none&dialect=scpi",
    });
    await expect(bench.estimate(targets, { method: "on-board" })).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringContaining("has no verify loop of its own") as string,
    });
    await expect(bench.estimate(targets, { method: "residual" })).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringContaining("must know which weights") as string,
    });
  });
});
