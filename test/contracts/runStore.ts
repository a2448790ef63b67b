import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChipIdentity } from "../../src/chip/driver.ts";
import { pcm90nmDefinition } from "../../src/model/builtIn.ts";
import type { SweepRecord, TurnRecord } from "../../src/run/journal.ts";
import type { RunPlan } from "../../src/run/plan.ts";
import type { RunStore } from "../../src/run/store.ts";

export const identity: ChipIdentity = {
  name: "pcm-64",
  firmware: "f",
  serialNumber: "S1",
  boot: 1,
  geometry: { tiles: 1, rows: 64, columns: 64, devicesPerCell: 4 },
  capabilities: {
    virtualTime: true,
    multiply: false,
    onBoardVerify: false,
    environment: false,
    references: false,
  },
  newestTicket: 0,
};

export const plan: RunPlan = {
  title: "a plan",
  chipName: "pcm-64",
  chipSerialNumber: "S1",
  chipAddress: "emulator:pcm-64",
  method: "verify",
  model: pcm90nmDefinition,
  sweepTimesSeconds: [1, 3600],
  sweepAverages: 1,
  pulsesPerDevice: 200,
  tiles: [
    {
      block: { tile: 0, rowStart: 1, rowCount: 2 },
      targetsMicrosiemens: Float32Array.of(1, Number.NaN, 3, 4),
      cells: { devicesPerCell: 2, factors: [1, -1], wantedMicrosiemens: Float32Array.of(1, Number.NaN) },
    },
  ],
};

const chip = { name: identity.name, serialNumber: identity.serialNumber };
const ofChip = { chipName: identity.name, chipSerialNumber: identity.serialNumber };

export const turn: TurnRecord = {
  tile: 0,
  turn: 0,
  devices: Uint32Array.of(0, 2),
  conductanceMicrosiemens: Float32Array.of(1.25, Number.NaN),
  verdicts: Uint8Array.of(1, 0),
  orders: [
    {
      kind: "set",
      codes: Uint16Array.of(0, 512),
      widthNanoseconds: 1000,
      trailingNanoseconds: 50,
      gateCode: 3,
    },
    {
      kind: "reset",
      codes: Uint16Array.of(7, 0),
      widthNanoseconds: 100,
      trailingNanoseconds: 0,
      gateCode: 0,
    },
  ],
  firstTicket: 40,
  newestTicket: 41,
  fired: {
    rowTimesMicroseconds: Float64Array.of(2 ** 52 + 1, Number.NaN),
    fates: Uint8Array.of(1, 3),
  },
  inside: 3,
  decidedAt: "2026-01-02T03:04:05.678Z",
};

export const sweep: SweepRecord = {
  tile: 0,
  timeSeconds: 3600,
  averages: 4,
  rowTimesMicroseconds: Float64Array.of(1, 2 ** 52 + 1),
  codes: Uint16Array.of(30, 1023, 0xffff, 0),
  conductanceMicrosiemens: Float32Array.of(1, 40.72, Number.NaN, -0.2),
  flags: Uint8Array.of(0, 1, 2, 0),
  converter: { microsiemensPerCode: 0.04, offsetCodes: 5, codes: 1024, readVolts: 0.2 },
  takenAt: "2026-01-02T04:04:05Z",
  boot: 3,
  environment: { celsius: -12.5, supplyVolts: 3.3 },
  referenceCodes: Uint16Array.of(0, 25, 250),
};

/** The same of a board that reckons conductances itself: beyond its range, nothing, below nothing. */
const { codes: _codes, converter: _converter, ...uncoded } = sweep;
const conductances: SweepRecord = {
  ...uncoded,
  conductanceMicrosiemens: Float32Array.of(1.234_567, 88.5, Number.NaN, -0.031),
};

