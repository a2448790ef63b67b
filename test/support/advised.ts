import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bench, openBench } from "../../lab/bench.ts";
import { normalOf, Random } from "../../src/random.ts";
import { mho } from "./commandHere.ts";

const random = new Random(5);

/** A strategy of few weights by usual aims, without a search for factors. */
export async function strategyIn(folder: string, rows = 6): Promise<string> {
  const weights = join(folder, "weights.csv");
  const row = (r: number): string =>
    Array.from({ length: 64 }, (_, k) => (normalOf(random.at(r * 64 + k, 0).word0) / 4).toFixed(4)).join();
  writeFileSync(weights, Array.from({ length: rows }, (_, r) => row(r)).join("\n"));
  const file = join(folder, "strategy.json");
  const aims = ["--model", "pcm-90nm", "--significance", "2", "--scale", "full"];
  await mho("optimize", weights, ...aims, "--out", file);
  return file;
}

export function benchAt(workspace: string, chip = "emulator:pcm-64?seed=3"): Promise<Bench> {
  return openBench({ workspace, chip });
}
