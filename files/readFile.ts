import { readFile } from "node:fs/promises";
import { MhoError } from "../src/errors.ts";

/** Reads a whole file. Throws `bad-file` with a sentence a person can act on. */
export async function readInputFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === "ENOENT"
        ? "there is no such file"
        : code === "ENOTDIR"
          ? "a part of its path is a file and no folder"
          : code === "EISDIR"
            ? "it is a folder"
            : code === "EACCES"
              ? "this user may not read it"
              : message;
    throw badFile(path, reason, "Check the path.", error);
  }
}

export function badFile(path: string, what: string, advice: string, cause?: unknown): MhoError {
  return new MhoError("bad-file", `Cannot use ${path}: ${what}. ${advice}`, { file: path }, cause);
}
