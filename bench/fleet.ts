import { crowd } from "./fleetCrowd.ts";
import { killFleet } from "./fleetKills.ts";

/**
 * Benches that do the jobs of one server while workers are killed, the server restarts and connections are cut:
 * node dist/bench/fleet.js [--workers 20] [--jobs 2000] [--kills 100] [--restarts 3] [--cuts 20] [--wakes 500] [--seed 1]
 * Prints what was found; ends with 1 where any job was lost, done twice or out of its order.
 *
 * Or many emulated benches in a few processes, each for an hour of its chip's time, and what the page of the server takes meanwhile:
 * node dist/bench/fleet.js --benches 1000 [--processes 8] [--idle 60]
 */
const flag = (name: string, usual: number): number => {
  const at = process.argv.indexOf(name);
  return at < 0 ? usual : Number(process.argv[at + 1]);
};

const begun = performance.now();
const onProgress = (text: string): void =>
  console.log(`${((performance.now() - begun) / 1000).toFixed(0)} s: ${text}`);

if (process.argv.includes("--benches")) {
  const { errors, ...found } = await crowd(
    { benches: flag("--benches", 20), processes: flag("--processes", 8), idleSeconds: flag("--idle", 60) },
    onProgress,
  );
  console.log(JSON.stringify(found));
  for (const line of errors.slice(0, 20)) console.log(line);
  if (errors.length > 0 || found.jobsDone < found.benches) process.exitCode = 1;
} else {
  const { told, ...found } = await killFleet(
    flag("--seed", 1),
    {
      workers: flag("--workers", 20),
      jobs: flag("--jobs", 2000),
      kills: flag("--kills", 100),
      restarts: flag("--restarts", 3),
      cuts: flag("--cuts", 20),
      wakes: flag("--wakes", 500),
    },
    onProgress,
  );
  console.log(`${((performance.now() - begun) / 60_000).toFixed(1)} min: ${JSON.stringify(found)}`);
  for (const line of told) console.log(line);
  if (found.lost + found.doubled + found.outOfOrder > 0) process.exitCode = 1;
}
