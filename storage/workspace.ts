import { existsSync, statSync } from "node:fs";
import { rm, rmdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";
import { makeFolder } from "../files/folder.ts";
import { damagedLog, isBusy, isReadOnly, workspaceFailed } from "./failure.ts";
import { copyPrivately, mayOnlyBeRead, type PrivateCopy } from "./privateCopy.ts";
import { mustBe } from "./records.ts";
import { migrate } from "./schema.ts";
import { usualLockTimeout, Workspace } from "./workspaceStore.ts";
import { faultOfLog } from "./writeAheadLog.ts";

export { Workspace } from "./workspaceStore.ts";

export interface OpenOptions {
  /** How long to wait for another program that holds it locked (5000). */
  readonly lockTimeoutMilliseconds?: number;
  /** Goes on without what stands behind damage in the log. */
  readonly dropDamagedLog?: boolean;
  /** Whether a file that exists may only be read; asked of the file system where not given. */
  readonly mayOnlyBeRead?: (file: string) => boolean;
  /** Whether each commit waits until the disk has it (true). A chip that a power cut ends as well needs no such care. */
  readonly waitsForDisk?: boolean;
}

/**
 * Opens the workspace in a folder, creating both when they are missing: one SQLite file in WAL mode with full
 * synchronisation, which other programs may read while a run is on. One that may only be read is copied, and read as it was then.
 */
export async function openWorkspace(folder: string, options: OpenOptions = {}): Promise<Workspace> {
  const { lockTimeoutMilliseconds = usualLockTimeout, mayOnlyBeRead: onlyRead = mayOnlyBeRead } = options;
  const file = join(folder, "workspace.db");
  if (onlyRead(file)) return openCopy(file, options);
  try {
    await makeFolder(folder);
  } catch (error) {
    throw workspaceFailed(folder, error);
  }
  for (let waited = 0; ; waited += 2 * shortWait) {
    try {
      // What this process has open was looked at then, and frames that others wrote since are for SQLite's index to tell.
      if (options.dropDamagedLog !== true && !isOpenHere(file)) await refuseDamagedLog(file);
      return rememberOpen(file, opened(file, options));
    } catch (error) {
      // Some file systems say only now that they cannot be written.
      if (isReadOnly(error) && existsSync(file)) return openCopy(file, options);
      if (waited >= lockTimeoutMilliseconds || !isBusy(error)) throw workspaceFailed(file, error);
    }
    // SQLite does not wait where several programs make the same file at once, lest they wait for each other.
    await setTimeout(shortWait);
  }
}

/** Removes a workspace, and its folder where that holds nothing else. Nobody may have it open. */
export async function removeWorkspace(folder: string): Promise<void> {
  for (const ending of ["", "-wal", "-shm"]) await rm(join(folder, `workspace.db${ending}`), { force: true });
  await rmdir(folder).catch(() => undefined);
}

async function openCopy(file: string, options: OpenOptions): Promise<Workspace> {
  let copy: PrivateCopy | undefined;
  try {
    copy = await copyPrivately(file);
    await refuseDamagedLog(copy.file, file);
    return opened(file, options, copy);
  } catch (error) {
    copy?.remove();
    throw workspaceFailed(file, error);
  }
}

const shortWait = 25;

/** @param copy  of the file, to open in its place. */
function opened(named: string, options: OpenOptions, copy?: PrivateCopy): Workspace {
  const { lockTimeoutMilliseconds = usualLockTimeout, dropDamagedLog = false } = options;
  const file = copy?.file ?? named;
  // SQLite takes what is shorter than its first page for nothing, and writes over it.
  const length = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  mustBe(length === 0 || length >= smallestDatabaseBytes, "a database");
  const database = new DatabaseSync(file, { timeout: shortWait });
  try {
    migrate(database, named);
    // In WAL mode the file stays whole; what a power cut takes are the last commits.
    if (options.waitsForDisk === false) database.exec("PRAGMA synchronous = NORMAL");
    // A process that was killed in the midst of a commit leaves frames behind the log's end. Before anything is written over the first of
    // them the log begins anew: the others would else look like damage. Where another program reads just now, they stay: it is not waited for.
    if (copy === undefined && !dropDamagedLog) beginLogAnew(database);
    database.exec(`PRAGMA busy_timeout = ${lockTimeoutMilliseconds}`);
    if (dropDamagedLog) beginLogAnew(database);
    return new Workspace(database, named, { lockTimeoutMilliseconds, copy });
  } catch (error) {
    database.close();
    throw error;
  }
}

const smallestDatabaseBytes = 512;

function beginLogAnew(database: DatabaseSyncInstance): void {
  try {
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch {
    // A full disk, or a reader: what is in the log is as safe there.
  }
}

/** Workspaces that this process has open, by their files. */
const openHere = new Map<string, Set<WeakRef<Workspace>>>();

function isOpenHere(file: string): boolean {
  const found = [...(openHere.get(resolve(file)) ?? [])];
  return found.some((one) => one.deref()?.isOpen === true);
}

function rememberOpen(file: string, store: Workspace): Workspace {
  const known = openHere.get(resolve(file)) ?? new Set();
  for (const one of known) if (one.deref()?.isOpen !== true) known.delete(one);
  openHere.set(resolve(file), known.add(new WeakRef(store)));
  return store;
}

/**
 * Before SQLite opens the file: it would take the damage for the log's end, and remove the log when it closes.
 *
 * @param named  the workspace, for people, where the file is a copy of it.
 */
async function refuseDamagedLog(file: string, named = file): Promise<void> {
  const log = `${file}-wal`;
  const index = `${named}-shm`;
  for (;;) {
    const before = standing(log);
    const fault = faultOfLog(log, index);
    if (fault === undefined) return;
    // Another program may just be writing it: only what stays as it is is damage.
    await setTimeout(shortWait);
    // Opened here meanwhile: to close the index, which is read above, would free SQLite's locks on it.
    if (isOpenHere(named)) return;
    if (standing(log) === before && faultOfLog(log, index) === fault) throw damagedLog(named, fault);
  }
}

/** A text that is another after a file was written. */
function standing(file: string): string {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? "" : `${found.ino} ${found.size} ${found.mtimeNs}`;
}
