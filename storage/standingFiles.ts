import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { DatabaseSyncInstance } from "@photostructure/sqlite";
import { MhoError } from "../src/errors.ts";

/**
 * The files of a workspace while it is open here. SQLite goes on writing into files that were removed or replaced, and says nothing of it:
 * what is written then is in no file that the next process finds.
 *
 * As long as a connection is open, no other removes the log or the index, nor makes new ones: each keeps a lock on the index. A checkpoint
 * may cut the log, and says so in the index before.
 */
export class StandingFiles {
  readonly #file: string;
  readonly #database: DatabaseSyncInstance;
  readonly #opened: string | undefined;
  /** Of the file, when it was last looked at, bytes. */
  #size: number;
  /** The log and the index, once they were seen. */
  readonly #beside = new Map<string, string>();
  readonly #pageBytes: number;

  /** @param file  its name for people; the database may be that of a copy. */
  constructor(file: string, database: DatabaseSyncInstance) {
    this.#file = file;
    this.#database = database;
    this.#opened = fileNow(file);
    this.#size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    const { page_size } = database.prepare("PRAGMA page_size").get() as { page_size: number };
    this.#pageBytes = page_size;
    for (const name of besideIt) this.#remember(name);
  }

  /** Whether the file that stands at its path is the one that is open. */
  get isThere(): boolean {
    return fileNow(this.#file) === this.#opened;
  }

  /** Throws `workspace-failed` where the file is another, or none. */
  refuseRemoved(): void {
    if (!this.isThere) throw this.#lost("was removed or replaced", putBack);
  }

  /** The same, and where its log or its index is another, or any of them was cut: before something is written that must be found again. */
  refuseOther(): void {
    this.refuseRemoved();
    for (const name of besideIt) {
      const known = this.#remember(name);
      if (fileNow(`${this.#file}${name}`) !== known)
        throw this.#lost(
          `cannot take more turns: its ${what[name]} ${basename(this.#file)}${name} was removed or replaced`,
          `What was written before is moved into ${basename(this.#file)} as this command ends. ` +
            `Close all other programs that use it, look at it by mho check --workspace ${dirname(this.#file)}, and go on with mho resume.`,
        );
    }
    if (this.#isLogCut())
      throw this.#lost(`is damaged: its log ${basename(this.#file)}-wal was cut or emptied`, restore);
    this.#refuseCut();
  }

  #remember(name: Beside): string | undefined {
    const known = this.#beside.get(name) ?? fileNow(`${this.#file}${name}`);
    if (known !== undefined) this.#beside.set(name, known);
    return known;
  }

  /** Shorter than the index says: a checkpoint that cuts the log changes the index first, so a second look is a right one. */
  #isLogCut(): boolean {
    for (let look = 0; look < mostLooks; look++) {
      const log = this.#framesOfLog();
      const size = statSync(`${this.#file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
      if (log <= 0 || size >= headBytes + log * (frameHeadBytes + this.#pageBytes)) return false;
    }
    return true;
  }

  /** As the index says; 0 where something else reads by the same connection, which keeps SQLite from telling: the next turn asks again. */
  #framesOfLog(): number {
    try {
      return (this.#database.prepare("PRAGMA wal_checkpoint(NOOP)").get() as { log: number }).log;
    } catch (error) {
      if ((error as { errcode?: number }).errcode === sqliteLocked) return 0;
      throw error;
    }
  }

  /** A file that has become shorter was put in order by another program, or cut: its size alone does not tell which. */
  #refuseCut(): void {
    const { size } = statSync(this.#file);
    const isShorter = size < this.#size;
    this.#size = size;
    // What the cut took away may still be remembered.
    if (isShorter) this.#database.exec("PRAGMA shrink_memory");
    const check = (): unknown => this.#database.prepare("PRAGMA integrity_check(1)").get();
    if (isShorter && (check() as { integrity_check: string }).integrity_check !== "ok")
      throw this.#lost("was cut or emptied", restore);
  }

  #lost(happened: string, advice: string): MhoError {
    return new MhoError(
      "workspace-failed",
      `The workspace ${this.#file} ${happened} while it was in use. Nothing more is fired. ${advice}`,
      { file: this.#file },
    );
  }
}

const besideIt = ["-wal", "-shm"] as const;
type Beside = (typeof besideIt)[number];
const what: Readonly<Record<Beside, string>> = { "-wal": "log", "-shm": "index" };

const putBack = "Put its folder back where it was, or begin a new run in another --workspace.";
const restore = "Restore it from a copy, or begin a new run in another --workspace.";

const sqliteLocked = 6;
const mostLooks = 5;
/** Of a log: https://sqlite.org/fileformat2.html#the_write_ahead_log. */
const headBytes = 32;
const frameHeadBytes = 24;

/** Which file stands at a path: its device and its number there; undefined where none does. */
function fileNow(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev} ${found.ino}`;
}
