import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { soak } from "./soak.ts";
import { drawWorld } from "./world.ts";

/**
 * Worlds in which much goes wrong: npm run soak -- [--seeds 20] [--days 30] [--first 1] [--jobs N] [--slow] [--verbose]
 * Prints one line for each failure, which reproduces it, and ends with 1 when there was any.
 */
const flag = (name: string, usual: number): number => {
  const at = process.argv.indexOf(name);
  const value = Number(process.argv[at + 1]);
  if (at < 0) return usual;
  if (!(value > 0)) throw new Error(`${name} wants a number above 0.`);
  return value;
};
const seeds = flag("--seeds", 20);
const days = flag("--days", 30);
const first = flag("--first", 1);
/** Boards that take long for a row, as their descriptions say. */
const slow = process.argv.includes("--slow");
const verbose = process.argv.includes("--verbose");

const linesAbout = 100;

interface Answer {
  readonly seed: number;
  readonly failed?: string;
  readonly story?: string;
  readonly crossings?: number;
  readonly events?: number;
}

if (process.send === undefined) await lead();
else process.on("message", (seed: number) => void live(seed).then((answer) => process.send!(answer)));

/** Hands one seed after another to processes beside each other. */
async function lead(): Promise<void> {
  const jobs = Math.min(flag("--jobs", availableParallelism()), seeds);
  const begun = performance.now();
  const failures: number[] = [];
  let [next, crossings, events, heard] = [first, 0, 0, 0];
  const hear = ({ seed, failed, story, ...counts }: Answer): void => {
    heard++;
    if (heard % linesAbout === 0 && heard < seeds) console.log(`${heard} of ${seeds} worlds lived through`);
    crossings += counts.crossings ?? 0;
    events += counts.events ?? 0;
    if (verbose) console.log(`seed ${seed}: ${story ?? ""}`);
    if (failed === undefined) return;
    failures.push(seed);
    console.log(
      `npm run soak -- --seeds 1 --days ${days} --first ${seed}${slow ? " --slow" : ""}  # ${failed}`,
    );
  };
  const workers = Array.from({ length: jobs }, () =>
    fork(fileURLToPath(import.meta.url), process.argv.slice(2)),
  );
  await Promise.all(
    workers.map(async (worker) => {
      while (next < first + seeds) hear(await ask(worker, next++));
      worker.kill();
    }),
  );
  const minutes = (performance.now() - begun) / 60_000;
  console.log(
    `${seeds - failures.length} of ${seeds} worlds of ${days} days held; ${crossings.toLocaleString("en")} writes and calls, ` +
      `${events.toLocaleString("en")} faults and deeds, ${minutes.toFixed(1)} min on ${jobs} processes`,
  );
  if (failures.length > 0) process.exitCode = 1;
}

function ask(worker: ChildProcess, seed: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null): void =>
      reject(new Error(`The process of seed ${seed} ended with ${code}.`));
    worker.once("exit", gone);
    worker.once("message", (answer: Answer) => {
      worker.off("exit", gone);
      resolve(answer);
    });
    worker.send(seed);
  });
}

async function live(seed: number): Promise<Answer> {
  const world = drawWorld(seed, days, { rare: true, slow });
  const { preset, dialect, method } = world;
  const about = [preset.name, preset.variant ?? "", dialect, method].filter(Boolean).join(" ");
  try {
    const { crossings, processes, faults, deeds } = await soak(world);
    const happened = [...faults, ...deeds];
    const story = `${about}; ${crossings} writes and calls, ${processes} processes; ${happened.join(", ")}`;
    return { seed, story, crossings, events: happened.length };
  } catch (error) {
    const said = error instanceof Error ? (verbose && error.stack) || error.message : String(error);
    return { seed, story: about, failed: said };
  }
}
