import { readFileSync } from "node:fs";
import { join } from "node:path";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { DatabaseSync } from "@photostructure/sqlite";
import { beforeAll, describe, expect, it } from "vitest";
import { fitModel } from "../lab/fit.ts";
import { writeSweepsNpz } from "../files/writeCube.ts";
import { writeSweepsCsv, writeSweepsParquet } from "../files/writeSweeps.ts";
import { SteadyClock } from "../drivers/steadyClock.ts";
import type { ChipDriver, Reading } from "../src/chip/driver.ts";
import { readingFlags } from "../src/chip/driver.ts";
import { pcm90nmDefinition } from "../src/model/builtIn.ts";
import { normalOf, Random } from "../src/random.ts";
import { sweepTables } from "../src/results/sweepTable.ts";
import { executeRun } from "../src/run/engine.ts";
import type { RunStore } from "../src/run/store.ts";
import { watchRuns, watchTimes } from "../src/run/watch.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { collect, identity, plan } from "./contracts/runStore.ts";
import { openTestChip, stillClock } from "./support/chips.ts";
import { forgetChecksums } from "./support/forgetChecksums.ts";
import { allTensors } from "./support/tensors.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

const wallTime = (): string => "2026-01-01T00:00:00Z";

/** The same driver, of a board that reckons conductances itself. */
function withoutCodes(driver: ChipDriver): ChipDriver {
  return new Proxy(driver, {
    get(target, name) {
      if (name === "read") {
        return async (...given: Parameters<ChipDriver["read"]>): Promise<Reading> => {
          const { codes: _codes, ...reading } = await target.read(...given);
          return reading;
        };
      }
      const found = Reflect.get(target, name, target) as unknown;
      return typeof found === "function" ? (found.bind(target) as unknown) : found;
    },
  });
}

/** A run of a few rows, programmed and watched for a day. */
async function watched(store: RunStore, dress: (driver: ChipDriver) => ChipDriver): Promise<string> {
  const chip = await openTestChip();
  const driver = new SteadyClock(dress(chip.driver), store, wallTime);
  const random = new Random(3).fork("targets");
  const context = { store, clock: stillClock(), stop: { requested: false }, wallTime, onEvent() {} };
  const run = await executeRun(
    { ...context, driver },
    {
      title: "to be fitted",
      chipName: "pcm-64",
      chipSerialNumber: "EMU-7",
      chipAddress: "emulator:pcm-64",
      method: "open-loop",
      model: pcm90nmDefinition,
      sweepTimesSeconds: [],
      sweepAverages: 1,
      pulsesPerDevice: 200,
      tiles: [
        {
          block: { tile: 0, rowStart: 4, rowCount: 3 },
          targetsMicrosiemens: Float32Array.from({ length: 768 }, (_, i) =>
            Math.min(24, Math.abs(10 + 6 * normalOf(random.at(i, 0).word0))),
          ),
        },
      ],
    },
  );
  await store.setWatch(run, { timesSeconds: watchTimes(86_400, 4), averages: 4 });
  await watchRuns({ ...context, driver, markClock: () => driver.mark() }, [run]);
  return run;
}

