import type { JobId } from "../queue/job.ts";
import { isLate, type Lease } from "./lease.ts";

/**
 * Jobs of a server's queue. A chip's jobs stand in one order. The bench that holds the chip takes some of them into its own queue, where
 * its worker does them; it tells what became of each. A job that was taken stays with its bench until that bench, or a person, says
 * otherwise: the bench may have done it and could not say so yet.
 */

/** `taken`: in the queue of a bench. A job that is given back waits again. */
export type ServerJobState = "waiting" | "taken" | "under way" | "done" | "failed" | "removed";

export interface ServerJob {
  readonly id: JobId;
  readonly state: ServerJobState;
  /** The bench that took it last; undefined for a job that none has. */
  readonly bench: string | undefined;
  /** Of the lease under which it was taken. */
  readonly fence: number;
  /** How many times it was handed to a bench. What a bench says of an older time is late. */
  readonly attempt: number;
  /** Whether a bench has begun it: then its bench alone goes on with it. */
  readonly begun: boolean;
  readonly after: readonly JobId[];
  /** The server's time, ms. */
  readonly notBefore: number | undefined;
}

/** What a bench says of a job that it took. */
export interface JobReport {
  readonly bench: string;
  readonly attempt: number;
  readonly fence: number;
  readonly what: "begun" | "stopped" | "done" | "failed" | "given back" | "removed";
}

export interface TakeOptions {
  /** How many jobs of the chip the bench may have at once. */
  readonly most: number;
  readonly now: number;
  /** Whether a job of any chip is done. */
  readonly isDone: (job: JobId) => boolean;
}

export function isOver({ state }: Pick<ServerJob, "state">): boolean {
  return state === "done" || state === "removed";
}

/** A job that is at another bench than its chip. Only that bench, or a person, can say what becomes of it. */
export function isInDoubt({ state, bench, begun }: ServerJob, lease: Lease | undefined): boolean {
  const isOut = state === "taken" || state === "under way" || (state === "waiting" && begun);
  return isOut && bench !== undefined && lease?.bench !== undefined && lease.bench !== bench;
}

/**
 * The jobs that the holder of a chip takes now, in their order. None overtakes another: the first that cannot be taken ends it.
 *
 * @param queue  the chip's jobs that are not over, in order.
 */
export function jobsToTake(
  queue: readonly ServerJob[],
  lease: Lease,
  { most, now, isDone }: TakeOptions,
): readonly ServerJob[] {
  const taken: ServerJob[] = [];
  const atBench = new Set<JobId>();
  for (const job of queue) {
    if (isOver(job)) continue;
    if (atBench.size >= most || job.state === "failed" || isInDoubt(job, lease)) break;
    if (job.state === "waiting" && job.notBefore !== undefined && job.notBefore > now) break;
    // A bench does its chip's jobs in their order, so one that stands before it there is done before it begins.
    if (job.state === "waiting" && !job.after.every((id) => isDone(id) || atBench.has(id))) break;
    atBench.add(job.id);
    if (job.state === "waiting") taken.push(job);
  }
  return taken;
}

/** Whether jobs of a chip will begin without a person: none of them failed, or is at another bench. */
export function moreMayCome(queue: readonly ServerJob[], lease: Lease): boolean {
  const first = queue.findIndex((job) => job.state === "failed" || isInDoubt(job, lease));
  return first < 0 && queue.some(({ state }) => state === "waiting");
}

/** A job as its bench takes it. */
export function takenBy(job: ServerJob, { bench, fence }: Lease): ServerJob {
  return { ...job, state: "taken", bench, fence, attempt: job.attempt + 1 };
}

/**
 * A job after its bench's report. The same report twice changes nothing the second time.
 *
 * @returns the job, and whether the report came late: from a time that a person ended by `retry`, or after the chip had passed on. What
 *   is late is never refused; it is marked.
 */
export function afterReport(
  job: ServerJob,
  report: JobReport,
  lease: Lease | undefined,
): { readonly job: ServerJob; readonly late: boolean } {
  const { bench, attempt, what } = report;
  const late = isLate(lease, report);
  if (job.bench !== bench || job.attempt !== attempt) return { job, late: true };
  if (isOver(job)) return { job, late };
  switch (what) {
    case "begun":
      return { job: job.state === "failed" ? job : { ...job, state: "under way", begun: true }, late };
    case "stopped":
      return { job: job.state === "failed" ? job : { ...job, state: "taken", begun: true }, late };
    case "done":
    case "failed":
      return { job: { ...job, state: what, begun: true }, late };
    case "removed":
      return { job: { ...job, state: "removed" }, late };
    case "given back":
      if (job.state !== "taken") return { job, late };
      // What an earlier time had begun is in its bench's journal.
      return { job: { ...job, state: "waiting", bench: job.begun ? bench : undefined }, late };
  }
}

/** Why `retry` would be refused; undefined where it may be done again. A job in doubt is done anew by the bench that has the chip now. */
export function whyNotRetried(job: ServerJob, lease: Lease | undefined): string | undefined {
  if (job.state === "failed" || isInDoubt(job, lease)) return undefined;
  return `it has not failed: it is ${job.state}`;
}

/** A job that is to be done again: on with what it had begun, where its bench still has the chip; anew elsewhere. */
export function retried(job: ServerJob, lease: Lease | undefined): ServerJob {
  const staysHere = lease?.bench === undefined || lease.bench === job.bench;
  return staysHere
    ? { ...job, state: "waiting" }
    : { ...job, state: "waiting", bench: undefined, begun: false };
}
