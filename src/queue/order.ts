import { isAt, type Job, type JobId, type JobList, placesOfJob } from "./job.ts";

/** Which job of a place comes next, and why one that does not has to wait. Nothing here changes anything. */

/** Jobs that are not over: they are what a queue holds. */
export function isPending({ state }: Job): boolean {
  return state === "waiting" || state === "under way" || state === "failed";
}

/** The places that have a queue, each once, in the order of their first jobs. */
export function placesOf(jobs: JobList): readonly string[] {
  return [...new Set(jobs.filter(isPending).flatMap(placesOfJob))];
}

/** Why a job does not begin; undefined where it may. */
export type Wait =
  /** A job of its chip failed; the queue stands until that is retried or removed. */
  | { readonly for: "failed"; readonly job: JobId }
  /** A job before it, of its chip, or of one of its chips. */
  | { readonly for: "turn"; readonly job: JobId }
  /** A job that it was put after. */
  | { readonly for: "job"; readonly job: JobId }
  | { readonly for: "time"; readonly until: string };

/** Jobs of a place that are not over. */
function queueAt(jobs: JobList, place: string): JobList {
  return jobs.filter((job) => isAt(job, place) && isPending(job));
}

/** @param now  wall time, ISO 8601. */
export function waitOf(jobs: JobList, job: Job, now: string): Wait | undefined {
  const queues = placesOfJob(job).map((place) => queueAt(jobs, place));
  const failed = queues.flat().find(({ state }) => state === "failed");
  if (failed !== undefined) return { for: "failed", job: failed.id };
  const first = queues.flatMap((queue) => queue[0] ?? []).find(({ id }) => id !== job.id);
  if (first !== undefined) return { for: "turn", job: first.id };
  // What was begun goes on, whatever it once waited for.
  if (job.attempts > 0) return undefined;
  const missing = job.after.find((id) => jobs.find((one) => one.id === id)?.state !== "done");
  if (missing !== undefined) return { for: "job", job: missing };
  if (job.notBefore !== undefined && job.notBefore > now) return { for: "time", until: job.notBefore };
  return undefined;
}

/** The job that a worker of a place does next: one that a dead worker left, or the first that waits. */
export function nextOf(jobs: JobList, place: string, now: string): Job | undefined {
  const first = jobs.find((job) => isAt(job, place) && isPending(job));
  return first !== undefined && waitOf(jobs, first, now) === undefined ? first : undefined;
}

/** Whether a job may begin some day without a change by a person. One that needs a failed job, here or elsewhere, may not. */
export function mayGoOn(jobs: JobList, job: Job): boolean {
  const stuck = new Map<JobId, boolean>();
  const isStuck = (one: Job): boolean => {
    const known = stuck.get(one.id);
    if (known !== undefined) return known;
    // Orders have no circles. Should there be one after all, nothing in it begins.
    stuck.set(one.id, true);
    const is = one.state !== "done" && (stops(jobs, one) || before(jobs, one).some(isStuck));
    stuck.set(one.id, is);
    return is;
  };
  return isPending(job) && !isStuck(job);
}

/** Whether a job's queue stands, or the job is not to be done at all. */
function stops(jobs: JobList, job: Job): boolean {
  const isFailed = (place: string): boolean => jobs.some((one) => one.state === "failed" && isAt(one, place));
  return job.state === "removed" || placesOfJob(job).some(isFailed);
}

/** Jobs that would wait for each other for ever, the first at both ends; undefined where there are none. */
export function circleIn(jobs: JobList): readonly JobId[] | undefined {
  const done = new Set<JobId>();
  const visit = (job: Job, path: readonly JobId[]): readonly JobId[] | undefined => {
    const at = path.indexOf(job.id);
    if (at >= 0) return [...path.slice(at), job.id];
    if (done.has(job.id)) return undefined;
    for (const one of before(jobs, job)) {
      const found = visit(one, [...path, job.id]);
      if (found !== undefined) return found;
    }
    done.add(job.id);
    return undefined;
  };
  for (const job of jobs.filter(isPending)) {
    const found = visit(job, []);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The jobs that must be over before one begins: the one before it in each of its queues, and those that it was put after. */
function before(jobs: JobList, job: Job): Job[] {
  const turns = placesOfJob(job).flatMap((place) => {
    const queue = queueAt(jobs, place);
    const at = queue.findIndex(({ id }) => id === job.id);
    return at > 0 ? [queue[at - 1]!] : [];
  });
  const after = job.attempts > 0 ? [] : job.after;
  return [...new Set(turns), ...jobs.filter(({ id, state }) => after.includes(id) && state !== "done")];
}
