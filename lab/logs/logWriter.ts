import type { pino as Pino } from "pino";
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { harmlessLine } from "../../src/harmless.ts";
import { type LogFields, type LogLevel, logLevels } from "../../src/log.ts";
import type { Microseconds } from "../../src/units.ts";

export interface WriterOptions {
  readonly pino: typeof Pino;
  /** A file, which is appended to, or an open descriptor. */
  readonly to: string | number;
  /** The least level that is written. */
  readonly level: LogLevel;
  /** What a file may hold before debug and trace stop. */
  readonly limitBytes?: number;
  /** Told which log loses records, and why. */
  readonly complain: (what: string, error: unknown) => void;
  readonly now: () => Microseconds;
}

/**
 * Writes records as lines of JSON, each with one system call before `write` returns. Where that fails, records are dropped and the
 * file is tried again after a while: a log must not stop what it tells of.
 */
export class LogWriter {
  readonly #options: WriterOptions;
  #least: number;
  #bytes = 0;
  #opened: Opened | undefined;
  #tryAgainAt: Microseconds = -Infinity;
  /** Whether the last line may be cut off. */
  #torn = false;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#least = rankOf(options.level);
  }

  isLevelEnabled(level: LogLevel): boolean {
    return rankOf(level) >= this.#least;
  }

  write(level: LogLevel, fields: LogFields, message: string): void {
    if (rankOf(level) < this.#least) return;
    try {
      const logger = this.#open();
      logger?.[level](fields, message);
      if (logger !== undefined) this.#heedLimit(fields);
    } catch (error) {
      this.#fail(error);
    }
  }

  close(): void {
    this.#opened?.destination.end();
    this.#opened = undefined;
  }

  #open(): Pino.Logger | undefined {
    if (this.#opened !== undefined) return this.#opened.logger;
    const { pino, to, now } = this.#options;
    if (now() < this.#tryAgainAt) return undefined;
    if (typeof to === "string") mkdirSync(dirname(to), { recursive: true });
    let refusals = 0;
    const destination = pino.destination({
      dest: to,
      sync: true,
      // A reader that is slow may be waited for a little, and not for ever.
      retryEAGAIN: () => ++refusals <= mostRefusals,
    });
    destination.on("write", () => (refusals = 0));
    let failed = false;
    destination.on("error", (error) => {
      // pino tells of the same error twice.
      if (failed) return;
      failed = true;
      this.#fail(error);
    });
    if (typeof to === "string") this.#bytes = statSync(to).size;
    const write = (line: string): void => {
      this.#bytes += Buffer.byteLength(line);
      destination.write(typeof to === "number" ? harmlessLine(line) : line);
    };
    const logger = pino(
      { level: "trace", base: null, timestamp: false, formatters: { level: (label) => ({ level: label }) } },
      { write },
    );
    this.#opened = { destination, logger };
    if (this.#torn) write("\n");
    this.#torn = false;
    return this.#opened?.logger;
  }

  #heedLimit(fields: LogFields): void {
    const { limitBytes = Infinity } = this.#options;
    if (this.#bytes <= limitBytes || this.#least >= rankOf("info")) return;
    this.#least = rankOf("info");
    const { time, run, pid } = fields;
    this.write("warn", { time, run, pid, bytes: this.#bytes }, "the log is full: debug and trace end here");
  }

  #fail(error: unknown): void {
    const { to, complain, now } = this.#options;
    const opened = this.#opened;
    this.#opened = undefined;
    this.#torn = true;
    this.#tryAgainAt = now() + betweenTries;
    opened?.destination.destroy();
    complain(typeof to === "number" ? "on stderr" : to, error);
  }
}

interface Opened {
  readonly destination: ReturnType<typeof Pino.destination>;
  readonly logger: Pino.Logger;
}

export function rankOf(level: LogLevel): number {
  return logLevels.indexOf(level);
}

/** Of a tenth of a second each. */
const mostRefusals = 20;
const betweenTries: Microseconds = 60_000_000;
