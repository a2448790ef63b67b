import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { DatabaseSync } from "@photostructure/sqlite";
import { describe, expect, it } from "vitest";
import { type Bench, openBench } from "../lab/bench.ts";
import { PulseLedger } from "../src/run/ledger.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { identity } from "./contracts/runStore.ts";
import { writeAgedRun } from "./support/agedRuns.ts";
import { mho } from "./support/commandHere.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { forgetChecksums } from "./support/forgetChecksums.ts";
import { chip, writeRecords } from "./support/manyRecords.ts";

removeFoldersAfterEach();

/** Four runs of one chip, the last of which is running until it is ended here. */
async function fourRuns(): Promise<string> {
  const folder = emptyFolder();
  const store = await openWorkspace(folder);
  await writeRecords(store);
  await store.endRun("r4", "done");
  await store.close();
  return folder;
}

async function on<T>(workspace: string, work: (bench: Bench) => Promise<T>): Promise<T> {
  const bench = await openBench({ workspace });
  try {
    return await work(bench);
  } finally {
    await bench.close();
  }
}

/** What budgets and tickets go by. */
const wornOf = (workspace: string) =>
  on(workspace, async (bench) => {
    const store = await bench.store();
    const ledger = await PulseLedger.ofChip(store, chip, identity.geometry);
    const tiles = [0, 1].map((tile) => [[...ledger.pulsesOfTile(tile)], [...ledger.uncertainOfTile(tile)]]);
    return { tiles, ticket: await store.newestTicket(chip) };
  });

const soundness = (workspace: string) =>
  on(workspace, async (bench) => {
    const { sound, runs } = await bench.check();
    return [sound, ...runs.map(({ run, state }) => `${run} ${state}`)];
  });

describe("a run that is deleted", () => {
  it("is gone, and its pulses and tickets stay, also for the next program that opens the workspace", async () => {
    const folder = await fourRuns();
    const before = await wornOf(folder);
    await on(folder, (bench) => bench.archive(["r2", "r4"]));
    const { pulsesKept } = await on(folder, (bench) => bench.delete(["r2", "r4"]));
    expect(pulsesKept).toBeGreaterThan(0);
    expect(await wornOf(folder)).toEqual(before);
    expect(await soundness(folder)).toEqual([true, "r1 sound", "r2 deleted", "r3 sound", "r4 deleted"]);
    await on(folder, async (bench) => {
      expect((await bench.runs()).map(({ id }) => id)).toEqual(["r1", "r3"]);
      await expect(bench.result("r2")).rejects.toThrow(
        /Run r2 was deleted; only what it did to its devices is kept/,
      );
      await expect(bench.delete("r2")).rejects.toThrow(/was deleted/);
    });
    const database = new DatabaseSync(join(folder, "workspace.db"));
    database.exec("UPDATE wear SET pulses = zeroblob(length(pulses)) WHERE run = 2");
    database.close();
    // There are no turns to make it of anew.
    await expect(wornOf(folder)).rejects.toThrow(
      /the wear of run r2, which was deleted, is not as it was kept/,
    );
    expect(await soundness(folder)).toEqual([false, "r1 sound", "r2 damaged", "r3 sound", "r4 deleted"]);
  });

  it("was archived before, is not running, and leaves no trim without the run that it corrects", async () => {
    const folder = emptyFolder();
    const store = await openWorkspace(folder);
    await writeRecords(store, 2);
    const trim = { ...(await store.plan("r1")), corrects: "r1" };
    await store.endRun(await store.beginRun(trim, identity, "t"), "done");
    await store.close();
    await on(folder, async (bench) => {
      await expect(bench.delete("r1")).rejects.toThrow(/Run r1 is not archived.*mho archive r1 comes first/);
      await expect(bench.archive("r2")).rejects.toThrow(/Run r2 is running/);
      await bench.archive("r1");
      expect(await bench.list()).toMatchObject({ runs: [{ id: "r2" }, { id: "r3" }], archivedLeftOut: 1 });
      expect((await bench.list({ archived: true })).runs).toHaveLength(3);
      await expect(bench.delete("r1")).rejects.toThrow(/Run r3 corrects r1/);
      await bench.archive("r1", { undo: true });
      expect((await bench.list()).archivedLeftOut).toBe(0);
      await bench.archive(["r1", "r3"]);
      expect((await bench.delete(["r1", "r3"])).runs).toEqual(["r1", "r3"]);
    });
  });
});

