import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBench } from "../lab/bench.ts";
import { normalOf, Random } from "../src/random.ts";
import { npyBytes } from "../files/npyWriter.ts";
import { endAll, start } from "./processes.ts";

/**
 * What a year at one bench leaves on its disk, when each run goes to the lake and is then deleted:
 * node dist/bench/year.js [--runs 4] [--preset pcm-256] [--a-day 3]
 *
 * Each run programs the whole chip and reads it until it is a year old. It prints what the workspace and the lake have grown by with each
 * of them, and what that makes for so many a day.
 */
const flag = (name: string): string | undefined =>
  process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined;
const runs = Number(flag("--runs") ?? 4);
const preset = flag("--preset") ?? "pcm-256";
const aDay = Number(flag("--a-day") ?? 3);

const folder = mkdtempSync(join(tmpdir(), "mho-year-"));
const workspace = join(folder, "lab");
const lake = join(folder, "lake");
try {
  await live();
} finally {
  endAll();
  rmSync(folder, { recursive: true, force: true });
}

async function live(): Promise<void> {
  const rows = preset === "pcm-64" ? 64 : 256;
  const strategy = join(folder, "strategy.json");
  writeFileSync(join(folder, "weights.npy"), weights(rows));
  const place = ["--workspace", workspace];
  const model = preset === "pcm-64" ? "pcm-90nm" : "pcm-hermes-2";
  await mho("optimize", join(folder, "weights.npy"), "--model", model, "--out", strategy, ...place);
  const sizes: { before: number; after: number; lake: number }[] = [];
  for (let k = 0; k < runs; k++) {
    const bench = await openBench({
      workspace,
      chip: `emulator:${preset}?seed=7&state=${join(folder, "chip.state")}`,
    });
    const run = await bench.program(strategy);
    await bench.watch(run, { until: "365d", perDecade: 3 });
    await bench.close();
    const before = bytesIn(workspace);
    await mho("archive", run, "--lake", lake, ...place);
    await mho("delete", run, ...place);
    sizes.push({ before, after: bytesIn(workspace), lake: bytesIn(lake) });
    const { after, lake: kept } = sizes.at(-1)!;
    console.log(
      `${run}: workspace ${mega(before)} MB, ${mega(after)} MB once it was deleted; lake ${mega(kept)} MB`,
    );
  }
  const growth = (of: "after" | "lake"): number => (sizes.at(-1)![of] - sizes[0]![of]) / (runs - 1);
  const year = 365 * aDay;
  console.log(
    `a run leaves ${mega(growth("after"))} MB in the workspace and ${mega(growth("lake"))} MB in the lake: ${aDay} a day make ` +
      `${((year * growth("after")) / 1e9).toFixed(1)} GB and ${((year * growth("lake")) / 1e9).toFixed(1)} GB a year`,
  );
}

/** Gaussian weights that fill a tile, σ a quarter of the largest. */
function weights(rows: number): Uint8Array {
  const random = new Random(1);
  const values = Float32Array.from({ length: rows * rows }, (_, k) =>
    Math.max(-1, Math.min(1, normalOf(random.at(k, 0).word0) / 4)),
  );
  return npyBytes([rows, rows], values);
}

async function mho(...args: readonly string[]): Promise<void> {
  const child = start(["dist/cli/main.js", ...args, "--quiet"]);
  child.stdout!.resume();
  child.stderr!.pipe(process.stderr);
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`mho ${args[0]} ended with ${code}.`);
}

function bytesIn(place: string): number {
  return readdirSync(place, { recursive: true, encoding: "utf8" }).reduce((sum, name) => {
    const found = statSync(join(place, name));
    return sum + (found.isFile() ? found.size : 0);
  }, 0);
}

function mega(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
