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
    const reason = reasons[code ?? ""] ?? inOurNames(message, path);
    throw new MhoError("output-failed", `Cannot write ${path}: ${reason}. ${advice}`, { file: path }, error);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "this user's share of the disk is full",
  EISDIR: "there is a folder of that name",
  ENOTDIR: "a part of its path is a file and no folder",
  ENOENT: "there is no such folder, and none can be made there",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "that disk can only be read",
  ENAMETOOLONG: "the name is too long",
  EEXIST: "a part of its path is a file and no folder",
};

/** What the system says, without its call and the name of a draft that nobody gave. */
function inOurNames(message: string, path: string): string {
  return message.replaceAll(`${path}.part`, path).replace(/^\w+: |, \w+ '[^']*'( -> '[^']*')?$/g, "");
}