describe("a pack", () => {
  it("gives the same digits on another bench, under other ids, and books the wear of the chip's other runs", async () => {
    const [here, there, out] = [await fourRuns(), emptyFolder(), join(emptyFolder(), "p.mhopack")];
    await on(here, async (bench) => {
      await bench.tag("r2", ["ald"]);
      await bench.note("pcm-64", "edge", { wafer: "W7" });
    });
    // Another chip's run has r1 there already.
    const store = await openWorkspace(there);
    await writeAgedRun(store, 0, 2);
    await store.close();
    const packed = await on(here, (bench) => bench.pack("r2", { out }));
    expect(packed).toMatchObject({ runs: ["r2"], wornBy: ["r1", "r3", "r4"] });
    const { runs, wornBy } = await on(there, (bench) => bench.unpack(out));
    expect([runs, wornBy]).toEqual([[{ packed: "r2", run: "r3", state: "new" }], 3]);
    expect(await wornOf(there)).toEqual(await wornOf(here));
    const told = (workspace: string, run: string) =>
      on(workspace, async (bench) => {
        const { plan, notes, result, forecasts, audit, chipNotes } = await bench.run(run);
        const { chipAddress, ...rest } = plan;
        const sweeps = [];
        for await (const table of bench.sweeps(run)) sweeps.push(table);
        const { labels } = await bench.run(run);
        return {
          address: chipAddress,
          tags: labels.tags,
          told: { rest, notes, result, forecasts, audit, chipNotes, sweeps },
        };
      });
    const [a, b] = [await told(here, "r2"), await told(there, "r3")];
    expect(b).toEqual({ ...a, address: `packed:${a.address}` });
    expect(await soundness(there)).toEqual([
      true,
      "r1 sound",
      "r2 deleted",
      "r3 sound",
      "r4 deleted",
      "r5 deleted",
    ]);
    await on(there, async (bench) => {
      expect((await bench.unpack(out)).runs).toEqual([{ packed: "r2", run: "r3", state: "known" }]);
      await expect(bench.resume("r3", {})).resolves.toBe(false);
    });
    expect((await mho("show", "r3", "--workspace", there)).out).toContain(
      "unpacked from p.mhopack, where it was r2",
    );
  });

  it("brings back what was deleted, and of a chain of trims all, with the ids of here", async () => {
    const [here, there, out] = [emptyFolder(), emptyFolder(), join(emptyFolder(), "p.mhopack")];
    for (const [folder, runs] of [
      [here, 1],
      [there, 2],
    ] as const) {
      const store = await openWorkspace(folder);
      for (let n = 0; n < runs; n++) await writeAgedRun(store, 10 * runs + n, 4);
      if (folder === here) {
        const trim = { ...(await store.plan("r1")), title: "trim of r1: a row of devices", corrects: "r1" };
        const run = await store.beginRun(
          trim,
          { ...identity, serialNumber: "EMU-7" },
          "2027-01-01T00:00:00Z",
        );
        await store.endRun(run, "done");
      }
      await store.close();
    }
    const database = new DatabaseSync(join(there, "workspace.db"));
    forgetChecksums(database);
    database.exec("UPDATE runs SET chip_serial_number = 'EMU-8', chip = replace(chip, 'EMU-7', 'EMU-8')");
    database.close();
    const packed = await on(here, (bench) => bench.pack("r2", { out }));
    expect(packed).toMatchObject({ runs: ["r1", "r2"], alongside: ["r1"] });
    await on(there, (bench) => bench.unpack(out));
    const plan = await on(there, async (bench) => (await bench.store()).plan("r4"));
    expect(plan).toMatchObject({ corrects: "r3", title: "trim of r3: a row of devices" });
    await on(there, async (bench) => {
      await expect(bench.watch("r4")).rejects.toThrow(
        /out of a pack, and its chip was at emulator:pcm-64.* the option chip/,
      );
    });
    await on(here, async (bench) => {
      const { labels: _, ...before } = await bench.run("r1");
      await bench.archive(["r1", "r2"]);
      await bench.delete(["r1", "r2"]);
      expect((await bench.unpack(out)).runs.map(({ run, state }) => [run, state])).toEqual([
        ["r1", "new"],
        ["r2", "new"],
      ]);
      const { labels, ...after } = await bench.run("r1");
      expect([after, labels.archived, labels.deletedAt]).toEqual([before, false, undefined]);
    });
    expect(await soundness(here)).toEqual([true, "r1 sound", "r2 sound"]);
  });

  it("that is damaged, cut, of another version or none is refused, and the workspace stays as it was", async () => {
    const [here, there, folder] = [await fourRuns(), join(emptyFolder(), "lab"), emptyFolder()];
    const out = join(folder, "p.mhopack");
    await on(here, (bench) => bench.pack(["r1", "r2"], { out }));
    const bytes = readFileSync(out);
    const plain = gunzipSync(bytes);
    const changed = Buffer.from(plain);
    changed[plain.length >> 1]! ^= 1;
    const file = (name: string, content: Uint8Array): string => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const other = plain.toString("latin1").replace('"version":1', '"version":2');
    await on(there, async (bench) => {
      for (const [given, message] of [
        [file("changed", gzipSync(changed)), /it is damaged: (its checksum is another|a record is none)/],
        [file("cut", bytes.subarray(0, bytes.length >> 1)), /it is damaged: its end is missing/],
        [
          file("short", gzipSync(plain.subarray(0, -90))),
          /it is damaged: (its end is missing|a record is none)/,
        ],
        [
          file("longer", gzipSync(Buffer.concat([plain, Buffer.from("{}")]))),
          /something stands behind its end/,
        ],
        [
          file("newer", gzipSync(Buffer.from(other, "latin1"))),
          /a pack of version 2, and this mho reads version 1\. Update mho/,
        ],
        [file("text", Buffer.from("no pack at all")), /it is no pack\. Give a file that mho pack wrote/],
        [join(folder, "none"), /there is no such file/],
      ] as const)
        await expect(bench.unpack(given), given).rejects.toThrow(message);
      expect(existsSync(there)).toBe(false);
    });
  });

  it("of older runs is refused by a workspace with later ones of the chip, and none is made while one is running", async () => {
    const [here, there, out] = [emptyFolder(), emptyFolder(), join(emptyFolder(), "p.mhopack")];
    for (const [folder, number] of [
      [here, 1],
      [there, 5],
    ] as const) {
      const store = await openWorkspace(folder);
      await writeAgedRun(store, number, 1);
      await store.close();
    }
    await on(here, (bench) => bench.pack("r1", { out }));
    await on(there, async (bench) => {
      await expect(bench.unpack(out)).rejects.toThrow(
        /r1 here is a later one of the same chip.* the option workspace/,
      );
    });
    const store = await openWorkspace(here);
    await store.beginRun(await store.plan("r1"), await store.identity("r1"), "2027-01-01T00:00:00Z");
    await store.close();
    await on(here, async (bench) => {
      await expect(bench.pack("r1", { out })).rejects.toThrow(/Run r2 of the same chip is running/);
    });
  });
});
