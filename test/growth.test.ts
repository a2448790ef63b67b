import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { describe, expect, it } from "vitest";
import { SpreadOut } from "../calibration/spreadOut.ts";
import { thinned } from "../report/thinned.ts";
import { PulseLedger } from "../src/run/ledger.ts";
import { recall } from "../src/run/recall.ts";
import { wearOf } from "../src/run/wear.ts";
import { rangeOf } from "../src/statistics.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { identity, plan, turn } from "./contracts/runStore.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const [tile] = plan.tiles;
const wide = {
  ...plan,
  tiles: [{ block: tile!.block, targetsMicrosiemens: new Float32Array(512).fill(3) }],
};
const chip = { name: identity.name, serialNumber: identity.serialNumber };

describe("the wear of a run", () => {
  it("is that of its turns, whether it is kept or folded, and also after it went on", async () => {
    const store = await openWorkspace(emptyFolder());
    const run = await store.beginRun(wide, identity, "t");
    for (let n = 0; n < 3; n++) {
      await store.appendTurn(run, { ...turn, turn: n });
      const folded = (await recall(store, run)).map(({ pulses }) => pulses);
      for (const _ of ["folded", "kept"])
        expect((await wearOf(store, run)).map(({ pulses }) => pulses)).toEqual(folded);
      expect(await store.keptWear(run)).toBeDefined();
    }
    await store.close();
  });

  it("is folded anew where what was kept is damaged", async () => {
    const folder = emptyFolder();
    const store = await openWorkspace(folder);
    const run = await store.beginRun(wide, identity, "t");
    await store.appendTurn(run, turn);
    const before = (await PulseLedger.ofChip(store, chip, identity.geometry)).pulsesOfTile(0);
    expect(before.reduce((sum, pulses) => sum + pulses, 0)).toBe(2);
    const database = new DatabaseSync(join(folder, "workspace.db"));
    for (const damage of ["pulses = x'00'", "block = '{'", "uncertain_pulses = x'0000000000'"]) {
      database.exec(`UPDATE wear SET ${damage}`);
      expect(await store.keptWear(run)).toBeUndefined();
      expect((await PulseLedger.ofChip(store, chip, identity.geometry)).pulsesOfTile(0)).toEqual(before);
    }
    database.close();
    await store.close();
  });
});

describe("many sweeps", () => {
  it("are all taken up to a limit, and beyond it evenly over log age with both ends", () => {
    const few = new SpreadOut<number>(64);
    for (let k = 0; k < 64; k++) few.add(k, 1 + k);
    expect([few.items.length, few.leftOut]).toEqual([64, 0]);
    const many = new SpreadOut<number>(64);
    for (let k = 0; k < 5000; k++) many.add(Math.exp(k / 400), Math.exp(k / 400));
    const logs = many.items.map(Math.log);
    expect([logs.length, many.leftOut, logs[0], logs.at(-1)]).toEqual([64, 4936, 0, 4999 / 400]);
    const gaps = logs.slice(1).map((log, i) => log - logs[i]!);
    expect(Math.max(...gaps) / (logs.at(-1)! / 63)).toBeLessThan(2.1);
  });
});

describe("a drawing", () => {
  it("shows a series of a thousand points as it is, and of a longer one every extreme of each column", () => {
    const points = Array.from({ length: 1000 }, (_, k) => ({ x: k, y: Math.sin(k) }));
    expect(thinned(points, ({ x }) => x / 999, 400)).toBe(points);
    const long = Array.from({ length: 50_000 }, (_, k) => ({
      x: k,
      y: k === 31_234 ? 9 : Math.sin(k),
      low: k === 77 ? -9 : -1,
      high: k === 49_000 ? 99 : 1,
    }));
    const shown = thinned(long, ({ x }) => x / 49_999, 400);
    expect(shown.length).toBeLessThan(1000);
    for (const k of [0, 77, 31_234, 49_000, 49_999]) expect(shown).toContain(long[k]);
    expect(shown.map(({ x }) => x)).toEqual(shown.map(({ x }) => x).toSorted((a, b) => a - b));
  });

  it("finds the range of more values than a call has arguments for", () => {
    expect(rangeOf(Float64Array.from({ length: 300_000 }, (_, k) => k - 5))).toEqual({
      least: -5,
      most: 299_994,
    });
  });
});
