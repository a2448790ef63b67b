import { MhoError } from "../../src/errors.ts";
import type { Job, JobId, JobList } from "../../src/queue/job.ts";
import type { JobKind } from "./jobKinds.ts";

export function isJobName(text: string): boolean {
  return /^j[1-9]\d*$/.test(text);
}

/** Throws `bad-argument` for a job that is not there. */
export function jobNamed(jobs: JobList, id: JobId): Job {
  const found = jobs.find((job) => job.id === id);
  if (found !== undefined) return found;
  throw new MhoError("bad-argument", `There is no job ${id}. mho queue list --all lists them.`, { job: id });
}

export function isOfRun({ subject }: Pick<JobKind, "subject">): boolean {
  return subject === "run" || subject === "runs";
}
