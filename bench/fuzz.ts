import { Worker } from "node:worker_threads";
import { surfaces } from "../test/fuzz/surfaces.ts";
import { type Board, bound, type FuzzTask, slots, type Tally } from "./fuzzTask.ts";

/**
 * Damaged and hostile inputs for everything that takes bytes of strangers:
 *
 *     npm run fuzz -- --inputs 1000000 [--seed 1] [--surface NAME] [--input K] [--workers 2]
 *
 * Ends with 1, and one line that shows it again, at a crash, at an input that takes too long and when memory runs away.
 */
const flag = (name: string): string | undefined => {
  const place = process.argv.indexOf(name);
  return place < 0 ? undefined : process.argv[place + 1];
};
const seed = Number(flag("--seed") ?? 1);
const only = flag("--surface");
const input = flag("--input");
const inputs = Number(flag("--inputs") ?? 100_000);
const workers = input === undefined ? Number(flag("--workers") ?? 2) : 1;

const chosen = surfaces.filter(({ name }) => only === undefined || name === only);
if (chosen.length === 0) {
  console.log(`There is no surface ${only}; there are ${surfaces.map(({ name }) => name).join(", ")}.`);
  process.exit(1);
}
const weights = chosen.reduce((sum, { weight }) => sum + weight, 0);
let peakRss = 0;
let ending = false;
const boards: Board[] = [];

console.log("surface              inputs   accepted    refused   inputs/s  slowest ms  peak RSS MB");
const totals = { inputs: 0, accepted: 0, slowestMilliseconds: 0, seconds: 0 };
for (const { name, weight } of chosen) {
  const count = input === undefined ? Math.max(1, Math.round((inputs * weight) / weights)) : 1;
  peakRss = 0;
  const begun = performance.now();
  const tallies = await Promise.all(
    Array.from({ length: workers }, (_, k) =>
      watched({ surface: name, seed, first: Number(input ?? k), count, step: workers }),
    ),
  );
  const seconds = (performance.now() - begun) / 1000;
  const accepted = tallies.reduce((sum, tally) => sum + tally.accepted, 0);
  const slowest = tallies.reduce((a, b) => (b.slowestMilliseconds > a.slowestMilliseconds ? b : a));
  totals.inputs += count;
  totals.accepted += accepted;
  totals.seconds += seconds;
  totals.slowestMilliseconds = Math.max(totals.slowestMilliseconds, slowest.slowestMilliseconds);
  console.log(
    name.padEnd(18) +
      [count, accepted, count - accepted, Math.round(count / seconds)]
        .map((n) => n.toLocaleString("en").padStart(11))
        .join("")
        .slice(2) +
      slowest.slowestMilliseconds.toFixed(1).padStart(12) +
      (peakRss / 1e6).toFixed(0).padStart(13),
  );
}
console.log(
  `${totals.inputs.toLocaleString("en")} inputs in ${totals.seconds.toFixed(0)} s, ${totals.accepted.toLocaleString("en")} accepted, ` +
    `none crashed; slowest ${totals.slowestMilliseconds.toFixed(1)} ms.`,
);

/** Says what was found, and ends: in a moment, for a worker that is cut off inside SQLite takes the process with it. */
function found(what: string, surface: string, board: Board): void {
  if (ending) return;
  ending = true;
  const input = board[slots.indexOf("input")];
  console.log(`${what}: npm run fuzz -- --surface ${surface} --seed ${seed} --input ${input}`);
  for (const other of boards) other[slots.indexOf("stop")] = 1;
  setTimeout(() => process.exit(1), 500);
}

function coreMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function longestAtWork(): Board {
  const begunAt = (board: Board): number => board[slots.indexOf("begunAt")]! || Infinity;
  return boards.reduce((a, b) => (begunAt(b) < begunAt(a) ? b : a));
}

/** One worker's share of a surface, watched from outside: an input that never ends, or eats the memory, ends here. */
function watched(task: Omit<FuzzTask, "board">): Promise<Tally> {
  const shared = new SharedArrayBuffer(8 * slots.length);
  const board: Board = new Float64Array(shared);
  boards.push(board);
  const worker = new Worker(new URL("fuzzTask.js", import.meta.url), {
    workerData: { ...task, board: shared } satisfies FuzzTask,
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 },
  });
  let seen = { begunAt: 0, coreMilliseconds: 0 };
  return new Promise((resolve) => {
    const fail = (what: string, guilty = board): void => {
      clearInterval(guard);
      found(what, task.surface, guilty);
    };
    const guard = setInterval(() => {
      const { rss } = process.memoryUsage();
      peakRss = Math.max(peakRss, rss);
      const begunAt = board[slots.indexOf("begunAt")]!;
      // The memory is everybody's: whoever is at it for longest is the likeliest.
      if (rss > bound.rssBytes) fail(`${(rss / 1e6).toFixed(0)} MB are taken`, longestAtWork());
      if (begunAt !== seen.begunAt) seen = { begunAt, coreMilliseconds: coreMilliseconds() };
      if (begunAt === 0) return;
      // By the cores' time, which a busy machine does not stretch; the workers have it together.
      const worked = (coreMilliseconds() - seen.coreMilliseconds) / workers;
      const passed = performance.timeOrigin + performance.now() - begunAt;
      if (worked > bound.milliseconds) fail(`An input takes more than ${bound.milliseconds / 1000} s`);
      else if (passed > bound.passedMilliseconds)
        fail(`An input is not done with after ${bound.passedMilliseconds / 1000} s`);
    }, 50);
    worker.once("message", (message: Tally | { crash: string }) => {
      clearInterval(guard);
      if ("crash" in message) fail(message.crash);
      else resolve(message);
    });
    worker.once("error", (error) => fail(`The process ends (${error.message})`));
  });
}
