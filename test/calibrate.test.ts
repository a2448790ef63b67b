import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { modelFileOf } from "../files/model.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { benchAt, strategyIn } from "./support/advised.ts";
import { mho } from "./support/commandHere.ts";
import { eventLines } from "./support/eventLines.ts";
import { fittedModel } from "./support/fittedModel.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

describe("a calibration", () => {
  it("finds the factors of aged devices from 32 products, fires no pulse, and keeps them with the run", async () => {
    const workspace = emptyFolder();
    const bench = await benchAt(workspace);
    const run = await bench.program(await strategyIn(workspace, 10));
    await bench.watch(run, { until: "1d", perDecade: 1 });
    const turns = await (await bench.store()).newestTurn(run);
    const out = join(workspace, "factors.json");
    const found = await bench.calibrate(run, { out });
    const { calibration, errors } = found;
    expect([calibration.by, calibration.count, found.why, found.before]).toEqual([
      "products",
      32,
      undefined,
      undefined,
    ]);
    const [tile] = calibration.tiles;
    expect(tile!.ageSeconds).toBeGreaterThan(86_400);
    expect(tile!.compensations).toHaveLength(64);
    // The factor of a sweep of all devices is found from products, too.
    const { errors: swept } = await bench.result(run);
    expect(tile!.compensation / swept.at(-1)!.alpha).toBeCloseTo(1, 1);
    expect(errors.tile.weightPercent).toBeLessThan(0.5 * errors.before.weightPercent);
    expect(errors.column.weightPercent).toBeLessThan(1.03 * errors.tile.weightPercent);
    expect(errors.tile.weightPercent / swept.at(-1)!.rmsPercent).toBeLessThan(1.4);
    expect(await (await bench.store()).newestTurn(run)).toBe(turns);

    // The next one starts from what this one found, and hardly gains.
    const again = await bench.calibrate(run, { vectors: 16 });
    expect(again.before).toMatch(/^\d{4}-/);
    expect(again.errors.before.weightPercent).toBeLessThan(1.1 * again.errors.tile.weightPercent);
    const { notes } = await bench.run(run);
    expect(notes.map(({ what }) => what)).toEqual(["calibrated", "calibrated"]);
    expect(notes[0]!.calibration).toEqual(calibration);
    await bench.close();

    const file = JSON.parse(readFileSync(out, "utf8")) as { tiles: Record<string, unknown>[] };
    expect(file).toMatchObject({ format: "mho-calibration", version: 1, run, chip: "pcm-64", vectors: 32 });
    expect(file.tiles[0]).toMatchObject({
      tile: 0,
      row_count: 10,
      devices_per_cell: 4,
      compensation_by_column: tile!.compensations,
      offset_microsiemens_by_column: tile!.offsetsMicrosiemens,
    });
    const shown = await mho("show", run, "--workspace", workspace);
    expect(shown.out).toMatch(
      /calibrated: By 32 products of each tile, at an age of 1 day: a weight error of/,
    );
  });

  it("reads the devices of a board that cannot multiply, and says so", async () => {
    const workspace = emptyFolder();
    const bench = await benchAt(workspace, "emulator:pcm-64?seed=3&dialect=scpi");
    const run = await bench.program(await strategyIn(workspace));
    await bench.watch(run, { until: "1h", perDecade: 1 });
    await bench.close();
    const { code, out } = await mho("calibrate", run, "--workspace", workspace);
    expect(code).toBe(0);
    expect(out).toContain(
      "measured by reads of every device, 16 averaged, because pcm-64 cannot measure products",
    );
    const json = await mho("calibrate", run, "--workspace", workspace, "--json");
    const last = eventLines(json.out).at(-1);
    expect(last).toMatchObject({
      type: "result",
      command: "calibrate",
      measured_by: "reads",
      why_reads: "pcm-64 cannot measure products",
      file: null,
    });
    const { errors } = last as unknown as {
      errors: Record<"before" | "tile", { weight_rms_percent: number }>;
    };
    // The second of two starts from the factors of the first.
    expect(errors.before.weight_rms_percent).toBeLessThan(1.1 * errors.tile.weight_rms_percent);
  });

  it("is refused with the run and what to do where nothing is meant, or the devices are another run's by now", async () => {
    const workspace = emptyFolder();
    const bench = await benchAt(workspace);
    const values = new Float32Array(256).fill(10);
    const bare = await bench.program({ title: "bare", valuesMicrosiemens: values }, { method: "open-loop" });
    const refusal = async (run: string, options = {}): Promise<string> =>
      bench.calibrate(run, options).then(
        () => "",
        (error: Error) => error.message,
      );
    expect(await refusal(bare)).toMatch(/^Run r1 was programmed from conductances.*made from a strategy\.$/);
    const strategy = await strategyIn(workspace);
    const first = await bench.program(strategy, { method: "open-loop" });
    const second = await bench.program(strategy, { method: "open-loop" });
    expect(await refusal(first)).toBe(
      "Tile 0 of r2 was programmed anew by r3. Calibrate that run: mho calibrate r3.",
    );
    expect(await refusal(second, { vectors: 4 })).toMatch(
      /^The option vectors 4: give a whole number from 8/,
    );
    const nowhere = join(workspace, "none", "f.json");
    expect(await refusal(second, { out: nowhere })).toMatch(/there is no folder/);
    expect((await bench.run(second)).notes).toEqual([]);
    expect(await refusal("r9")).toMatch(/r9/);
    await bench.close();
  });

  it("is damage where what a workspace keeps of it is no calibration", async () => {
    const workspace = emptyFolder();
    const bench = await benchAt(workspace);
    const run = await bench.program(await strategyIn(workspace), { method: "open-loop" });
    await bench.close();
    const store = await openWorkspace(workspace);
    const broken = { by: "products", count: 32, tiles: [{ tile: 0, compensations: ["x"] }] };
    await store.appendNote(run, {
      notedAt: "t",
      what: "calibrated",
      text: "",
      calibration: broken as never,
    });
    await expect(store.notes(run)).rejects.toMatchObject({ code: "workspace-failed" });
    await store.close();
  });
});

describe("advice on a run", () => {
  it("marks what a fitted model was not tested for, and makes no workspace to look in", async () => {
    const folder = emptyFolder();
    const bench = await benchAt(folder);
    const run = await bench.program(await strategyIn(folder));
    await bench.watch(run, { until: "2h", perDecade: 4 });
    await bench.close();
    const model = join(folder, "mine.json");
    writeFileSync(model, JSON.stringify(modelFileOf(fittedModel(86_400))));
    const { out } = await mho("advise", run, "--model", model, "--workspace", folder);
    expect(out).toContain("  * Errors from 30 days on are extrapolated from 1 day.\n");
    expect(out).toMatch(/trim now, then recalibrate +[\d.]+\* +[\d.]+ %\* /);
    expect(out).not.toContain("not fitted to this chip");
    const near = await mho("advise", run, "--model", model, "--times", "1h", "--workspace", folder);
    expect(near.out).not.toContain("*");
    const none = join(folder, "none");
    for (const command of ["advise", "calibrate"]) {
      const { code, err } = await mho(command, "r1", "--workspace", none);
      expect([code, err]).toEqual([2, expect.stringContaining("There is no workspace in")]);
    }
    expect(existsSync(none)).toBe(false);
  });
});
