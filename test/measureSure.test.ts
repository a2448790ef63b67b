import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EmulatedChip } from "../emulator/chip.ts";
import { findPreset } from "../emulator/presets.ts";
import type { MeasureOptions } from "../lab/measure.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import { endurance } from "../src/measure/endurance.ts";
import type { Figure } from "../src/measure/procedure.ts";
import type { RunPlan } from "../src/run/plan.ts";
import { fitThresholds } from "../src/measure/thresholdFit.ts";
import { first, withBench } from "./contracts/measured.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const sound = "emulator:rram-128?births=sound&seed=3";
const pristine = "emulator:rram-128?births=pristine&seed=7";

async function found(chip: string, kind: string, request: MeasureOptions): Promise<Map<string, Figure>> {
  let figures: readonly Figure[] = [];
  await withBench(chip, async (bench) => {
    ({ figures } = await bench.findings(await bench.measure(kind, request)));
  });
  return new Map(figures.map((figure) => [figure.name, figure]));
}

describe.each(["packet", "scpi"])("what is found in the %s dialect", (dialect) => {
  const at = (chip: string): string => `${chip}&dialect=${dialect}`;

  it("of forming that its budget cut short has no interval of a share, and a mean that holds the truth", async () => {
    const figures = await found(at(pristine), "form", { row: 60, rows: 1, pulsesPerDevice: 4 });
    const truth = new EmulatedChip(findPreset("rram-128", { births: "pristine" })!, 7)
      .birthsOfTile(0)
      ["formingVolts"]!.subarray(60 * 256, 61 * 256);
    const mean = truth.reduce((sum, volts) => sum + volts, 0) / truth.length;
    expect(figures.get("formed_percent")!.value).toBeLessThan(50);
    expect(figures.get("formed_percent")!.low).toBeUndefined();
    const { low, high } = figures.get("forming_mean_volts")!;
    expect(mean).toBeGreaterThan(low!);
    expect(mean).toBeLessThan(high!);
    expect(figures.get("forming_std_volts")!.low).toBeGreaterThan(0);
  });

  it("of devices that could not be judged is no share of working ones", async () => {
    const figures = await found(at(sound), "yield", {
      devices: first(8),
      pulsesPerDevice: 3,
      settings: { pulses: 1 },
    });
    expect(figures.get("working_percent")).toEqual({
      name: "working_percent",
      unit: "%",
      meaning: "devices that work",
      value: Number.NaN,
    });
  });

  it("of one device has no spread over devices", async () => {
    const figures = await found(at(sound), "staircase", {
      row: 0,
      devices: first(1),
      settings: { cycles: 2 },
    });
    expect([...figures.keys()]).toEqual(["set_threshold_volts", "reset_threshold_volts"]);
    expect(figures.get("set_threshold_volts")!.meaning).toBe("SET threshold of the one device that has one");
  });

  it("of no pulse is no threshold", async () => {
    expect(await found(at(sound), "staircase", { row: 0, devices: first(4), pulsesPerDevice: 1 })).toEqual(
      new Map(),
    );
  });

  it("of the noise of one device has no interval over devices, and of a short series no slope", async () => {
    const noise = (reads: number) =>
      found(at(sound), "noise", { devices: first(1), settings: { reads } }).then((figures) =>
        figures.get("spectrum_slope")!,
      );
    expect(await noise(8)).toMatchObject({ value: Number.NaN });
    const slope = await noise(64);
    expect(slope.value).not.toBeNaN();
    expect(slope.low).toBeUndefined();
  });

  it("of disturbs leaves out those that were not asked for", async () => {
    const figures = await found(at(sound), "disturb", {
      row: 2,
      devices: first(4),
      settings: { reads: 100, pulses: 0 },
    });
    expect([...figures.keys()]).toEqual(["read_disturb_nanosiemens"]);
  });

  it("of disturbs whose budget ends early names the devices, and none is refused that it suffices for", async () => {
    await withBench(at(sound), async (bench) => {
      const request = { row: 2, rows: 2, devices: first(4), settings: { reads: 100, pulses: 100 } };
      await expect(bench.measure("disturb", { ...request, pulsesPerDevice: 2 })).rejects.toThrow(
        "every device is brought down first (setting prepare), which takes 5. Give a budget of 5 or more.",
      );
      const short = await bench.measure("disturb", { ...request, pulsesPerDevice: 70 });
      const { overview } = await bench.result(short);
      expect([overview.verdicts["budget spent"], overview.verdicts.accepted]).toEqual([4, 4]);
      expect(overview.pulses).toBe(4 * 70 + 4 * 5);
      const whole = await bench.measure("disturb", { ...request, pulsesPerDevice: 105 });
      expect((await bench.result(whole)).overview.verdicts.accepted).toBe(8);
    });
  });
});

it("devices that were never read are neither alive nor dead", () => {
  const settings = {
    cycles: 10_000,
    per_decade: 5,
    strokes: 1,
    averages: 1,
    window: 3,
    set: 1,
    reset: 1,
    width: 100,
  };
  const block = { tile: 0, rowStart: 0, rowCount: 1 };
  const plan = {
    tiles: [{ block, targetsMicrosiemens: Float32Array.of(0, 0, 0, Number.NaN) }],
  } as unknown as RunPlan;
  const chip = {} as ChipDescription;
  const { counts, figures } = endurance.judge({ plan, chip, settings, turns: [], sweeps: [] });
  expect(counts.map(({ name, devices }) => [name, devices])).toEqual([
    ["alive", 0],
    ["dead", 0],
    ["not judged", 3],
  ]);
  expect(figures.find(({ name }) => name === "alive_percent")!.value).toBeNaN();
});

it("a device that never responded has no threshold, and the others keep theirs", () => {
  const excess = [-0.2, -0.1, 0, 0.1, 0.2];
  const trials = [-0.1, 0, 0.1, 0.05].map((own) => ({ excess, responded: excess.map((x) => x >= own) }));
  const { devices, known, mean } = fitThresholds([...trials, { excess, responded: excess.map(() => false) }]);
  expect(known).toBe(4);
  expect(devices[4]!.median).toBeNaN();
  expect(devices[0]!.median).toBeLessThan(devices[2]!.median);
  expect(Math.abs(mean)).toBeLessThan(0.1);
});

it.each(["form", "iv"])("a compliance that no gate code gives is refused by %s", (kind) => {
  const folder = emptyFolder();
  const mine = join(folder, "mine.json");
  const text = readFileSync("chips/rram-128.json", "utf8");
  writeFileSync(mine, text.replace(/("compliance_microsiemens_per_gate_code": )0\.3/, "$10.001"));
  return withBench(`emulator:rram-128?chip=${mine}`, async (bench) => {
    await expect(bench.measure(kind, { row: 0, devices: [0], settings: { compliance: 80 } })).rejects.toThrow(
      "A compliance of 80 µS is above the 66 µS that the gate of rram-128 can be set to",
    );
    expect(await bench.runs()).toEqual([]);
  });
});

it.each([
  ["310A", /amplitude 310A is more than pcm-64 can be told\. Give \d+ µA at most/],
  ["0.01uA", /is less than one step of pcm-64\. Give at least 0\.49 µA/],
] as const)("an amplitude of %s says which way it is out", (amplitude, words) =>
  withBench("emulator:pcm-64?tiles=1", async (bench) => {
    const pulse = { row: 0, devices: [5], amplitude, kind: "reset" as const, widthNanoseconds: 100 };
    await expect(bench.pulse(pulse)).rejects.toThrow(words);
  }),
);
