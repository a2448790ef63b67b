import { findPreset } from "../emulator/presets.ts";
import { builtInDefinition, modelOf, pcm90nm } from "../src/model/modelOf.ts";
import { type CellTask, isBroken, verdictNames, verdicts } from "../src/program/method.ts";
import { Random } from "../src/random.ts";
import { cellErrors } from "../src/results/cellErrors.ts";
import type { TileTargets } from "../src/run/plan.ts";
import { gaussianTile } from "./gaussianTile.ts";
import { type Left, leftByMethod, methodTimes } from "./rramLoop.ts";
import { programChip, type ProgrammedChip, readTile } from "./programmed.ts";

/**
 * What the programming methods leave, on emulated chips:
 * node dist/bench/programming.js [verify | residual | gdp | fill | rram | two-way | stuck] [--seeds N]
 */
const seedsAt = process.argv.indexOf("--seeds");
const seeds = seedsAt < 0 ? 3 : Number(process.argv[seedsAt + 1]);

const levels = [1, 2.5, 5, 7.5, 10, 15, 20, 22.5, 25];

const chosen = process.argv[2]?.startsWith("--") === false ? process.argv[2] : undefined;
if (chosen === undefined || chosen === "verify") await verifyLevels();
if (chosen === undefined || chosen === "residual") {
  for (const significance of [1, 2, 3]) await residualAgainstVerify(significance);
}
if (chosen === undefined || chosen === "fill") {
  for (const significance of [1, 2, 3]) await fillAgainstVerify(significance);
}
if (chosen === undefined || chosen === "gdp") await products();
if (chosen === undefined || chosen === "rram") await resistive();
if (chosen === undefined || chosen === "two-way") {
  for (const chip of ["rram-128", "ecram-64"] as const) {
    for (const pairs of [2, 1] as const) await twoWayWeights(chip, pairs);
  }
}
if (chosen === undefined || chosen === "stuck") {
  // In the proportions of the presets, and without those that are stuck high.
  const kinds = {
    "stuck high, low or open": [0.25, 0.5, 0.25],
    "stuck low or open": [0, 0.67, 0.33],
  } as const;
  for (const [name, shares] of Object.entries(kinds)) {
    for (const significance of [1, 2, 3]) await stuckDevices(significance, name, shares);
  }
}

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

interface Held {
  /** What the stuck devices put out of reach of the others: the mean square of it, likewise. */
  readonly outOfReach: number;
  /** RMS error of the weights, α by least squares, over the largest weight in µS: by 16-read means and by one read. */
  readonly sixteen: number;
  readonly one: number;
  readonly pulses: number;
}

/** The weights of a tile 1 s after programming: 21 s after the last pulse. */
async function held(
  tile: TileTargets,
  seed: number,
  method: string,
  [stuckHigh, stuckLow, open]: readonly number[] = [0, 0, 0],
): Promise<Held> {
  const preset = findPreset("pcm-64", { births: "sound" })!;
  const defects = {
    ...preset.defects,
    stuckHigh: 0.02 * stuckHigh!,
    stuckLow: 0.02 * stuckLow!,
    open: 0.02 * open!,
  };
  const chip = await programChip({
    preset: { ...preset, defects },
    seed,
    method,
    model: pcm90nm,
    tiles: [tile],
  });
  const at = chip.endedAt + 20_500_000;
  const cells = tile.cells!;
  const most = cells.wantedMicrosiemens.reduce((top, w) => Math.max(top, Math.abs(w)), 0);
  const rms = (reads: number, when: number): number =>
    cellErrors(cells, readTile(chip.firmware, 0, when, reads)).rmsMicrosiemens / most;
  const sixteen = rms(16, at);
  const one = rms(1, at + 1_100_000);
  const outOfReach = meanOutOfReach(cells, chip, at) / (most * most);
  return { outOfReach, sixteen, one, pulses: chip.memories[0]!.pulses.reduce((sum, n) => sum + n, 0) };
}

async function residualAgainstVerify(significance: number): Promise<void> {
  const ratios = { sixteen: [] as number[], one: [] as number[], pulses: [] as number[] };
  for (let seed = 1; seed <= seeds; seed++) {
    const tile = gaussianTile(pcm90nm, seed, significance);
    const plain = await held(tile, seed, "verify");
    const better = await held(tile, seed, "residual");
    for (const key of ["sixteen", "one", "pulses"] as const) ratios[key].push(better[key] / plain[key]);
  }
  console.log(
    `residual / verify, F = ${significance}: RMS weight error at 1 s ${spread(ratios.sixteen)} on 16-read means (bar 0.85), ` +
      `${spread(ratios.one)} on one read (bar 0.93); pulses ${spread(ratios.pulses)} (bar 1.5)`,
  );
}

