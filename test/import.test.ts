import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { gather } from "../calibration/gather.ts";
import { openBench } from "../lab/bench.ts";
import type { Imported, ImportOptions } from "../lab/import.ts";
import { builtInMappings, mappingNamed } from "../lab/mappings.ts";
import { builtIn } from "../lab/registries.ts";
import { descriptionOf } from "../lab/runDescription.ts";
import { verdicts } from "../src/program/method.ts";
import { recall } from "../src/run/recall.ts";
import type { RunStore } from "../src/run/store.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { withoutTerms } from "./support/withoutTerms.ts";

removeFoldersAfterEach();

const sample = "examples/rram-relaxation/relaxation-1500.tsv.gz";
const sampleText = (): string => gunzipSync(readFileSync(sample)).toString();

/** Imports texts as files of their own, and looks at what came of it. */
async function imported<T>(
  files: string | Readonly<Record<string, string>>,
  options: ImportOptions,
  look: (found: Imported, store: RunStore, bench: Awaited<ReturnType<typeof openBench>>) => Promise<T>,
): Promise<T> {
  const folder = emptyFolder();
  const named = typeof files === "string" ? { "given.csv": files } : files;
  const paths = Object.entries(named).map(([name, text]) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  });
  const bench = await openBench({ workspace: join(folder, "workspace") });
  try {
    const found = await bench.importMeasurements(paths, options);
    return await look(found, await bench.store(), bench);
  } finally {
    await bench.close();
  }
}

const gathered = async (store: RunStore, run: string) =>
  gather(store, [run], await descriptionOf(store, run), { methods: builtIn.methods });

/** Every float that a run holds, by the name of its device. */
async function floatsOf(store: RunStore, run: string): Promise<Map<string, unknown[]>> {
  const plan = await store.plan(run);
  const memories = await recall(store, run);
  const found = new Map<string, unknown[]>();
  for (const [tile, names] of plan.imported!.deviceNames.entries()) {
    const { targetsMicrosiemens } = plan.tiles[tile]!;
    const { lastReadMicrosiemens, verdicts: ended, devicesPerRow } = memories[tile]!;
    for (const [i, name] of names.split("\n").entries())
      found.set(name, [targetsMicrosiemens[i], lastReadMicrosiemens[i], ended[i]]);
    for await (const sweep of store.sweeps(run)) {
      if (sweep.tile !== tile) continue;
      for (const [i, name] of names.split("\n").entries()) {
        if (sweep.flags[i] !== 0) continue;
        const at = sweep.rowTimesMicroseconds[Math.floor(i / devicesPerRow)];
        found.get(name)!.push(sweep.timeSeconds, at, sweep.conductanceMicrosiemens[i], sweep.averages);
      }
    }
  }
  return found;
}

const general = {
  format: "mho-mapping",
  version: 1,
  name: "general",
  chip: { technology: "rram" },
  time: { column: "t" },
  resistance: { column: "R" },
  device: { columns: ["device"] },
};

