import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSerial } from "../drivers/serial.ts";
import { openPty } from "../emulator/pty.ts";
import { relieve } from "../lab/relieve.ts";
import { lockFileOf, lockFolder } from "../locks/folder.ts";
import { LockHeld, takeLock } from "../locks/lock.ts";
import { isSameProcess, ownKey, type ProcessKey } from "../locks/processes.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const usual = process.env["TMPDIR"];
let temporary = "";
const children: ChildProcess[] = [];

beforeEach(() => {
  temporary = emptyFolder();
  process.env["TMPDIR"] = temporary;
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  if (usual === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = usual;
});

const now = "2026-01-01T00:00:00Z";
const isRoot = process.getuid?.() === 0;
const isLinux = process.platform === "linux";
const folderName = (): string => join(temporary, `mho-ports-${userInfo().username}`);

describe("the folder of locks", () => {
  it("is made for this user alone, also where an earlier version left one that all could enter", () => {
    expect(lockFolder()).toBe(folderName());
    expect(statSync(folderName()).mode & 0o777).toBe(0o700);
    chmodSync(folderName(), 0o777);
    lockFolder();
    expect(statSync(folderName()).mode & 0o777).toBe(0o700);
  });

  it("is refused when it is a link, and nothing is written where the link points", async () => {
    const victim = join(temporary, "victim");
    mkdirSync(victim);
    symlinkSync(victim, folderName());
    const pty = openPty();
    await expect(openSerial(pty.name, 115_200)).rejects.toMatchObject({
      code: "port-failed",
      message: expect.stringMatching(/mho-ports-.* cannot be used: it is a link.*TMPDIR/) as string,
    });
    pty.close();
    expect(readdirSync(victim)).toEqual([]);
  });

  it.runIf(isRoot)("is refused when it belongs to another user", () => {
    mkdirSync(folderName(), { mode: 0o700 });
    chownSync(folderName(), 12_345, 12_345);
    expect(() => lockFolder()).toThrow(/it belongs to another user \(uid 12345\)/);
  });
});

describe("a link in the place of a lock or of its note", () => {
  it("is not followed: the file that it points at stays as it is", () => {
    const file = lockFileOf("/dev/ttyVictim");
    const victim = join(temporary, "thesis.txt");
    writeFileSync(victim, "my life's work");
    symlinkSync(victim, `${file}.json`);
    takeLock(file, now).release();
    symlinkSync(victim, `${file}.json`);
    const lock = takeLock(file, now);
    expect(JSON.parse(readFileSync(`${file}.json`, "utf8"))).toMatchObject({ processId: process.pid });
    lock.release();
    const other = lockFileOf("/dev/ttyOther");
    symlinkSync(victim, other);
    expect(() => takeLock(other, now)).toThrow(/is not an ordinary file/);
    expect(readFileSync(victim, "utf8")).toBe("my life's work");
  });
});

describe("a lock", () => {
  it("is won by exactly one of those that want it at the same moment, and says by which", async () => {
    const file = join(temporary, "race.lock");
    for (let round = 0; round < 3; round++) {
      const takers = Array.from({ length: 4 }, () => startTaker(file));
      const said = await Promise.all(takers.map(firstWords));
      const winners = takers.filter((_, k) => said[k] === "held");
      expect(winners.length).toBe(1);
      const refusals = said.filter((words) => words !== "held");
      expect(refusals.every((words) => words.startsWith("refused: The lock"))).toBe(true);
      const late = startTaker(file);
      expect(await firstWords(late)).toContain(
        `node lockTaker.mjs (process ${winners[0]!.pid}) holds it since`,
      );
      await Promise.all([...takers, late].map(killed));
    }
  });

  it("ends with its process, also when that is killed, and a note that it left blocks nothing", async () => {
    const file = join(temporary, "killed.lock");
    const taker = startTaker(file);
    expect(await firstWords(taker)).toBe("held");
    expect(() => takeLock(file, now)).toThrow(
      / is held: node lockTaker\.mjs \(process \d+\) holds it since /,
    );
    await killed(taker);
    takeLock(file, now).release();
  });

  it("can be had again after it was let go of, and twice in one process it cannot", () => {
    const file = join(temporary, "own.lock");
    const first = takeLock(file, now);
    expect(() => takeLock(file, now)).toThrow(LockHeld);
    first.release();
    const second = takeLock(file, now);
    // Letting go twice does not let go of what another has since.
    first.release();
    expect(() => takeLock(file, now)).toThrow(LockHeld);
    second.release();
  });

  it.each(["1", "-1", String(process.pid), "999999999"])(
    "is not held by the process id %s that an earlier version wrote",
    (text) => {
      const file = join(temporary, "old.lock");
      writeFileSync(file, text);
      takeLock(file, now).release();
    },
  );
});

describe.runIf(isLinux)("a process that a note names", () => {
  it("is taken for the holder only if its number, start, boot, machine and user are the same", async () => {
    const innocent = await startInnocent();
    const key = { ...ownKey(), processId: innocent.pid!, startedAt: startOf(innocent.pid!) };
    expect(isSameProcess(key)).toBe(true);
    const others: Partial<ProcessKey>[] = [
      { startedAt: String(Number(key.startedAt) - 1) },
      { startedAt: undefined },
      { boot: "another boot" },
      { boot: "" },
      { host: `not-${hostname()}` },
      { user: `not-${userInfo().username}` },
      { processId: process.pid },
    ];
    for (const other of others) expect([other, isSameProcess({ ...key, ...other })]).toEqual([other, false]);
    await killed(innocent);
    expect(isSameProcess(key)).toBe(false);
  });

  it.each([-1, 0, 1, 1.5, Number.NaN])("is none for the number %s", (processId) => {
    for (const startedAt of [startOf(1), undefined]) {
      expect(isSameProcess({ ...ownKey(), processId, startedAt })).toBe(false);
    }
  });

  it("with another start is named, and not signalled by standby", async () => {
    const innocent = await startInnocent();
    const file = lockFileOf("/dev/ttyForged");
    const lock = takeLock(file, now);
    forge(file, { processId: innocent.pid!, startedAt: "1" });
    const told: string[] = [];
    const relieving = relieve("/dev/ttyForged", heldOf(file), (holder, _, relief) =>
      told.push(`${relief} ${holder.processId}`),
    );
    await expect(relieving).rejects.toMatchObject({
      code: "port-failed",
      message: expect.stringMatching(
        new RegExp(`process ${innocent.pid}\\) holds it.*known for certain.*its lock is ${file}`),
      ) as string,
    });
    expect(told).toEqual([`asked ${innocent.pid}`]);
    expect([innocent.exitCode, innocent.signalCode]).toEqual([null, null]);
    lock.release();
  });

  it.each([
    [{ user: "another-user" }, /of user another-user\) holds it/],
    [{ host: "another-machine" }, /on another-machine\) holds it/],
  ])("of %j is named at once, and not asked or signalled", async (of, message) => {
    const innocent = await startInnocent();
    const file = lockFileOf("/dev/ttyForeign");
    const lock = takeLock(file, now);
    forge(file, { processId: innocent.pid!, startedAt: startOf(innocent.pid!), ...of });
    const told: string[] = [];
    const relieving = relieve("/dev/ttyForeign", heldOf(file), (_, __, relief) => told.push(relief));
    await expect(relieving).rejects.toMatchObject({
      code: "port-failed",
      message: expect.stringMatching(message) as string,
    });
    expect([told, innocent.exitCode, innocent.signalCode]).toEqual([[], null, null]);
    lock.release();
  });
});

