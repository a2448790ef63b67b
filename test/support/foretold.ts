import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bench, openBench } from "../../lab/bench.ts";
import { normalOf, Random } from "../../src/random.ts";
import { mho } from "./commandHere.ts";

const random = new Random(2);

/** A strategy for `rows` × 64 weights: enough of them for a forecast to be held against its model. */
export async function strategyIn(folder: string, rows = 9): Promise<string> {
  const weights = join(folder, "weights.csv");
  const row = (r: number): string =>
    Array.from({ length: 64 }, (_, k) => (normalOf(random.at(r * 64 + k, 0).word0) / 4).toFixed(4)).join();
  writeFileSync(weights, Array.from({ length: rows }, (_, r) => row(r)).join("\n"));
  const file = join(folder, "strategy.json");
  const aims = ["--model", "pcm-90nm", "--significance", "2"];
  await mho("optimize", weights, ...aims, "--out", file);
  return file;
}

export function benchOf(births: string, workspace: string): Promise<Bench> {
  return openBench({ workspace, chip: `emulator:pcm-64?seed=3&births=${births}` });
}

/** Programs a strategy, reads it for two hours, trims it, and reads that. */
export async function trimmed(bench: Bench, workspace: string, until: string, rows?: number) {
  const run = await bench.program(await strategyIn(workspace, rows));
  await bench.watch(run, { until: "2h", perDecade: 5 });
  const trim = await bench.trim(run);
  await bench.watch(trim.run!, { until, perDecade: 2 });
  return { run, trim };
}
