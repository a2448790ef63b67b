import { fitFreeForm } from "../calibration/freeForm/fitFreeForm.ts";
import { type Refit, refit } from "../calibration/refit.ts";
import { onlyTheLawFails, tableInstead } from "../calibration/tableInstead.ts";
import { sixTimes } from "./gaussianTile.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { rollingPowerLaw } from "../calibration/rollingPowerLaw.ts";
import type { FittedLaw } from "../calibration/lawFit.ts";
import { fittedModel } from "../calibration/fittedModel.ts";
import { fitFateNames, fitFates } from "../calibration/pool.ts";
import { type JudgedFigure, judgedTables } from "./coverage.ts";
import { type Births, type Characterised, characterise, readOut } from "./characterised.ts";
import { agesADecade, knownLoop, type LoopResult, published, strangerLoop, visitedAs } from "./loop.ts";
import {
  commonTimes,
  definitionOf,
  ecramVisits,
  fittedRram,
  foretoldAndMeasured,
  publishedRram,
  rramTimes,
  rramVisits,
  type Visited,
} from "./rramLoop.ts";
import { normalOf, Random, uniformOf } from "../src/random.ts";
import type { DriftSweep } from "../calibration/driftData.ts";
import { truthOf } from "./truth.ts";
import { logTimes } from "./watched.ts";

/**
 * How well the loop does, on emulated chips whose truth is known:
 * node dist/bench/quality.js [laws | sound | verdict | speed | loop | rram | ecram | tables | known | visits | instead] [--seeds N]
 */
/** Places at which intervals are judged. */
const places = [1.25, 1.75, 2.5, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24];

const given = process.argv.indexOf("--seeds");
const seeds = Number(given < 0 ? 10 : process.argv[given + 1]);
const loopSeeds = given < 0 ? 5 : seeds;
const chosen = process.argv[2]?.startsWith("--") === false ? process.argv[2] : undefined;
if (chosen === undefined || chosen === "laws") await laws("stranger");
if (chosen === "sound") await laws("sound");
if (chosen === undefined || chosen === "verdict") await verdicts();
if (chosen === undefined || chosen === "speed") speed();
if (chosen === undefined || chosen === "loop") {
  await loop("pcm-64?births=stranger, believed to be pcm-90nm", strangerLoop);
}
if (chosen === undefined || chosen === "rram") await rram();
if (chosen === undefined || chosen === "ecram") {
  console.log(
    "\necram-64, dual pair, by residual: two visits against left alone, noise-free, 1 s to 30 days",
  );
  for (let seed = 1; seed <= loopSeeds; seed++) sayVisited(`seed ${seed}`, await ecramVisits(seed));
}
if (chosen === undefined || chosen === "tables") {
  for (const technology of ["rram", "ecram"] as const) await tables(technology);
}
if (chosen === undefined || chosen === "known") await loop("pcm-64, which is as pcm-90nm says", knownLoop);
if (chosen === "visits") await visits();
if (chosen === "instead") await instead();

/** How two visits are best used: seed 1. */
async function visits(): Promise<void> {
  const say = ({ truth, sixteen, one }: LoopResult[string], title: string): void =>
    console.log(
      `${title.padEnd(40)} noise-free ${truth.toFixed(5)}   16 reads ${sixteen.toFixed(4)}   one read ${one.toFixed(4)}`,
    );
  for (const late of [6, 3, 2, 1])
    say(
      await visitedAs(1, sixTimes.slice(-late), agesADecade),
      `first visit planned for the last ${late} times`,
    );
  for (const perDecade of [6, 50])
    say(await visitedAs(1, sixTimes.slice(-2), perDecade), `the last 2 times, ${perDecade} ages a decade`);
}

/** Whether a table is better than the power law, where that fails alone: seed 1 of each. */
async function instead(): Promise<void> {
  const births: Births[] = ["accelerating", "lognormal", "curved", "telegraph", "odd", "unsensed"];
  for (const one of births) {
    const chip = await characterise(one, 1);
    const found = refit(chip.data, readOut, published);
    const tried = onlyTheLawFails(found.verdict)
      ? tableInstead(chip.data, readOut, published, found)
      : undefined;
    console.log(
      `births=${one}: ` +
        (tried === undefined
          ? "not tried"
          : `${Math.exp(tried.gain).toFixed(2)} times the density over ${tried.reads} reads; ${tried.isBetter ? "better" : "no better"}`),
    );
  }
}

