import { lstatSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";
import { ownKey, ownName, type ProcessKey } from "./processes.ts";

/** Who holds a lock: a note beside it, for messages and for `mho standby`. The lock is the system's own. */
export interface Holder extends ProcessKey {
  /** What it was started as, such as `mho demo`. */
  readonly program: string;
  /** ISO 8601. */
  readonly since: string;
  /** A local socket (a pipe on Windows) on which it hears a request for standby. */
  readonly channel?: string | undefined;
}

/** A lock that this process holds. It ends with the process, however that ends. */
export interface Lock {
  readonly file: string;
  /** Says in the note on which channel this process hears requests. */
  nameChannel(channel: string): void;
  /** May be called twice. */
  release(): void;
}

/** Another process, or another part of this one, holds a lock. */
export class LockHeld extends Error {
  readonly file: string;
  /** Undefined where no note tells. */
  readonly holder: Holder | undefined;

  constructor(file: string, holder: Holder | undefined) {
    super(`The lock ${file} is held${holder === undefined ? "" : `: ${describeHolder(holder)}`}.`);
    this.file = file;
    this.holder = holder;
  }
}

/**
 * The connections that hold locks. A connection that nothing refers to is collected, and its lock is gone; a read of the file
 * by other means than SQLite ends the lock as well.
 */
const held = new Map<string, DatabaseSyncInstance>();

/** How long two that come at the same moment may wait for each other. */
const raceMilliseconds = 100;

/**
 * Takes the lock that a file stands for: an exclusive lock of SQLite's, which every system has and which the kernel ends with
 * the process. Nothing is written into the file, and it stays where it is.
 *
 * @param since  now, ISO 8601.
 * @throws LockHeld  when it is held; an error of the file system's where the file cannot be made.
 */
export function takeLock(file: string, since: string): Lock {
  const connection = held.has(file) ? undefined : lockedConnection(file);
  if (connection === undefined) throw new LockHeld(file, readHolder(file));
  held.set(file, connection);
  const holder: Holder = { ...ownKey(), program: ownName(), since };
  leaveNote(file, holder);
  return {
    file,
    nameChannel: (channel) => leaveNote(file, { ...holder, channel }),
    release() {
      if (held.get(file) !== connection) return;
      held.delete(file);
      // The next holder's note must not be taken for this one's.
      rmSync(noteOf(file), { force: true });
      connection.close();
    },
  };
}

/** Whether a lock could be had at this moment. */
export function isFree(file: string): boolean {
  const connection = held.has(file) ? undefined : lockedConnection(file);
  connection?.close();
  return connection !== undefined;
}

/** For messages: `mho demo (process 4711) holds it since …`. */
export function describeHolder({ program, processId, since, host, user }: Holder): string {
  const own = ownKey();
  const where = host === own.host ? "" : ` on ${host}`;
  const whose = user === own.user ? "" : ` of user ${user}`;
  return `${program} (process ${processId}${whose}${where}) holds it since ${since}`;
}

/** A connection that holds the lock; undefined where another one does. */
function lockedConnection(file: string): DatabaseSyncInstance | undefined {
  refuseLink(file);
  emptyOldLock(file);
  const connection = new DatabaseSync(file, { timeout: raceMilliseconds });
  try {
    // The transaction stays open: its lock lasts as long as the connection.
    connection.exec("BEGIN EXCLUSIVE; PRAGMA locking_mode=EXCLUSIVE");
    return connection;
  } catch (error) {
    connection.close();
    if (/BUSY|LOCKED/.test((error as { sqliteCodeName?: string }).sqliteCodeName ?? "")) return undefined;
    throw error;
  }
}

/** SQLite would follow a link, and so make or lock a file that another user chose. */
function refuseLink(file: string): void {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found === undefined || found.isFile()) return;
  throw new Error(`${file} is not an ordinary file. Delete it, then try again`);
}

/**
 * Versions before 0.2 wrote a process id into the file, which SQLite would take for a damaged database. Emptied, not deleted: of
 * two processes that came at once, one would delete the other's lock.
 */
function emptyOldLock(file: string): void {
  const size = lstatSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > 0 && size <= longestProcessId && /^-?\d+\s*$/.test(readFileSync(file, "utf8")))
    truncateSync(file);
}

const longestProcessId = 20;

/** The note is a file of its own: it is replaced whole, so that a link in its place is replaced, not followed. */
function leaveNote(file: string, holder: Holder): void {
  const part = `${noteOf(file)}.${process.pid}`;
  try {
    rmSync(part, { force: true });
    writeFileSync(part, JSON.stringify(holder), { flag: "wx", mode: 0o600 });
    renameSync(part, noteOf(file));
  } catch {
    // The lock holds without it.
  }
}

const longestNote = 65_536;

/** What the note says; undefined where it says nothing that makes sense. It may be a forgery: see `isSameProcess`. */
function readHolder(file: string): Holder | undefined {
  try {
    const found = lstatSync(noteOf(file));
    if (!found.isFile() || found.size > longestNote) return undefined;
    const note = JSON.parse(readFileSync(noteOf(file), "utf8")) as Partial<Record<keyof Holder, unknown>>;
    const texts = [note.program, note.since, note.host, note.user, note.boot];
    if (!texts.every((text) => typeof text === "string") || !Number.isSafeInteger(note.processId))
      return undefined;
    const { channel, startedAt } = note;
    if (![channel, startedAt].every((text) => text === undefined || typeof text === "string"))
      return undefined;
    return note as Holder;
  } catch {
    return undefined;
  }
}

function noteOf(file: string): string {
  return `${file}.json`;
}
