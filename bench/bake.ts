import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { rramRelaxation } from "../emulator/rramHeat.ts";
import { acceleration, heatOf } from "../emulator/temperature.ts";

/**
 * What bakes of real HfOx cells say of the emulated ones: node dist/bench/bake.js techA-bake.tsv.gz
 *
 * The file (akashlevy/RRAM-Relaxation-Master-Model, MIT licence) has 16,384 cells before and after a bake at each of five
 * temperatures: address, seconds since the write, Ω, S, °C. Figures are means over bins of conductance, as shares of the
 * range of 240 µS.
 */
const range = 240e-6;
const bins = Array.from({ length: 10 }, (_, k) => 0.1 + 0.05 * k);

interface Bake {
  readonly celsius: number;
  seconds: number;
  readonly cells: { readonly before: number; readonly after: number }[];
}

const bakes = read(process.argv[2]!);
const coolest = bakes[0]!;
console.log(
  "after bakes: half the range from 16 to 84 % of what cells of 0.1 … 0.6 moved, squared, against the coolest; as emulated",
);
for (const bake of bakes) {
  const measured = meanLog((r) => variance(bake, r) / variance(coolest, r));
  const emulated = meanLog((r) => emulatedVariance(bake, r) / emulatedVariance(coolest, r));
  console.log(
    `${bake.celsius} °C ${bake.seconds.toFixed(0)} s: ${measured.toFixed(2)} ${emulated.toFixed(2)}; ` +
      `mean of cells of 0.5 … 0.7: ${left(bake).toFixed(3)} of what it was`,
  );
}
const [, warm, warmer] = bakes;
let best = { loss: Infinity, strength: 0 };
for (let strength = 0; strength < 0.3; strength += 0.001) {
  let loss = 0;
  for (const r of bins) {
    for (const bake of [warm!, warmer!]) {
      const foreseen = emulatedVariance(bake, r, strength) / emulatedVariance(coolest, r, strength);
      const miss = Math.log(foreseen / (variance(bake, r) / variance(coolest, r)));
      loss += miss * miss;
    }
  }
  if (loss < best.loss) best = { loss, strength };
}
console.log(
  `energy by which a decade's variance grows: ${best.strength.toFixed(3)} eV, ` +
    `leaving ${(100 * Math.sqrt(best.loss / 2 / bins.length)).toFixed(0)} % of a bin's variance`,
);
const [cool, hot] = [bakes.at(-2)!, bakes.at(-1)!];
const ratio = Math.log(left(hot)) / Math.log(left(cool));
const perElectronvolt = Math.log(
  acceleration(1, heatOf(hot.celsius)) / acceleration(1, heatOf(cool.celsius)),
);
console.log(
  `energy of loss, as the root of time: ${((2 * Math.log(ratio) - Math.log(hot.seconds / cool.seconds)) / perElectronvolt).toFixed(2)} eV`,
);

function emulatedVariance({ celsius, seconds }: Bake, r: number, strength?: number): number {
  return rramRelaxation(r, celsius, seconds, strength);
}

/** Half the range from 16 to 84 % of what cells moved, squared: heavy tails do not decide it. */
function variance({ cells }: Bake, r: number): number {
  const moved = cells
    .filter(({ before }) => Math.abs(before / range - r) < 0.025)
    .map(({ before, after }) => after - before)
    .sort((a, b) => a - b);
  const half = (moved[Math.floor(0.84 * moved.length)]! - moved[Math.floor(0.16 * moved.length)]!) / 2;
  return half * half;
}

function left({ cells }: Bake): number {
  const chosen = cells.filter(({ before }) => Math.abs(before / range - 0.6) < 0.1);
  const sum = (key: "before" | "after"): number => chosen.reduce((total, cell) => total + cell[key], 0);
  return sum("after") / sum("before");
}

function meanLog(of: (r: number) => number): number {
  return Math.exp(bins.reduce((sum, r) => sum + Math.log(of(r)), 0) / bins.length);
}

function read(file: string): Bake[] {
  const found = new Map<number, Bake>();
  const before = new Map<string, number>();
  for (const line of gunzipSync(readFileSync(file)).toString().split("\n")) {
    const [address, seconds, , siemens, celsius] = line.split("\t");
    if (celsius === undefined) continue;
    const key = `${address} ${celsius}`;
    if (Number(seconds) === 0) {
      before.set(key, Number(siemens));
      continue;
    }
    const bake = found.get(Number(celsius)) ?? { celsius: Number(celsius), seconds: 0, cells: [] };
    found.set(bake.celsius, bake);
    bake.seconds = Number(seconds);
    bake.cells.push({ before: before.get(key)!, after: Number(siemens) });
  }
  return [...found.values()].sort((a, b) => a.celsius - b.celsius);
}
