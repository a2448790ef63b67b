import { MhoError } from "../../src/errors.ts";
import { isAt, type Job, type JobId, type JobList, placesOfJob } from "../../src/queue/job.ts";
import { isPending, mayGoOn, nextOf, placesOf, waitOf } from "../../src/queue/order.ts";
import type { JobStore } from "../../src/queue/jobStore.ts";
import { shellWord } from "../../src/shell.ts";
import type { KeptRuns } from "../../storage/keptRuns.ts";
import type { JobEvent } from "../events.ts";
import { wallTime } from "../wallTime.ts";
import type { Workplace } from "../workplace.ts";
import { doJob, type Doing, type JobEnd } from "./doJob.ts";
import { checkHooks, tellHooks } from "./hooks.ts";
import { takePlaces } from "./jobPlaces.ts";
import type { WorkOptions } from "./queueOptions.ts";
import { newestRun } from "./runsOfJob.ts";
import { checkedRunLimit } from "./runLimit.ts";

/** What a worker did. */
export interface Worked {
  readonly done: readonly JobId[];
  readonly failed: readonly JobId[];
  /** Jobs that are left behind others that failed. */
  readonly left: readonly JobId[];
  /** Jobs, done or failed, of which a chip did not confirm standby: its outputs may be on. */
  readonly unconfirmed: readonly JobId[];
}

/** What brings jobs beside the people who add them. */
export interface JobSource {
  /** Whether jobs may still come: the worker waits for them. What it throws ends the worker. */
  readonly mayCome: () => boolean;
  /** Is given what lets the worker look at its queue at once. */
  readonly onReady: (wake: () => void) => void;
  /** A job was begun, or ended. */
  readonly changed: () => void;
}

/** Parts of a worker that may be others than usual. */
export interface WorkerParts {
  readonly source?: JobSource | undefined;
  /** What a job comes to; the library's call where not given. */
  readonly act?: Doing["act"] | undefined;
}

/**
 * Does the jobs of a workspace: those of one chip one after the other, several chips at once. Several workers share the work: each chip
 * has one at a time. Ends when no job is left that could begin without a person's doing.
 *
 * @throws `interrupted` when it is stopped; the jobs under way are put back and go on with the next worker.
 */
export async function work(
  place: Workplace,
  options: WorkOptions,
  bench: Doing["bench"],
  parts: WorkerParts = {},
): Promise<Worked> {
  checkHooks(options);
  // A folder that was misspelt is not made; a worker that waits for jobs may be there before them.
  if (options.keep !== true && parts.source === undefined) await place.existingStore();
  const store = await place.jobStore();
  store.mustBeWritable();
  return new Worker(place, store, options, bench, parts).work();
}

const pollMilliseconds = 500;
/** How long a chip that another program holds is left alone, and how long at most, as that goes on. */
const heldMilliseconds = 3000;
const busyMilliseconds = { first: 5000, most: 300_000 };

/** The queue as it was at a stamp of the workspace. */
interface QueueThen {
  readonly stamp: string;
  readonly jobs: readonly Job[];
}

class Worker {
  readonly #place: Workplace;
  readonly #store: KeptRuns & JobStore;
  readonly #options: WorkOptions;
  readonly #doing: Doing;
  readonly #source: JobSource | undefined;
  readonly #active = new Map<string, Promise<void>>();
  readonly #busy = new Map<string, { readonly until: number; readonly waitMilliseconds: number }>();
  readonly #told = new Map<string, string>();
  readonly #ends: JobEnd[] = [];
  readonly #hooks = new Set<Promise<void>>();
  /** Ends what is under way where the queue itself can no longer be kept. */
  readonly #giveUp = new AbortController();
  /** Jobs of which a chip did not confirm standby. */
  readonly #unsafe = new Map<JobId, Job>();
  #fault: { readonly error: unknown } | undefined;
  #queue: QueueThen | undefined;
  #wake: () => void = () => {};

