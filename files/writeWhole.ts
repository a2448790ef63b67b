import { lstat, readlink, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
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
  let draft: string | undefined;
  try {
    await refuseNoFolder(path, advice);
    const file = await fileBehind(path);
    if (file === undefined) throw failed(path, "it is not an ordinary file", advice);
    draft = `${file}.part`;
    const written = await write(draft);
    await rename(draft, file);
    return written;
  } catch (error) {
    // A draft that stays does no harm, and why nothing could be written is what counts.
    if (draft !== undefined) await rm(draft, { force: true }).catch(() => undefined);
    if (error instanceof MhoError) throw error;
    throw failed(path, whyNotWritten(error, path, draft), advice, error);
  }
}

/** Throws `output-failed` at once where a file of that name cannot be: for what takes long to make. */
export async function refuseFolder(path: string, advice: string): Promise<void> {
  // What else may be wrong is said when the file is written.
  const meant = await stat(path).catch(() => undefined);
  if (meant?.isDirectory() === true) throw failed(path, reasons["EISDIR"]!, advice);
}

/** Why a file cannot be written, in plain words. */
export function whyNotWritten(error: unknown, path: string, draft?: string): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return reasons[code ?? ""] ?? inOurNames(message, path, draft);
}

/** A name with a slip of the pen must not make folders. Throws `output-failed` where the folder of a file is not there. */
export async function refuseNoFolder(path: string, advice: string): Promise<void> {
  const folder = dirname(resolve(path));
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found === undefined) throw failed(path, `there is no folder ${folder}`, advice);
}

/**
 * The file that a name stands for: a link stays, and what it leads to is written anew. Undefined for pipes and devices, which a
 * new file would replace.
 */
async function fileBehind(path: string): Promise<string | undefined> {
  const meant = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (meant === undefined) {
    // Only whether a link of that name is there is asked.
    const named = await lstat(path).catch(() => undefined);
    if (named === undefined) return path;
    return fileBehind(resolve(await realpath(dirname(path)), await readlink(path)));
  }
  if (meant.isDirectory()) return path;
  return meant.isFile() ? realpath(path) : undefined;
}

function failed(path: string, reason: string, advice: string, cause?: unknown): MhoError {
  return new MhoError("output-failed", `Cannot write ${path}: ${reason}. ${advice}`, { file: path }, cause);
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "this user's share of the disk is full",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is a file and no folder",
  ENOENT: "its folder does not exist",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "that disk can only be read",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "it is a link that leads back to itself",
  EEXIST: "a part of its path is a file and no folder",
};

/** What the system says, without its call and the name of a draft that nobody gave. */
function inOurNames(message: string, path: string, draft = path): string {
  return message.replaceAll(draft, path).replace(/^\w+: |, \w+ '[^']*'( -> '[^']*')?$/g, "");
}
