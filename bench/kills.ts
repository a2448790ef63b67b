import { killAndResume } from "./killing.ts";

/** Controllers killed at random moments, and gone on with: node dist/bench/kills.js [--runs 20] [--kills 10] */
const flag = (name: string, usual: number): number =>
  Number(process.argv[process.argv.indexOf(name) + 1]) || usual;
const runs = flag("--runs", 20);
const kills = flag("--kills", 10);

const totals = {
  kills: 0,
  done: 0,
  ledgerErrors: 0,
  pulsedAgain: 0,
  turnsMissing: 0,
  devicesWithoutVerdict: 0,
};
for (let seed = 1; seed <= runs; seed++) {
  const result = await killAndResume(seed, kills, "verify");
  console.log(`seed ${seed}: ${JSON.stringify(result)}`);
  totals.kills += result.kills;
  totals.done += result.outcome === "done" ? 1 : 0;
  totals.ledgerErrors += result.ledgerErrors;
  totals.pulsedAgain += result.pulsedAgain;
  totals.turnsMissing += result.turnsMissing;
  totals.devicesWithoutVerdict += result.devicesWithoutVerdict;
}
console.log(`${runs} runs: ${JSON.stringify(totals)}`);
