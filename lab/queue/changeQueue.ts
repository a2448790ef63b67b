import { MhoError } from "../../src/errors.ts";
import {
  isAt,
  type Job,
  type JobChange,
  type JobId,
  type JobList,
  placesOfJob,
} from "../../src/queue/job.ts";
import { withChange } from "../../src/queue/job.ts";
import { circleIn, isPending, type Wait, waitOf } from "../../src/queue/order.ts";
import { wallTime } from "../wallTime.ts";
import type { Workplace } from "../workplace.ts";
import { waitingFor } from "./addJob.ts";
import { jobNamed } from "./jobNames.ts";
import { filesNow } from "./jobFiles.ts";
import { isWorked, takePlace } from "./jobPlaces.ts";
import type { MoveOptions, QueueListOptions } from "./queueOptions.ts";
import { runsOfJob } from "./runsOfJob.ts";

/** A job as `list` tells of it. */
export interface QueuedJob extends Job {
  /** The chip's nickname, or its address. */
  readonly chipName: string;
  /** The same of the other chips that it works on, of a network over several. */
  readonly otherChips: readonly string[];
  /** Why it does not begin yet; undefined of one that may, and of one that is under way or over. */
  readonly wait: Wait | undefined;
  /** Of a server's queue: the bench that has it; undefined where none has. */
  readonly bench?: string | undefined;
  /** Whether a worker is at it just now. One under way without a worker goes on with the next `work`. */
  readonly worked: boolean;
}

/** Jobs that are over are left out, but for those that failed. */
export async function listJobs(
  place: Workplace,
  { all = false }: QueueListOptions,
): Promise<readonly QueuedJob[]> {
  // The queue of benches is not shown yet.
  if (place.isServer) return [];
  await place.existingStore();
  const store = await place.jobStore();
  const jobs = await store.jobs();
  const now = wallTime();
  const worked = new Map<string, boolean>();
  const told: QueuedJob[] = [];
  for (const job of jobs) {
    if (!all && !isPending(job)) continue;
    const begun = isPending(job) && job.attempts > 0;
    if (job.state === "under way" && !worked.has(job.place))
      worked.set(job.place, isWorked(place.folder, job.place));
    told.push({
      ...job,
      runs: begun ? await runsOfJob(store, job) : job.runs,
      chipName: nicknameOf(place, job.chip),
      otherChips: (job.others ?? []).map(({ chip }) => nicknameOf(place, chip)),
      wait: job.state === "waiting" ? waitOf(jobs, job, now) : undefined,
      worked: job.state === "under way" && worked.get(job.place) === true,
    });
  }
  return told;
}

export function nicknameOf({ config }: Pick<Workplace, "config">, address: string): string {
  return Object.entries(config.chips).find(([, of]) => of === address)?.[0] ?? address;
}

/** Moves a job that waits, within its chip's queue. */
export async function moveJob(place: Workplace, id: JobId, { before, first }: MoveOptions): Promise<void> {
  const store = await place.jobStore();
  store.mustBeWritable();
  await store.changeJobs((jobs) => {
    const job = jobNamed(jobs, id);
    refuseUnlessWaiting(job, "moved");
    const places = placesOfJob(job);
    const isBeside = (one: Job): boolean => placesOfJob(one).some((at) => places.includes(at));
    const others = jobs.filter((one) => isBeside(one) && one.id !== id && isUnbegun(one));
    const to = before ?? (first === true ? others[0]?.id : undefined);
    if (to !== undefined) {
      const other = jobNamed(jobs, to);
      if (to === id) throw new MhoError("bad-argument", `Job ${id} cannot be moved before itself.`);
      if (!isBeside(other))
        throw new MhoError("bad-argument", `Job ${to} is of another chip: each chip has a queue of its own.`);
      refuseUnlessWaiting(other, "passed");
    }
    const change = { job: id, ...stamp(place), what: "moved", before: to ?? null } as const;
    const circle = circleIn(withChange(jobs, change));
    if (circle !== undefined) {
      throw new MhoError(
        "bad-argument",
        `Job ${id} cannot be moved there: ${circle.slice(1).join(" would wait for ")} would wait for ${circle[1]}, for ever.`,
        { job: id },
      );
    }
    return [change];
  });
}

