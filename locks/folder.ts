import { chmodSync, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MhoError } from "../src/errors.ts";
import { userName } from "./processes.ts";

/**
 * The lock file of a port or of an address on a network. A link and what it points at are one port.
 *
 * Throws `port-failed` where the folder of locks is not this user's own.
 */
export function lockFileOf(port: string): string {
  let path = port;
  try {
    path = realpathSync(port);
  } catch {
    // A port that is gone keeps its name.
  }
  return join(lockFolder(), `port-${encodeURIComponent(path)}.lock`);
}

/** A folder that only this user can enter: another user could else put links there, which would be followed. */
export function lockFolder(): string {
  const folder = join(tmpdir(), `mho-ports-${encodeURIComponent(userName())}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST")
      throw unusable(folder, (error as Error).message, error);
  }
  const found = lstatSync(folder);
  if (!found.isDirectory()) throw unusable(folder, "it is a link or a file, not a folder");
  if (process.getuid === undefined) return folder;
  if (found.uid !== process.getuid()) throw unusable(folder, `it belongs to another user (uid ${found.uid})`);
  // The folder of an earlier version could be read by all.
  if ((found.mode & 0o777) !== 0o700) chmodSync(folder, 0o700);
  return folder;
}

function unusable(folder: string, reason: string, cause?: unknown): MhoError {
  return new MhoError(
    "port-failed",
    `The folder for the locks of ports, ${folder}, cannot be used: ${reason}. Delete it, or set TMPDIR to a folder of your own.`,
    { folder },
    cause,
  );
}