async function stuckDevices(significance: number, name: string, shares: readonly number[]): Promise<void> {
  const ratios: number[] = [];
  const onOneRead: number[] = [];
  const optima: number[] = [];
  let healthyTnmse = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const tile = gaussianTile(pcm90nm, seed, significance);
    const healthy = await held(tile, seed, "residual");
    const spoilt = await held(tile, seed, "residual", shares);
    const ratio = spoilt.sixteen / healthy.sixteen;
    ratios.push(ratio * ratio);
    onOneRead.push((spoilt.one * spoilt.one) / (healthy.one * healthy.one));
    healthyTnmse += (100 * healthy.one * healthy.one) / seeds;
    optima.push(1 + spoilt.outOfReach / (healthy.sixteen * healthy.sixteen));
  }
  const bar = [1.25, 1.45, 1.7][significance - 1];
  console.log(
    `2 % of the devices ${name}, F = ${significance}: mean square weight error ${spread(ratios)} of the healthy chip's on 16-read means, ${spread(onOneRead)} on one read (bar ${bar}; healthy TNMSE on one read ${healthyTnmse.toFixed(4)}); on 16-read means what is out of reach alone makes ${spread(optima)}`,
  );
}

function spread(values: readonly number[]): string {
  const { average, std } = moments(values);
  return `${average.toFixed(3)} ± ${std.toFixed(3)}`;
}

/** How far the weights are that no conductances of the sound devices can reach, mean square, µS². */
function meanOutOfReach(cells: CellTask, { firmware, memories }: ProgrammedChip, at: number): number {
  const truth = firmware.chip.truthOfTile(0, at);
  const { devicesPerCell, factors, wantedMicrosiemens } = cells;
  const most = pcm90nm.maxConductanceMicrosiemens;
  let square = 0;
  wantedMicrosiemens.forEach((wanted, cell) => {
    let low = 0;
    let high = 0;
    factors.forEach((factor, d) => {
      const i = cell * devicesPerCell + d;
      const stuck = isBroken(memories[0]!.verdicts[i]!);
      const [least, greatest] = stuck ? [truth[i]!, truth[i]!] : [0, most];
      low += Math.min(factor * least, factor * greatest);
      high += Math.max(factor * least, factor * greatest);
    });
    const off = Math.max(0, low - wanted, wanted - high);
    square += off * off;
  });
  return square / wantedMicrosiemens.length;
}

/** ReRAM: pulses and yield of verify and of the incremental staircase, on the same chips. */
async function resistive(): Promise<void> {
  const preset = findPreset("rram-128", { births: "sound" })!;
  const model = modelOf(builtInDefinition("reram-wan-2022")!);
  const found = new Map<string, { mean: number; p99: number; yieldPercent: number }>();
  for (const method of ["staircase", "verify"] as const) {
    const pulses: number[] = [];
    let [accepted, outside] = [0, 0];
    for (let seed = 1; seed <= seeds; seed++) {
      const targetsMicrosiemens = Float32Array.from({ length: 32_768 }, (_, i) => 2 + ((i * 7) % 39));
      const tiles = [{ block: { tile: 0, rowStart: 0, rowCount: 128 }, targetsMicrosiemens }];
      const chip = await programChip({ preset, seed, method, model, tiles, pulsesPerDevice: 1000 });
      const [memory] = chip.memories;
      memory!.pulses.forEach((n) => pulses.push(n));
      for (const verdict of memory!.verdicts) {
        if (verdict === verdicts.accepted) accepted++;
        if (verdict === verdicts.acceptedOutside) outside++;
      }
    }
    pulses.sort((a, b) => a - b);
    const mean = pulses.reduce((sum, n) => sum + n, 0) / pulses.length;
    const p99 = pulses[Math.floor(0.99 * pulses.length)]!;
    const yieldPercent = (100 * (accepted + outside)) / pulses.length;
    found.set(method, { mean, p99, yieldPercent });
    console.log(
      `${method} on rram-128, 2 … 40 µS: yield ${yieldPercent.toFixed(2)} %, ${((100 * outside) / pulses.length).toFixed(2)} % of it outside tolerance when ` +
        `looked at late (staircase never looks), pulses: mean ${mean.toFixed(1)}, ` +
        `median ${pulses[pulses.length >> 1]}, p99 ${p99}, most ${pulses.at(-1)}`,
    );
  }
  const [stairs, ours] = [found.get("staircase")!, found.get("verify")!];
  console.log(
    `verify / staircase: mean ${(ours.mean / stairs.mean).toFixed(2)} (bar 0.87), p99 ${(ours.p99 / stairs.p99).toFixed(2)} (bar 0.80), ` +
      `yield ${(ours.yieldPercent - stairs.yieldPercent).toFixed(2)} points (bar −0.5)`,
  );
}