/** A refit of a million devices, each read 20 times: 1,024 rows of 1,024, pulsed in 40 turns. */
function speed(): void {
  const [rows, perRow, turns] = [1024, 1024, 40];
  const random = new Random(1);
  const count = rows * perRow;
  const targetsMicrosiemens = new Float32Array(count);
  const exponents = new Float32Array(count);
  const pulsedAtMicroseconds = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    random.at(i, 0);
    targetsMicrosiemens[i] = 1 + 24 * uniformOf(random.word0);
    exponents[i] = 0.05 + 0.015 * normalOf(random.word1);
    pulsedAtMicroseconds[i] = Math.floor(turns * uniformOf(random.at(i, 1).word0)) * 1e6 + 100 * (i >> 10);
  }
  const sweeps = logTimes(1, 86_400, 20).map((time, k): DriftSweep => {
    const conductanceMicrosiemens = new Float32Array(count);
    const rowTimesMicroseconds = Float64Array.from(
      { length: rows },
      (_, row) => (turns + time) * 1e6 + 100 * row,
    );
    for (let i = 0; i < count; i++) {
      const age = (rowTimesMicroseconds[i >> 10]! - pulsedAtMicroseconds[i]!) / 1e6;
      const drift = Math.exp(-exponents[i]! * Math.log((age + 1) / 21));
      const noise = 1 + 0.04 * normalOf(random.at(i, 2 + k).word0);
      conductanceMicrosiemens[i] = targetsMicrosiemens[i]! * drift * noise;
    }
    return {
      conductanceMicrosiemens,
      flags: new Uint8Array(count),
      rowTimesMicroseconds,
      averages: 16,
      celsius: 25,
    };
  });
  const usable = new Uint8Array(count).fill(1);
  const data = {
    devicesPerRow: perRow,
    targetsMicrosiemens,
    picked: false,
    usable,
    pulsedAtMicroseconds,
    sweeps,
  };
  const begun = process.hrtime.bigint();
  refit([data], readOut, published);
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  console.log(`refit of ${count} devices × 20 reads: ${seconds.toFixed(2)} s`);
  const again = process.hrtime.bigint();
  rollingPowerLaw([data], readOut, published, refit);
  const tried = Number(process.hrtime.bigint() - again) / 1e9;
  console.log(`fits to the first reads, to try it: ${tried.toFixed(2)} s`);
  const free = process.hrtime.bigint();
  fitFreeForm([data]);
  const freeSeconds = Number(process.hrtime.bigint() - free) / 1e9;
  console.log(
    `a table of the same: ${freeSeconds.toFixed(2)} s, ${(freeSeconds / (seconds + tried)).toFixed(2)} times as long; ` +
      `${Math.round(process.resourceUsage().maxRSS / 1024)} MB at most`,
  );
}

/** What is said of a fit, by how the chip was born. */
async function verdicts(): Promise<void> {
  const births: Births[] = [
    "stranger",
    "usual",
    "odd",
    "curved",
    "telegraph",
    "fastDrifting",
    "crystallising",
    "saturating",
    "saturating-1e5",
    "saturating-3e5",
    "accelerating",
    "wavy",
    "lognormal",
    "unsensed",
  ];
  for (const one of births) {
    for (let seed = 1; seed <= Math.min(3, seeds); seed++) {
      const chip = await characterise(one, seed);
      const found = refit(chip.data, readOut, published);
      const { verdict } = found;
      console.log(`\nbirths=${one}, seed ${seed}: ${verdict.believe ? "believe it" : "do not believe it"}`);
      for (const { ok, name, says } of verdict.checks)
        console.log(`  ${ok ? "yes" : "NO "} ${name}: ${says}`);
      for (const remark of verdict.remarks) console.log(`      ${remark}`);
      console.log(`      ${aYearLater(chip, found)}`);
      for (const f of rollingPowerLaw(chip.data, readOut, published, refit)) {
        console.log(
          `      from ${f.fromSeconds.toFixed(0)} s to ${f.toSeconds.toFixed(0)} s: ${(100 * f.inside95).toFixed(1)} % inside, mean off by ` +
            `${f.meanOffStds.toFixed(3)}, spread ${f.spreadRatio.toFixed(2)}, told ${f.toldByOwnReads.toFixed(2)}: ${f.holds ? "holds" : "fails"}`,
        );
      }
    }
  }
}