function isUnbegun({ state, attempts }: Job): boolean {
  return state === "waiting" && attempts === 0;
}

/** What was begun comes first: its devices may be half programmed. */
function refuseUnlessWaiting(job: Job, done: string): void {
  if (isUnbegun(job)) return;
  const { id, state } = job;
  const why =
    state === "failed"
      ? `it failed; mho queue retry ${id} or mho queue remove ${id} comes first`
      : state === "waiting"
        ? "it was begun, and goes on first"
        : `it is ${state}`;
  throw new MhoError("bad-argument", `Job ${id} cannot be ${done}: ${why}.`, { job: id });
}

/** Takes jobs out of the queue. What their runs did stays. */
export async function removeJobs(place: Workplace, ids: readonly JobId[]): Promise<void> {
  const store = await place.jobStore();
  store.mustBeWritable();
  if (ids.length === 0) throw new MhoError("bad-argument", "Name the jobs, such as mho queue remove j3.");
  const jobs = await store.jobs();
  const left = ids.map((id) => jobNamed(jobs, id)).filter(({ state }) => state === "under way");
  const locks = [];
  try {
    // What a worker that died left behind may be removed; with the lock, no other takes it up meanwhile.
    for (const at of new Set(left.flatMap(placesOfJob))) {
      const { lock, by } = takePlace(place.folder, at);
      if (lock === undefined)
        throw underWay(
          left.find((job) => isAt(job, at))!,
          by,
        );
      locks.push(lock);
    }
    await store.changeJobs((now) => ids.map((id) => removal(place, now, ids, id, left)));
  } finally {
    for (const lock of locks) lock.release();
  }
}

function removal(
  place: Workplace,
  jobs: JobList,
  ids: readonly JobId[],
  id: JobId,
  left: readonly Job[],
): JobChange {
  const job = jobNamed(jobs, id);
  if (!isPending(job)) throw new MhoError("bad-argument", `Job ${id} is ${job.state} already.`, { job: id });
  if (job.state === "under way" && left.every((one) => one.id !== id)) throw underWay(job);
  const behind = waitingFor(jobs, id).filter((one) => !ids.includes(one));
  if (behind.length > 0) {
    throw new MhoError(
      "bad-argument",
      `${behind.join(", ")} would wait for job ${id} for ever. Remove them too: mho queue remove ${[...ids, ...behind].join(" ")}.`,
      { job: id },
    );
  }
  return { job: id, ...stamp(place), what: "removed" };
}

function underWay({ id }: Job, by?: string): MhoError {
  return new MhoError(
    "bad-argument",
    `Job ${id} is under way${by === undefined ? "" : `: ${by}`}. Stop it first, by Ctrl-C there or on the live page.`,
    { job: id },
  );
}

/** A job that failed is to be done again, or gone on with, with its files as they are now; its chip's queue goes on. */
export async function retryJob(place: Workplace, id: JobId): Promise<void> {
  const store = await place.jobStore();
  store.mustBeWritable();
  const job = jobNamed(await store.jobs(), id);
  const refuse = ({ state }: Job): void => {
    if (state !== "failed")
      throw new MhoError("bad-argument", `Job ${id} has not failed: it is ${state}.`, { job: id });
  };
  refuse(job);
  const files = await filesNow(job.files.map(({ file }) => file));
  await store.changeJobs((jobs) => {
    refuse(jobNamed(jobs, id));
    return [{ job: id, ...stamp(place), what: "retried", files }];
  });
}

function stamp({ operator }: Workplace): { readonly at: string; readonly by?: string } {
  return { at: wallTime(), ...(operator !== undefined && { by: operator }) };
}