/** Devices that go up and down: what residual programming leaves of weights, beside verify, and verify on a chip that has waited as long. */
async function twoWayWeights(chip: "rram-128" | "ecram-64", pairs: 1 | 2): Promise<void> {
  const found = new Map<string, Left[]>();
  const add = (name: string, left: Left): void => void found.set(name, [...(found.get(name) ?? []), left]);
  for (let seed = 1; seed <= seeds; seed++) {
    const plain = await leftByMethod(chip, "verify", seed, pairs);
    const better = await leftByMethod(chip, "residual", seed, pairs);
    add("verify", plain);
    add(
      "verify, as old",
      await leftByMethod(chip, "verify", seed, pairs, better.chipSeconds - plain.chipSeconds),
    );
    add("residual", better);
  }
  console.log(
    `${chip}, ${pairs} pair${pairs === 1 ? "" : "s"}, Gaussian weights, ${seeds} seeds: RMS weight error in % of the largest, ` +
      `${methodTimes.join(", ")} s after the run`,
  );
  for (const [name, all] of found) {
    const row = (of: (left: Left) => readonly number[]): string =>
      methodTimes.map((_, k) => spread(all.map((left) => of(left)[k]!))).join("  ");
    const meanOf = (of: (left: Left) => number): number => moments(all.map(of)).average;
    console.log(
      `${name.padEnd(15)} truth ${row(({ truth }) => truth)}   one read ${row(({ one }) => one)}   ` +
        `${meanOf(({ pulses }) => pulses).toFixed(1)} pulses a device, ${meanOf(({ chipSeconds }) => chipSeconds).toFixed(0)} s`,
    );
  }
}

async function fillAgainstVerify(significance: number): Promise<void> {
  const ratios: number[] = [];
  const pulses: number[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const tile = gaussianTile(pcm90nm, seed, significance);
    const plain = await held(tile, seed, "verify");
    const filled = await held(tile, seed, "max-set-fill");
    ratios.push(filled.sixteen / plain.sixteen);
    pulses.push(filled.pulses / plain.pulses);
  }
  console.log(
    `max-set-fill / verify, F = ${significance}: RMS weight error at 1 s ${spread(ratios)} on 16-read means, pulses ${spread(pulses)}`,
  );
}

/**
 * The systematic error of products on a tile whose converters have offsets and whose wires resist (2.4 Ω a cell, 607 Ω over 256): the mean of
 * 256 repeats of 16 random vectors, against what the weights say, the best common factor and offset taken away.
 */
async function products(): Promise<void> {
  const errors = new Map<string, number[]>();
  for (let seed = 1; seed <= seeds; seed++) {
    const tile = gaussianTile(pcm90nm, seed, 2);
    for (const method of ["verify", "residual", "gdp"] as const) {
      const preset = findPreset("pcm-64", { births: "sound", wireOhmsPerCell: 2.4 })!;
      const readout = { ...preset.readout, offsetSpreadCodes: 2, gainSpread: 0.01 };
      const chip = await programChip({
        preset: { ...preset, readout },
        seed,
        method,
        model: pcm90nm,
        tiles: [tile],
      });
      errors.set(method, [...(errors.get(method) ?? []), systematicError(chip, tile, seed)]);
    }
  }
  const means = [...errors].map(([method, values]) => [method, moments(values).average] as const);
  const [plain] = means[0]!.slice(1) as [number];
  for (const [method, error] of means) {
    console.log(
      `${method}, wires of 2.4 Ω, converter offsets: systematic product error ${(100 * error).toFixed(2)} % of the products' RMS, ` +
        `${(error / plain).toFixed(2)} of verify's${method === "gdp" ? " (bar 0.6)" : ""}`,
    );
  }
}

function systematicError({ firmware, endedAt }: ProgrammedChip, tile: TileTargets, seed: number): number {
  const { devicesPerCell, factors, wantedMicrosiemens } = tile.cells!;
  const random = new Random(seed).fork("inputs");
  const columns = 64;
  const meant: number[] = [];
  const found: number[] = [];
  const vectors = Array.from({ length: 16 }, (_, vector) =>
    Int8Array.from({ length: 64 }, (__, row) => (random.at(vector, row).word0 & 0xff) - 128 || 1),
  );
  const sums = vectors.map(() => new Float64Array(columns * devicesPerCell));
  let now = endedAt + 20_000_000;
  for (let repeat = 0; repeat < 256; repeat++) {
    for (const [vector, inputs] of vectors.entries()) {
      now += 2000;
      firmware.chip.multiply(0, inputs, now).forEach((code, k) => (sums[vector]![k]! += code));
    }
  }
  for (const [vector, inputs] of vectors.entries()) {
    for (let column = 0; column < columns; column++) {
      let product = 0;
      for (let d = 0; d < devicesPerCell; d++)
        product += factors[d]! * sums[vector]![column * devicesPerCell + d]!;
      let wanted = 0;
      for (let row = 0; row < 64; row++) wanted += inputs[row]! * wantedMicrosiemens[row * columns + column]!;
      meant.push(wanted);
      found.push(product);
    }
  }
  const fit = line(found, meant);
  const square = meant.reduce((sum, w, i) => sum + (fit.slope * found[i]! + fit.offset - w) ** 2, 0);
  return Math.sqrt(square / meant.reduce((sum, w) => sum + w * w, 0));
}

function line(x: readonly number[], y: readonly number[]): { slope: number; offset: number } {
  const mx = moments(x).average;
  const my = moments(y).average;
  const slope =
    x.reduce((sum, v, i) => sum + (v - mx) * (y[i]! - my), 0) /
    x.reduce((sum, v) => sum + (v - mx) * (v - mx), 0);
  return { slope, offset: my - slope * mx };
}
