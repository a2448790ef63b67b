import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterEach, describe, expect, it } from "vitest";
import { openWorkspace } from "../storage/workspace.ts";
import { identity, plan, turn } from "./contracts/runStore.ts";
import type { Finished } from "./support/commandLine.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { forgetChecksums } from "./support/forgetChecksums.ts";
import { inOneProcess } from "./support/inOneProcess.ts";
import { digestOfAll, writeRecords } from "./support/manyRecords.ts";
import { makeStore } from "./support/oddStores.ts";

removeFoldersAfterEach();

const mayOnlyBeRead = (): boolean => true;

/** Copies of workspaces that stand in the folder for temporary files. */
function copies(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("mho-read-"));
}

describe("a workspace that may only be read", () => {
  it("is read as it is, also what stands in its log alone, from a copy that is gone afterwards", async () => {
    const folder = emptyFolder();
    const writing = await openWorkspace(folder);
    await writeRecords(writing);
    const right = await digestOfAll(writing);
    const file = join(folder, "workspace.db");
    const before = [file, `${file}-wal`].map((path) => readFileSync(path));
    expect(before[1]!.length).toBeGreaterThan(1000);
    const others = copies();
    const store = await openWorkspace(folder, { mayOnlyBeRead });
    const [own] = copies().filter((name) => !others.includes(name));
    expect(statSync(join(tmpdir(), own!)).mode & 0o777).toBe(0o700);
    expect(await digestOfAll(store)).toBe(right);
    await store.close();
    expect(copies()).not.toContain(own);
    expect([file, `${file}-wal`].map((path) => readFileSync(path))).toEqual(before);
    await writing.close();
  });

  it("of an older layout is read, and left as it is", async () => {
    const folder = emptyFolder();
    const file = join(folder, "workspace.db");
    await makeStore(folder);
    const database = new DatabaseSync(file, { defensive: false });
    forgetChecksums(database);
    database.close();
    const before = readFileSync(file);
    const store = await openWorkspace(folder, { mayOnlyBeRead });
    expect(await store.uncheckedRows("r1")).toBeGreaterThan(10);
    expect(await store.runs()).toHaveLength(2);
    await store.close();
    expect(readFileSync(file)).toEqual(before);
  });

  it("refuses every write, and names its folder", async () => {
    const folder = emptyFolder();
    await (await openWorkspace(folder)).close();
    const store = await openWorkspace(folder, { mayOnlyBeRead });
    for (const write of [
      () => store.beginRun(plan, identity, "t"),
      () => store.appendTurn("r1", turn),
      () => store.setRequest("r1", "stop"),
      () => store.endRun("r1", "done"),
    ])
      await expect(write()).rejects.toMatchObject({
        code: "workspace-failed",
        message: expect.stringContaining(`The workspace in ${folder} may not be written here`) as string,
      });
    await store.close();
  });
});

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const isRoot = process.getuid?.() === 0;
/** Whom permissions bind. */
const other = isRoot ? { uid: 65_534, gid: 65_534 } : {};
const otherMayRun = spawnSync(process.execPath, [main, "--version"], { ...other, cwd: "/" }).status === 0;
const mounted: string[] = [];

afterEach(() => {
  for (const folder of mounted.splice(0)) execFileSync("umount", [folder]);
});

describe.skipIf(process.platform === "win32" || !otherMayRun)(
  "commands on a folder of another user's",
  () => {
    it("show, check, export, report and fit, and refuse to write", async () => {
      const folder = emptyFolder();
      const workspace = join(folder, "w");
      mkdirSync(workspace);
      await wholeStore(join(workspace, "workspace.db"));
      chmodSync(folder, 0o777);
      chmodSync(join(workspace, "workspace.db"), 0o444);
      chmodSync(workspace, 0o555);
      const ended = await mho([...reading(folder), ...writing], workspace, folder);
      const refused = ended.splice(-writing.length);
      expect(ended).toEqual(ended.map(() => expect.objectContaining({ code: 0 }) as object));
      for (const { code, err } of refused) {
        expect([code, err]).toEqual([
          4,
          expect.stringContaining(`The workspace in ${workspace} may not be written`),
        ]);
      }
      expect(readdirSync(workspace)).toEqual(["workspace.db"]);
      chmodSync(workspace, 0o755);
    });
  },
);

describe.skipIf(!isRoot || !mayMount())("commands on a file system that cannot be written", () => {
  it("show, export and report, also as root, and refuse to write", async () => {
    const [folder, out] = [emptyFolder(), emptyFolder()];
    mount(folder);
    await wholeStore(join(folder, "workspace.db"));
    execFileSync("mount", ["-o", "remount,ro", folder]);
    const commands = [...reading(out).slice(0, 4), writing[0]!];
    const ended = await mho(commands, folder, out, {});
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0, 4]);
    expect(existsSync(join(folder, "workspace.db-wal"))).toBe(false);
  });
});

/** One file, without a log beside it, that nothing has open. */
async function wholeStore(file: string): Promise<void> {
  const folder = emptyFolder();
  await makeStore(folder);
  const database = new DatabaseSync(join(folder, "workspace.db"));
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  cpSync(join(folder, "workspace.db"), file);
}

function reading(out: string): string[][] {
  return [
    ["show"],
    ["show", "r1"],
    ["check"],
    ["export", "r1", "--to", "csv", "--out", join(out, "r1.csv")],
    ["report", "r1", "--out", join(out, "r1.html")],
    ["fit", "r1", "r2", "--out", join(out, "m.json")],
  ];
}

const writing = [
  ["watch", "r2"],
  ["trim", "r1"],
  ["calibrate", "r1"],
  ["advise", "r1"],
  ["resume", "r1"],
];

/** Runs commands one after another, in a process of another user's. */
async function mho(
  commands: readonly string[][],
  workspace: string,
  cwd: string,
  user: { uid?: number; gid?: number } = other,
): Promise<Pick<Finished, "code" | "err">[]> {
  const all = commands.map((args) => [...args, "--workspace", workspace]);
  const ended = await inOneProcess(all, { ...user, cwd });
  expect(ended).toHaveLength(commands.length);
  // A fit that is not to be believed is a fit.
  return ended.map(({ code, err }, k) => ({ code: commands[k]![0] === "fit" && code === 1 ? 0 : code, err }));
}

function mayMount(): boolean {
  if (!isRoot || process.platform !== "linux") return false;
  const folder = join(tmpdir(), `mho-test-mount-${process.pid}`);
  mkdirSync(folder);
  const could = spawnSync("mount", ["-t", "tmpfs", "tmpfs", folder]).status === 0;
  if (could) execFileSync("umount", [folder]);
  execFileSync("rmdir", [folder]);
  return could;
}

function mount(folder: string): void {
  execFileSync("mount", ["-t", "tmpfs", "tmpfs", folder]);
  mounted.push(folder);
}
