import { rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder } from "../files/folder.ts";
import { MhoError } from "../src/errors.ts";

/** Writes a file whole or not at all. Throws `output-failed`. */
export async function writeWhole(path: string, text: string, advice: string): Promise<void> {
  const draft = `${path}.part`;
  try {
    await makeFolder(dirname(path));
    await writeFile(draft, text);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === "ENOSPC" ? "the disk is full" : code === "EISDIR" ? "there is a folder of that name" : message;
    throw new MhoError("output-failed", `Cannot write ${path}: ${reason}. ${advice}`, { file: path }, error);
  }
}
