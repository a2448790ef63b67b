import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openBench } from "../../lab/bench.ts";
import type { StampedEvent } from "../../lab/events.ts";
import { forecastSentence } from "../../lab/forecastTexts.ts";
import { normalOf, Random } from "../../src/random.ts";
import { mho } from "../support/commandHere.ts";
import { benchOf, trimmed } from "../support/foretold.ts";
import { emptyFolder, removeFoldersAfterEach } from "../support/folders.ts";

removeFoldersAfterEach();

// test/forecasts.test.ts says what becomes of a forecast that failed.
it("a watch of a trim whose devices drift by another law warns that the model no longer holds", async () => {
  const workspace = emptyFolder();
  const told: StampedEvent[] = [];
  const chip = "emulator:pcm-64?seed=3&births=odd";
  const bench = await openBench({ workspace, chip, onEvent: (event) => void told.push(event) });
  const random = new Random(2);
  const row = (r: number): string =>
    Array.from({ length: 64 }, (_, k) => (normalOf(random.at(r * 64 + k, 0).word0) / 4).toFixed(4)).join();
  const weights = join(workspace, "weights.csv");
  writeFileSync(weights, Array.from({ length: 32 }, (_, r) => row(r)).join("\n"));
  const strategy = join(workspace, "strategy.json");
  await mho("optimize", weights, "--model", "pcm-90nm", "--out", strategy);
  const run = await bench.program(strategy);
  await bench.watch(run, { until: "2h", perDecade: 5 });
  const trim = await bench.trim(run);
  await bench.watch(trim.run!, { until: "2d", perDecade: 2 });
  await bench.close();
  const warnings = told.flatMap((event) => (event.type === "warning" ? [event.message] : []));
  expect(warnings).toEqual([expect.stringMatching(/^r2: The model pcm-90nm no longer holds at /)]);
});

describe("what is foretold of a run", () => {
  it("holds on devices as the model has them, for the strategy and for the trim over a year", async () => {
    const workspace = emptyFolder();
    const bench = await benchOf("usual", workspace);
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

  it("is held against no model where fewer than 500 weights were read", async () => {
    const workspace = emptyFolder();
    const bench = await benchOf("odd", workspace);
    const { trim } = await trimmed(bench, workspace, "30d", 7);
    const [outcome] = (await bench.run(trim.run!)).forecasts;
    const { foretoldPercent, measuredPercent, weights, failed } = outcome!.points.at(-1)!;
    expect((measuredPercent / foretoldPercent) * (measuredPercent / foretoldPercent)).toBeGreaterThan(2);
    expect([weights < 500, failed]).toEqual([true, false]);
    await bench.close();
  });
});
