import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readFileSync } from "node:fs";
import { openBench } from "../lab/bench.ts";
import { builtInProcedures } from "../src/measure/procedures.ts";
import { periodogram } from "../src/measure/noise.ts";
import { normalOf, Random, uniformOf } from "../src/random.ts";
import { mho } from "./support/commandHere.ts";
import { column, first, loopsIn, measuresIn, withBench } from "./contracts/measured.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

// test/slow/measure.test.ts has every procedure in the scpi dialect too.
measuresIn("packet");
loopsIn("packet");
loopsIn("scpi");

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