/** ReRAM: what a fitted table foretells and what comes of it, and what visits win. */
async function rram(): Promise<void> {
  console.log(
    `\nrram-128, single pair, ${rramTimes.join(", ")} s: TNMSE foretold, noise-free, of 16 reads, of one`,
  );
  for (let seed = 1; seed <= loopSeeds; seed++) {
    const found = await fittedRram(seed);
    const fitted = definitionOf(found);
    const trials = [
      { definition: publishedRram, times: commonTimes },
      { definition: fitted, times: commonTimes },
      { definition: fitted, times: rramTimes },
    ];
    for (const { definition, times } of trials) {
      const values = await foretoldAndMeasured(definition, seed, times);
      console.log(
        `seed ${seed} ${definition.name.padEnd(16)} to ${times.at(-1)!} s: ${values.map((v) => v.toFixed(4)).join("  ")}   foretold over one read ${(values[0]! / values[3]!).toFixed(3)}`,
      );
    }
    for (const pairs of [2, 1] as const) {
      sayVisited(
        `seed ${seed} ${pairs} pair${pairs === 1 ? "" : "s"}`,
        await rramVisits(fitted, seed, pairs),
      );
    }
  }
}

function sayVisited(which: string, { alone, waited, visited }: Visited): void {
  console.log(
    `${which}: left alone ${alone.toFixed(4)}, as old as the visited ${waited.toFixed(4)}, two visits ` +
      `${visited.toFixed(4)}: ${(visited / alone).toFixed(3)} and ${(visited / waited).toFixed(3)} of them`,
  );
}

/**
 * What is left after a year of what there was after the day that was watched, of the devices at 8 to 18 µS: the truth, what the law says,
 * and the bounds that are stated beside it, as if drift had stopped and as if it had gone on twice as fast.
 */
function aYearLater({ firmware, endedAt }: Characterised, found: Refit): string {
  const [day, year] = [86_400, 31_557_600];
  const then = firmware.chip.truthOfTile(0, endedAt + day * 1e6);
  const later = firmware.chip.truthOfTile(0, endedAt + year * 1e6);
  const model = modelOf(fittedModel(found, published, "fitted"));
  let [truth, law, fast, count] = [0, 0, 0, 0];
  then.forEach((g, i) => {
    // The law goes by what a device conducted at the reference age.
    const begun = found.population.conductance[i]!;
    if (found.population.fates[i] !== fitFates.used || begun < 8 || begun > 18) return;
    const at = (seconds: number): number => model.mean(begun, seconds - model.timeZeroSeconds);
    truth += later[i]! / g;
    law += at(year) / at(day);
    fast += at((year * year) / day) / at(day);
    count++;
  });
  const share = (sum: number): string => (sum / count).toFixed(3);
  const covered = truth <= count && truth >= fast ? "covered" : "NOT covered";
  return `left after a year: ${share(truth)}; by the law ${share(law)}, between ${share(fast)} and 1: ${covered}`;
}

/** Time-averaged TNMSE of 4,096 Gaussian weights, over the six times of the optimiser's table. */
async function loop(name: string, work: (seed: number) => Promise<LoopResult>): Promise<void> {
  console.log(`\n${name}: time-averaged TNMSE, and its share of the first line, mean ± spread over seeds`);
  const results: LoopResult[] = [];
  for (let seed = 1; seed <= loopSeeds; seed++) results.push(await work(seed));
  const [first] = Object.keys(results[0]!);
  for (const contender of Object.keys(results[0]!)) {
    const cells = (["truth", "sixteen", "one"] as const).map((read) => {
      const values = results.map((result) => result[contender]![read]);
      const shares = results.map((result) => result[contender]![read] / result[first!]![read]);
      return `${mean(values).toFixed(4)} ± ${spreadOf(values).toFixed(4)} (${mean(shares).toFixed(3)} ± ${spreadOf(shares).toFixed(3)})`;
    });
    console.log(`${contender.padEnd(40)} truth ${cells[0]}   16 reads ${cells[1]}   one read ${cells[2]}`);
  }
}

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
    const found = refit(chip.data, readOut, published);
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

