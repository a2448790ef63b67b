import { mkdirSync } from "node:fs";
import type { Births } from "../emulator/birthKinds.ts";
import { EmulatedChip } from "../emulator/chip.ts";
import { NoiseBank, noisePowerDensity } from "../emulator/noise.ts";
import { type Conditions, findPreset, noDefects, type PcmPhysics, type Preset } from "../emulator/presets.ts";
import { type Points, savePicture } from "./picture.ts";
import { Random } from "../src/random.ts";
import {
  exponentsNear,
  programPcm,
  programRram,
  published90nm,
  publishedHermes,
  publishedProgrammingStd,
  publishedRramStd,
  sixteenReads,
  statistics,
} from "./publishedProcedures.ts";

/** Draws what comes out of the emulated chips beside what was published, for docs/emulator.md. */
const folder = process.argv[2] ?? "docs/emulator";
mkdirSync(folder, { recursive: true });

const draw = savePicture.bind(undefined, folder);
const sound = (name: string, rows?: number): Preset => {
  const preset = findPreset(name)!;
  const geometry = { ...preset.geometry, rows: rows ?? preset.geometry.rows };
  return { ...preset, geometry, defects: noDefects };
};
const steps = (from: number, to: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));

for (const [name, published] of [
  ["pcm-64", published90nm],
  ["pcm-256", publishedHermes],
] as const) {
  const preset = sound(name, 64);
  const { maxConductance } = preset.physics as PcmPhysics;
  const measured = [0.03, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8].map((r) => ({
    r,
    ...statistics(exponentsNear(preset, r * maxConductance)),
  }));
  const line = (of: "mean" | "std"): Points =>
    steps(0.02, 1, 99).map((r) => [r * maxConductance, published(r)[of]]);
  const dots = (of: "mean" | "std"): Points => measured.map((m) => [m.r * maxConductance, m[of]]);
  draw(`drift-${name}`, "Drift exponent against conductance", { name: "conductance, µS" }, "ν: mean, σ", [
    { points: line("mean"), colour: 0, dots: false },
    { points: dots("mean"), colour: 0, dots: true },
    { points: line("std"), colour: 1, dots: false },
    { points: dots("std"), colour: 1, dots: true },
  ]);
}

const levels = [1, 2.5, 5, 7.5, 10, 12.5, 15, 17.5, 20, 22.5, 25];
draw("programming", "Spread after programming against the target", { name: "target, µS" }, "σ, µS", [
  { points: steps(0.5, 25, 50).map((g) => [g, publishedProgrammingStd(g)]), colour: 0, dots: false },
  {
    points: levels.map((level) => {
      const programmed = programPcm(
        sound("pcm-64"),
        7,
        level,
        0.8 * (1.62 * publishedProgrammingStd(level) - 0.12),
      );
      return [
        level,
        statistics([...sixteenReads(programmed)].filter((_, i) => programmed.done[i] === 1)).std,
      ];
    }),
    colour: 0,
    dots: true,
  },
]);

const ages = steps(-5, 7.5, 26).map((exponent) => Math.exp(exponent * Math.LN10));
draw("noise", "Variance of read noise against age", { name: "age, s", log: true }, "variance, Q²", [
  { points: ages.map((age) => [age, Math.log((age + 250e-9) / 500e-9)]), colour: 0, dots: false },
  {
    points: ages.map((age) => {
      const bank = new NoiseBank(20_000);
      const random = new Random(5).fork(`noise ${age}`);
      const { std } = statistics(
        Array.from({ length: 20_000 }, (_, device) => bank.moveOne(device, device, bank.step(age), random)),
      );
      return [age, std * std];
    }),
    colour: 0,
    dots: true,
  },
]);
draw("spectrum", "Noise spectrum", { name: "frequency, Hz", log: true }, "frequency × power density, Q²", [
  {
    points: steps(-8, 4, 121).map((exponent) => {
      const hertz = Math.exp(exponent * Math.LN10);
      return [hertz, hertz * noisePowerDensity(hertz)];
    }),
    colour: 0,
    dots: false,
  },
]);

const rates = [0.05, 0.1, 0.25, 0.4, 0.5, 0.75, 0.9, 1];
const spreads = rates.map((r) => {
  const { chip, endedAt, done } = programRram(sound("rram-128"), 5, new Float64Array(32_768).fill(40 * r));
  const codes = new Uint16Array(chip.devicesPerRow);
  return [1, 86_400, 172_800].map((seconds) => {
    const at = endedAt + seconds * 1_000_000;
    for (let row = 0; row < 128; row++) chip.readRow(0, row, 1, at, codes);
    return statistics([...chip.truthOfTile(0, at)].filter((_, i) => done[i] === 1)).std;
  });
});
draw(
  "relaxation",
  "Spread of ReRAM after programming",
  { name: "target, µS" },
  "σ, µS",
  [0, 1, 2].flatMap((time) => [
    {
      points: steps(0.02, 1, 50).map((r): [number, number] => [40 * r, publishedRramStd(time, r)]),
      colour: time,
      dots: false,
    },
    { points: rates.map((r, i): [number, number] => [40 * r, spreads[i]![time]!]), colour: time, dots: true },
  ]),
);

/** A chip whose rows were each pulsed once, at 1 s. */
function pulsedAt1s(conditions: Conditions, amplitudes: readonly number[]): EmulatedChip {
  const chip = new EmulatedChip({ ...findPreset("pcm-64", conditions)!, defects: noDefects }, 7);
  amplitudes.forEach((code, row) => {
    const codes = new Uint16Array(chip.devicesPerRow).fill(code);
    const pulse = {
      kind: "reset",
      codes,
      widthNanoseconds: 100,
      trailingNanoseconds: 0,
      gateCode: 0,
    } as const;
    chip.pulseRow(0, row, pulse, 1e6);
  });
  return chip;
}

const hour = 3.6e9;
const oven = [{ celsius: 85, fromMicroseconds: 4 * hour, toMicroseconds: 68 * hour }];
const baked = pulsedAt1s({ bakes: oven }, [590, 500, 400]);
const read = new Uint16Array(baked.devicesPerRow);
const hours = [
  0.01,
  0.1,
  0.5,
  1,
  2,
  3,
  3.99,
  4.01,
  4.2,
  4.6,
  5,
  6,
  8,
  ...steps(10, 66, 15),
  67.99,
  68.01,
  70,
  75,
  80,
];
draw(
  "bake",
  "What devices read before, in and after an oven",
  { name: "time, hours" },
  "mean of 256, µS",
  [0, 1, 2].map((row) => ({
    points: hours.map((time): [number, number] => {
      baked.readRow(0, row, 16, time * hour + 1e6, read);
      return [time, 0.04 * statistics([...read]).mean];
    }),
    colour: row,
    dots: false,
  })),
);

const usual: readonly Births[] = ["usual", "saturating-1e5", "accelerating"];
draw(
  "births",
  "Drift of births outside every family",
  { name: "age, s", log: true },
  "mean ln G",
  usual.map((births, colour) => {
    const chip = pulsedAt1s({ births }, [500]);
    return {
      points: steps(0, 7.5, 61).map((exponent): [number, number] => {
        const age = Math.exp(exponent * Math.LN10);
        const truth = chip.truthOfBlock({ tile: 0, rowStart: 0, rowCount: 1 }, (1 + age) * 1e6);
        return [age, statistics(Array.from(truth, Math.log)).mean];
      }),
      colour,
      dots: false,
    };
  }),
);
