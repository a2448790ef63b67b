import { createHash } from "node:crypto";
import { createReadStream, existsSync, statSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { MhoError } from "../../src/errors.ts";
import type { JobFile, JobId } from "../../src/queue/job.ts";
import type { Queries } from "../../storage/postgres/connection.ts";
import { fileParts, partBytes } from "../../storage/postgres/jobFileBytes.ts";
import type { NewJob } from "../../storage/postgres/serverJobs.ts";
import { filesNow } from "../queue/jobFiles.ts";

/** What the files of one job may come to. */
export const mostJobBytes = 512 * 1024 * 1024;

/** Files as they are sent along with a job. Throws `bad-file` where they are too large together. */
export function uploadsOf(files: readonly JobFile[]): NewJob["files"] {
  const uploads = files.map(({ file, sha256 }) => ({
    sha256,
    bytes: statSync(file).size,
    parts: () => createReadStream(file, { highWaterMark: partBytes }),
  }));
  const total = uploads.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= mostJobBytes) return uploads;
  const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 1024 / 1024)} MiB`;
  throw new MhoError(
    "bad-file",
    `The files of this job have ${mebibytes(total)}, and a server keeps at most ${mebibytes(mostJobBytes)} for one. ` +
      `Add the job at its bench: mho queue add with --workspace FOLDER.`,
    { bytes: total },
  );
}

/** The files of a job that failed as they are now, where they are of this machine; as the server has them otherwise. */
export async function filesAgain(files: readonly JobFile[], host: string): Promise<readonly JobFile[]> {
  if (host !== hostname()) return files;
  const here = files.filter(({ file }) => existsSync(file));
  const now = await filesNow(here.map(({ file }) => file));
  return files.map((one) => now.find(({ file }) => file === one.file) ?? one);
}

/**
 * Brings the files of a job of the server into the workspace, where they stay until it is over. Fetched again they are at the same places.
 *
 * @returns where each is here, by its path at the machine where the job was added.
 * @throws `bad-file` where the server no longer has one, or it came damaged.
 */
export async function fetchFiles(
  queries: Queries,
  files: readonly JobFile[],
  workspace: string,
  job: JobId,
): Promise<ReadonlyMap<string, string>> {
  const here = new Map<string, string>();
  for (const [n, { file, sha256 }] of files.entries()) {
    const folder = join(folderOf(workspace, job), String(n));
    const path = join(folder, nameOf(file));
    await mkdir(folder, { recursive: true });
    const known = existsSync(path) ? (await filesNow([path]))[0]!.sha256 : undefined;
    if (known !== sha256) await fetchFile(queries, sha256, path);
    here.set(file, path);
  }
  return here;
}

/** Of a job that is over. */
export async function dropFiles(workspace: string, job: JobId): Promise<void> {
  await rm(folderOf(workspace, job), { recursive: true, force: true });
}

function folderOf(workspace: string, job: JobId): string {
  return join(resolve(workspace), "queue", "files", job);
}

async function fetchFile(queries: Queries, sha256: string, path: string): Promise<void> {
  const draft = `${path}.part`;
  const hash = createHash("sha256");
  const handle = await open(draft, "w");
  try {
    for await (const part of fileParts(queries, sha256)) {
      hash.update(part);
      await handle.write(part);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  if (hash.digest("hex") === sha256) return rename(draft, path);
  await rm(draft, { force: true });
  throw new MhoError(
    "bad-file",
    `The server does not have the file ${nameOf(path)} of this job as it was added. Remove the job and add it again.`,
    { sha256 },
  );
}

/** A server's words never name a folder of this machine. */
function nameOf(path: string): string {
  const name = path.split(/[/\\]/).at(-1) ?? "";
  return /^\.*$/.test(name) || name.includes("\0") ? "file" : name;
}