  constructor(
    place: Workplace,
    store: KeptRuns & JobStore,
    options: WorkOptions,
    bench: Doing["bench"],
    { source, act }: WorkerParts,
  ) {
    this.#source = source;
    this.#place = place;
    this.#store = store;
    this.#options = options;
    const signal = AbortSignal.any([place.signal, this.#giveUp.signal]);
    const runLimitSeconds = checkedRunLimit(options.runLimitSeconds);
    this.#doing = { bench, act, allowRun: options.allowRun === true, runLimitSeconds, signal };
    source?.onReady(() => this.#wake());
  }

  async work(): Promise<Worked> {
    const { signal } = this.#place;
    const wake = (): void => this.#wake();
    signal.addEventListener("abort", wake);
    try {
      while (!(await this.#step()));
    } finally {
      signal.removeEventListener("abort", wake);
      await Promise.all(this.#active.values());
      await Promise.all(this.#hooks);
    }
    if (this.#fault !== undefined) throw this.#fault.error;
    if (signal.aborted) throw this.#unsafe.size === 0 ? this.#stopped() : this.#stoppedUnsafe();
    return this.#worked(await this.#store.jobs());
  }

  /** The jobs, read where anything was written since: it is looked twice a second, and mostly nothing was. */
  async #queueNow(): Promise<QueueThen> {
    const stamp = await this.#store.stamp();
    if (this.#queue?.stamp !== stamp) this.#queue = { stamp, jobs: await this.#store.jobs() };
    return this.#queue;
  }

  /** Begins what may begin, and waits for a while. @returns whether all is over. */
  async #step(): Promise<boolean> {
    const waits = this.#waits();
    const stopped = this.#place.signal.aborted || this.#fault !== undefined;
    if (stopped && this.#active.size === 0) return true;
    const { stamp, jobs } = await this.#queueNow();
    if (!stopped) for (const at of placesOf(jobs)) await this.#beginAt(at, jobs);
    const over = this.#active.size === 0 && !jobs.some((job) => mayGoOn(jobs, job));
    if (over && !waits && stamp === (await this.#store.stamp())) return true;
    await this.#pause();
    return false;
  }

  /** Whether it waits for new jobs when none is left. */
  #waits(): boolean {
    try {
      return this.#source?.mayCome() ?? this.#options.keep === true;
    } catch (error) {
      // Nothing goes on without what brings the jobs.
      this.#fault ??= { error };
      this.#giveUp.abort();
      return false;
    }
  }

  /** Takes up the next job of a place, where there is one and no other worker is at it. */
  async #beginAt(at: string, jobs: JobList): Promise<void> {
    if (!this.#isFree(at)) return;
    const first = nextOf(jobs, at, wallTime());
    if (first === undefined) return this.#tellWait(at, jobs);
    const places = placesOfJob(first);
    // Its other chips may be left alone for a while.
    if (!places.every((place) => this.#isFree(place))) return;
    const { locks, by } = takePlaces(this.#place.folder, places);
    if (locks === undefined) {
      this.#leave(at, heldMilliseconds);
      return this.#tellWait(at, jobs, by);
    }
    const release = (): void => {
      for (const lock of locks) lock.release();
    };
    let taken: Job | undefined;
    let now: JobList;
    try {
      const runsBefore = await newestRun(this.#store);
      // Nobody else has the lock, so what is under way here was left by a worker that died.
      now = await this.#store.changeJobs((all) => {
        const next = nextOf(all, at, wallTime());
        const isHere = next !== undefined && placesOfJob(next).every((place) => places.includes(place));
        taken = isHere ? next : undefined;
        return !isHere ? [] : [{ job: next.id, at: wallTime(), what: "taken", runsBefore }];
      });
    } catch (error) {
      release();
      throw error;
    }
    if (taken === undefined) return release();
    const job = now.find(({ id }) => id === taken!.id)!;
    this.#source?.changed();
    const doing = doJob(this.#place, now, job, this.#doing)
      .then((end) => this.#ended(places, end))
      .catch((error: unknown) => {
        this.#fault ??= { error };
        this.#giveUp.abort();
      })
      .finally(() => {
        release();
        for (const place of places) this.#active.delete(place);
        this.#wake();
      });
    for (const place of places) this.#active.set(place, doing);
  }

  /** Whether no job of a chip is under way here, and the chip is not left alone for a while. */
  #isFree(at: string): boolean {
    return !this.#active.has(at) && (this.#busy.get(at)?.until ?? 0) <= performance.now();
  }

  #ended(places: readonly string[], end: JobEnd): void {
    this.#source?.changed();
    if (end.unsafe) this.#unsafe.set(end.job.id, end.job);
    for (const at of places) this.#told.delete(at);
    if (end.outcome === "put back") {
      const waited = Math.max(...places.map((at) => this.#busy.get(at)?.waitMilliseconds ?? 0));
      const next = Math.min(busyMilliseconds.most, Math.max(busyMilliseconds.first, 2 * waited));
      for (const at of places) this.#leave(at, next);
      return;
    }
    for (const at of places) this.#busy.delete(at);
    this.#ends.push(end);
    const { emit, folder } = this.#place;
    const hooks = tellHooks(this.#options, folder, end, emit).then(() => void this.#hooks.delete(hooks));
    this.#hooks.add(hooks);
  }

  /** Does not look at a place for a while. */
  #leave(at: string, waitMilliseconds: number): void {
    this.#busy.set(at, { until: performance.now() + waitMilliseconds, waitMilliseconds });
  }

  /** Says once why the first job of a place does not begin. @param by  the other worker that is at it. */
  #tellWait(at: string, jobs: JobList, by?: string): void {
    const first = jobs.find((job) => isAt(job, at) && isPending(job))!;
    const event = by === undefined ? waitEvent(first, jobs) : workerEvent(first, by);
    if (event === undefined) return;
    // A job of several chips is the first of each.
    const isTold = [...this.#told.values()].includes(event.message);
    this.#told.set(at, event.message);
    if (!isTold) this.#place.emit(event);
  }

  #stopped(): MhoError {
    return new MhoError(
      "interrupted",
      `Stopped; ${this.#finished}. Chips are in standby, and mho work goes on with the jobs that are left.`,
    );
  }

  /** A chip that is not known to be safe outweighs a stop that was asked for. */
  #stoppedUnsafe(): MhoError {
    const jobs = [...this.#unsafe.values()];
    const which = jobs.map(
      ({ id, others = [] }) => `${others.length === 0 ? "the chip" : "a chip"} of ${id}`,
    );
    const chips = new Set(jobs.flatMap(({ chip, others = [] }) => [chip, ...others.map((one) => one.chip)]));
    const commands = [...chips].map((chip) => `mho standby --chip ${shellWord(chip)}`).join(", ");
    return new MhoError(
      "standby-failed",
      `Stopped; ${this.#finished}. Not all chips are in standby: ${which.join(" and ")} did not confirm it, and outputs may be on until a ` +
        `watchdog acts. Run ${commands}, or switch the supply of the board off. mho work goes on with the jobs that are left.`,
      { standby: false },
    );
  }

  get #finished(): string {
    const ids = this.#ends.map(({ job }) => job.id).join(", ");
    return ids === "" ? "no job was finished" : `${ids} ended before`;
  }

  #worked(jobs: JobList): Worked {
    const of = (outcome: JobEnd["outcome"]): JobId[] =>
      this.#ends.filter((end) => end.outcome === outcome).map(({ job }) => job.id);
    const left = jobs.filter((job) => isPending(job) && job.state !== "failed").map(({ id }) => id);
    return { done: of("done"), failed: of("failed"), left, unconfirmed: [...this.#unsafe.keys()] };
  }

  /** Until a job ends, the work is stopped, or it is time to look at the queue again: others may have changed it. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, pollMilliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#place.signal.aborted && this.#active.size === 0) this.#wake();
    });
  }
}

type Waits = Extract<JobEvent, { type: "job_waits" }>;

function workerEvent({ id }: Job, by: string): Waits {
  const message = `${id} is left to another worker: ${by}.`;
  return { type: "job_waits", job: id, for: "worker", other: null, until: null, message };
}

function waitEvent(job: Job, jobs: JobList): Waits | undefined {
  const wait = waitOf(jobs, job, wallTime());
  if (wait === undefined) return undefined;
  const common = { type: "job_waits", job: job.id } as const;
  switch (wait.for) {
    case "time":
      return {
        ...common,
        for: "time",
        other: null,
        until: wait.until,
        message: `${job.id} waits until ${localTime(wait.until)}.`,
      };
    case "job":
      return {
        ...common,
        for: "job",
        other: wait.job,
        until: null,
        message: `${job.id} waits for ${wait.job}.`,
      };
    case "turn":
      return {
        ...common,
        for: "job",
        other: wait.job,
        until: null,
        message: `${job.id} waits for ${wait.job}, which comes first on one of its chips.`,
      };
    case "failed": {
      const message =
        `The queue of this chip stands, as ${wait.job} failed. mho queue retry ${wait.job} does it again, ` +
        `mho queue remove ${wait.job} goes on without it.`;
      return { ...common, for: "failed", other: wait.job, until: null, message };
    }
  }
}

/** Sweden writes 2026-11-29 14:32:10. */
function localTime(iso: string): string {
  return new Date(iso).toLocaleString("sv-SE");
}