/** Whether the intervals of tables cover: those that records state. Other devices' own scatter is allowed for. */
async function tables(technology: "rram" | "ecram"): Promise<void> {
  const judged: JudgedFigure[] = [];
  for (let seed = 1; seed <= seeds; seed++) judged.push(...(await judgedTables(technology, seed)));
  console.log(`\ntables of ${technology}, ${seeds} chips: 95 % intervals that cover what other rows did`);
  const zOf = ({ value, truth, error, truthError }: JudgedFigure): number =>
    (value - truth) / Math.hypot(error, truthError);
  const say = (name: string, ones: readonly JudgedFigure[]): void => {
    const off = mean(ones.map((one) => zOf(one) * zOf(one)));
    const inside = ones.filter((one) => Math.abs(zOf(one)) <= 1.96);
    const own = mean(ones.map(({ error, truthError }) => error / Math.hypot(error, truthError)));
    console.log(
      `${name.padEnd(34)} ${covered(inside.length, ones.length)}; off by ${Math.sqrt(off).toFixed(2)} standard errors, RMS, ${own.toFixed(2)} of each the fit's own`,
    );
  };
  for (const law of ["mean change", "spread"] as const) {
    const ofLaw = judged.filter((one) => one.law === law);
    const ages = [...new Set(ofLaw.map(({ ageSeconds }) => Math.round(Math.log(ageSeconds) * 2)))].sort(
      (a, b) => a - b,
    );
    for (const age of ages) {
      const ofAge = ofLaw.filter(({ ageSeconds }) => Math.round(Math.log(ageSeconds) * 2) === age);
      say(`${law} at ${mean(ofAge.map(({ ageSeconds }) => ageSeconds)).toFixed(0)} s`, ofAge);
    }
    say(law, ofLaw);
  }
  say("all (bar 91 … 98 %)", judged);
}

function table(judged: readonly Judged[]): void {
  const names = [...new Set(judged.map(({ law }) => law))];
  for (const law of names) {
    console.log(
      `\n${law}: at µS, truth, RMS deviation over seeds, as a share, mean deviation, stated error, covered`,
    );
    for (const at of new Set(judged.filter((one) => one.law === law).map((one) => one.at))) {
      const ones = judged.filter((one) => one.law === law && one.at === at);
      const rms = Math.sqrt(mean(ones.map(({ value, truth }) => (value - truth) * (value - truth))));
      const bias = mean(ones.map(({ value, truth }) => value - truth));
      const { truth } = ones[0]!;
      console.log(
        `${at.toFixed(2).padStart(7)} ${truth.toFixed(4).padStart(9)} ${rms.toFixed(5).padStart(9)} ` +
          `${((100 * rms) / truth).toFixed(1).padStart(6)} % ${bias.toFixed(5).padStart(9)} ` +
          `${mean(ones.map(({ error }) => error)).toFixed(5)} ${coveredOf(ones)}`,
      );
    }
    console.log(`        95 % intervals that cover: ${coveredOf(judged.filter((one) => one.law === law))}`);
  }
  console.log(`\nall 95 % intervals that cover: ${coveredOf(judged)} (bar 91 … 98 %)`);
}

function coveredOf(ones: readonly Judged[]): string {
  const inside = ones.filter(({ value, truth, error }) => Math.abs(value - truth) <= 1.96 * error).length;
  return covered(inside, ones.length);
}

function covered(inside: number, all: number): string {
  return `${inside} of ${all}, ${((100 * inside) / all).toFixed(1)} %`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function spreadOf(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - centre) * (value - centre))));
}
