import { accessSync, constants, copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { MhoError } from "../src/errors.ts";
import { faultOfLog } from "./writeAheadLog.ts";

/** A copy of a workspace that may only be read, in a folder of this user's own; it is removed when the process ends, at the latest. */
export interface PrivateCopy {
  readonly file: string;
  remove(): void;
}

/** Whether a workspace that exists can be read and not be written: SQLite needs its folder, too. */
export function mayOnlyBeRead(file: string): boolean {
  if (!may(file, constants.F_OK) || !may(file, constants.R_OK)) return false;
  return ![file, dirname(file)].every((path) => may(path, constants.W_OK));
}

/** Also as root, to whom only a file system that cannot be written says no. */
function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    // Whatever the reason is, opening it the usual way names it.
    return false;
  }
}

/** Copies the file and its log. Another user may be writing them: they are copied again until nothing moved meanwhile. */
export async function copyPrivately(file: string): Promise<PrivateCopy> {
  // Of mode 0700.
  const folder = mkdtempSync(join(tmpdir(), "mho-read-"));
  const remove = (): void => {
    process.off("exit", remove);
    rmSync(folder, { recursive: true, force: true });
  };
  process.on("exit", remove);
  try {
    const copy = join(folder, "workspace.db");
    for (let tries = 0; tries < mostTries; tries++) {
      const before = standing(file);
      for (const end of ["", "-wal"]) {
        rmSync(`${copy}${end}`, { force: true });
        if (statSync(`${file}${end}`, { throwIfNoEntry: false }) !== undefined)
          copyFileSync(`${file}${end}`, `${copy}${end}`, constants.COPYFILE_FICLONE);
      }
      if (
        standing(file) === before &&
        (tries === mostTries - 1 || faultOfLog(`${copy}-wal`, `${file}-shm`) === undefined)
      )
        return { file: copy, remove };
      await setTimeout(betweenTriesMilliseconds);
    }
    throw new MhoError(
      "workspace-failed",
      `The workspace ${file} may not be written here, and another program wrote to it all the time while it was copied to be read. ` +
        "Try again once that program rests.",
      { file },
    );
  } catch (error) {
    remove();
    throw error;
  }
}

const mostTries = 20;
const betweenTriesMilliseconds = 100;

/** A text that is another after the file was written, or its log was begun anew. */
function standing(file: string): string {
  return ["", "-wal"]
    .map((end) => statSync(`${file}${end}`, { bigint: true, throwIfNoEntry: false }))
    .map((found) => (found === undefined ? "none" : `${found.size} ${found.mtimeNs} ${found.ino}`))
    .join(", ");
}
