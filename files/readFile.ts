import { readFile } from "node:fs/promises";
import { MhoError } from "../src/errors.ts";

/** Reads a whole file. Throws `bad-file` with a sentence a person can act on. */
export async function readInputFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** What the system says of a file, in a sentence. */
export function unreadable(path: string, error: unknown): MhoError {
  const { code, message } = error as NodeJS.ErrnoException;
  return badFile(path, reasons[code ?? ""] ?? message, "Check the path.", error);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is a file and no folder",
  EACCES: "this user may not read it",
  ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GiB",
};

export function badFile(path: string, what: string, advice: string, cause?: unknown): MhoError {
  return new MhoError("bad-file", `Cannot use ${path}: ${what}. ${advice}`, { file: path }, cause);
}

/** What is wrong, of a message of `badFile`. */
export function reasonOf({ facts, message }: MhoError): string {
  const from = message.indexOf(": ", message.indexOf(String(facts["file"])) + String(facts["file"]).length);
  const until = message.lastIndexOf(". ", message.length - 2);
  return message.slice(from < 0 ? 0 : from + 2, until < 0 ? undefined : until);
}
