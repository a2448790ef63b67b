import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EmulatedChip } from "../emulator/chip.ts";
import { type Conditions, findPreset } from "../emulator/presets.ts";
import { readFileSync } from "node:fs";
import { type Bench, openBench } from "../lab/bench.ts";
import type { Findings } from "../src/measure/procedure.ts";
import { builtInProcedures } from "../src/measure/procedures.ts";
import { periodogram } from "../src/measure/noise.ts";
import { normalOf, Random, uniformOf } from "../src/random.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

async function withBench<T>(chip: string, work: (bench: Bench) => Promise<T>): Promise<T> {
  const bench = await openBench({ workspace: join(emptyFolder(), "lab"), chip });
  try {
    return await work(bench);
  } finally {
    await bench.close();
  }
}

const birthsOf = (preset: string, conditions: Conditions, seed: number) =>
  new EmulatedChip(findPreset(preset, conditions)!, seed).birthsOfTile(0);
const column = ({ columns }: Findings, name: string): Float64Array =>
  columns.find((one) => one.name === name)!.values;
const figure = ({ figures }: Findings, name: string) => figures.find((one) => one.name === name)!;
const first = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

describe.each(["packet", "scpi"])("measured in the %s dialect,", (dialect) => {
  it("thresholds of both directions mostly lie within their intervals", () =>
    withBench(`emulator:rram-128?births=sound&seed=3&dialect=${dialect}`, async (bench) => {
      const [settings, count] = [{ cycles: 3 }, 24];
      const found = await bench.findings(
        await bench.measure("staircase", { row: 5, devices: first(count), settings }),
      );
      const births = birthsOf("rram-128", { births: "sound" }, 3);
      for (const [kind, shift] of [
        ["set", 0],
        ["reset", 0.35 * Math.log(45 / 40)],
      ] as const) {
        const [low, high] = [column(found, `${kind}_low_volts`), column(found, `${kind}_high_volts`)];
        const truth = first(count).map((k) => births[`${kind}Volts`]![5 * 256 + k]! + shift);
        const inside = truth.filter((volts, k) => volts >= low[k]! && volts <= high[k]!).length;
        expect(inside).toBeGreaterThan(19);
        expect(
          Math.abs(figure(found, `${kind}_threshold_volts`).value - truth.reduce((a, b) => a + b, 0) / count),
        ).toBeLessThan(0.08);
      }
    }));

  it("states are read with rising voltages: what SET left is ohmic, what RESET left is not", () =>
    withBench(`emulator:rram-128?births=sound&seed=3&dialect=${dialect}`, async (bench) => {
      const settings = { loops: 4, step: 0.3, read_to: 0.5, read_points: 5 };
      const found = await bench.findings(await bench.measure("iv", { row: 3, devices: first(8), settings }));
      const [set, reset] = ["set_bend", "reset_bend"].map((name) => figure(found, name).value);
      expect(set!).toBeGreaterThan(0.97);
      expect(set!).toBeLessThan(1.05);
      expect(reset!).toBeGreaterThan(1.3);
      const { lines } = found.curves.find(({ name }) => name === "read_iv")!;
      // At 0.3 V a device that conducts 48 µS is beyond the converter.
      expect(lines.map(({ points }) => points.map(({ x }) => x))).toEqual([
        [0.1, 0.2],
        [0.1, 0.2, 0.3, 0.4, 0.5],
      ]);
      await expect(bench.measure("iv", { settings: { read_to: 1 } })).rejects.toThrow(
        /may be read with 0\.5 V at most \(limits\.max_read_volts\), and read_to is 1 V/,
      );
    }));

  it("thresholds fall with the width of pulses as they were born to", () =>
    withBench(`emulator:rram-128?births=sound&seed=3&dialect=${dialect}`, async (bench) => {
      const settings = { cycles: 3, widths: 2, width: 100, widest: 1000 };
      const run = await bench.measure("staircase", { row: 5, devices: first(24), settings });
      const found = await bench.findings(run);
      for (const kind of ["set", "reset"]) {
        const slope = figure(found, `${kind}_volts_per_decade`);
        // Twice the interval of 95 %: a chance of 1 in 10,000 that a right one fails.
        const half = slope.high! - slope.value;
        expect([kind, Math.abs(slope.value + 0.1) < 2 * half, half < 0.09]).toEqual([kind, true, true]);
      }
      const at = ["set_volts", "set_volts_at_1000_ns"].map((name) =>
        column(found, name).reduce((sum, volts) => sum + volts / 24, 0),
      );
      expect(at).toEqual(at.toSorted((a, b) => b - a));
    }));

  it("devices die between the count at which they lived last and that at which they were found dead", () =>
    withBench(`emulator:rram-128?births=mortal&seed=3&dialect=${dialect}`, async (bench) => {
      const found = await bench.findings(
        await bench.measure("endurance", { devices: first(12), settings: { cycles: 6000, per_decade: 2 } }),
      );
      const endured = birthsOf("rram-128", { births: "mortal" }, 3)["enduredPulses"]!;
      const [lived, died] = [column(found, "lived_cycles"), column(found, "died_cycles")];
      const wrong = first(12).filter((k) => {
        const cycles = endured[k]! / 2;
        // A count is read after some pulses of its own, and again where a device failed.
        return cycles < lived[k]! - 16 || cycles > (Number.isNaN(died[k]!) ? Infinity : died[k]! + 16);
      });
      expect(wrong).toEqual([]);
      expect(died.filter((cycles) => !Number.isNaN(cycles)).length).toBeGreaterThan(5);
      expect(figure(found, "life_median_cycles").value).toBeGreaterThan(1500);
    }));

  it("devices that are born wrong are told apart, and a map of readings alone fires no pulse", () =>
    withBench(`emulator:rram-128?seed=7&dialect=${dialect}`, async (bench) => {
      const rows = { row: 100, rows: 4 };
      const map = await bench.measure("yield", rows);
      expect((await bench.result(map)).overview.pulses).toBe(0);
      const run = await bench.measure("yield", { ...rows, settings: { pulses: 2 } });
      const found = await bench.findings(run);
      const names: Record<string, number> = { "stuck high": 1, "stuck low": 2, open: 3 };
      const chip = new EmulatedChip(findPreset("rram-128")!, 7);
      const faults = birthsOf("rram-128", {}, 7)["faults"]!.subarray(100 * 256, 104 * 256);
      for (const [name, fault] of Object.entries(names)) {
        const born = faults.reduce((sum, one) => sum + (one === fault ? 1 : 0), 0);
        expect([name, found.counts.find((one) => one.name === name)!.devices]).toEqual([name, born]);
      }
      expect(chip.devicesPerRow).toBe(256);
      expect(figure(found, "working_percent").value).toBeGreaterThan(98);
    }));

  it("noise of devices is that of the emulator, and every reading stands in a sweep with its time", () =>
    withBench(`emulator:rram-128?births=sound&seed=3&dialect=${dialect}`, async (bench) => {
      const run = await bench.measure("noise", { devices: first(8), settings: { reads: 64 } });
      let sweeps = 0;
      for await (const { sweep } of bench.sweeps(run)) if (sweep.rowTimesMicroseconds[0]! > 0) sweeps++;
      expect(sweeps).toBe(64);
      const found = await bench.findings(run);
      const [means, stds] = [column(found, "mean_microsiemens"), column(found, "noise_microsiemens")];
      const known = first(8).filter((k) => means[k]! < 50);
      for (const k of known) expect(stds[k]! / Math.hypot(0.01 * means[k]! + 0.05, 0.03)).toBeCloseTo(1, 0);
      expect(known.length).toBeGreaterThan(2);
    }));

  it("what reads and pulses of another row do to devices is found, and nothing where they do nothing", async () => {
    const settings = { reads: 2000, pulses: 200, per_decade: 3 };
    const place = { row: 0, rows: 2, devices: first(24), settings };
    const measured = (conditions: string) =>
      withBench(`emulator:pcm-64?births=sound&seed=3&dialect=${dialect}${conditions}`, async (bench) =>
        bench.findings(await bench.measure("disturb", place)),
      );
    const found = await measured("&read_disturb=0.00002&half_select=0.0005");
    // The way to the top is some 30 µS: 0.6 nS a read.
    expect(figure(found, "read_disturb_nanosiemens").low).toBeGreaterThan(0.2);
    expect(figure(found, "read_disturb_nanosiemens").high).toBeLessThan(1.2);
    expect(figure(found, "pulse_disturb_nanosiemens").low).toBeGreaterThan(3);
    const quiet = figure(await measured(""), "read_disturb_nanosiemens");
    expect(Math.abs(quiet.value)).toBeLessThan(0.2);
  });

  it("loops through both polarities keep to their compliance", () =>
    withBench(`emulator:rram-128?births=sound&seed=3&dialect=${dialect}`, async (bench) => {
      const settings = { loops: 1, step: 0.2, compliance: 30, set_to: 3 };
      const run = await bench.measure("iv", { row: 9, devices: first(4), settings });
      const found = await bench.findings(run);
      const loop = found.curves[0]!.lines[0]!.points;
      expect(loop.filter(({ x }) => x > 0)).toHaveLength(29);
      // What a device was born with may be more; after the first RESET only the gate lets it rise.
      const settled = await bench.findings(
        await bench.measure("iv", { row: 9, devices: first(4), settings }),
      );
      expect(Math.max(...column(settled, "highest_microsiemens"))).toBeLessThan(33.5);
      expect(Math.max(...column(settled, "lowest_microsiemens"))).toBeLessThan(5);
    }));
});

