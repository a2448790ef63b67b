import { MhoError } from "../src/errors.ts";

export function guarded<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof MhoError) throw error;
    throw workspaceFailed(file, error);
  }
}

const reasons: readonly [pattern: RegExp, what: string, advice: string][] = [
  [/FULL|ENOSPC/, "the disk is full", "Free some space; all that was acknowledged is safe."],
  [/IOERR/, "it could not be read or written", "Check the disk, its quota and the file size limit."],
  [/BUSY|LOCKED/, "another program holds it locked", "Close that program, then try again."],
  [/CORRUPT|NOTADB/, "it is damaged or no workspace", "Restore it from a copy, or name another --workspace."],
  [/ENOTDIR|EEXIST/, "something else is where its folder should be", "Name another --workspace."],
  [
    /READONLY|EROFS|EACCES|EPERM|CANTOPEN/,
    "it may not be written here",
    "Check who owns the folder; a copy of it can be read.",
  ],
];

export function workspaceFailed(file: string, error: unknown): MhoError {
  const { sqliteCodeName, code, message } = error as {
    sqliteCodeName?: string;
    code?: string;
    message: string;
  };
  const text = `${sqliteCodeName ?? ""} ${code ?? ""} ${message}`;
  const known = reasons.find(([pattern]) => pattern.test(text));
  const what = known?.[1] ?? message;
  const advice = known?.[2] ?? "Check the folder.";
  return new MhoError(
    "workspace-failed",
    `The workspace ${file} failed: ${what}. ${advice}`,
    { file },
    error,
  );
}
