import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { resolve } from "node:path";
import { unreadable } from "../../files/readFile.ts";
import { MhoError } from "../../src/errors.ts";
import type { Job, JobFile } from "../../src/queue/job.ts";

/** The files of a job as they are now. Throws `bad-file` for one that cannot be read. */
export function filesNow(files: readonly string[]): Promise<readonly JobFile[]> {
  const paths = [...new Set(files.map((file) => resolve(file)))];
  return Promise.all(paths.map(async (file) => ({ file, sha256: await digestOf(file) })));
}

/** Throws `bad-file` for a file that is another than when the job was added. */
export async function refuseChanged({ id, files }: Pick<Job, "id" | "files">): Promise<void> {
  for (const { file, sha256 } of files) {
    const what = !existsSync(file)
      ? "is gone"
      : (await digestOf(file)) === sha256
        ? undefined
        : "was changed";
    if (what === undefined) continue;
    throw new MhoError(
      "bad-file",
      `${file} ${what} since job ${id} was added. Put it back, or use it as it is now: mho queue retry ${id}.`,
      { file, job: id },
    );
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  } catch (error) {
    throw unreadable(file, error);
  }
  return hash.digest("hex");
}