describe("measurements that were imported", () => {
  it("are gathered with each device's own ages to the last digit, targets, what was written, and flags", async () => {
    const bench = await openBench({ workspace: emptyFolder() });
    const found = await bench.importMeasurements(sample, { as: "rram-relaxation" });
    // The model of such a run is a stand-in, and is held against nothing.
    expect((await bench.run(found.run)).audit).toBeUndefined();
    expect(found).toMatchObject({
      devices: 1500,
      written: 1500,
      missing: 0,
      negative: 0,
      outside: 0,
      sweeps: 6,
    });
    const store = await bench.store();
    const { parts, leftOut } = await gathered(store, found.run);
    expect(leftOut).toBe(0);
    const { imported: from } = await store.plan(found.run);
    const rows = sampleText()
      .trim()
      .split("\n")
      .map((line) => line.split("\t"));
    let reads = 0;
    const wanted = new Map(rows.map((row) => [`${row[0]} ${Number(`${row[1]}e6`)}`, row]));
    for (const { block, data, memory } of parts) {
      const names = from!.deviceNames[block.tile]!.split("\n");
      expect([data.devicesPerRow, data.picked, data.usable.every((one) => one === 1)]).toEqual([
        1,
        true,
        true,
      ]);
      names.forEach((name, i) => {
        const start = wanted.get(`${name} 0`)!;
        expect(data.targetsMicrosiemens[i]).toBe(4 * Number(start[5]) + 2);
        expect(memory.lastReadMicrosiemens[i]).toBe(Math.fround(1e6 * Number(start[4])));
        for (const { rowTimesMicroseconds, conductanceMicrosiemens, flags } of data.sweeps) {
          const age = rowTimesMicroseconds[i]! - data.pulsedAtMicroseconds[i]!;
          const row = wanted.get(`${name} ${age}`);
          expect(flags[i]).toBe(row === undefined ? 2 : 0);
          expect(conductanceMicrosiemens[i]).toBe(
            row === undefined ? Number.NaN : Math.fround(1e6 * Number(row[3])),
          );
          if (row !== undefined) reads++;
        }
      });
    }
    expect(reads).toBe(rows.filter((row) => Number(row[1]) > 0).length);
    await bench.close();
  });

  it("are the same to the last digit in kΩ and ms, with semicolons, decimal commas, other columns and headings", async () => {
    // Of resistances: a conductance in another unit is not the same number.
    const own = {
      ...general,
      time: { column: 2, unit: "s" },
      nominal_time: { column: 7, unit: "s" },
      resistance: { column: 3, unit: "ohm" },
      device: { columns: [1] },
      target: { column: 6, unit: "uS", times: 4, plus: 2 },
    };
    const text = sampleText();
    const before = await imported(text, { as: own }, ({ run }, store) => floatsOf(store, run));
    const shifted = (cell: string, power: number): string => {
      const [digits, exponent = "0"] = cell.split("e");
      return `${digits!.replace(".", ",")}E${Number(exponent) + power}`;
    };
    const lines = text
      .trim()
      .split("\n")
      .map((line) => line.split("\t"));
    const other = lines.map(([cell, t, r, , , range, nominal]) =>
      [`"${range}"`, shifted(r!, -3), "x", shifted(nominal!, -0), cell, shifted(t!, 3)].join(";"),
    );
    const table = [
      "made by another tester",
      "Bereich;R (kΩ);note;planned [s];Zelle;Zeit / ms",
      ...other,
    ].join("\r\n");
    const renamed = {
      ...general,
      time: { column: "Zeit" },
      nominal_time: { column: "planned" },
      resistance: { column: "R" },
      device: { columns: ["zelle"] },
      target: { column: "Bereich", unit: "uS", times: 4, plus: 2 },
    };
    const after = await imported(table, { as: renamed }, ({ run, files }, store) => {
      expect(files[0]).toMatchObject({ before: 1, reads: lines.length });
      return floatsOf(store, run);
    });
    expect(after.size).toBe(1500);
    expect(after).toEqual(before);
  });

  it("are found among tabs, commas and blanks, packed or not, as in a file of semicolons", async () => {
    const rows = [
      ["device", "t", "R"],
      ["a", "1", "5000"],
      ["a", "2.5", "6000"],
      ["b", "1", "7000"],
    ];
    const all = await Promise.all(
      [";", "\t", ",", " "].map((mark) =>
        imported(rows.map((row) => row.join(mark)).join("\n"), { as: general }, ({ run }, store) =>
          floatsOf(store, run),
        ),
      ),
    );
    expect(all[0]!.get("a")).toEqual([
      Number.NaN,
      Number.NaN,
      verdicts.unverified,
      1,
      1e6,
      200,
      1,
      2.5,
      2.5e6,
      Math.fround(1e6 / 6000),
      1,
    ]);
    for (const one of all) expect(one).toEqual(all[0]);
    const folder = emptyFolder();
    writeFileSync(join(folder, "p.csv.gz"), gzipSync(rows.map((row) => row.join(",")).join("\n")));
    const bench = await openBench({ workspace: folder });
    const { run } = await bench.importMeasurements([join(folder, "p.csv.gz")], { as: general });
    expect(await floatsOf(await bench.store(), run)).toEqual(all[0]);
    await bench.close();
  });

  it("keep reads below zero and those that are missing, and count them", async () => {
    const text = "device,t,R\na,1,-5000\na,10,nan\na,100,\nb,1,1e4\nb,10,inf\nb,100,-\n";
    await imported(text, { as: general }, async ({ run, reads, missing, negative }, store) => {
      expect([reads, missing, negative]).toEqual([6, 3, 1]);
      const { data } = (await gathered(store, run)).parts[0]!;
      const seen = data.sweeps.map(({ conductanceMicrosiemens: g, flags }) => [
        g[0],
        g[1],
        flags[0],
        flags[1],
      ]);
      expect(seen).toEqual([
        [-200, 100, 0, 0],
        [Number.NaN, 0, 2, 0],
        [Number.NaN, Number.NaN, 2, 2],
      ]);
    });
  });

  it("may be one file a device, and share rows where all files keep one schedule", async () => {
    const file = (first: number): string => `t,R\n0,${first}\n1e-9,${2 * first}\n3600,${4 * first}\n`;
    const files = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`dev${i}.csv`, file(1000 * (i + 1))]),
    );
    await imported(files, { as: "t-r", technology: "pcm" }, async ({ run, tiles, devices }, store) => {
      expect([tiles, devices]).toEqual([1, 9]);
      const { parts } = await gathered(store, run);
      const { data, memory } = parts[0]!;
      expect(data.devicesPerRow).toBe(3);
      expect(Array.from(memory.lastReadMicrosiemens.subarray(0, 3))).toEqual([
        1000,
        500,
        Math.fround(1000 / 3),
      ]);
      expect(data.sweeps.map(({ rowTimesMicroseconds }) => rowTimesMicroseconds[0])).toEqual([1e-3, 3.6e9]);
      expect(data.sweeps.map(({ conductanceMicrosiemens: g }) => g[8])).toEqual(
        [1e6 / 18_000, 1e6 / 36_000].map(Math.fround),
      );
      const [names] = (await store.plan(run)).imported!.deviceNames;
      expect(names!.split("\n")).toEqual(Object.keys(files).map((name) => name.slice(0, -4)));
    });
  });

  it("of an ArC ONE count from a device's first read of retention; other rows are counted and left out", async () => {
    const rows = [
      "1,1,12000,0.5,0,S R5,S R5,0.5",
      "1,1,11000,0.5,0,RET_s,R,0.5",
      "1,1,11000,0.5,0,RET_1700000000.25,R,0.5",
      "2,1,21000,0.5,0,RET_1700000000.5,R,0.5",
      "1,1,11500,0.5,0,RET_1700000060.25,R,0.5",
      "2,1,22000,0.5,0,RET_1700000060.5,R,0.5",
      "1,1,11600,0.5,0,RET_e,R,0.5",
    ];
    const head = "Wordline,Bitline,Resistance,Amplitude (V),Pulse width (s),Tag,ReadTag,ReadVoltage";
    const text = ["a session", "Mon Nov 29 10:00:00 2026", head, ...rows].join("\n");
    await imported(text, { as: "arc1-csv" }, async ({ run, files, chip }, store) => {
      expect(files[0]).toMatchObject({ reads: 4, before: 2, leftOut: 3 });
      expect(chip).toBe("arc-one");
      expect(await floatsOf(store, run)).toEqual(
        new Map([
          [
            "1 1",
            [
              Number.NaN,
              Math.fround(1e6 / 11_000),
              verdicts.unverified,
              60,
              60e6,
              Math.fround(1e6 / 11_500),
              1,
            ],
          ],
          [
            "2 1",
            [
              Number.NaN,
              Math.fround(1e6 / 21_000),
              verdicts.unverified,
              60,
              60e6,
              Math.fround(1e6 / 22_000),
              1,
            ],
          ],
        ]),
      );
    });
  });

  it("that were baked lie on a tile for each temperature, which gather tells, and the chip's own beside it", async () => {
    const as = {
      ...general,
      bake_celsius: { column: "bake" },
      chip_celsius: 27,
      device: { columns: ["device", "bake"] },
    };
    const text =
      "device,t,R,bake\na,0,1e4,100\na,3600,2e4,100\na,0,1e4,260\na,3600,4e4,260\nb,3600,4e4,260\n";
    await imported(text, { as }, async ({ run, tiles }, store) => {
      expect(tiles).toBe(2);
      const { parts } = await gathered(store, run);
      const told = parts.map(({ block, data: { sweeps } }) => [
        block.tile,
        sweeps[0]!.bakeCelsius,
        sweeps[0]!.celsius,
      ]);
      expect(told.toSorted(([a], [b]) => Number(a) - Number(b))).toEqual([
        [0, 100, 27],
        [1, 260, 27],
      ]);
    });
  });

  it("count from the time of the write in another column, by stamps of any zone", async () => {
    const as = {
      ...general,
      time: { column: "read at", unit: "iso", since: { column: "written at", unit: "iso" } },
      averages: { column: "n" },
    };
    const text =
      "device;written at;read at;R;n\na;2024-02-28T23:59:59.5Z;2024-03-01 01:00:00+01:00;1000;8\n" +
      "b;2024-02-28T23:59:59.5Z;2024-02-29T00:00:00,75Z;1000;4";
    await imported(text, { as }, async ({ run }, store) => {
      const found = await floatsOf(store, run);
      expect(found.get("a")).toEqual([
        Number.NaN,
        Number.NaN,
        verdicts.unverified,
        86_400,
        86_400.5e6,
        1000,
        8,
      ]);
      expect(found.get("b")!.slice(4)).toEqual([1.25e6, 1000, 4]);
    });
  });

  it("may have their devices in the order of the rows: in turn, or one after the other", async () => {
    const text = "t,R\n1,1000\n1,2000\n10,4000\n10,5000";
    const names = async (order: object): Promise<unknown[]> =>
      imported(text, { as: { ...general, device: { order } } }, async ({ run }, store) =>
        [...(await floatsOf(store, run))].map(([name, floats]) => [
          name,
          floats.filter((_, i) => i % 4 === 1).slice(1),
        ]),
      );
    expect(await names({ devices: 2 })).toEqual([
      ["given 0", [1000, 250].map(Math.fround)],
      ["given 1", [500, 200].map(Math.fround)],
    ]);
    const two = "t,R\n1,1000\n10,2000\n1,4000\n10,5000";
    const blocks = await imported(
      two,
      { as: { ...general, device: { order: { reads: 2 } } } },
      async ({ run }, store) =>
        [...(await floatsOf(store, run))].map(([name, floats]) => [
          name,
          floats.filter((_, i) => i % 4 === 1).slice(1),
        ]),
    );
    expect(blocks).toEqual([
      ["given 0", [1000, 500]],
      ["given 1", [250, 200]],
    ]);
  });

  it("of devices with clocks of their own lose no read, however the ages lie", async () => {
    // A continuum of ages, several reads of a device close together, and a device that was read once.
    const rows: string[] = [];
    for (let device = 0; device < 40; device++)
      for (let k = 0; k < 50; k++)
        rows.push(`d${device},${(0.37 + device / 97) * Math.exp(k / 5)},${1000 + 50 * device + k}`);
    rows.push("once,33,777");
    await imported(`device,t,R\n${rows.join("\n")}`, { as: general }, async ({ run, reads }, store) => {
      expect(reads).toBe(rows.length);
      const found = await floatsOf(store, run);
      const told = [...found].flatMap(([name, floats]) =>
        Array.from({ length: (floats.length - 3) / 4 }, (_, k) =>
          [name, floats[4 + 4 * k], floats[5 + 4 * k]].join(),
        ),
      );
      const wanted = rows.map((row) => {
        const [name, t, r] = row.split(",");
        return [name, Number(`${t}e6`), Math.fround(1e6 / Number(r))].join();
      });
      expect(told.sort()).toEqual(wanted.sort());
      const { parts } = await gathered(store, run);
      for (const { data } of parts)
        for (let row = 0; row < data.usable.length; row++) {
          const times = data.sweeps.map(({ rowTimesMicroseconds }) => rowTimesMicroseconds[row]!);
          expect(times).toEqual(times.toSorted((a, b) => a - b));
        }
    });
  });

  it("of one device that was read far more often than the others take no room for reads that there are not", async () => {
    const dense = Array.from({ length: 3000 }, (_, k) => `dense,${1 + k / 100},1000`);
    const others = Array.from({ length: 400 }, (_, k) => `d${k},${5 + k / 1000},2000`);
    await imported(
      ["device,t,R", ...dense, ...others].join("\n"),
      { as: general },
      async ({ run }, store) => {
        const found = await floatsOf(store, run);
        expect([...found.values()].reduce((sum, floats) => sum + (floats.length - 3) / 4, 0)).toBe(3400);
        let room = 0;
        for await (const { flags } of store.sweeps(run)) room += flags.length;
        expect(room).toBeLessThan(4 * 3400);
      },
    );
  });

  it("are another chip's each time, so that none of them hides what came before", async () => {
    const folder = emptyFolder();
    const file = join(folder, "a.csv");
    writeFileSync(file, "device,t,R\na,1,1000\na,10,2000");
    const bench = await openBench({ workspace: folder });
    const first = await bench.importMeasurements(file, { as: general });
    const second = await bench.importMeasurements(file, { as: general });
    expect(second.serialNumber).toBe(`${first.serialNumber}-2`);
    expect((await gathered(await bench.store(), first.run)).parts[0]!.data.sweeps).toHaveLength(2);
    await bench.close();
  });

  it("stand in a workspace that is sound, and in exports by the names of their devices", async () => {
    const text = 'device,t,R\n"a ""1"", x",1,1000\nb,1,nan\n';
    await imported(text, { as: general, chipName: "wafer-7" }, async ({ run }, _store, bench) => {
      expect(await bench.check()).toMatchObject({
        sound: true,
        runs: [{ state: "sound", turns: 2, sweeps: 1 }],
      });
      for (const to of ["csv", "parquet", "npz", "mat", "hdf5"] as const)
        await bench.export(run, { to, out: join(bench.workspace, `out.${to}`) });
      const rows = readFileSync(join(bench.workspace, "out.csv"), "utf8").trim().split("\n");
      expect(rows[1]).toMatch(/^0,0,0,0,1.0,1.0,1000.0,,0,1,,unverified,.*,"a ""1"", x"$/);
      expect(rows[2]).toMatch(/^0,0,0,1,1.0,1.0,,,2,1,,unverified,.*,b$/);
      expect(await reportOf(bench, run)).toContain(
        "<em>2 devices</em> of another tester, read by the mapping general.",
      );
    });
  });
});

