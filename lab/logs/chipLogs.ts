import { type Log, type LogFields, logInto, type LogLevel, type LogSink } from "../../src/log.ts";
import type { RunId } from "../../src/run/store.ts";
import { type LogWriter, rankOf } from "./logWriter.ts";

/** Where the records of a chip go. */
export interface ChipLogTargets {
  /** One for each run, which take records of this level and above. */
  readonly files?: { readonly least: LogLevel; readonly of: (run: RunId) => LogWriter } | undefined;
  readonly stderr?: LogWriter | undefined;
  /** A log of the user's own, in place of both. */
  readonly own?: Log | undefined;
  /** Told when a log of the user's own throws. */
  readonly onOwnFailed: (error: unknown) => void;
  readonly wallTime: () => string;
}

/**
 * The records of one chip of a bench. Each goes into the file of its run; what is told before a run begins waits for it, and what
 * is told of the chip while several runs are read goes into the files of all of them.
 */
export class ChipLogs {
  /** Whose records carry all that is known of the chip and its link by then. */
  readonly log: Log;
  readonly #targets: ChipLogTargets;
  #known: LogFields;
  #attended: readonly RunId[] = [];
  #reading: RunId | undefined;
  readonly #files = new Map<RunId, LogWriter>();
  #held: Held[] = [];

  constructor(targets: ChipLogTargets, known: LogFields) {
    this.#targets = targets;
    this.#known = known;
    const sink: LogSink = {
      isLevelEnabled: (level) => this.#isLevelEnabled(level),
      write: (level, fields, message) => this.#write(level, fields, message),
    };
    this.log = logInto(sink);
  }

  /** What is known from now on. */
  know(fields: LogFields): void {
    this.#known = { ...this.#known, ...fields };
  }

  /** From now on the work is on these runs; on none, records wait for the next. */
  attend(runs: readonly RunId[]): void {
    this.#attended = runs;
    this.#reading = undefined;
    if (runs.length === 0) return;
    for (const [run, file] of this.#files) {
      if (runs.includes(run)) continue;
      file.close();
      this.#files.delete(run);
    }
    const held = this.#held.splice(0);
    for (const run of runs) this.#fill(run, held);
  }

  /** Of the runs that are attended, the one that the chip is read for; undefined for none or all. */
  reading(run: RunId | undefined): void {
    this.#reading = run;
  }

  /** What is still held goes into the files of the last runs. */
  close(): void {
    const held = this.#held.splice(0);
    for (const [run, file] of this.#files) {
      this.#fill(run, held);
      file.close();
    }
    this.#files.clear();
  }

  #isLevelEnabled(level: LogLevel): boolean {
    const { own, stderr, files } = this.#targets;
    if (own !== undefined) return own.isLevelEnabled(level);
    if (stderr?.isLevelEnabled(level) === true) return true;
    if (files === undefined || rankOf(level) < rankOf(files.least)) return false;
    if (this.#files.size === 0) return true;
    for (const file of this.#files.values()) if (file.isLevelEnabled(level)) return true;
    return false;
  }

  #write(level: LogLevel, fields: LogFields, message: string): void {
    const { own, stderr, files, onOwnFailed, wallTime } = this.#targets;
    const attended = this.#reading ?? (this.#attended.length === 1 ? this.#attended[0] : undefined);
    const run = fields.run ?? attended;
    const known = { ...(run !== undefined && { run }), ...this.#known, ...fields };
    if (own !== undefined) {
      try {
        own[level](known, message);
      } catch (error) {
        onOwnFailed(error);
      }
      return;
    }
    const record = { time: wallTime(), ...known };
    stderr?.write(level, record, message);
    if (files === undefined) return;
    const runs = run === undefined ? this.#attended : [run];
    if (runs.length === 0) this.#hold({ level, fields: record, message });
    for (const one of runs) this.#file(one)?.write(level, record, message);
  }

  #hold(record: Held): void {
    if (this.#held.length === mostHeld) this.#held.shift();
    this.#held.push(record);
  }

  /** A run that goes on has records before it is attended. */
  #file(run: RunId): LogWriter | undefined {
    const known = this.#files.get(run);
    if (known !== undefined) return known;
    const file = this.#targets.files?.of(run);
    if (file === undefined) return undefined;
    this.#files.set(run, file);
    this.#fill(run, this.#held.splice(0));
    return file;
  }

  #fill(run: RunId, held: readonly Held[]): void {
    const file = this.#file(run);
    for (const { level, fields, message } of held) file?.write(level, { ...fields, run }, message);
  }
}

interface Held {
  readonly level: LogLevel;
  readonly fields: LogFields;
  readonly message: string;
}

/** The opening of a chip has a few dozen records, also when it is hard. */
const mostHeld = 500;
