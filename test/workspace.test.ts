import { execFileSync } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DatabaseSync } from "@photostructure/sqlite";
import { describe, expect, it } from "vitest";
import { checkWorkspace } from "../storage/checkWorkspace.ts";
import { migrate, newestLayout } from "../storage/schema.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { collect, identity, plan, runStoreContract, turn } from "./contracts/runStore.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

runStoreContract("the SQLite workspace", async () => {
  const folder = emptyFolder();
  return { store: await openWorkspace(folder), reopen: () => openWorkspace(folder) };
});

const forecast = {
  by: "strategy",
  model: "pcm-90nm",
  modelDigest: "ab",
  timesSeconds: [1, 60],
  rmsPercent: [2, 3],
} as const;

describe("a workspace", () => {
  it("is in WAL mode with full synchronisation", async () => {
    const folder = emptyFolder();
    const store = await openWorkspace(folder);
    const database = new DatabaseSync(join(folder, "workspace.db"));
    expect(database.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
    database.close();
    await store.close();
    expect(readFileSync(fileURLToPath(new URL("../storage/schema.ts", import.meta.url)), "utf8")).toContain(
      "synchronous = FULL",
    );
  });

  it("holds every turn that was acknowledged before kill -9", async () => {
    const folder = emptyFolder();
    const writer = fileURLToPath(new URL("support/turnWriter.mjs", import.meta.url));
    const child = spawn(process.execPath, [writer, folder], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.split("\n").length > 60) child.kill("SIGKILL");
    });
    await once(child, "exit");
    const acknowledged = Number(text.trim().split("\n").at(-1));
    const store = await openWorkspace(folder);
    const turns = await collect(store.turns("r1"));
    expect(turns.length).toBeGreaterThanOrEqual(acknowledged + 1);
    expect(turns.map((record) => record.turn)).toEqual([...turns.keys()]);
    await store.close();
  });

  it("that is no database is refused as damaged, and left as it is", async () => {
    const folder = emptyFolder();
    const file = join(folder, "workspace.db");
    writeFileSync(file, "these are not the bytes of a database".repeat(50));
    await expect(openWorkspace(folder)).rejects.toMatchObject({
      code: "workspace-failed",
      message: expect.stringMatching(
        /workspace\.db failed: it is damaged or no workspace\. Restore/,
      ) as string,
    });
    expect(readFileSync(file, "utf8")).toContain("these are not");
  });

  it("written by a newer program is refused", async () => {
    const folder = emptyFolder();
    await (await openWorkspace(folder)).close();
    const database = new DatabaseSync(join(folder, "workspace.db"));
    database.exec("PRAGMA user_version = 999");
    database.close();
    await expect(openWorkspace(folder)).rejects.toMatchObject({
      code: "workspace-failed",
      message: expect.stringContaining("written by a newer mho") as string,
    });
  });

  it("that is removed or replaced while it is open takes no more turns", async () => {
    for (const replaced of [false, true]) {
      const folder = emptyFolder();
      const store = await openWorkspace(folder);
      const run = await store.beginRun(plan, identity, "t");
      await store.appendTurn(run, turn);
      renameSync(folder, `${folder}-away`);
      if (replaced) await (await openWorkspace(folder)).close();
      await expect(store.appendTurn(run, { ...turn, turn: 1 })).rejects.toMatchObject({
        code: "workspace-failed",
        message: expect.stringMatching(/was removed or replaced while it was in use/) as string,
      });
    }
  });

  it.each([
    ["removed log", "-wal", "unlinkSync(path)", /its log workspace\.db-wal was removed or replaced while/],
    [
      "replaced log",
      "-wal",
      "renameSync(path, path + 1); fs.copyFileSync(path + 1, path)",
      /its log workspace\.db-wal was removed/,
    ],
    [
      "removed index",
      "-shm",
      "unlinkSync(path)",
      /its index workspace\.db-shm was removed or replaced while/,
    ],
  ])(
    "with a %s takes no more turns, and what was written before is there when it is opened again",
    async (_, name, act, says) => {
      const folder = emptyFolder();
      const store = await openWorkspace(folder);
      const run = await store.beginRun(plan, identity, "t");
      await store.appendTurn(run, turn);
      const path = join(folder, `workspace.db${name}`);
      // By another process: one that closes the file ends its locks.
      execFileSync(process.execPath, [
        "-e",
        `const fs = require("fs"), path = ${JSON.stringify(path)}; fs.${act}`,
      ]);
      await expect(store.appendTurn(run, { ...turn, turn: 1 })).rejects.toMatchObject({
        code: "workspace-failed",
        message: expect.stringMatching(says) as string,
      });
      await store.endRun(run, "failed");
      await store.close();
      const again = await openWorkspace(folder);
      expect((await again.summary(run)).outcome).toBe("failed");
      const turns: number[] = [];
      for await (const one of again.turns(run)) turns.push(one.turn);
      expect(turns).toEqual([0]);
      await again.close();
    },
  );

  it("whose log is emptied while commits are in it alone takes no more turns", async () => {
    const folder = emptyFolder();
    const store = await openWorkspace(folder);
    const run = await store.beginRun(plan, identity, "t");
    await store.appendTurn(run, turn);
    const log = join(folder, "workspace.db-wal");
    execFileSync(process.execPath, ["-e", `require("fs").truncateSync(${JSON.stringify(log)}, 32)`]);
    await expect(store.appendTurn(run, { ...turn, turn: 1 })).rejects.toMatchObject({
      code: "workspace-failed",
      message: expect.stringMatching(
        /its log workspace\.db-wal was cut or emptied while it was in use/,
      ) as string,
    });
  });

  it("takes turns while other processes open it, write to it, empty its log and close it", async () => {
    const folder = emptyFolder();
    const store = await openWorkspace(folder);
    const run = await store.beginRun(plan, identity, "t");
    const script =
      'const { DatabaseSync } = require("@photostructure/sqlite"); const db = new DatabaseSync(process.argv[1]); ' +
      'db.exec("PRAGMA user_version; CREATE TABLE IF NOT EXISTS other (a); INSERT INTO other VALUES (randomblob(9000)); " + process.argv[2]); db.close()';
    for (const [k, then] of [
      "SELECT 1",
      "PRAGMA wal_checkpoint(TRUNCATE)",
      "PRAGMA wal_checkpoint(RESTART)",
    ].entries()) {
      await store.appendTurn(run, { ...turn, turn: 2 * k });
      execFileSync(process.execPath, ["-e", script, join(folder, "workspace.db"), then]);
      await store.appendTurn(run, { ...turn, turn: 2 * k + 1 });
    }
    await store.close();
  });

  it("that is cut or emptied while it is open takes no more turns; one that another program made smaller does", async () => {
    for (const bytes of [4096, 0]) {
      const folder = emptyFolder();
      const made = await openWorkspace(folder);
      await made.beginRun(plan, identity, "t");
      await made.close();
      const store = await openWorkspace(folder);
      const run = await store.beginRun(plan, identity, "t");
      await store.appendTurn(run, turn);
      // By another process: one that closes the file ends its locks.
      const file = join(folder, "workspace.db");
      execFileSync(process.execPath, ["-e", `require("fs").truncateSync(${JSON.stringify(file)}, ${bytes})`]);
      await expect(store.appendTurn(run, { ...turn, turn: 1 })).rejects.toMatchObject({
        code: "workspace-failed",
      });
    }
    const folder = emptyFolder();
    const store = await openWorkspace(folder);
    const run = await store.beginRun(plan, identity, "t");
    for (let n = 0; n < 40; n++)
      await store.appendNote(run, { notedAt: "t", what: "note", text: "x".repeat(9000) });
    await store.endRun(run, "done");
    await store.reopenRun(run, identity);
    await store.appendTurn(run, turn);
    const other = new DatabaseSync(join(folder, "workspace.db"));
    other.exec(
      "CREATE TABLE filler AS SELECT * FROM notes; DROP TABLE filler; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)",
    );
    other.close();
    await store.appendTurn(run, { ...turn, turn: 1 });
    await store.close();
  });

  it("holds a run that has ended in its one file, whoever has it open", async () => {
    const [folder, copy] = [emptyFolder(), emptyFolder()];
    const store = await openWorkspace(folder);
    const looker = await openWorkspace(folder);
    for (const outcome of ["done", "interrupted", "failed"] as const) {
      const run = await store.beginRun(plan, identity, "t");
      await store.appendTurn(run, turn);
      await looker.runs();
      await store.endRun(run, outcome);
      cpSync(join(folder, "workspace.db"), join(copy, "workspace.db"));
      const copied = await openWorkspace(copy);
      expect(await collect(copied.turns(run))).toEqual([turn]);
      expect((await copied.summary(run)).outcome).toBe(outcome);
      await copied.close();
    }
    await looker.close();
    await store.close();
  });

  it("lets a run end while another program reads", async () => {
    const folder = emptyFolder();
    const store = await openWorkspace(folder);
    const run = await store.beginRun(plan, identity, "t");
    for (let n = 0; n < 3; n++) await store.appendTurn(run, { ...turn, turn: n });
    const looker = await openWorkspace(folder);
    for await (const _ of looker.turns(run)) {
      await store.endRun(run, "done");
      break;
    }
    expect((await looker.summary(run)).outcome).toBe("done");
    await looker.close();
    await store.close();
  });

  it("that several programs open at once for the first time is made by one of them, and opens for all", async () => {
    const folder = emptyFolder();
    const [opener, dist] = ["support/firstOpener.mjs", "../dist/storage/workspace.js"].map((path) =>
      fileURLToPath(new URL(path, import.meta.url)),
    );
    const children = [1, 2, 3].map(() =>
      spawn(process.execPath, [opener!, folder, "25", dist!], { stdio: "inherit" }),
    );
    const codes = await Promise.all(
      children.map(async (child) => ((await once(child, "exit")) as [number])[0]),
    );
    expect(codes).toEqual([0, 0, 0]);
  });

  it("that is closed holds all in one file, which may be copied alone", async () => {
    const folder = emptyFolder();
    const store = await openWorkspace(folder);
    const run = await store.beginRun(plan, identity, "t");
    await store.appendTurn(run, turn);
    await collect(store.turns(run));
    await store.close();
    const alone = emptyFolder();
    copyFileSync(join(folder, "workspace.db"), join(alone, "workspace.db"));
    const copy = await openWorkspace(alone);
    expect(await collect(copy.turns(run))).toHaveLength(1);
    await copy.close();
  });

  it("of every earlier layout still opens, with what it held", async () => {
    // From the eighth on rows have checksums: the next test has those.
    for (let layout = 1; layout < 8; layout++) {
      const folder = emptyFolder();
      const file = join(folder, "workspace.db");
      const database = new DatabaseSync(file);
      migrate(database, file, layout);
      const { tiles, ...settings } = plan;
      // As the first layout had it: an identity, settings, targets, a turn and a sweep of µS.
      database
        .prepare(
          "INSERT INTO runs (chip_serial_number, chip, plan, started_at, outcome) VALUES (?, ?, ?, ?, 'done')",
        )
        .run(
          identity.serialNumber,
          JSON.stringify(identity),
          JSON.stringify(settings),
          "2026-01-02T03:04:05Z",
        );
      const bytes = ({ buffer }: { buffer: ArrayBufferLike }): Uint8Array => new Uint8Array(buffer);
      const { block, targetsMicrosiemens } = tiles[0]!;
      database
        .prepare("INSERT INTO run_tiles (run, place, block, targets) VALUES (1, 0, ?, ?)")
        .run(JSON.stringify(block), bytes(targetsMicrosiemens));
      database
        .prepare(
          `INSERT INTO turns (run, tile, turn, devices, conductance_microsiemens, verdicts, codes, first_ticket,
                              newest_ticket, fired_row_times_microseconds)
           VALUES (1, 0, 0, ?, ?, ?, x'', 0, 0, x'')`,
        )
        .run(bytes(Uint32Array.of(1)), bytes(Float32Array.of(4.5)), Uint8Array.of(1));
      database
        .prepare(
          `INSERT INTO sweeps (run, tile, time_seconds, averages, row_times_microseconds, conductance_microsiemens, flags)
           VALUES (1, 0, 10, 4, ?, ?, ?)`,
        )
        .run(bytes(Float64Array.of(5e6, 6e6)), bytes(Float32Array.of(4.25, 1, 2, 3)), new Uint8Array(4));
      database.close();
      const store = await openWorkspace(folder);
      expect((await store.runs())[0]).toMatchObject({ id: "r1", title: plan.title, outcome: "done" });
      expect((await store.plan("r1")).tiles[0]!.targetsMicrosiemens).toEqual(targetsMicrosiemens);
      expect((await collect(store.turns("r1")))[0]!.conductanceMicrosiemens).toEqual(Float32Array.of(4.5));
      expect((await collect(store.sweeps("r1")))[0]!.conductanceMicrosiemens).toEqual(
        Float32Array.of(4.25, 1, 2, 3),
      );
      expect(await store.description("r1")).toBeUndefined();
      expect(await store.forecasts("r1")).toEqual([]);
      const foretold = await store.beginRun({ ...plan, forecasts: [forecast] }, identity, "t");
      expect([await store.forecasts(foretold), (await store.plan(foretold)).forecasts]).toEqual([
        [forecast],
        undefined,
      ]);
      await store.beginRun(plan, identity, "t", {
        text: "{}",
        sha256: "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
      });
      await store.close();
    }
  });

  it("of the layout before forecasts opens with all its rows checked, and takes forecasts from then on", async () => {
    const folder = emptyFolder();
    const before = await openWorkspace(folder);
    const old = await before.beginRun(plan, identity, "t");
    await before.appendNote(old, { notedAt: "t", what: "link-lost", text: "as it was" });
    await before.endRun(old, "done");
    await before.close();
    const database = new DatabaseSync(join(folder, "workspace.db"));
    database.exec(`DROP TABLE run_groups; DROP TABLE job_changes; DROP TABLE questions; DROP TABLE labels; DROP TABLE chip_notes; DROP TABLE figures; DROP TABLE forecasts; DROP TABLE identity;
      DELETE FROM chains WHERE of IN ('forecasts', 'labels', 'chip_notes', 'job_changes', 'questions', 'run_groups', 'identity'); PRAGMA user_version = 8`);
    database.close();
    const store = await openWorkspace(folder);
    expect(await store.forecasts(old)).toEqual([]);
    expect(await store.notes(old)).toMatchObject([{ text: "as it was" }]);
    expect(await checkWorkspace(store)).toMatchObject({ sound: true, runs: [{ run: old, state: "sound" }] });
    const foretold = await store.beginRun({ ...plan, forecasts: [forecast] }, identity, "t");
    expect(await store.forecasts(foretold)).toEqual([forecast]);
    await store.close();
    expect(newestLayout).toBe(15);
  });

  it("of the layout before networks over several chips opens with what it held, and takes them from then on", async () => {
    const folder = emptyFolder();
    const file = join(folder, "workspace.db");
    const database = new DatabaseSync(file);
    migrate(database, file, 12);
    database.close();
    const store = await openWorkspace(folder);
    expect(await store.groups()).toEqual([]);
    const shares = [{ firstTile: 0, tiles: 1, chip: plan.chipAddress }];
    const begun = { kind: "begun", at: "t", title: "a network", shares, spares: ["spare"] } as const;
    expect(await store.appendGroup(begun)).toBe("n1");
    const run = await store.beginRun(
      { ...plan, share: { group: "n1", share: 0, firstTile: 0 } },
      identity,
      "t",
    );
    await store.close();
    const again = await openWorkspace(folder);
    expect(await again.groups()).toMatchObject([{ id: "n1", spares: ["spare"], shares: [{ run }] }]);
    expect((await again.plan(run)).share).toEqual({ group: "n1", share: 0, firstTile: 0 });
    expect(await checkWorkspace(again)).toMatchObject({ sound: true });
    await again.close();
  });

  it("tells of a network over several chips that was changed", async () => {
    const folder = emptyFolder();
    const before = await openWorkspace(folder);
    const shares = [{ firstTile: 0, tiles: 1, chip: "left" }];
    await before.appendGroup({ kind: "begun", at: "t", title: "a network", shares, spares: [] });
    await before.close();
    const database = new DatabaseSync(join(folder, "workspace.db"));
    database.exec("UPDATE run_groups SET change = replace(change, 'left', 'late')");
    database.close();
    const store = await openWorkspace(folder);
    await expect(store.groups()).rejects.toThrow(/row 1 of the networks over several chips: its checksum/);
    expect((await checkWorkspace(store)).sound).toBe(false);
    await store.close();
  });

  it("tells of an id that was changed, lost or doubled, and does not hand it on", async () => {
    const changes = [
      "UPDATE identity SET id = replace(id, '-', '+')",
      "UPDATE identity SET sum = sum + 1",
      "UPDATE identity SET sum = NULL",
      "DELETE FROM identity",
      "INSERT INTO identity SELECT id, sum FROM identity",
    ];
    for (const change of changes) {
      const folder = emptyFolder();
      const before = await openWorkspace(folder);
      expect((await before.workspaceId()).isChecked).toBe(true);
      expect(await checkWorkspace(before)).toMatchObject({ sound: true, identity: "sound" });
      await before.close();
      const database = new DatabaseSync(join(folder, "workspace.db"));
      database.exec(change);
      database.close();
      const store = await openWorkspace(folder);
      await expect(store.workspaceId()).rejects.toThrow(/is damaged: the id of the workspace: /);
      const { sound, identity: id, damage } = await checkWorkspace(store);
      expect({ sound, id, damage }).toEqual({
        sound: false,
        id: "damaged",
        damage: [expect.stringContaining("the id of the workspace")],
      });
      await store.close();
    }
  });

  it("whose id an older layout drew keeps it, and calls it unchecked; one that is lifted from before ids has a checked one", async () => {
    for (const layout of [14, 13]) {
      const folder = emptyFolder();
      const file = join(folder, "workspace.db");
      const database = new DatabaseSync(file);
      migrate(database, file, layout);
      const drawn =
        layout === 14 ? (database.prepare("SELECT id FROM identity").get() as { id: string }).id : undefined;
      database.close();
      const store = await openWorkspace(folder);
      const { id, isChecked } = await store.workspaceId();
      expect(isChecked).toBe(layout === 13);
      expect(id).toBe(drawn ?? id);
      expect(await checkWorkspace(store)).toMatchObject({
        sound: true,
        identity: isChecked ? "sound" : "unchecked",
      });
      await store.close();
    }
  });

  it("tells of a forecast that was changed", async () => {
    const folder = emptyFolder();
    const before = await openWorkspace(folder);
    const run = await before.beginRun({ ...plan, forecasts: [forecast] }, identity, "t");
    await before.close();
    const database = new DatabaseSync(join(folder, "workspace.db"));
    database.exec("UPDATE forecasts SET forecast = replace(forecast, '[2,3]', '[2,4]')");
    database.close();
    const store = await openWorkspace(folder);
    await expect(store.forecasts(run)).rejects.toThrow(/row 1 of the forecasts of run r1: its checksum/);
    expect((await checkWorkspace(store)).runs).toMatchObject([{ state: "damaged" }]);
    await store.close();
  });

  it("in a place that is a file is refused with its name", async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, "taken"), "");
    await expect(openWorkspace(join(folder, "taken"))).rejects.toMatchObject({ code: "workspace-failed" });
    mkdirSync(join(folder, "w", "workspace.db"), { recursive: true });
    await expect(openWorkspace(join(folder, "w"))).rejects.toMatchObject({ code: "workspace-failed" });
  });

  it("that another program holds locked says so, and keeps what it had acknowledged", async () => {
    const folder = emptyFolder();
    await (await openWorkspace(folder)).close();
    const store = await openWorkspace(folder, { lockTimeoutMilliseconds: 50 });
    const run = await store.beginRun(plan, identity, "t");
    await store.appendTurn(run, turn);
    const other = new DatabaseSync(join(folder, "workspace.db"));
    other.exec("BEGIN IMMEDIATE");
    await expect(store.appendTurn(run, { ...turn, turn: 1 })).rejects.toMatchObject({
      code: "workspace-failed",
      message: expect.stringContaining("another program holds it locked") as string,
    });
    other.exec("ROLLBACK");
    other.close();
    expect(await collect(store.turns(run))).toHaveLength(1);
    await store.close();
  });
});
