import { readFileSync } from "node:fs";
import { type Log, type LogFields, logInto, type LogLevel, logLevels } from "../../src/log.ts";

export type KeptRecord = LogFields & { readonly level: LogLevel; readonly msg: string };

/** A log that keeps its records in a list. */
export function keepingLog(least: LogLevel = "info"): { log: Log; records: KeptRecord[] } {
  const records: KeptRecord[] = [];
  const log = logInto({
    isLevelEnabled: (level) => logLevels.indexOf(level) >= logLevels.indexOf(least),
    write: (level, fields, msg) => void records.push({ level, msg, ...fields }),
  });
  return { log, records };
}

/** The records of a file of lines of JSON. */
export function recordsIn(file: string): KeptRecord[] {
  return linesOf(readFileSync(file, "utf8"));
}

export function linesOf(text: string): KeptRecord[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as KeptRecord);
}