async function reportOf(bench: Awaited<ReturnType<typeof openBench>>, run: string): Promise<string> {
  const { report } = await bench.report(run, { out: join(bench.workspace, "r.html") });
  return withoutTerms(readFileSync(report, "utf8"));
}

describe("what cannot be imported", () => {
  const refused = (text: string, options: Partial<ImportOptions> = {}): Promise<string> =>
    imported(text, { as: general, ...options }, () => Promise.resolve("imported")).catch((error: Error) =>
      error.message.replace(/(?:[^ ]*\/)?given\.csv/g, "given.csv"),
    );

  it.each([
    ["device,t,R\na,1,1000\na,2,12k", 'line 3, column 3 (R) has "12k" where a resistance should be'],
    ["device,t,R\na,,1000", 'line 2, column 2 (t) has "" where a time should be'],
    ["device,t,R\na,1", "line 2 has 2 columns, and a resistance should be in column 3"],
    ["device,t,R\n,1,1000", "line 2, column 1 is empty where the name of a device should be"],
    ["device,t,R\na,1,0", 'line 2, column 3 (R) has "0" where a resistance should be'],
    ["device,t,R\na,-1,1000", "line 2 has a read of the device a 1 s before its write"],
    ["device,t\na,1", "none of its first lines has the heading R."],
    ["device,t,R (ohm),R (kohm)\na,1,1000,1", "line 1 has the heading R in columns 3 and 4"],
    ["device,t,R (GOhm)\na,1,1000", 'line 1, column 3 is in "GOhm", which is no unit that mho knows'],
    ["device;t;R\na;1;1000,5\na;2;1000.5", 'line 3 has "1000.5", and line 2 the other decimal sign'],
    [
      "device,t,R\na,0,1000\na,1,1000\na,0,2000",
      "line 4 says that what the device conducted after its write",
    ],
    ["device,t,R\na,0,1000", "all reads are at time 0"],
    ["device,t,R\n", "it has no rows"],
  ])("is told with its line and column: %j", async (text, message) => {
    expect(await refused(text)).toContain(`given.csv: ${message}`);
  });

  const byNumber = {
    format: "mho-mapping",
    version: 1,
    name: "by number",
    chip: { technology: "rram" },
    time: { column: 1 },
    resistance: { column: 2 },
    device: { file: true },
  };
  const rows = (of: (k: number) => string): string =>
    Array.from({ length: 20 }, (_, k) => of(k + 1)).join("\n");

  it.each([
    [
      "reads that are all the same",
      (k: number) => `${k},1000`,
      "column 2 has the same value in all of its 20 rows (lines 1 to 20)",
    ],
    [
      "reads that are mostly missing",
      (k: number) => `${k},${k % 3 === 0 ? 1000 + k : "nan"}`,
      "column 2 has no number in 14 of its 20 rows (lines 1 to 20), first in line 1",
    ],
    [
      "times that go back",
      (k: number) => `${(k * 7) % 11},${1000 + k}`,
      "column 1 goes back in 12 of 19 rows, first in line 2",
    ],
    [
      "times that stand still",
      (k: number) => `5,${1000 + k}`,
      "column 1 has the same value in all rows of a device, from line 1 on",
    ],
  ])("is a column by its number that has %s; by its heading it is believed", async (_, row, message) => {
    expect(await refused(rows(row), { as: byNumber })).toContain(`given.csv: ${message}`);
    const as = { ...byNumber, time: { column: "t" }, resistance: { column: "R" } };
    expect(await refused(`t,R\n${rows(row)}`, { as })).toBe("imported");
  });

  const cells = (line: readonly (string | number)[]): string => line.join("\t");
  it.each([
    [
      "relaxation of cells by the mapping for bakes",
      "rram-bake",
      (k: number) => cells([80_000 + k, k, 10_000, 1e-4, 1e-4, 20, k]),
      "line 1 has 7 columns, and tables of the mapping rram-bake have 5",
    ],
    [
      "a line that lost a cell",
      "rram-bake",
      (k: number) => cells(k === 3 ? [3, 1, 1e4, 1e-4] : [k, 1, 1e4, 1e-4 + k * 1e-6, 100]),
      "line 3 has 4 columns, and tables of the mapping rram-bake have 5",
    ],
    [
      "numbers of another kind in as many columns",
      "rram-bake",
      (k: number) => cells([k % 4, k, 1, 0.04 * k, 100]),
      "column 4 gives more than 2400 µS in 20 of its 20 rows (lines 1 to 20), first in line 1",
    ],
    [
      "years for temperatures",
      "rram-bake",
      (k: number) => cells([k, 1, 1e4, 1e-4, 2024]),
      'line 1, column 5 has "2024" where a temperature in °C should be',
    ],
    [
      "a staircase of voltages and currents",
      byNumber,
      (k: number) => `${0.02 * k},${1e-9 * k}`,
      "column 2 gives more than 100000 µS in 20 of its 20 rows (lines 1 to 20), first in line 1: 10 Ω and less",
    ],
  ])("is a table that does not fit its mapping: %s", async (_, as, row, message) => {
    expect(await refused(rows(row), { as })).toContain(`given.csv: ${message}`);
  });

  it("leaves no run behind", async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, "given.csv"), "device,t,R\na,1,x");
    const bench = await openBench({ workspace: folder });
    await expect(bench.importMeasurements(join(folder, "given.csv"), { as: general })).rejects.toThrow();
    writeFileSync(join(folder, "given.csv"), "device,t,R\na,1,1000");
    expect((await bench.importMeasurements(join(folder, "given.csv"), { as: general })).run).toBe("r1");
    await bench.close();
  });

  it("is a unit that the heading and the mapping disagree on", async () => {
    const as = { ...general, resistance: { column: "R", unit: "ohm" } };
    expect(await refused("device,t,R (kOhm)\na,1,1000", { as })).toContain(
      "line 1, column 3 is in kohm, and the mapping says ohm",
    );
  });

  it("is a mapping that is wrong, named with its place", async () => {
    const as = { ...general, conductance: { column: 3 } };
    expect(await refused("", { as })).toContain("give resistance or conductance, one of them");
    expect(await refused("", { as: "arc2" })).toContain(
      "Known are arc1-csv, t-r, rram-relaxation, rram-bake",
    );
    expect(await refused("device,t,R\na,1,1", { as: { ...general, chip: {} } })).toContain(
      "does not say of which technology the devices are",
    );
  });

  it("is two files whose names would be one device", async () => {
    const folder = emptyFolder();
    const bench = await openBench({ workspace: folder });
    writeFileSync(join(folder, "d.csv"), "t,R\n1,1");
    writeFileSync(join(folder, "d.txt"), "t,R\n1,1");
    const both = ["d.csv", "d.txt"].map((name) => join(folder, name));
    await expect(bench.importMeasurements(both, { as: "t-r", technology: "rram" })).rejects.toThrow(
      /has that, too/,
    );
    await bench.close();
  });
});

