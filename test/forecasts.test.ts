import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Bench, openBench } from "../lab/bench.ts";
import { forecastSentence } from "../lab/forecastTexts.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { normalOf, Random } from "../src/random.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { mho } from "./support/commandHere.ts";
import { eventLines } from "./support/eventLines.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { withoutTerms } from "./support/withoutTerms.ts";

removeFoldersAfterEach();

const random = new Random(2);

/** A strategy for `rows` × 64 weights. */
async function strategyIn(folder: string, rows = 9): Promise<string> {
  const weights = join(folder, "weights.csv");
  const row = (r: number): string =>
    Array.from({ length: 64 }, (_, k) => (normalOf(random.at(r * 64 + k, 0).word0) / 4).toFixed(4)).join();
  writeFileSync(weights, Array.from({ length: rows }, (_, r) => row(r)).join("\n"));
  const file = join(folder, "strategy.json");
  const aims = ["--model", "pcm-90nm", "--significance", "2"];
  await mho("optimize", weights, ...aims, "--out", file);
  return file;
}

async function benchOf(births: string, workspace = emptyFolder()) {
  const bench = await openBench({ workspace, chip: `emulator:pcm-64?seed=3&births=${births}` });
  return { bench, workspace };
}

/** Programs a strategy, reads it for two hours, trims it, and reads that. */
async function trimmed(bench: Bench, workspace: string, until: string) {
  const run = await bench.program(await strategyIn(workspace));
  await bench.watch(run, { until: "2h", perDecade: 5 });
  const trim = await bench.trim(run);
  await bench.watch(trim.run!, { until, perDecade: 2 });
  return { run, trim };
}

describe("what is foretold of a run", () => {
  it("holds on devices as the model has them, for the strategy and for the trim over a year", async () => {
    const { bench, workspace } = await benchOf("usual");
    const { run, trim } = await trimmed(bench, workspace, "360d");
    for (const id of [run, trim.run!]) {
      const { forecasts } = await bench.run(id);
      expect(forecasts).toHaveLength(1);
      const { points } = forecasts[0]!;
      expect(points.length).toBeGreaterThan(8);
      for (const { foretoldPercent, measuredPercent, weights, failed } of points) {
        expect([weights >= 500, failed]).toEqual([true, false]);
        expect(measuredPercent / foretoldPercent).toBeGreaterThan(0.6);
        expect(measuredPercent / foretoldPercent).toBeLessThan(1.1);
      }
    }
    // The next trim says how both came out, and asks nothing.
    const next = await bench.trim(trim.run!, { dryRun: true });
    expect(next.earlier.map(({ run: id, forecast }) => `${id} ${forecast.by}`)).toEqual([
      "r1 strategy",
      "r2 trim",
    ]);
    expect(forecastSentence(next.earlier[1]!)).toMatch(
      /^The trim \(pcm-90nm\) foretold a weight error of \d\.\d\d % at 360 days, and \d\.\d\d % was measured where devices obey\.$/,
    );
    await bench.close();
  });

  it("is held against its model where it failed: the next trim with it asks for --believe and says what was measured", async () => {
    const { bench, workspace } = await benchOf("odd");
    const { trim } = await trimmed(bench, workspace, "2d");
    const [outcome] = (await bench.run(trim.run!)).forecasts;
    expect(outcome!.points.at(-1)).toMatchObject({ failed: true });
    const reason =
      /The model pcm-90nm has failed before: of run r2 the trim foretold \d\.\d\d % at [^,]+, and \d+\.\d\d % was measured where devices obey \(\d+\.\d times the mean square error, 2 at most\)/;
    await expect(bench.trim(trim.run!, { dryRun: true })).rejects.toMatchObject({
      code: "bad-argument",
      message: expect.stringMatching(reason) as string,
    });
    // Another model has foretold nothing yet.
    const other = { ...pcm90nmDefinition, name: "other" };
    await expect(bench.trim(trim.run!, { dryRun: true, model: other })).resolves.toBeDefined();
    await bench.close();

    const shown = await mho("show", "r2", "--workspace", workspace);
    expect(shown.out).toMatch(/The trim \(pcm-90nm\) foretold .* The forecast failed/);
    const page = join(workspace, "r2.html");
    await mho("report", "r2", "--out", page, "--workspace", workspace);
    expect(withoutTerms(readFileSync(page, "utf8"))).toMatch(
      /<h2>What was foretold<\/h2>.*The forecast failed/,
    );
    expect((await mho("trim", "r2", "--dry-run", "--workspace", workspace)).code).toBe(2);
    const json = await mho("trim", "r2", "--dry-run", "--believe", "--workspace", workspace, "--json");
    const events = eventLines(json.out);
    const warnings = events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
    expect(warnings.at(-1)).toMatch(reason);
    expect(events.at(-1)).toMatchObject({ command: "trim", run: null });
    expect((events.at(-1) as unknown as Record<string, unknown>)["earlier_forecasts"]).toMatchObject([
      { run: "r1", by: "strategy", failed: false },
      { run: "r2", by: "trim", failed: true },
    ]);
  });

  it("is held against no model where fewer than 500 weights were read", async () => {
    const { bench, workspace } = await benchOf("odd");
    const run = await bench.program(await strategyIn(workspace, 7));
    await bench.watch(run, { until: "2h", perDecade: 5 });
    const trim = await bench.trim(run);
    await bench.watch(trim.run!, { until: "30d", perDecade: 2 });
    const [outcome] = (await bench.run(trim.run!)).forecasts;
    const { foretoldPercent, measuredPercent, weights, failed } = outcome!.points.at(-1)!;
    expect((measuredPercent / foretoldPercent) * (measuredPercent / foretoldPercent)).toBeGreaterThan(2);
    expect([weights < 500, failed]).toEqual([true, false]);
    await bench.close();
  });

  it("is nothing for single pulses that are not read back, and nothing while a run is not done", async () => {
    const { bench, workspace } = await benchOf("usual");
    const strategy = await strategyIn(workspace);
    const blind = await bench.program(strategy, { method: "open-loop" });
    expect((await bench.run(blind)).forecasts).toEqual([]);
    const read = await bench.program(strategy, { method: "verify" });
    await bench.close();
    const store = await openWorkspace(workspace);
    await store.endRun(read, "interrupted");
    await store.close();
    const again = await openBench({ workspace });
    const [outcome] = (await again.run(read)).forecasts;
    expect(outcome!.points).toEqual([]);
    expect(forecastSentence(outcome!)).toMatch(
      /^The strategy \(pcm-90nm\) foretells a weight error of \d\.\d\d % at 1 s to \d\.\d\d % at 360 days\. It was not/,
    );
    await again.close();
  });
});