describe("a measurement", () => {
  it("of endurance gives the same on a board that knows bursts and on one that fires single pulses", () =>
    withBench("emulator:rram-128?births=sound&seed=3", async (bench) => {
      const settings = { cycles: 100 };
      const run = await bench.measure("endurance", { devices: first(4), settings });
      const { overview } = await bench.result(run);
      expect(overview.pulses).toBe(4 * 200);
      const orders = [];
      for await (const turn of (await bench.store()).turns(run)) orders.push(...turn.orders);
      expect(orders.some(({ burst }) => (burst?.cycles ?? 0) > 10)).toBe(true);
      const felt = await bench.findings(run);
      expect(new Set(column(felt, "pulses"))).toEqual(new Set([200]));
    }));

  it.each(["endurance", "staircase", "disturb", "iv", "yield"])(
    "of %s goes on after a stop, within its budget",
    (kind) => {
      const folder = emptyFolder();
      const chip = "emulator:rram-128?births=sound&seed=3";
      const devices = first(6);
      const settings: Record<string, number> = { cycles: 2, pulses: 40, loops: 1 };
      const { settings: known } = builtInProcedures.find(({ name }) => name === kind)!;
      const own = Object.fromEntries(
        Object.entries(settings).filter(([name]) => known.some((one) => one.name === name)),
      );
      if (kind === "endurance") own["cycles"] = 300;
      return (async () => {
        const stop = new AbortController();
        let turns = 0;
        const bench = await openBench({
          workspace: join(folder, "lab"),
          chip,
          signal: stop.signal,
          onEvent: ({ type }) => type === "turn" && ++turns === 4 && stop.abort(),
        });
        await expect(bench.measure(kind, { row: 2, rows: 2, devices, settings: own })).rejects.toMatchObject({
          code: "interrupted",
        });
        await bench.close();
        await withResumed(join(folder, "lab"), chip);
      })();
    },
  );

  it("of a kind, a setting or devices that there are not is refused by name", () =>
    withBench("emulator:rram-128", async (bench) => {
      await expect(bench.measure("forming")).rejects.toThrow(
        /There is no measurement forming\. Known are form, /,
      );
      await expect(bench.measure("iv", { settings: { hoops: 2 } })).rejects.toThrow(
        /iv has no setting hoops/,
      );
      await expect(bench.measure("iv", { devices: [999] })).rejects.toThrow(/There is no device 999/);
      await expect(bench.findings(await bench.pulse(handPulse))).rejects.toThrow(/r1 is no measurement/);
    }));

  it.each([
    ["disturb", { row: 3 }, /only one row is measured\. Give the option rows 2 or more/],
    ["disturb", { row: 3, rows: 2, settings: { reads: 0, pulses: 0 } }, /there is nothing to measure/],
    [
      "disturb",
      { row: 3, rows: 2, settings: { reads: 9 } },
      /9 reads are read at 4 counts, and a change is told from 5 on/,
    ],
    ["form", { row: 3, settings: { compliance: 8 } }, /A compliance of 8 µS .* at least 10 µS/],
  ] as const)("that could find nothing is refused before a pulse: %s with %j", (kind, options, words) =>
    withBench("emulator:rram-128?births=pristine", async (bench) => {
      await expect(bench.measure(kind, options)).rejects.toThrow(words);
      expect(await bench.runs()).toEqual([]);
    }),
  );

  it("of too few pulses ends with 1 and says how many devices are not done, when it goes on as well", async () => {
    const workspace = join(emptyFolder(), "lab");
    const chip = "emulator:rram-128?births=pristine&seed=3";
    const said = await mho(
      "measure",
      "form",
      "--chip",
      chip,
      "--row",
      "0",
      "--budget",
      "3",
      "--workspace",
      workspace,
    );
    expect([said.code, said.out]).toEqual([
      1,
      expect.stringMatching(/\d+ devices had no pulse left before the measurement was done/),
    ]);
    expect(said.out).not.toMatch(/in place|yield/);
    const again = await mho("resume", "r1", "--workspace", workspace, "--json");
    const last = JSON.parse(again.out.trim().split("\n").at(-1)!) as { found: { out_of_pulses: number } };
    expect(last).toMatchObject({ run: "r1", found: { devices: 256 } });
    expect(last.found.out_of_pulses).toBeGreaterThan(200);
  });

  it("of options of another kind than the call can use is refused by name, as other calls do", () =>
    withBench("emulator:rram-128", async (bench) => {
      const loose = bench as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>;
      const calls: readonly [string, unknown[], RegExp][] = [
        [
          "measure",
          ["yield", { devices: 3 }],
          /The option devices of measure is 3: give a list of numbers\./,
        ],
        ["measure", ["yield", { row: "3" }], /The option row of measure is "3": give a number\./],
        ["measure", ["yield", 3], /measure takes its options as an object/],
        ["read", [], /Which rows are meant is not said: give \{ tile, rowStart, rowCount \}/],
        ["read", [{ tile: 0 }], /Which rows are meant is not said/],
        ["program", [42], /What is to be programmed is not said/],
        [
          "pulse",
          [{ ...handPulse, amplitude: "fast" }],
          /The amplitude is "fast": give a number with its unit/,
        ],
        ["pulse", [{ ...handPulse, devices: [] }], /No device is named/],
        ["trim", ["r1", { dryRun: "yes" }], /The option dryRun of trim is "yes": give true or false\./],
        ["list", [{ where: 3 }], /The option where of list is 3: give a text\./],
      ];
      for (const [call, given, words] of calls)
        await expect((async () => loose[call]!(...given))(), call).rejects.toThrow(words);
      expect(await bench.pulsed(await bench.pulse({ ...handPulse, amplitude: "1.2V" }))).toHaveLength(1);
    }));

  it("is told of on the page, kind by kind and setting by setting", () => {
    const page = readFileSync(new URL("../docs/measure.md", import.meta.url), "utf8");
    for (const { name, settings } of builtInProcedures) {
      const section = page.split(/^(?=## )/m).find((one) => one.startsWith(`## ${name}\n`)) ?? "";
      expect([
        name,
        settings.filter((one) => !section.includes(`\`${one.name}\``)).map((one) => one.name),
      ]).toEqual([name, []]);
    }
  });
});

const handPulse = {
  row: 0,
  devices: [0],
  amplitude: { value: 2, unit: "V" },
  kind: "set",
  widthNanoseconds: 1000,
} as const;

async function withResumed(workspace: string, chip: string): Promise<void> {
  const uncertain: string[] = [];
  const bench = await openBench({
    workspace,
    chip,
    onEvent: ({ type }) => type === "uncertain" && uncertain.push(type),
  });
  try {
    expect(await bench.resume("r1")).toBe(true);
    // What had fired was known when the run was stopped.
    expect(uncertain).toEqual([]);
    const { overview, outcome } = await bench.result("r1");
    expect([outcome, overview.verdicts.pending]).toEqual(["done", 0]);
    expect(overview.verdicts.accepted).toBeGreaterThan(4);
  } finally {
    await bench.close();
  }
}

describe("a spectrum", () => {
  it("of white noise that is sampled unevenly is flat and integrates to its variance", () => {
    const random = new Random(5).fork("noise");
    const times = Array.from({ length: 400 }, (_, k) => 0.01 * (k + 0.3 * uniformOf(random.at(k, 0).word0)));
    const values = times.map((_, k) => 2 * normalOf(random.at(k, 1).word0));
    const found = periodogram(times, values, 0);
    const density = found.reduce((sum, { power }) => sum + power, 0) / found.length;
    // One-sided: twice the variance over the rate.
    expect(density / (2 * 4 * 0.01)).toBeGreaterThan(0.7);
    expect(density / (2 * 4 * 0.01)).toBeLessThan(1.4);
  });
});
