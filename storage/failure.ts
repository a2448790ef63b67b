import { dirname } from "node:path";
import { MhoError } from "../src/errors.ts";

export function guarded<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw workspaceFailed(file, error);
  }
}

const reasons: readonly [pattern: RegExp, what: string, advice: string][] = [
  [/FULL|ENOSPC/, "the disk is full", "Free some space; all that was acknowledged is safe."],
  [/IOERR/, "it could not be read or written", "Check the disk, its quota and the file size limit."],
  [/BUSY|LOCKED/, "another program holds it locked", "Close that program, then try again."],
  [
    /CORRUPT|NOTADB|malformed|no such (table|column)/,
    "it is damaged or no workspace",
    "Restore it from a copy, or name another --workspace. mho check lists what is damaged.",
  ],
  [/ENOTDIR|EEXIST/, "something else is where its folder should be", "Name another --workspace."],
  [
    /READONLY|EROFS|EACCES|EPERM|CANTOPEN/,
    "it may not be written here",
    "Check who owns the folder; a copy of it can be read.",
  ],
];

/**
 * What stands in a workspace is not what was written there.
 *
 * @param what  which row of which run, and how it shows: a clause.
 */
export function damaged(file: string, what: string, facts: Record<string, string | number> = {}): MhoError {
  return new MhoError(
    "workspace-failed",
    `The workspace ${file} is damaged: ${what}. Restore it from a copy; ` +
      `mho check --workspace ${dirname(file)} lists all that is damaged.`,
    { file, what, ...facts },
  );
}

/** @param fault  a clause of `faultOfLog`. */
export function damagedLog(file: string, fault: string): MhoError {
  return new MhoError(
    "workspace-failed",
    `The workspace ${file} is damaged: ${fault}, so what was written last would be missing. Restore it from a copy, or go on without ` +
      `what is missing: mho check --workspace ${dirname(file)} --drop-damaged-log.`,
    { file, what: fault },
  );
}

/** Whether another program holds the file, for now. */
export function isBusy(error: unknown): boolean {
  return textOf(error).includes("BUSY") || /database is locked/.test(textOf(error));
}

/** Whether it may only be read. */
export function isReadOnly(error: unknown): boolean {
  return /READONLY|EROFS|EACCES|EPERM|CANTOPEN/.test(textOf(error));
}

export function readOnly(file: string): MhoError {
  return new MhoError(
    "workspace-failed",
    `The workspace in ${dirname(file)} may not be written here, and this command writes to it. ` +
      "Check who owns the folder, or copy it to a place of your own and name that with --workspace.",
    { file, read_only: true },
  );
}

function textOf(error: unknown): string {
  const { sqliteCodeName, code, message } = error as {
    sqliteCodeName?: string;
    code?: string;
    message: string;
  };
  return `${sqliteCodeName ?? ""} ${code ?? ""} ${message}`;
}

export function workspaceFailed(file: string, error: unknown): MhoError {
  if (error instanceof MhoError) return error;
  const known = reasons.find(([pattern]) => pattern.test(textOf(error)));
  const what = known?.[1] ?? (error as Error).message;
  const advice = known?.[2] ?? "Check the folder.";
  return new MhoError(
    "workspace-failed",
    `The workspace ${file} failed: ${what}. ${advice}`,
    { file },
    error,
  );
}
