import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EmulatedChip } from "../../emulator/chip.ts";
import { type Conditions, findPreset } from "../../emulator/presets.ts";
import { type Bench, openBench } from "../../lab/bench.ts";
import type { Findings } from "../../src/measure/procedure.ts";
import { emptyFolder } from "../support/folders.ts";

export async function withBench<T>(chip: string, work: (bench: Bench) => Promise<T>): Promise<T> {
  const bench = await openBench({ workspace: join(emptyFolder(), "lab"), chip });
  try {
    return await work(bench);
  } finally {
    await bench.close();
  }
}

const birthsOf = (preset: string, conditions: Conditions, seed: number) =>
  new EmulatedChip(findPreset(preset, conditions)!, seed).birthsOfTile(0);
export const column = ({ columns }: Findings, name: string): Float64Array =>
  columns.find((one) => one.name === name)!.values;
export const figure = ({ figures }: Findings, name: string) => figures.find((one) => one.name === name)!;
export const first = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

/** Each procedure finds what emulated devices were born with. For a file that removes its folders. */
export function measuresIn(dialect: string): void {
  describe(`measured in the ${dialect} dialect,`, () => {
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
            Math.abs(
              figure(found, `${kind}_threshold_volts`).value - truth.reduce((a, b) => a + b, 0) / count,
            ),
          ).toBeLessThan(0.08);
        }
      }));

    it("states are read with rising voltages: what SET left is ohmic, what RESET left is not", () =>
      withBench(`emulator:rram-128?births=sound&seed=3&dialect=${dialect}`, async (bench) => {
        const settings = { loops: 4, step: 0.3, read_to: 0.5, read_points: 5 };
        const found = await bench.findings(
          await bench.measure("iv", { row: 3, devices: first(8), settings }),
        );
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
  });
}

/** The shortest of them. */
export function loopsIn(dialect: string): void {
  it(`loops through both polarities keep to their compliance, in the ${dialect} dialect`, () =>
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
}
