import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EmulatedChip } from "../emulator/chip.ts";
import { findPreset } from "../emulator/presets.ts";
import { type Bench, openBench } from "../lab/bench.ts";
import { fitCensoredNormal } from "../src/measure/censoredNormal.ts";
import { normalQuantile } from "../src/random.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const pristine = "emulator:rram-128?births=pristine&seed=5";
const row = { row: 3, settings: { compliance: 80 } };

async function withBench<T>(chip: string, work: (bench: Bench, folder: string) => Promise<T>): Promise<T> {
  const folder = emptyFolder();
  const bench = await openBench({ workspace: join(folder, "lab"), chip });
  try {
    return await work(bench, folder);
  } finally {
    await bench.close();
  }
}

describe("forming", () => {
  it.each(["packet", "scpi"])(
    "in the %s dialect finds each device's forming voltage, none above its compliance",
    (dialect) =>
      withBench(`${pristine}&dialect=${dialect}`, async (bench) => {
        const run = await bench.measure("form", row);
        const { columns, places, figures, counts } = await bench.findings(run);
        const column = (name: string): Float64Array => columns.find((one) => one.name === name)!.values;
        const truth = new EmulatedChip(findPreset("rram-128", { births: "pristine" })!, 5).birthsOfTile(0)[
          "formingVolts"
        ]!;
        const [low, high, formed] = [
          column("forming_low_volts"),
          column("forming_high_volts"),
          column("formed_microsiemens"),
        ];
        const outside = places.filter(({ device }, k) => {
          const volts = truth[3 * 256 + device]!;
          return (
            !Number.isNaN(high[k]!) &&
            (volts > high[k]! + 1e-6 || volts <= (Number.isNaN(low[k]!) ? 0 : low[k]!))
          );
        });
        expect(places).toHaveLength(256);
        expect(outside).toEqual([]);
        expect(Math.max(...formed.filter((g) => !Number.isNaN(g)))).toBeLessThan(82);
        expect(counts[0]!.devices).toBeGreaterThan(245);
        const figure = (name: string): number => figures.find((one) => one.name === name)!.value;
        expect(figure("forming_mean_volts")).toBeCloseTo(
          truth.subarray(768, 1024).reduce((a, b) => a + b, 0) / 256,
          1,
        );
        expect(figure("pulses_mean")).toBeLessThan(8.5);
      }),
  );

  it("stopped and resumed fires no pulse of a device's ramp twice", () =>
    withBench(pristine, async (bench, folder) => {
      const stop = new AbortController();
      let turns = 0;
      const stopped = await openBench({
        workspace: join(folder, "other"),
        chip: pristine,
        signal: stop.signal,
        onEvent: ({ type }) => type === "turn" && ++turns === 6 && stop.abort(),
      });
      await expect(stopped.measure("form", row)).rejects.toMatchObject({ code: "interrupted" });
      await stopped.close();
      const again = await openBench({ workspace: join(folder, "other"), chip: pristine });
      await again.resume("r1");
      const straight = await bench.measure("form", row);
      const voltsOf = async (one: Bench, run: string) =>
        (await one.findings(run)).columns.map(({ values }) => [...values]).slice(1, 4);
      expect(await voltsOf(again, "r1")).toEqual(await voltsOf(bench, straight));
      await again.close();
    }));

  it("comes before programming, which refuses pristine devices and names it", () =>
    withBench(pristine, async (bench) => {
      const valuesMicrosiemens = Float32Array.from({ length: 256 }, (_, i) => 2 + (i % 36));
      const targets = { title: "levels", valuesMicrosiemens };
      await expect(bench.program(targets, { method: "verify" })).rejects.toThrow(
        /read below 0.1 µS and were never pulsed from this workspace: they look as if they were never formed, and nothing was fired at them\. Form them first \(mho measure form\)/,
      );
      await bench.measure("form", { row: 0 });
      const { yieldPercent } = await bench.result(await bench.program(targets, { method: "verify" }));
      expect(yieldPercent).toBeGreaterThan(96);
    }));

  it("comes before any measurement that pulses, too, and one that only looks needs none", () =>
    withBench(pristine, async (bench) => {
      for (const kind of ["staircase", "endurance", "iv", "disturb"])
        await expect(bench.measure(kind, { row: 71, rows: 2, devices: [0, 1] })).rejects.toThrow(
          /Of 4 devices that are to be measured, \d read below 0.1 µS and were never pulsed/,
        );
      await expect(bench.measure("yield", { row: 71, settings: { pulses: 1 } })).rejects.toThrow(
        /never formed/,
      );
      await bench.measure("yield", { row: 71 });
    }));

  it("takes no voltage that the chip's limit would cut", () =>
    withBench(pristine, async (bench) => {
      await expect(bench.measure("form", { row: 0, settings: { to: 20 } })).rejects.toThrow(
        /The setting to of form is 20: give a number from [\d.]+ to 3\.3 V\./,
      );
    }));

  it("is not asked of devices that a RESET has left as low as pristine ones", () =>
    withBench("emulator:rram-128", async (bench) => {
      const zeros = { title: "zeros", valuesMicrosiemens: new Float32Array(256) };
      await bench.program(zeros, { method: "verify" });
      const valuesMicrosiemens = new Float32Array(256).fill(12);
      const run = await bench.program({ title: "levels", valuesMicrosiemens }, { method: "verify" });
      expect((await bench.result(run)).yieldPercent).toBeGreaterThan(96);
    }));

  it("by the command gives figures, a page, and a table of devices", async () => {
    const folder = emptyFolder();
    const at = ["--workspace", join(folder, "lab"), "--json"];
    const done = await mho(
      "measure",
      "form",
      "--chip",
      pristine,
      "--row",
      "0",
      "--set",
      "compliance=0.07mS",
      ...at,
    );
    expect(done.code).toBe(0);
    const page = join(folder, "form.html");
    expect(await mho("report", "r1", "--out", page, ...at)).toMatchObject({ code: 0 });
    expect(readFileSync(page, "utf8").replace(/<[^>]*>/g, "")).toMatch(
      /Measured form of 256 devices: \d+ formed/,
    );
    const table = join(folder, "form.csv");
    await mho("export", "r1", "--findings", "--to", "csv", "--out", table, ...at);
    expect(readFileSync(table, "utf8")).toMatch(/^tile,row,line,forming_volts,[^]*\n0,0,255,/);
    for (const [set, message] of [
      ["compliance=3V", "give a number, or a number in µS"],
      ["step=9", "give a number from 0.005 to 1 V"],
      ["steps=9", "has no setting steps. It has from, to,"],
    ]) {
      const wrong = await mho("measure", "form", "--chip", pristine, "--row", "0", "--set", set!, ...at);
      expect(wrong).toMatchObject({ code: 2, out: expect.stringContaining(message!) as string });
    }
  });

  it("of phase-change devices is refused by name", () =>
    withBench("emulator:pcm-64", async (bench) => {
      await expect(bench.measure("form")).rejects.toThrow(
        /form is not for the phase-change devices of pcm-64/,
      );
    }));
});

describe("a normal distribution fitted to intervals", () => {
  it("has the mean and the spread of the values, however coarse the steps, and errors that cover them", () => {
    const values = Array.from({ length: 4000 }, (_, k) => 2.8 + 0.2 * normalQuantile((k + 0.5) / 4000));
    const edges = [-Infinity, 2.5, 2.65, 2.8, 2.95, Infinity];
    const intervals = edges.slice(1).map((high, k) => ({
      low: edges[k]!,
      high,
      count: values.filter((value) => value > edges[k]! && value <= high).length,
    }));
    const { mean, std, meanError, stdError } = fitCensoredNormal(intervals)!;
    expect(mean).toBeCloseTo(2.8, 3);
    expect(std).toBeCloseTo(0.2, 3);
    expect(meanError).toBeGreaterThan(0.2 / Math.sqrt(4000));
    expect(meanError).toBeLessThan(1.2 * (0.2 / Math.sqrt(4000)));
    expect(stdError).toBeLessThan(0.004);
    expect(fitCensoredNormal([{ low: 1, high: 2, count: 5 }])).toBeUndefined();
  });
});
