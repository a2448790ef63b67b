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
  /** Of the lease of its chip, or of the first of its chips, under which it was taken. */
  readonly fence: number;
  /** The other chips of a job that works on several, spares among them. It stands in the queue of each. */
  readonly others?: readonly OtherChip[] | undefined;
  /** How many times it was handed to a bench. What a bench says of an older time is late. */
  readonly attempt: number;
  /** Whether a bench has begun it: then its bench alone goes on with it. */
  readonly begun: boolean;
  readonly after: readonly JobId[];
  /** The server's time, ms. */
  readonly notBefore: number | undefined;
}

/** One more chip of a job. */
export interface OtherChip {
  /** The server's number of it. */
  readonly id: number;
  /** `NAME/SERIAL`. */
  readonly chip: string;
  /** Of its lease under which the job was taken. */
  readonly fence: number;
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
  /** Whether a job that waits may be taken now, as far as other chips of it go. */
  readonly mayTake?: ((job: ServerJob) => boolean) | undefined;
}

export function isOver({ state }: Pick<ServerJob, "state">): boolean {
  return state === "done" || state === "removed";
}

/**
 * A job that is at another bench than its chip, or than one of its chips. Only that bench, or a person, can say what becomes of it.
 *
 * @param leases  of its chips.
 */
export function isInDoubt(
  { state, bench, begun }: ServerJob,
  ...leases: readonly (Lease | undefined)[]
): boolean {
  const isOut = state === "taken" || state === "under way" || (state === "waiting" && begun);
  return (
    isOut &&
    bench !== undefined &&
    leases.some((lease) => lease?.bench !== undefined && lease.bench !== bench)
  );
}

/**
 * The jobs that the holder of a chip takes now, in their order. None overtakes another: the first that cannot be taken ends it.
 *
 * @param queue  the chip's jobs that are not over, in order.
 */
export function jobsToTake(
  queue: readonly ServerJob[],
  lease: Lease,
  { most, now, isDone, mayTake = () => true }: TakeOptions,
): readonly ServerJob[] {
  const taken: ServerJob[] = [];
  const atBench = new Set<JobId>();
  for (const job of queue) {
    if (isOver(job)) continue;
    if (atBench.size >= most || job.state === "failed" || isInDoubt(job, lease)) break;
    if (job.state === "waiting" && job.notBefore !== undefined && job.notBefore > now) break;
    if (job.state === "waiting" && !mayTake(job)) break;
    // A bench does its chip's jobs in their order, so one that stands before it there is done before it begins.
    if (job.state === "waiting" && !job.after.every((id) => isDone(id) || atBench.has(id))) break;
    atBench.add(job.id);
    if (job.state === "waiting") taken.push(job);
  }
  return taken;
}

/** A chip that a bench holds, and its jobs that are not over, in order. */
export interface ChipQueue {
  readonly chip: number;
  readonly lease: Lease;
  readonly queue: readonly ServerJob[];
}

/**
 * The same for all chips that a bench holds. A job of several chips is taken when its turn has come at all of them, and the bench holds
 * them all: otherwise none of its chips is taken for it, and each of their queues ends before it.
 *
 * @returns each job once.
 */
export function jobsToTakeTogether(
  queues: readonly ChipQueue[],
  options: Omit<TakeOptions, "mayTake">,
): readonly ServerJob[] {
  const blocked = new Set<JobId>();
  for (;;) {
    const mayTake = ({ id }: ServerJob): boolean => !blocked.has(id);
    const all = queues.flatMap(({ queue, lease }) => jobsToTake(queue, lease, { ...options, mayTake }));
    const places = (job: ServerJob): number => all.filter(({ id }) => id === job.id).length;
    const apart = all.filter((job) => places(job) < 1 + (job.others?.length ?? 0));
    if (apart.length === 0) return all.filter(({ id }, k) => all.findIndex((one) => one.id === id) === k);
    for (const { id } of apart) blocked.add(id);
  }
}

/**
 * Whether jobs of a chip will begin without a person: none of them failed, is at another bench, or needs a chip that is.
 *
 * @param isApart  whether a job needs a chip that this bench does not hold.
 */
export function moreMayCome(
  queue: readonly ServerJob[],
  lease: Lease,
  isApart: (job: ServerJob) => boolean = () => false,
): boolean {
  const first = queue.findIndex((job) => job.state === "failed" || isInDoubt(job, lease) || isApart(job));
  return first < 0 && queue.some(({ state }) => state === "waiting");
}

/** A job as its bench takes it. @param otherLeases  of its other chips, in their order. */
export function takenBy(
  job: ServerJob,
  { bench, fence }: Lease,
  otherLeases: readonly Lease[] = [],
): ServerJob {
  const others = job.others?.map((one, k) => ({ ...one, fence: otherLeases[k]!.fence }));
  return { ...job, state: "taken", bench, fence, others, attempt: job.attempt + 1 };
}

/**
 * A job after its bench's report. The same report twice changes nothing the second time.
 *
 * @returns the job, and whether the report came late: from a time that a person ended by `retry`, or after the chip had passed on. What
 *   is late is never refused; it is marked.
 *
 * @param otherLeases  of its other chips, in their order: one that passed on makes it late, too.
 */
export function afterReport(
  job: ServerJob,
  report: JobReport,
  lease: Lease | undefined,
  otherLeases: readonly (Lease | undefined)[] = [],
): { readonly job: ServerJob; readonly late: boolean } {
  const { bench, attempt, what } = report;
  const isLateAt = ({ fence }: OtherChip, k: number): boolean => isLate(otherLeases[k], { bench, fence });
  const late = isLate(lease, report) || (job.others ?? []).some(isLateAt);
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
export function whyNotRetried(job: ServerJob, ...leases: readonly (Lease | undefined)[]): string | undefined {
  if (job.state !== "failed" && !isInDoubt(job, ...leases)) return `it has not failed: it is ${job.state}`;
  const benches = holdersOf(leases);
  if (benches.length < 2) return undefined;
  return `its chips are at several benches, ${benches.join(" and ")}. Bring them to one first, or remove the job`;
}

/** The benches that have these chips. */
function holdersOf(leases: readonly (Lease | undefined)[]): readonly string[] {
  return [...new Set(leases.flatMap((lease) => lease?.bench ?? []))];
}

/** A job that is to be done again: on with what it had begun, where its bench still has the chip; anew elsewhere. */
export function retried(job: ServerJob, ...leases: readonly (Lease | undefined)[]): ServerJob {
  const staysHere = holdersOf(leases).every((bench) => bench === job.bench);
  return staysHere
    ? { ...job, state: "waiting" }
    : { ...job, state: "waiting", bench: undefined, begun: false };
}
