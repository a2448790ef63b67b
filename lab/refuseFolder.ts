import { stat } from "node:fs/promises";
import { badFile } from "../files/readFile.ts";

/** Throws `bad-file` for a folder in the place of a file: what kind of file it is would be asked first. */
export async function refuseFolder(path: string): Promise<void> {
  // What else may be wrong is said when the file is read.
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) throw badFile(path, "it is a folder", "Give a file.");
}
