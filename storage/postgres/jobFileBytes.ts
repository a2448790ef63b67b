import type { JobId } from "../../src/queue/job.ts";
import type { Queries } from "./connection.ts";
import { numberOf } from "./fleetRows.ts";

/** A file in parts: neither the server nor a bench has it whole in memory. */
export const partBytes = 4 * 1024 * 1024;

/** Keeps a file for a job that is added in the same commit. One that the server has is not sent again. */
export async function keepFile(
  queries: Queries,
  { sha256, bytes }: { readonly sha256: string; readonly bytes: number },
  parts: () => AsyncIterable<Uint8Array>,
): Promise<void> {
  // The row stays locked until the job is there: it is not dropped meanwhile.
  const [row] = await queries.query<{ is_new: boolean }>(
    `INSERT INTO mho.job_files (sha256, bytes) VALUES ($1, $2)
       ON CONFLICT (sha256) DO UPDATE SET bytes = excluded.bytes RETURNING xmax = 0 AS is_new`,
    [sha256, bytes],
  );
  if (row!.is_new) {
    let part = 0;
    for await (const piece of parts())
      await queries.query("INSERT INTO mho.job_file_parts (sha256, part, bytes) VALUES ($1, $2, $3)", [
        sha256,
        part++,
        piece,
      ]);
  }
}

/** Keeps files as long as a job may need them. */
export async function filesNeededBy(
  queries: Queries,
  job: JobId,
  files: readonly { readonly sha256: string }[],
): Promise<void> {
  await queries.query(
    "INSERT INTO mho.files_of_jobs (job, sha256) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING",
    [numberOf(job), [...new Set(files.map(({ sha256 }) => sha256))]],
  );
}

/** The bytes of a file, part by part. None where the server has none. */
export async function* fileParts(queries: Queries, sha256: string): AsyncGenerator<Uint8Array> {
  for (let part = 0; ; part++) {
    const [row] = await queries.query<{ bytes: Uint8Array }>(
      "SELECT bytes FROM mho.job_file_parts WHERE sha256 = $1 AND part = $2",
      [sha256, part],
    );
    if (row === undefined) return;
    yield row.bytes;
  }
}

/** Lets go of the files of jobs that are over, where no other job needs them. */
export async function dropFilesOf(queries: Queries, jobs: readonly JobId[]): Promise<void> {
  if (jobs.length === 0) return;
  const freed = await queries.query<{ sha256: string }>(
    "DELETE FROM mho.files_of_jobs WHERE job = ANY ($1) RETURNING sha256",
    [jobs.map(numberOf)],
  );
  if (freed.length === 0) return;
  // One that a job is being added with just now is locked, and stays.
  await queries.query(
    `DELETE FROM mho.job_files WHERE sha256 IN (
       SELECT f.sha256 FROM mho.job_files f WHERE f.sha256 = ANY ($1)
          AND NOT EXISTS (SELECT FROM mho.files_of_jobs o WHERE o.sha256 = f.sha256) FOR UPDATE SKIP LOCKED)`,
    [freed.map(({ sha256 }) => sha256)],
  );
}
