import { refit } from "../calibration/refit.ts";
import type { FittedLaw } from "../calibration/lawFit.ts";
import { fitFateNames } from "../calibration/population.ts";
import { belief, characterise, readOut } from "./characterised.ts";
import { truthOf } from "./truth.ts";

/**
 * How well the loop does, on emulated chips whose truth is known:
 * node dist/bench/quality.js [laws] [--seeds N]
 */
/** Places at which intervals are judged. */
const places = [1.25, 1.75, 2.5, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24];

const seeds = Number(process.argv[process.argv.indexOf("--seeds") + 1] || 10);
const chosen = process.argv[2]?.startsWith("--") === false ? process.argv[2] : undefined;
if (chosen === undefined || chosen === "laws") await laws("stranger");
if (chosen === "sound") await laws("sound");

interface Judged {
  readonly law: string;
  readonly at: number;
  readonly value: number;
  readonly truth: number;
  readonly error: number;
}

/** Laws found in a day, against the laws of birth. */
async function laws(births: "stranger" | "sound"): Promise<void> {
  const judged: Judged[] = [];
  /** True programming errors by place, of all seeds: what verify leaves has no law of birth. */
  const left = places.map(() => [] as number[]);
  const programming: Judged[] = [];
  console.log(
    `laws of pcm-64?births=${births} from a day of 32 sweeps of 16 reads, ±2 K; starting from pcm-90nm`,
  );
  for (let seed = 1; seed <= seeds; seed++) {
    const chip = await characterise(births, seed);
    const begun = process.hrtime.bigint();
    const found = refit(chip.data, readOut, belief);
    const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
    const { physics } = chip.preset;
    if (physics.technology !== "pcm") throw new Error("these are laws of phase-change devices");
    const truth = {
      "ν mean": (g: number) => physics.drift.exponentMean(g / 25),
      "ν spread": (g: number) => physics.drift.exponentSpread(g / 25),
      Q: (g: number) => physics.drift.noiseStrength(g / 25),
    };
    const { exponentMean, exponentSpread, readNoise } = found.population.laws;
    const fitted: Record<keyof typeof truth, FittedLaw> = {
      "ν mean": exponentMean,
      "ν spread": exponentSpread,
      Q: readNoise,
    };
    for (const law of Object.keys(truth) as (keyof typeof truth)[]) {
      for (const at of places) {
        const value = fitted[law].value(at);
        judged.push({ law, at, value, truth: truth[law](at), error: fitted[law].error(at) });
      }
    }
    if (found.onset !== undefined) {
      const { onsetSeconds, logError } = found.onset;
      judged.push({ law: "ln onset", at: 0, value: Math.log(onsetSeconds), truth: 0, error: logError });
    }
    const [, verified] = chip.data;
    const born = truthOf(chip.firmware.chip, 0, verified.pulsedAtMicroseconds, chip.endedAt + 30e6);
    verified.targetsMicrosiemens.forEach((target, i) => {
      if (verified.usable[i] === 0 || Number.isNaN(target)) return;
      const place = places.findIndex((at) => Math.abs(at - target) < Math.max(0.25, 0.04 * at));
      if (place >= 0) left[place]!.push(born.conductance[i]! - target);
    });
    for (const at of places) {
      const law = found.population.laws.programming!;
      programming.push({ law: "programming σ", at, value: law.value(at), truth: 0, error: law.error(at) });
    }
    const fates = fitFateNames
      .map(
        (name, fate) => [name, found.population.fates.reduce((n, x) => n + (x === fate ? 1 : 0), 0)] as const,
      )
      .filter(([, n]) => n > 0);
    const forms = [exponentMean, exponentSpread, readNoise, found.population.laws.programming!];
    console.log(
      `seed ${seed}: ${seconds.toFixed(2)} s; ${fates.map(([name, n]) => `${n} ${name}`).join(", ")}; ` +
        forms.map(({ form }) => form).join(" | "),
    );
  }
  for (const one of programming) {
    judged.push({ ...one, truth: spreadOf(left[places.indexOf(one.at)]!) });
  }
  table(judged);
}

function table(judged: readonly Judged[]): void {
  const names = [...new Set(judged.map(({ law }) => law))];
  for (const law of names) {
    console.log(
      `\n${law}: at µS, truth, RMS deviation over seeds, as a share, mean deviation, stated error, covered`,
    );
    for (const at of [...new Set(judged.filter((one) => one.law === law).map((one) => one.at))]) {
      const ones = judged.filter((one) => one.law === law && one.at === at);
      const rms = Math.sqrt(mean(ones.map(({ value, truth }) => (value - truth) * (value - truth))));
      const bias = mean(ones.map(({ value, truth }) => value - truth));
      const { truth } = ones[0]!;
      console.log(
        `${at.toFixed(2).padStart(7)} ${truth.toFixed(4).padStart(9)} ${rms.toFixed(5).padStart(9)} ` +
          `${((100 * rms) / truth).toFixed(1).padStart(6)} % ${bias.toFixed(5).padStart(9)} ` +
          `${mean(ones.map(({ error }) => error)).toFixed(5)} ${covered(ones)}`,
      );
    }
    console.log(`        95 % intervals that cover: ${covered(judged.filter((one) => one.law === law))}`);
  }
  console.log(`\nall 95 % intervals that cover: ${covered(judged)} (bar 91 … 98 %)`);
}

function covered(ones: readonly Judged[]): string {
  const inside = ones.filter(({ value, truth, error }) => Math.abs(value - truth) <= 1.96 * error).length;
  return `${inside} of ${ones.length}, ${((100 * inside) / ones.length).toFixed(1)} %`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function spreadOf(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) * (value - centre))));
}