describe("a run on a board that reckons conductances itself", () => {
  let coded: { store: RunStore; run: string };
  let plain: { store: RunStore; run: string };
  beforeAll(async () => {
    const stores = await Promise.all([openWorkspace(emptyFolder()), openWorkspace(emptyFolder())]);
    coded = { store: stores[0], run: await watched(stores[0], (driver) => driver) };
    plain = { store: stores[1], run: await watched(stores[1], withoutCodes) };
  });

  it("keeps what the board gave, flags and all, and no codes", async () => {
    const sweeps = await collect(plain.store.sweeps(plain.run));
    const others = await collect(coded.store.sweeps(coded.run));
    expect(sweeps.length).toBeGreaterThan(18);
    sweeps.forEach((sweep, k) => {
      const { codes, converter, ...rest } = others[k]!;
      expect([codes?.length, converter?.codes]).toEqual([768, 1024]);
      expect(sweep).toEqual(rest);
    });
  });

  it("is fitted as the same values from codes are", async () => {
    const one = await fitModel(coded.store, [coded.run], undefined, "mine", 7);
    const other = await fitModel(plain.store, [plain.run], undefined, "mine", 7);
    const { dataDigest: digest, figures, ...laws } = one.record;
    const { dataDigest: otherDigest, figures: otherFigures, ...otherLaws } = other.record;
    expect(otherLaws).toEqual(laws);
    // There is no converter to calibrate.
    const ofConverters = figures.filter(({ figure }) => figure.includes("converters"));
    expect(ofConverters).toHaveLength(3);
    expect(otherFigures).toEqual(figures.filter((figure) => !ofConverters.includes(figure)));
    expect(otherDigest).not.toBe(digest);
  });

  it("is exported with an empty code, and with -1 in the array of codes", async () => {
    const { store, run } = plain;
    const plan = await store.plan(run);
    const folder = emptyFolder();
    const [csv, parquet, npz] = ["s.csv", "s.parquet", "s.npz"].map((name) => join(folder, name));
    const tables = () => sweepTables(store, run, plan);
    await writeSweepsCsv(csv!, {}, tables());
    await writeSweepsParquet(parquet!, {}, tables());
    await writeSweepsNpz(npz!, {}, tables());
    const [names, first] = readFileSync(csv!, "utf8")
      .split("\n")
      .filter((line) => !line.startsWith("#"))
      .map((line) => line.split(","));
    const [sweep] = await collect(store.sweeps(run));
    const expected = Number(sweep!.conductanceMicrosiemens[0]!.toPrecision(7));
    const cell = (name: string): string => first![names!.indexOf(name)]!;
    expect([cell("code"), Number(cell("conductance_microsiemens"))]).toEqual(["", expected]);
    const [row] = await parquetReadObjects({ file: await asyncBufferFromFile(parquet!) });
    expect(row!["code"] ?? null).toBeNull();
    expect(row!["conductance_microsiemens"]).toBeCloseTo(expected, 5);
    const arrays = await allTensors(npz!);
    expect(new Set(arrays.get("code")!.values)).toEqual(new Set([-1]));
    // Rows before those that the run used are empty.
    expect(
      [...arrays.get("conductance_microsiemens")!.values].find((read) => !Number.isNaN(read)),
    ).toBeCloseTo(expected, 5);
  });
});

describe("a sweep of a workspace that kept µS alone", () => {
  removeFoldersAfterEach();

  it("reads as it was, and one whose codes have lost their converter is damaged", async () => {
    const folder = emptyFolder();
    const store = await openWorkspace(folder);
    const database = new DatabaseSync(join(folder, "workspace.db"));
    await store.beginRun(
      {
        ...plan,
        tiles: [{ block: { tile: 0, rowStart: 0, rowCount: 1 }, targetsMicrosiemens: new Float32Array(2) }],
      },
      identity,
      "t",
    );
    const insert = database.prepare(
      `INSERT INTO sweeps (run, tile, time_seconds, averages, row_times_microseconds, conductance_microsiemens, flags, codes)
       VALUES (1, 0, 1, 1, ?, ?, ?, ?)`,
    );
    const bytes = (column: Float32Array | Float64Array | Uint16Array): Uint8Array =>
      new Uint8Array(column.buffer);
    const kept = {
      rowTimesMicroseconds: Float64Array.of(5),
      conductanceMicrosiemens: Float32Array.of(7.5, 41),
    };
    const flags = Uint8Array.of(readingFlags.ok, readingFlags.saturated);
    const columns = [bytes(kept.rowTimesMicroseconds), bytes(kept.conductanceMicrosiemens), flags] as const;
    insert.run(...columns, new Uint8Array(0));
    database.exec("UPDATE chains SET rows = 1 WHERE run = 1 AND of = 'sweeps'");
    forgetChecksums(database);
    expect(await collect(store.sweeps("r1"))).toEqual([
      { ...kept, flags, tile: 0, timeSeconds: 1, averages: 1, takenAt: "", boot: 0 },
    ]);
    database.prepare("UPDATE sweeps SET codes = ?").run(bytes(Uint16Array.of(3, 4)));
    await expect(collect(store.sweeps("r1"))).rejects.toMatchObject({ code: "workspace-failed" });
    database.close();
    await store.close();
  });
});