/** What every store owes. `reopen` closes nothing: it opens the same store as another program would. */
export function runStoreContract(
  name: string,
  make: () => Promise<{ store: RunStore; reopen(): Promise<RunStore> }>,
): void {
  describe(`${name} as a run store`, () => {
    let store: RunStore;
    let reopen: () => Promise<RunStore>;
    beforeEach(async () => {
      const made = await make();
      store = made.store;
      reopen = () => made.reopen();
    });
    afterEach(() => store.close());

    it("gives back to the bit what it was given, also to another program while it is open", async () => {
      const run = await store.beginRun(plan, identity, "2026-01-02T03:04:05Z");
      await store.appendTurn(run, turn);
      await store.appendSweep(run, sweep);
      await store.appendSweep(run, conductances);
      const note = { notedAt: "2026-01-02T03:04:06Z", what: "link-lost", text: "a cable" } as const;
      await store.appendNote(run, note);
      const other = await reopen();
      expect(await other.plan(run)).toEqual(plan);
      expect(await collect(other.turns(run))).toEqual([turn]);
      expect(await collect(other.sweeps(run))).toEqual([sweep, conductances]);
      expect(await other.notes(run)).toEqual([note]);
      await other.close();
    });

    it("keeps the description of a run's chip, and none where none was given", async () => {
      const description = {
        text: '{"name":"pcm-64"}',
        sha256: "6a8bc1d7cce4ae52b214b6da406c2845f9f38676c9c91ee85f25ce625d76fb91",
      };
      const runs = [
        await store.beginRun(plan, identity, "t", description),
        await store.beginRun(plan, identity, "t", description),
        await store.beginRun(plan, identity, "t"),
      ];
      const other = await reopen();
      const kept = await Promise.all(runs.map((run) => other.description(run)));
      expect(kept).toEqual([description, description, undefined]);
      await other.close();
    });

    it("tells lists of all runs what it tells of each", async () => {
      const runs = [];
      for (const tag of ["first", "second", "third"]) {
        const run = await store.beginRun({ ...plan, labels: { tags: [tag] } }, identity, "t");
        await store.appendTurn(run, turn);
        await store.appendNote(run, { notedAt: "t", what: "note", text: `of the ${tag}` });
        runs.push(run);
      }
      await store.endRun(runs[0]!, "done");
      const figures = { devices: 3, pulses: 2, yieldPercent: 50, errorPercent: null, errorAgeSeconds: null };
      await store.keepFigures(runs[0]!, { turns: 1, sweeps: 0 }, figures);
      // Made of fewer turns than there are.
      await store.keepFigures(runs[1]!, { turns: 0, sweeps: 0 }, figures);
      await store.appendChipNote(chip, { notedAt: "t", wafer: "W7" });
      const lists = await store.forLists({ notes: true });
      for (const run of runs) {
        expect(await lists.labels(run)).toEqual(await store.labels(run));
        expect(await lists.notes(run)).toEqual(await store.notes(run));
        expect(await lists.keptFigures(run)).toEqual(await store.keptFigures(run));
      }
      expect(await lists.keptFigures(runs[0]!)).toEqual(figures);
      expect(await lists.chipNotes(chip)).toEqual(await store.chipNotes(chip));
      expect(await lists.chipNotes({ name: "another", serialNumber: "S1" })).toEqual([]);
      const without = await store.forLists({ notes: false });
      expect(await without.notes(runs[2]!)).toEqual(await store.notes(runs[2]!));
    });

    it("keeps when a run is to be read, the last settings holding, and marks of each chip's clock", async () => {
      const run = await store.beginRun(plan, identity, "t");
      expect(await store.watch(run)).toBeUndefined();
      await store.setWatch(run, { timesSeconds: [1, 10], averages: 4 });
      await store.setWatch(run, { timesSeconds: [1, 2.5, 2_592_000], averages: 16 });
      expect(await store.newestMark(chip)).toBeUndefined();
      const times = { chipTimeMicroseconds: 2 ** 52 + 1, offsetMicroseconds: -7 };
      const mark = { boot: 1, markedAt: "2026-01-02T03:04:05Z", ...times };
      await store.markClock({ ...mark, ...ofChip, boot: 0 });
      await store.markClock({ ...mark, ...ofChip });
      await store.markClock({ ...mark, ...ofChip, chipSerialNumber: "S2", boot: 9 });
      await store.markClock({ ...mark, ...ofChip, chipName: "of another make", boot: 8 });
      const other = await reopen();
      expect(await other.watch(run)).toEqual({ timesSeconds: [1, 2.5, 2_592_000], averages: 16 });
      expect(await other.newestMark(chip)).toEqual({ ...mark, ...ofChip });
      await other.close();
    });

    it("keeps turns in the order in which they came, run by run", async () => {
      const [a, b] = [await store.beginRun(plan, identity, "t"), await store.beginRun(plan, identity, "t")];
      for (let n = 0; n < 5; n++) {
        await store.appendTurn(a, { ...turn, turn: n });
        await store.appendTurn(b, { ...turn, turn: 10 + n });
      }
      expect((await collect(store.turns(a))).map((record) => record.turn)).toEqual([0, 1, 2, 3, 4]);
      expect((await collect(store.turns(b))).map((record) => record.turn)).toEqual([10, 11, 12, 13, 14]);
    });

    it("leaves out as many of the first turns and sweeps as it is told to", async () => {
      const run = await store.beginRun(plan, identity, "t");
      for (let n = 0; n < 4; n++) {
        await store.appendTurn(run, { ...turn, turn: n });
        await store.appendSweep(run, { ...sweep, timeSeconds: n });
      }
      expect((await collect(store.turns(run, 3))).map((record) => record.turn)).toEqual([3]);
      expect((await collect(store.sweeps(run, 2))).map(({ timeSeconds }) => timeSeconds)).toEqual([2, 3]);
      expect(await collect(store.turns(run, 4))).toEqual([]);
    });

    it("gives turns and sweeps of some tiles alone, in their order", async () => {
      const two = { ...plan.tiles[0]!, block: { ...plan.tiles[0]!.block, tile: 1 } };
      const run = await store.beginRun(
        { ...plan, tiles: [...plan.tiles, two] },
        identity,
        "2026-01-02T03:04:05Z",
      );
      for (let k = 0; k < 6; k++) {
        await store.appendTurn(run, { ...turn, tile: k < 4 ? k % 2 : 1, turn: k });
        await store.appendSweep(run, { ...sweep, tile: k % 2, timeSeconds: 1 + k });
      }
      const turnsOf = async (...tiles: number[]): Promise<number[]> =>
        (await collect(store.turns(run, 0, new Set(tiles)))).map((one) => one.turn);
      expect([await turnsOf(0), await turnsOf(1), await turnsOf(1, 0), await turnsOf(7)]).toEqual([
        [0, 2],
        [1, 3, 4, 5],
        [0, 1, 2, 3, 4, 5],
        [],
      ]);
      const sweeps = await collect(store.sweeps(run, 0, new Set([1])));
      expect(sweeps.map(({ timeSeconds }) => timeSeconds)).toEqual([2, 4, 6]);
      expect(sweeps[0]).toEqual({ ...sweep, tile: 1, timeSeconds: 2 });
    });

    it("passes on what another program wants of a run, until it is taken back or the run is opened anew or ends", async () => {
      const [a, b] = [await store.beginRun(plan, identity, "t"), await store.beginRun(plan, identity, "t")];
      expect(await store.request(a)).toBeUndefined();
      const other = await reopen();
      await other.setRequest(a, "pause");
      expect([await store.request(a), await store.request(b)]).toEqual(["pause", undefined]);
      await other.setRequest(a, "stop");
      expect(await store.request(a)).toBe("stop");
      await other.setRequest(a, undefined);
      expect(await store.request(a)).toBeUndefined();
      await other.setRequest(b, "stop");
      await store.reopenRun(b, identity);
      expect(await store.request(b)).toBeUndefined();
      await other.setRequest(b, "pause");
      await store.endRun(b, "failed");
      expect(await store.request(b)).toBeUndefined();
      await other.close();
    });

    it("knows a chip's newest ticket over all its runs, and no other chip's", async () => {
      expect(await store.newestTicket(chip)).toBe(0);
      const a = await store.beginRun(plan, identity, "t");
      const b = await store.beginRun(plan, { ...identity, serialNumber: "S2" }, "t");
      const c = await store.beginRun(plan, { ...identity, name: "of another make" }, "t");
      await store.appendTurn(a, { ...turn, firstTicket: 100, newestTicket: 163 });
      await store.appendTurn(a, { ...turn, firstTicket: 0, newestTicket: 0 });
      await store.appendTurn(b, { ...turn, firstTicket: 900, newestTicket: 963 });
      await store.appendTurn(c, { ...turn, firstTicket: 900, newestTicket: 963 });
      expect(await store.newestTicket(chip)).toBe(163);
    });

    it("lists its runs with how they ended", async () => {
      const a = await store.beginRun(plan, identity, "2026-01-02T03:04:05Z");
      await store.beginRun(plan, identity, "t");
      await store.endRun(a, "done");
      expect((await store.runs()).map(({ outcome }) => outcome)).toEqual(["done", "running"]);
      expect((await store.runs())[0]).toMatchObject({
        id: a,
        title: "a plan",
        startedAt: "2026-01-02T03:04:05Z",
      });
    });

    it("lists a run that another program begins or ends, and the same list as long as none did", async () => {
      const a = await store.beginRun(plan, identity, "t");
      const first = await store.runs();
      await store.appendTurn(a, turn);
      expect(await store.runs()).toBe(first);
      const other = await reopen();
      const b = await other.beginRun({ ...plan, title: "another" }, identity, "u");
      expect((await store.runs()).map(({ id, title }) => [id, title])).toEqual([
        [a, "a plan"],
        [b, "another"],
      ]);
      await other.endRun(a, "done");
      expect((await store.runs()).map(({ outcome }) => outcome)).toEqual(["done", "running"]);
      expect(await store.summary(b)).toEqual((await store.runs())[1]);
      await other.close();
    });

    it("knows the runs of a chip from those of another of its name or its number", async () => {
      const a = await store.beginRun(plan, identity, "t");
      await store.beginRun(plan, { ...identity, serialNumber: "S2" }, "t");
      await store.beginRun(plan, { ...identity, name: "of another make" }, "t");
      const d = await store.beginRun(plan, identity, "t");
      expect(await store.runsOfChip(chip)).toEqual([a, d]);
    });

    it("gives kept wear back to the bit, and none once a newer turn is there", async () => {
      const run = await store.beginRun(plan, identity, "t");
      expect([await store.keptWear(run), await store.newestTurn(run)]).toEqual([undefined, 0]);
      await store.appendTurn(run, turn);
      const newestTurn = await store.newestTurn(run);
      const tile = {
        block: plan.tiles[0]!.block,
        devicesPerRow: 2,
        pulses: Uint32Array.of(0, 3, 65_536, 1),
        uncertainPulses: Uint32Array.of(0, 0, 2, 0),
        pulsedAtMicroseconds: Float64Array.of(Number.NaN, 2 ** 52 + 1, 5, 6),
      };
      await store.keepWear([{ run, newestTurn, tiles: [tile] }]);
      const other = await reopen();
      expect(await other.keptWear(run)).toEqual([tile]);
      const small = { ...tile, pulses: Uint32Array.of(0, 3, 65_535, 1), uncertainPulses: new Uint32Array(4) };
      await other.keepWear([{ run, newestTurn, tiles: [small] }]);
      expect(await store.keptWear(run)).toEqual([small]);
      await other.appendTurn(run, { ...turn, turn: 1 });
      expect(await store.keptWear(run)).toBeUndefined();
      expect(await store.newestTurn(run)).toBeGreaterThan(newestTurn);
      await other.close();
    });

    it("gives another stamp after whatever was written, here or elsewhere, and the same after nothing was", async () => {
      const run = await store.beginRun(plan, identity, "t");
      const other = await reopen();
      const stamps = [await store.stamp()];
      await store.runs();
      expect(await store.stamp()).toBe(stamps[0]);
      for (const write of [
        () => other.appendTurn(run, turn),
        () => store.appendTurn(run, turn),
        () => other.setRequest(run, "pause"),
        () => other.appendNote(run, { notedAt: "t", what: "paused", text: "" }),
        () => store.endRun(run, "done"),
      ]) {
        await write();
        stamps.push(await store.stamp());
      }
      expect(new Set(stamps).size).toBe(stamps.length);
      await other.close();
    });

    it("reads one run from several places at once", async () => {
      const run = await store.beginRun(plan, identity, "t");
      for (let n = 0; n < 3; n++) await store.appendTurn(run, { ...turn, turn: n });
      const numbers = async (): Promise<number[]> =>
        (await collect(store.turns(run))).map((record) => record.turn);
      expect(await Promise.all([numbers(), numbers()])).toEqual([
        [0, 1, 2],
        [0, 1, 2],
      ]);
      for await (const first of store.turns(run)) {
        expect(first.turn).toBe(0);
        break;
      }
      expect(await numbers()).toEqual([0, 1, 2]);
    });

    it("names a run that it does not have, and takes no other name for one that it has", async () => {
      const run = await store.beginRun(plan, identity, "t");
      expect(run).toBe("r1");
      for (const name of ["r99", "x1", "r1e0", "r01", "r1.0", "r 1", "1", ""]) {
        const refused = {
          code: "bad-argument",
          message: expect.stringContaining(`no run ${name}`) as string,
        };
        await expect(store.plan(name)).rejects.toMatchObject(refused);
        await expect(store.summary(name)).rejects.toMatchObject(refused);
      }
    });
  });
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
