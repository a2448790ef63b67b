import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { whyNotWritten } from "../files/writeWhole.ts";
import { MhoError } from "../src/errors.ts";
import {
  digestOfFile,
  type Manifest,
  manifestName,
  type NetworkManifest,
  type WrittenFile,
} from "./manifest.ts";
import { originPart } from "./paths.ts";

/** What a write that was cut off leaves behind begins so. */
export const draftPrefix = ".mho-draft-";

/** What is written, for messages. */
interface Sealed {
  readonly lake: string;
  /** "run r2". */
  readonly what: string;
  readonly run?: string;
}

/**
 * Puts a folder into a lake. All of its files are written beside it, the manifest last, and get their place by one rename.
 *
 * @param write  writes the files into a draft folder.
 * @returns bytes of the files; undefined where another program put the folder there meanwhile.
 * @throws `output-failed` where it cannot be written.
 */
export async function sealFolder(
  folder: string,
  { lake, what, ...facts }: Sealed,
  write: (draft: string) => Promise<Manifest | NetworkManifest>,
): Promise<number | undefined> {
  let draft: string | undefined;
  try {
    await mkdir(dirname(folder), { recursive: true });
    // No glob of a reader finds it there.
    draft = join(lake, `${draftPrefix}${randomUUID()}`);
    await mkdir(draft);
    const manifest = await write(draft);
    const file = join(draft, manifestName);
    await writeFile(file, `${JSON.stringify(manifest, undefined, 2)}\n`);
    for (const name of [...manifest.files.map((one) => one.name), manifestName])
      await synced(join(draft, name));
    await rename(draft, folder);
    return bytesOf(manifest);
  } catch (error) {
    if (draft !== undefined) await rm(draft, { recursive: true, force: true }).catch(() => undefined);
    if (existsSync(join(folder, manifestName))) return undefined;
    if (error instanceof MhoError) throw error;
    throw new MhoError(
      "output-failed",
      `Cannot write ${what} into the lake ${lake}: ${whyNotWritten(error, lake, draft)}. Nothing of it is left there; give the command again when that is put right.`,
      { lake, ...facts },
      error,
    );
  }
}

async function synced(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A file of a draft as its manifest lists it. */
export async function writtenFile<Name extends WrittenFile["name"]>(
  draft: string,
  name: Name,
  rows: number,
): Promise<{ name: Name; rows: number; bytes: number; sha256: string }> {
  const path = join(draft, name);
  const { size: bytes } = await stat(path);
  return { name, rows, bytes, sha256: await digestOfFile(path) };
}

/** The folder in which something is kept, by whatever name of a workspace. @param prefix  "run=". */
export async function knownAs(parent: string, prefix: string, origin: string): Promise<string | undefined> {
  const names = await readdir(parent).catch((): string[] => []);
  const name = names.find((one) => one.startsWith(prefix) && one.endsWith(`-${originPart(origin)}`));
  return name === undefined ? undefined : join(parent, name);
}

export function bytesOf({ files }: Pick<Manifest | NetworkManifest, "files">): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
