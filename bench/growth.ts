import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { coreSecondsOf, endAll, start, telling, textOf, tookOf } from "./processes.ts";

/**
 * What commands cost in workspaces of years, each in a process of its own:
 * node dist/bench/growth.js [--runs 5000] [--sweeps 10000]
 *
 * `report` and `fit` of one run of 256 devices with many sweeps; `program` in a workspace of many runs of the same chip, to its
 * first pulse and to its end; `serve` of that workspace with one page that looks on, as a share of a core.
 */
const flag = (name: string, usual: number): number =>
  Number(process.argv[process.argv.indexOf(name) + 1]) || usual;
const runs = flag("--runs", 5000);
const sweeps = flag("--sweeps", 10_000);
const lookedAtSeconds = 15;

const folder = mkdtempSync(join(tmpdir(), "mho-growth-"));
try {
  await measure();
} finally {
  endAll();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(): Promise<void> {
  const swept = join(folder, "swept");
  const full = join(folder, "full");
  await made(swept, 1, sweeps);
  await tell(`report of ${sweeps} sweeps`, [
    "report",
    "r1",
    "--workspace",
    swept,
    "--out",
    join(folder, "r1.html"),
  ]);
  await tell(`fit of ${sweeps} sweeps`, ["fit", "r1", "--workspace", swept, "--out", join(folder, "m.json")]);
  await made(full, runs, 1);
  const targets = join(folder, "targets.csv");
  writeFileSync(targets, `${Array.from({ length: 256 }, (_, k) => 2 + (k % 20)).join(",")}\n`);
  await tell(
    `program after ${runs} runs`,
    ["program", targets, "--workspace", full, "--chip", "emulator:pcm-64?seed=7&state=none", "--json"],
    /"type":"(?:chip|turn)"/,
  );
  await tell(`show r1 of ${runs} runs`, ["show", "r1", "--workspace", full]);
  await serve(full);
}

async function made(place: string, ofRuns: number, ofSweeps: number): Promise<void> {
  mkdirSync(place);
  const writer = start(["dist/bench/growthWorkspaces.js", place, `${ofRuns}`, `${ofSweeps}`]);
  const [code] = (await once(writer, "close")) as [number | null];
  if (code !== 0) throw new Error("The workspace was not made.");
}

/** @param mark  lines that are timed: from the first such line to the second. */
async function tell(what: string, args: readonly string[], mark?: RegExp): Promise<void> {
  const begun = performance.now();
  const child = start(["--import", telling, "dist/cli/main.js", ...args]);
  const marks: number[] = [];
  createInterface({ input: child.stdout! }).on("line", (line) => {
    if (mark?.test(line) === true) marks.push(performance.now());
  });
  const said = textOf(child);
  const [code] = (await once(child, "close")) as [number | null];
  const seconds = (performance.now() - begun) / 1000;
  const { megabytes } = tookOf(await said);
  const first =
    marks.length < 2 ? "" : `, ${((marks[1]! - marks[0]!) / 1000).toFixed(2)} s to its first turn`;
  console.log(
    `${what}: ${seconds.toFixed(1)} s${first}, ${megabytes.toFixed(0)} MB${code === 0 ? "" : `, ended with ${code}`}`,
  );
}

async function serve(place: string): Promise<void> {
  const args = ["dist/cli/main.js", "serve", "--port", "0", "--json", "--workspace", place];
  const child = start(["--import", telling, ...args]);
  const said = textOf(child);
  const [line] = (await once(createInterface({ input: child.stdout! }), "line")) as [string];
  const { address } = JSON.parse(line) as { address: string };
  const looking = new AbortController();
  const heard = fetch(`${address}api/live?run=r${runs}`, { signal: looking.signal }).then(
    async ({ body }) => {
      for await (const _ of body!) void _;
    },
  );
  heard.catch(() => undefined);
  await sleep(2000);
  const before = coreSecondsOf(child);
  await sleep(1000 * lookedAtSeconds);
  const share = (coreSecondsOf(child) - before) / lookedAtSeconds;
  looking.abort();
  child.kill("SIGTERM");
  await once(child, "close");
  const { megabytes } = tookOf(await said);
  console.log(
    `serve of ${runs} runs, one looks on: ${(100 * share).toFixed(1)} % of a core, ${megabytes.toFixed(0)} MB`,
  );
}
