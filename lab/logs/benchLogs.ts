import { writeSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../drivers/systemClock.ts";
import { harmless } from "../../src/harmless.ts";
import { type Log, type LogFields, loggedError, type LogLevel, noLog } from "../../src/log.ts";
import type { RunId } from "../../src/run/store.ts";
import { wallTime } from "../wallTime.ts";
import { ChipLogs } from "./chipLogs.ts";
import { LogWriter, rankOf, type WriterOptions } from "./logWriter.ts";

export interface LogOptions {
  /** The workspace, whose `logs/` has a file for each run; none are kept where it is not given. */
  readonly folder?: string | undefined;
  /** Records of this level and above go to stderr; none where it is not given. Files take info and above, or this if it is less. */
  readonly level?: LogLevel | undefined;
  /** In place of both. */
  readonly own?: Log | undefined;
  /** What the file of a run may hold before debug and trace stop. */
  readonly limitBytes?: number | undefined;
}

/** Makes the logs of a bench's chips. */
export type OpenLogs = (known: LogFields) => ChipLogs;

/** Loads what writes logs. No file is made before a run begins. */
export async function openLogs(options: LogOptions): Promise<OpenLogs> {
  const { folder, level, own, limitBytes = usualLimitBytes } = options;
  const { pid } = process;
  const complain = complainOnce();
  const common = { onOwnFailed: (error: unknown) => complain("of the bench", error), wallTime };
  if (own !== undefined || (folder === undefined && level === undefined)) {
    return (known) => new ChipLogs({ ...common, own: own ?? noLog }, { pid, ...known });
  }
  // It costs as much time as all that help needs.
  const { pino } = await import("pino");
  const how = { pino, complain, now: () => systemClock.nowMicroseconds() };
  const least = level !== undefined && rankOf(level) < rankOf("info") ? level : "info";
  const stderr = level && new LogWriter({ ...how, to: process.stderr.fd, level });
  const fileOf = (run: RunId): LogWriter =>
    new LogWriter({ ...how, to: join(folder!, "logs", `${run}.ndjson`), level: least, limitBytes });
  const files = folder === undefined ? undefined : { least, of: fileOf };
  return (known) => new ChipLogs({ ...common, stderr, files }, { pid, ...known });
}

/** A log for work that is of no run: on stderr, or nowhere. */
export async function openPlainLog(level: LogLevel | undefined): Promise<Log> {
  return (await openLogs({ level }))({}).log;
}

/** A full disk is told of once, however many records are lost. */
function complainOnce(): WriterOptions["complain"] {
  let told = false;
  return (what, error) => {
    if (told) return;
    told = true;
    const text = `mho: the log ${what} cannot be written: ${loggedError(error).message}. The work goes on without it.`;
    try {
      writeSync(2, `${harmless(text, longestMessage)}\n`);
    } catch {
      // Stderr cannot be written either: there is no place left to say so.
    }
  };
}

const usualLimitBytes = 100_000_000;
const longestMessage = 1000;