describe("an imported run", () => {
  it("is not watched, trimmed, resumed or programmed: there is no chip to reach", async () => {
    await imported(
      "device,t,R\na,1,1000",
      { as: general, chipName: "wafer-7" },
      async ({ run }, _store, bench) => {
        const words = `Run ${run} was imported (given.csv): there is no chip to reach, so it cannot be`;
        await expect(bench.watch(run)).rejects.toThrow(`${words} watched`);
        await expect(bench.watch(run, { chip: "emulator:pcm-64" })).rejects.toThrow(`${words} watched`);
        await expect(bench.trim(run)).rejects.toThrow(`${words} trimmed`);
        await expect(bench.resume(run)).rejects.toThrow(`${words} resumed`);
      },
    );
    const bench = await openBench({ workspace: emptyFolder(), chip: "imported:wafer-7" });
    const matrix = { title: "", valuesMicrosiemens: new Float32Array(256) };
    await expect(bench.program(matrix)).rejects.toThrow("it exists as measurements only");
    await bench.close();
  });
});

describe("mho import", () => {
  it("says what it found, and mho show where the run came from", async () => {
    const folder = emptyFolder();
    const told = await mho("import", sample, "--as", "rram-relaxation", "--workspace", folder, "--json");
    expect(told.code).toBe(0);
    expect(JSON.parse(told.out.trim().split("\n").at(-1)!)).toMatchObject({
      command: "import",
      run: "r1",
      chip: "hfox-b",
      technology: "rram",
      devices: 1500,
      files: [{ reads: 9706, left_out: 0 }],
    });
    const shown = await mho("show", "r1", "--workspace", folder);
    expect(shown.out).toContain("imported by the mapping rram-relaxation from relaxation-1500.tsv.gz;");
    const refused = await mho("watch", "r1", "--workspace", folder);
    expect([refused.code, refused.err]).toEqual([
      2,
      "mho: Run r1 was imported (relaxation-1500.tsv.gz): there is no chip to reach, so it cannot be watched. " +
        "mho fit, report, export and show take it.\n",
    ]);
  });
});

describe("the mappings that come with mho", () => {
  it.each(builtInMappings)("%s can be read, and is called so", async (name) => {
    expect((await mappingNamed(name)).mapping.name).toBe(name);
  });
});
