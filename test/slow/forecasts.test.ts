import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openBench } from "../../lab/bench.ts";
import type { StampedEvent } from "../../lab/events.ts";
import { normalOf, Random } from "../../src/random.ts";
import { mho } from "../support/commandHere.ts";
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
