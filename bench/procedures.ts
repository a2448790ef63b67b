import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EmulatedChip } from "../emulator/chip.ts";
import { type Conditions, findPreset } from "../emulator/presets.ts";
import { type Bench, openBench } from "../lab/bench.ts";
import type { Findings } from "../src/measure/procedure.ts";

/**
 * What the measurements find of emulated chips, beside what their devices were born with.
 *
 *     node dist/bench/procedures.js [form|staircase|…]… [--seeds 3]
 */
const parts: Readonly<Record<string, (seed: number) => Promise<string>>> = { form, staircase, endurance };

async function form(seed: number): Promise<string> {
  return onChip(`emulator:rram-128?births=pristine&seed=${seed}`, async (bench) => {
    const run = await bench.measure("form", { settings: { compliance: 60 } });
    const found = await bench.findings(run);
    const truth = birthsOf("rram-128", { births: "pristine" }, seed)["formingVolts"]!;
    const errors = column(found, "forming_volts").map((volts, k) => volts - truth[k]!);
    const known = errors.filter((error) => !Number.isNaN(error));
    const rms = Math.sqrt(mean(known.map((error) => error * error)));
    const bad = column(found, "formed_microsiemens").filter((g) => g > 60 * 1.01 + 4 * (0.6 + 0.05)).length;
    const formed = found.counts
      .filter(({ name }) => name.startsWith("formed"))
      .reduce((n, { devices }) => n + devices, 0);
    const usual = targets();
    const { yieldPercent, overview } = await bench.result(await bench.program(usual, { method: "verify" }));
    const ready = await onChip(`emulator:rram-128?seed=${seed}`, async (other) =>
      other.result(await other.program(usual, { method: "verify" })),
    );
    const each = (pulses: number): string => (pulses / usual.valuesMicrosiemens.length).toFixed(1);
    return (
      `formed ${percent(formed / found.places.length)}, ${figure(found, "pulses_mean").toFixed(2)} pulses a device, ${bad} above compliance; ` +
      `mean ${millivolts(figure(found, "forming_mean_volts") - mean(truth))} mV off, spread ` +
      `${millivolts(figure(found, "forming_std_volts") - std(truth))} mV off, a device ${millivolts(rms)} mV (rms); ` +
      `then programmed: yield ${yieldPercent?.toFixed(2)} %, ${each(overview.pulses)} pulses; ` +
      `of a chip that comes formed ${ready.yieldPercent?.toFixed(2)} %, ${each(ready.overview.pulses)}`
    );
  });
}

async function staircase(seed: number): Promise<string> {
  return onChip(`emulator:rram-128?births=sound&seed=${seed}`, async (bench) => {
    const found = await bench.findings(
      await bench.measure("staircase", { row: 4, rows: 2, devices: numbers(200) }),
    );
    const births = birthsOf("rram-128", { births: "sound" }, seed);
    const of = (kind: "set" | "reset", shift: number): string => {
      const [median, low, high] = ["", "_low", "_high"].map((end) => column(found, `${kind}${end}_volts`));
      const truth = found.places.map(
        ({ row, device }) => births[`${kind}Volts`]![row * 256 + device]! + shift,
      );
      const inside = truth.filter((volts, k) => volts >= low![k]! && volts <= high![k]!).length;
      // A device that never responded has no threshold.
      const known = truth.flatMap((_, k) => (Number.isNaN(median![k]!) ? [] : [k]));
      const off = known.map((k) => median![k]! - truth[k]!);
      const halfWidth = mean(known.map((k) => (high![k]! - low![k]!) / 2));
      return (
        `${kind.toUpperCase()} ${inside} of ${truth.length} inside (${percent(inside / truth.length)}), mean ${millivolts(mean(off))} mV off, ` +
        `rms ${millivolts(Math.sqrt(mean(off.map((error) => error * error))))}, ± ${millivolts(halfWidth)}`
      );
    };
    // A RESET threshold is told at the top of the range, 40 µS, and born at 45.
    const pulses = mean([...column(found, "pulses")]);
    return `${of("set", 0)}; ${of("reset", 0.35 * Math.log(45 / 40))}; ${pulses.toFixed(0)} pulses a device`;
  });
}

