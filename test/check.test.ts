import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { crc32 } from "node:zlib";
import { DatabaseSync } from "@photostructure/sqlite";
import { describe, expect, it } from "vitest";
import { faultOfKeptChip, readKeptChip, writeKeptChip } from "../lab/keptChipFile.ts";
import { checkWorkspace, type WorkspaceCheck } from "../storage/checkWorkspace.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { mho } from "./support/commandHere.ts";
import { eventLines } from "./support/eventLines.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { forgetChecksums } from "./support/forgetChecksums.ts";
import { writeRecords } from "./support/manyRecords.ts";
import { makeStore } from "./support/oddStores.ts";

removeFoldersAfterEach();

/** A workspace of four runs in which something was changed by other means. */
async function changed(change: string): Promise<string> {
  const folder = emptyFolder();
  const store = await openWorkspace(folder);
  await writeRecords(store);
  await store.close();
  const database = new DatabaseSync(join(folder, "workspace.db"));
  database.exec(`PRAGMA foreign_keys = OFF; ${change}`);
  database.close();
  return folder;
}

async function checked(folder: string): Promise<WorkspaceCheck> {
  const store = await openWorkspace(folder);
  try {
    return await checkWorkspace(store);
  } finally {
    await store.close();
  }
}

describe("a check of a workspace", () => {
  it("finds nothing in one that is sound", async () => {
    expect(await checked(await changed("SELECT 1"))).toMatchObject({
      sound: true,
      damage: [],
      runs: ["r1", "r2", "r3", "r4"].map((run) => ({ run, state: "sound", turns: 6, sweeps: 4, damage: [] })),
    });
  });

  it.each([
    [
      "UPDATE turns SET inside = 4 WHERE run = 2 AND turn = 1",
      /row 3 of the turns of run r2: its checksum is another/,
    ],
    ["DELETE FROM turns WHERE run = 2 AND turn = 1", /row 3 of the turns of run r2: its checksum is another/],
    [
      "DELETE FROM turns WHERE run = 2 AND turn = 2",
      /row 5 of the turns of run r2: it is missing, and so are 1 more/,
    ],
    ["DELETE FROM sweeps WHERE run = 2", /row 1 of the sweeps of run r2: it is missing, and so are 3 more/],
    [
      "UPDATE turns SET run = 5 - run WHERE run IN (2, 3)",
      /row 1 of the turns of run r2: its checksum is another/,
    ],
    ["UPDATE sweeps SET tile = 1 - tile WHERE run = 2", /row 1 of the sweeps of run r2/],
    ["DELETE FROM notes WHERE run = 2", /row 1 of the notes of run r2: it is missing/],
    ["UPDATE runs SET outcome = 'failed' WHERE id = 2", /how it ended, has another checksum/],
    ["UPDATE watches SET settings = '{}' WHERE run = 2", /the watch of run r2/],
    [
      "UPDATE run_tiles SET targets = zeroblob(2048) WHERE run = 2 AND place = 1",
      /row 2 of the tiles of run r2/,
    ],
    ["UPDATE chains SET rows = 5 WHERE run = 2 AND of = 'turns'", /what it says of the turns of run r2/],
  ])("names what %s did, and its run alone", async (change, message) => {
    const { sound, runs } = await checked(await changed(change));
    expect(sound).toBe(false);
    expect(runs[1]).toMatchObject({ run: "r2", state: "damaged" });
    expect(runs[1]!.damage.join("\n")).toMatch(message);
    const swapped = change.includes("(2, 3)");
    expect([runs[0], ...(swapped ? [] : [runs[2]]), runs[3]].map((run) => run!.state)).not.toContain(
      "damaged",
    );
  });

  it.each([
    [
      "UPDATE turns SET inside = 4 WHERE run = 2 AND turn = 1",
      /row 3 of the turns of run r2: its checksum is another/,
    ],
    [
      "DELETE FROM turns WHERE run = 2 AND turn = 1 AND tile = 1",
      /row 6 of the turns of run r2: it is missing/,
    ],
    [
      "UPDATE turns SET id = id + 1000 WHERE run = 2 AND turn = 0",
      /row 1 of the turns of run r2: its checksum is another/,
    ],
  ])("is not needed to see what %s did to the tile that is looked at", async (change, message) => {
    const store = await openWorkspace(await changed(change));
    const read = async (): Promise<void> => {
      for await (const _ of store.turns("r2", 0, new Set([0]))) continue;
    };
    await expect(read()).rejects.toThrow(message);
    await store.close();
  });

  it.each([
    ["DELETE FROM runs WHERE id = 4", /entry 4 of the list of runs: it is missing/],
    ["UPDATE chip_descriptions SET text = '{}'", /the description of the chip of run r1 is not the one/],
    ["DELETE FROM clock_marks WHERE id = 16", /the newest mark of the clock of pcm-64 number S1 is another/],
    ["UPDATE foreign_tickets SET ticket = 9 WHERE id = 1", /row 1 of the tickets that were used elsewhere/],
  ])("names what %s did", async (change, message) => {
    const { sound, damage, runs } = await checked(await changed(change));
    expect(sound).toBe(false);
    expect([...damage, ...runs.flatMap((run) => run.damage)].join("\n")).toMatch(message);
  });

  it("calls runs of an older layout unchecked, also after they went on", async () => {
    const folder = emptyFolder();
    await makeStore(folder);
    const database = new DatabaseSync(join(folder, "workspace.db"));
    forgetChecksums(database);
    database.close();
    const before = await checked(folder);
    expect(before).toMatchObject({ sound: true, runs: [{ state: "unchecked" }, { state: "unchecked" }] });
    const store = await openWorkspace(folder);
    await store.appendNote("r1", { notedAt: "t", what: "paused", text: "" });
    await store.endRun("r1", "interrupted");
    await store.close();
    expect((await checked(folder)).runs).toEqual(before.runs);
  });

  it("is a command that ends with 0, or with 4 and what is damaged", async () => {
    const [sound, damaged] = [
      await changed("SELECT 1"),
      await changed("UPDATE turns SET turn = 7 WHERE run = 3"),
    ];
    const ends = [
      await mho("check", "--workspace", sound),
      await mho("check", "--workspace", damaged, "--json"),
    ];
    expect(ends.map(({ code }) => code)).toEqual([0, 4]);
    expect(ends[0]!.out).toContain("workspace.db: nothing is damaged.");
    expect(eventLines(ends[1]!.out).at(-1)).toMatchObject({
      command: "check",
      sound: false,
      runs: [{ state: "sound" }, { state: "sound" }, { run: "r3", state: "damaged" }, { state: "sound" }],
    });
  });

  it("tells of a damaged kept chip, which no command takes for a sound one", async () => {
    const folder = await changed("SELECT 1");
    const chip = join(folder, "chips", "a.state");
    mkdirSync(join(folder, "chips"));
    writeKeptChip(chip, [serialize({ boot: 1 }), serialize({ tile: 0 })]);
    const held = (): unknown[] => Array.from(readKeptChip(chip)!, (part) => deserialize(part) as unknown);
    expect(held()).toEqual([{ boot: 1 }, { tile: 0 }]);
    expect(await mho("check", "--workspace", folder)).toMatchObject({ code: 0 });
    const whole = readFileSync(chip);
    for (let at = 0; at < whole.length; at++) {
      const bytes = Uint8Array.from(whole);
      bytes[at]! ^= 1;
      writeFileSync(chip, bytes);
      expect(faultOfKeptChip(chip)).toMatch(/a\.state/);
      writeFileSync(chip, whole.subarray(0, at));
      expect(faultOfKeptChip(chip)).toMatch(/a\.state/);
    }
    const { code, out } = await mho("check", "--workspace", folder);
    expect([code, out]).toEqual([
      4,
      expect.stringMatching(/The kept chip .*a\.state is damaged: its checksum is another/),
    ]);
    // As older versions wrote it.
    const state = serialize({ boot: 1 });
    writeFileSync(chip, state);
    expect(held()).toEqual([{ boot: 1 }]);
    const line = `mho-emulated-chip crc32 ${crc32(state).toString(16).padStart(8, "0")}\n`;
    writeFileSync(chip, Buffer.concat([Buffer.from(line), state]));
    expect(held()).toEqual([{ boot: 1 }]);
    writeFileSync(chip, Buffer.concat([Buffer.from(line.replace(/[0-9a-f]\n/, "x\n")), state]));
    expect(faultOfKeptChip(chip)).toMatch(/its checksum is another/);
  });

  it("tells of a damaged log, and goes on without what stood behind the damage when it is told to", async () => {
    const [folder, copy] = [emptyFolder(), emptyFolder()];
    const store = await openWorkspace(folder);
    await writeRecords(store, 1);
    for (const name of ["workspace.db", "workspace.db-wal"]) cpSync(join(folder, name), join(copy, name));
    await store.close();
    const log = join(copy, "workspace.db-wal");
    const bytes = readFileSync(log);
    bytes[bytes.length - 2000]! ^= 4;
    writeFileSync(log, bytes);
    const refused = await mho("check", "--workspace", copy);
    expect(refused.code).toBe(4);
    expect(refused.out).toMatch(
      /frame \d+ of its log is wrong, and a commit stands in it.*--drop-damaged-log/s,
    );
    // It is told again, as long as nothing is done about it.
    expect((await mho("show", "--workspace", copy)).code).toBe(4);
    expect(readFileSync(log)).toEqual(bytes);
    expect((await mho("check", "--workspace", copy, "--drop-damaged-log")).code).toBe(0);
    expect((await mho("show", "--workspace", copy)).code).toBe(0);
  });
});