function startTaker(file: string): ChildProcess {
  const script = fileURLToPath(new URL("support/lockTaker.mjs", import.meta.url));
  return started(
    spawn(process.execPath, ["--expose-gc", script, file], { stdio: ["pipe", "pipe", "inherit"] }),
  );
}

/** A program that holds nothing and harms no one. */
async function startInnocent(): Promise<ChildProcess> {
  const code = "console.log('here'); process.stdin.resume()";
  const child = started(spawn(process.execPath, ["-e", code], { stdio: ["pipe", "pipe", "inherit"] }));
  await firstWords(child);
  return child;
}

function started(child: ChildProcess): ChildProcess {
  children.push(child);
  return child;
}

async function firstWords(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout!, "data")) as [Buffer];
  return chunk.toString().trim();
}

async function killed(child: ChildProcess): Promise<void> {
  const closed = once(child, "close");
  child.kill("SIGKILL");
  await closed;
}

function startOf(processId: number): string {
  const line = readFileSync(`/proc/${processId}/stat`, "utf8");
  return line.slice(line.lastIndexOf(")") + 2).split(" ")[19]!;
}

/** Writes into the note of a lock that is held what its holder would never write. */
function forge(file: string, lies: Partial<ProcessKey>): void {
  const note = JSON.parse(readFileSync(`${file}.json`, "utf8")) as object;
  writeFileSync(`${file}.json`, JSON.stringify({ ...note, ...lies }));
}

function heldOf(file: string): LockHeld {
  try {
    takeLock(file, now);
  } catch (error) {
    if (error instanceof LockHeld) return error;
    throw error;
  }
  throw new Error("the lock was free");
}
