import { findPreset } from "../emulator/presets.ts";
import { pcm90nm } from "../src/model/modelOf.ts";
import { verdictNames, verdicts } from "../src/program/method.ts";
import { programChip, readTile } from "./programmed.ts";

/**
 * What the programming methods leave, on emulated chips: node dist/bench/programming.js [--seeds N]
 */
const seeds = Number(process.argv[process.argv.indexOf("--seeds") + 1] || 3);

const levels = [1, 2.5, 5, 7.5, 10, 15, 20, 22.5, 25];

await verifyLevels();

/** Program and verify: how many are accepted, what it takes, and how they spread at the age of 20 s. */
async function verifyLevels(): Promise<void> {
  const preset = findPreset("pcm-64", { births: "sound" })!;
  const errors = levels.map(() => [] as number[]);
  const pulses: number[] = [];
  const accepted = levels.map(() => 0);
  const counts = new Map<string, number>();
  let devices = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const targetsMicrosiemens = Float32Array.from({ length: 16_384 }, (_, i) => levels[i % 9]!);
    const block = { tile: 0, rowStart: 0, rowCount: 64 };
    const tiles = [{ block, targetsMicrosiemens }];
    const chip = await programChip({ preset, seed, method: "verify", model: pcm90nm, tiles });
    const [memory] = chip.memories;
    const read = readTile(chip.firmware, 0, chip.endedAt + 19_500_000, 16);
    read.forEach((g, i) => {
      devices++;
      // Brought to the age of 20 s by the mean drift: devices were not all pulsed at once.
      const age = (chip.endedAt + 20_000_000 - memory!.pulsedAtMicroseconds[i]!) / 1e6;
      const atTwenty = g * Math.exp(pcm90nm.driftExponentMean(levels[i % 9]!) * Math.log((age + 1) / 21));
      errors[i % 9]!.push(atTwenty - levels[i % 9]!);
      pulses.push(memory!.pulses[i]!);
      const verdict = memory!.verdicts[i]!;
      if (verdict === verdicts.accepted) accepted[i % 9]!++;
      counts.set(verdictNames[verdict]!, (counts.get(verdictNames[verdict]!) ?? 0) + 1);
    });
  }
  pulses.sort((a, b) => a - b);
  console.log(`verify on pcm-64, ${devices} healthy devices, ${seeds} seeds`);
  const mean = pulses.reduce((sum, n) => sum + n, 0) / devices;
  const all = accepted.reduce((sum, n) => sum + n, 0);
  console.log(
    `accepted ${((100 * all) / devices).toFixed(2)} % (bar 99.5), at 25 µS ` +
      `${((100 * accepted[8]!) / errors[8]!.length).toFixed(2)} % (bar 98.5)`,
  );
  console.log(
    `pulses: mean ${mean.toFixed(2)} (bar 6.5), median ${pulses[devices >> 1]}, p99 ${pulses[Math.floor(0.99 * devices)]} (bar 30)`,
  );
  console.log([...counts].map(([name, count]) => `${name} ${count}`).join(", "));
  for (const [k, level] of levels.entries()) {
    const { average, std } = moments(errors[k]!);
    const published = pcm90nm.programmingStd(level);
    console.log(
      `${level.toFixed(1).padStart(5)} µS: accepted ${((100 * accepted[k]!) / errors[k]!.length).toFixed(2)} %, mean error ${average.toFixed(2)} µS, σ ${std.toFixed(3)} µS = ` +
        `${(std / published).toFixed(2)} of the published polynomial (bar 0.95)`,
    );
  }
}

function moments(values: readonly number[]): { average: number; std: number } {
  const average = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - average) * (value - average), 0);
  return { average, std: Math.sqrt(square / values.length) };
}
