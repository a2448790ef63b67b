import type { Job, JobId, JobList, JobOrigin } from "../queue/job.ts";
import { isPending } from "../queue/order.ts";
import type { JobReport, ServerJob } from "./serverJob.ts";

/** A bench's own queue and what the server says of the bench's jobs, brought in line. Nothing here changes anything. */

export interface JobAtServer {
  readonly job: ServerJob;
  /** The bench is asked to remove it, unless it has begun. */
  readonly isUnwanted: boolean;
}

export interface Reconciled {
  /** Jobs that the bench has by the server's memory, and not in its own queue: it was cut off between the two. */
  readonly missing: readonly JobId[];
  /** To make in the bench's own queue. */
  readonly changes: readonly LocalChange[];
  /** To tell the server. */
  readonly reports: readonly { readonly id: JobId; readonly local: Job; readonly what: JobReport["what"] }[];
}

/** A change without its time; `retried` without its files. */
export type LocalChange =
  | { readonly job: JobId; readonly what: "removed"; readonly givenBack: boolean }
  | { readonly job: JobId; readonly what: "retried" | "handed"; readonly origin: NonNullable<Job["origin"]> };

/**
 * @param local     the bench's own queue.
 * @param atServer  the jobs that the bench has by the server's memory, and those that its queue holds.
 */
export function reconcile(local: JobList, atServer: readonly JobAtServer[], bench: string): Reconciled {
  const missing: JobId[] = [];
  const changes: LocalChange[] = [];
  const reports: { id: JobId; local: Job; what: JobReport["what"] }[] = [];
  for (const { job, isUnwanted } of atServer) {
    const here = localJobOf(local, job.id);
    const change = here && changeOf(here, job, isUnwanted, bench);
    const isHere = here !== undefined && (here.origin!.attempt >= job.attempt || change !== undefined);
    if (!isHere && isHandedTo(job, bench)) missing.push(job.id);
    if (change !== undefined) changes.push(change);
    else if (here?.origin?.attempt === job.attempt && isOf(job, bench)) {
      const what = reportOf(here);
      if (what !== undefined && !isKnown(what, job)) reports.push({ id: job.id, local: here, what });
    }
  }
  return { missing, changes, reports };
}

/** The job of a bench's own queue that came from a job of the server, the newest where it came several times. */
export function localJobOf(local: JobList, id: JobId): Job | undefined {
  let found: Job | undefined;
  for (const job of local)
    if (job.origin?.job === id && (found === undefined || job.origin.attempt > found.origin!.attempt))
      found = job;
  return found;
}

/** Jobs from the server that the bench has not begun. */
export function isUnbegunOfServer({ origin, state, attempts }: Job): boolean {
  return origin !== undefined && state === "waiting" && attempts === 0;
}

/** Where a job of a bench's own queue came from. */
export function originOf({ id: job, attempt, fence, others }: ServerJob): JobOrigin {
  const fences = others?.map((one) => ({ chip: one.chip, fence: one.fence }));
  return { job, attempt, fence, ...(fences !== undefined && { others: fences }) };
}

function isHandedTo({ state, bench }: ServerJob, name: string): boolean {
  return bench === name && (state === "taken" || state === "under way");
}

function isOf(job: ServerJob, name: string): boolean {
  return isHandedTo(job, name) || (job.bench === name && job.state === "failed");
}

function changeOf(here: Job, job: ServerJob, isUnwanted: boolean, bench: string): LocalChange | undefined {
  const { id, state } = here;
  const { attempt } = here.origin!;
  const origin = originOf(job);
  if (isHandedTo(job, bench) && attempt < job.attempt) {
    if (state === "failed") return { job: id, what: "retried", origin };
    return isPending(here) ? { job: id, what: "handed", origin } : undefined;
  }
  if (isOf(job, bench))
    return isUnwanted && isUnbegunOfServer(here) ? { job: id, what: "removed", givenBack: false } : undefined;
  // It is to be done again here, and goes on with what it had begun.
  if (job.state === "waiting" && job.begun && job.bench === bench) return undefined;
  // It is over, or another bench's: what is under way comes to its end, and is told late.
  return isPending(here) && state !== "under way" ? { job: id, what: "removed", givenBack: true } : undefined;
}

function reportOf(job: Job): JobReport["what"] | undefined {
  switch (job.state) {
    case "under way":
      return "begun";
    case "waiting":
      return job.attempts > 0 ? "stopped" : undefined;
    case "removed":
      return job.givenBack ? "given back" : "removed";
    case "done":
    case "failed":
      return job.state;
  }
}

function isKnown(what: JobReport["what"], { state, begun }: ServerJob): boolean {
  if (what === "begun") return (state === "under way" && begun) || state === "failed";
  if (what === "stopped") return (state === "taken" && begun) || state === "failed";
  return what === state;
}
