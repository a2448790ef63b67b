import { rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder } from "../files/folder.ts";
import { MhoError } from "../src/errors.ts";

/** Writes a file whole or not at all. Throws `output-failed`. */
export function writeWhole(path: string, text: string, advice: string): Promise<void> {
  return writeWholeBy(path, advice, (draft) => writeFile(draft, text));
}

/** The same, for what is written piece by piece into a draft. */
export async function writeWholeBy<T>(
  path: string,
  advice: string,
  write: (draft: string) => Promise<T>,
): Promise<T> {
  const draft = `${path}.part`;
  try {
    await makeFolder(dirname(path));
    const written = await write(draft);
    await rename(draft, path);
    return written;
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    if (error instanceof MhoError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === "ENOSPC" ? "the disk is full" : code === "EISDIR" ? "there is a folder of that name" : message;
    throw new MhoError("output-failed", `Cannot write ${path}: ${reason}. ${advice}`, { file: path }, error);
  }
}