async function endurance(seed: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "mho-procedures-"));
  const transcript = join(folder, "line.jsonl");
  // Devices that live: the line and the array are asked for all of the cycles.
  const pace = async (): Promise<string> => {
    const bench = await openBench({
      workspace: join(folder, "lab"),
      chip: `emulator:rram-128?births=sound&seed=${seed}`,
      transcript,
    });
    try {
      const run = await bench.measure("endurance");
      const store = await bench.store();
      let [pulses, reads] = [0, 0];
      const times: number[] = [];
      for await (const { orders, fired, conductanceMicrosiemens } of store.turns(run)) {
        for (const { burst } of orders) pulses += burst === undefined ? 1 : 2 * burst.cycles;
        if (conductanceMicrosiemens.some((g) => !Number.isNaN(g))) reads++;
        times.push(...fired.rowTimesMicroseconds.filter((time) => !Number.isNaN(time)));
      }
      const took = (Math.max(...times) - Math.min(...times)) / 1e6;
      const bytes = lineBytes(readFileSync(transcript, "utf8"));
      // 10 µs a pulse, 20 µs a read, 300,000 bytes a second.
      const least = pulses * 10e-6 + reads * 4 * 20e-6 + bytes / 300_000;
      return `64 devices, ${pulses / 2} cycles: ${took.toFixed(3)} s of chip time, at least ${least.toFixed(3)} s by line and array (${percent(least / took)})`;
    } finally {
      await bench.close();
    }
  };
  try {
    const paced = await pace();
    const died = await onChip(`emulator:rram-128?births=mortal&seed=${seed}`, async (bench) => {
      const found = await bench.findings(await bench.measure("endurance"));
      const endured = birthsOf("rram-128", { births: "mortal" }, seed)["enduredPulses"]!;
      const [lived, dead] = [column(found, "lived_cycles"), column(found, "died_cycles")];
      const known = numbers(64).filter((k) => !Number.isNaN(dead[k]!));
      // A count is read after some pulses of its own.
      const inside = known.filter(
        (k) => endured[k]! / 2 >= lived[k]! - 16 && endured[k]! / 2 <= dead[k]! + 16,
      );
      return `${inside.length} of ${known.length} deaths within their step, median life ${figure(found, "life_median_cycles").toFixed(0)} (born 3000)`;
    });
    return `${paced}; ${died}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of what passed either way. */
function lineBytes(transcript: string): number {
  const lines = transcript
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { readonly hex?: string });
  return lines.reduce((sum, { hex = "" }) => sum + hex.length / 2, 0);
}

function targets() {
  const valuesMicrosiemens = Float32Array.from({ length: 4096 }, (_, i) => 1 + ((i * 7) % 38));
  return { title: "levels", valuesMicrosiemens };
}

async function onChip<T>(chip: string, work: (bench: Bench) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "mho-procedures-"));
  const bench = await openBench({ workspace: join(folder, "lab"), chip });
  try {
    return await work(bench);
  } finally {
    await bench.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function birthsOf(preset: string, conditions: Conditions, seed: number) {
  return new EmulatedChip(findPreset(preset, conditions)!, seed).birthsOfTile(0);
}

function column({ columns }: Findings, name: string): Float64Array {
  return columns.find((one) => one.name === name)!.values;
}

function figure({ figures }: Findings, name: string): number {
  return figures.find((one) => one.name === name)!.value;
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, k) => k);
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

function std(values: ArrayLike<number>): number {
  const middle = mean(values);
  return Math.sqrt(mean(Array.from(values, (value) => (value - middle) * (value - middle))));
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const millivolts = (volts: number): string => (1000 * volts).toFixed(1);

const args = process.argv.slice(2);
const flag = args.indexOf("--seeds");
const seeds = flag < 0 ? 3 : Number(args[flag + 1]);
const named = args.filter((arg, k) => arg in parts && (flag < 0 || k !== flag + 1));
for (const name of named.length > 0 ? named : Object.keys(parts))
  for (let seed = 1; seed <= seeds; seed++) console.log(`${name}, seed ${seed}: ${await parts[name]!(seed)}`);
