import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";
import { describe, expect, it } from "vitest";
import { faultOfLog } from "../storage/writeAheadLog.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const ends = ["", "-wal"];

/**
 * A file that one process has open, and in its log what another left: a whole commit that was killed before SQLite's index told of it. Then
 * the first process commits, over the first of its frames.
 */
function leftover(): { file: string; live: DatabaseSyncInstance } {
  const folder = emptyFolder();
  const file = join(folder, "some.db");
  const live = new DatabaseSync(file);
  live.exec("PRAGMA journal_mode = WAL; CREATE TABLE kept (bytes BLOB)");
  commit(live, 1);
  const copy = join(folder, "copy.db");
  for (const end of ends) copyFileSync(file + end, copy + end);
  const killed = new DatabaseSync(copy);
  commit(killed, 12);
  const frames = readFileSync(`${copy}-wal`);
  killed.close();
  writeFileSync(`${file}-wal`, frames);
  commit(live, 1);
  return { file, live };
}

/** In one commit. */
function commit(database: DatabaseSyncInstance, pages: number): void {
  database.exec("BEGIN");
  for (let page = 0; page < pages; page++) database.exec("INSERT INTO kept VALUES (zeroblob(4000))");
  database.exec("COMMIT");
}

describe("the log of SQLite", () => {
  it("is whole where frames of a killed process stand behind the last commit that anybody was told of", () => {
    const { file, live } = leftover();
    try {
      expect(faultOfLog(`${file}-wal`)).toBeUndefined();
      expect(live.prepare("SELECT count(*) AS rows FROM kept").get()).toEqual({ rows: 2 });
    } finally {
      live.close();
    }
  });

  it("is damaged where a bit of a commit was flipped that somebody was told of", () => {
    const { file, live } = leftover();
    try {
      const log = `${file}-wal`;
      const bytes = readFileSync(log);
      bytes[32 + 24 + 100]! ^= 1;
      writeFileSync(log, bytes);
      expect(faultOfLog(log)).toMatch(/frame 1 of its log is wrong, and a commit stands behind it/);
    } finally {
      live.close();
    }
  });

  it("is judged by itself where there is no index to ask, or one of another log", () => {
    const { file, live } = leftover();
    try {
      const index = `${file}-shm`;
      const alone = join(emptyFolder(), "some.db");
      for (const end of ends) copyFileSync(file + end, alone + end);
      expect(faultOfLog(`${alone}-wal`)).toMatch(/a commit stands behind it/);
      const other = readFileSync(index);
      other[33]! ^= 1;
      other[48 + 33]! ^= 1;
      writeFileSync(`${alone}-shm`, other);
      expect(faultOfLog(`${alone}-wal`)).toMatch(/a commit stands behind it/);
      copyFileSync(index, `${alone}-shm`);
      expect(faultOfLog(`${alone}-wal`)).toBeUndefined();
      rmSync(`${alone}-shm`);
    } finally {
      live.close();
    }
  });
});
