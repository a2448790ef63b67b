import { killFleet } from "./fleetKills.ts";

/**
 * Benches that do the jobs of one server while workers are killed, the server restarts and connections are cut:
 * node dist/bench/fleet.js [--workers 20] [--jobs 2000] [--kills 100] [--restarts 3] [--cuts 20] [--wakes 500] [--seed 1]
 * Prints what was found; ends with 1 where any job was lost, done twice or out of its order.
 */
const flag = (name: string, usual: number): number => {
  const at = process.argv.indexOf(name);
  return at < 0 ? usual : Number(process.argv[at + 1]);
};

const begun = performance.now();
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
  (text) => console.log(`${((performance.now() - begun) / 1000).toFixed(0)} s: ${text}`),
);
console.log(`${((performance.now() - begun) / 60_000).toFixed(1)} min: ${JSON.stringify(found)}`);
for (const line of told) console.log(line);
if (found.lost + found.doubled + found.outOfOrder > 0) process.exitCode = 1;
