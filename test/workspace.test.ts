import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DatabaseSync } from "@photostructure/sqlite";
import { describe, expect, it } from "vitest";
import { openWorkspace } from "../storage/workspace.ts";
import { collect, identity, plan, runStoreContract, turn } from "./contracts/runStore.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

runStoreContract("the SQLite workspace", async () => {
  const folder = emptyFolder();
  return { store: await openWorkspace(folder), reopen: () => openWorkspace(folder) };
});

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
    const store = await openWorkspace(folder, 50);
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
