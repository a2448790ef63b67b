import { killWorkers } from "./queueKills.ts";

/**
 * Workers of a queue that are killed at random moments, and machines that restart under them:
 * node dist/bench/queue.js [--kills 200] [--reboots 20] [--boards 3] [--seed 1]
 * Prints what was found; ends with 1 where any job was lost, done twice or out of its order.
 */
const flag = (name: string, usual: number): number => {
  const at = process.argv.indexOf(name);
  return at < 0 ? usual : Number(process.argv[at + 1]);
};

const begun = performance.now();
const seed = flag("--seed", 1);
const wanted = { kills: flag("--kills", 200), reboots: flag("--reboots", 20), boards: flag("--boards", 3) };
const { kills, reboots, jobs, ofTwoChips, uncertain, told, ...faults } = await killWorkers(
  seed,
  wanted,
  (workers) => {
    if (workers % 20 === 0) console.log(`${workers} of ${wanted.kills + wanted.reboots} times ended`);
  },
);
const minutes = ((performance.now() - begun) / 60_000).toFixed(1);
console.log(
  `seed ${seed}: ${kills} kills, ${reboots} reboots, ${jobs} jobs, ${ofTwoChips} of them over two chips, ${minutes} min: ${JSON.stringify(faults)}; ${uncertain} pulses booked as uncertain`,
);
for (const line of told) console.log(line);
if (Object.values(faults).some((count) => count > 0)) process.exitCode = 1;
