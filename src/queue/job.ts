import type { RunId } from "../run/runId.ts";

/** A job of a queue: `j1`, `j2` and so on, in the order in which they were added to the workspace. */
export type JobId = string;

/** What a job is to do: a command that works on a chip, with what it was given when it was added. */
export interface JobRequest {
  /** By its name in the list of kinds. */
  readonly command: string;
  /** What it works on: a file, a kind of measurement, or runs; `j3` stands for the run of job j3. */
  readonly subjects: readonly string[];
  /** Options of the library's call. JSON. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The chip's address. */
  readonly chip: string;
  /** Which queue it stands in: jobs of one place are done one after the other. */
  readonly place: string;
  /** The other chips that it works on, of a network over several, with its spares: it stands in the queue of each. */
  readonly others?: readonly JobPlace[] | undefined;
  readonly files: readonly JobFile[];
  /** Wall time before which it does not begin, ISO 8601. */
  readonly notBefore?: string | undefined;
  /** Jobs that are done before it begins. */
  readonly after: readonly JobId[];
  readonly seed: number;
  readonly acceptUnknownWear: boolean;
  /** The job fails where the yield of its run is less, %. */
  readonly minYieldPercent?: number | undefined;
  /** The job in words, for people: `program s.json --method verify`. */
  readonly text: string;
  /** Of a job that was taken from a server's queue. */
  readonly origin?: JobOrigin | undefined;
}

/** A chip that a job works on: its address, and the queue of it. */
export type JobPlace = Pick<JobRequest, "chip" | "place">;

/** The queues that a job stands in: it begins when it is the first of each. */
export function placesOfJob({ place, others = [] }: Pick<JobRequest, "place" | "others">): readonly string[] {
  return [place, ...others.map((other) => other.place)];
}

/** Whether a job stands in the queue of a place. */
export function isAt({ place, others }: Pick<JobRequest, "place" | "others">, at: string): boolean {
  return place === at || (others?.some((other) => other.place === at) ?? false);
}

/** Where a job came from, so that a server is told what became of it. */
export interface JobOrigin {
  /** Its id at the server. */
  readonly job: JobId;
  /** How many times the server had handed it to a bench. */
  readonly attempt: number;
  /** Of the lease of its chip when it was handed out; of several chips, of the first. */
  readonly fence: number;
  /** The same of its other chips, each by `NAME/SERIAL`. */
  readonly others?: readonly { readonly chip: string; readonly fence: number }[] | undefined;
}

/** A file that a job reads, as it was when the job was added. */
export interface JobFile {
  /** Absolute. */
  readonly file: string;
  readonly sha256: string;
}

/**
 * How a job stands. A worker that died leaves its job `under way`: the next worker goes on with it. A job that has `failed` stops the
 * queue of its chip.
 */
export type JobState = "waiting" | "under way" | "done" | "failed" | "removed";

export interface Job extends JobRequest {
  readonly id: JobId;
  readonly state: JobState;
  readonly addedAt: string;
  /** Who added it. */
  readonly by: string | undefined;
  /** When it was begun for the first time. */
  readonly begunAt: string | undefined;
  readonly endedAt: string | undefined;
  /** How many times a worker took it up. */
  readonly attempts: number;
  /** It was put back by hand when it had failed without a run, so what it does begins at its beginning. */
  readonly beginsAnew: boolean;
  /** The newest run of the workspace when it was begun for the first time; its own are newer. 0 for none. */
  readonly runsBefore: number;
  /** Of a job that ended: the runs that it made, or that it worked on. */
  readonly runs: readonly RunId[];
  /** Of a job that failed, or that was stopped and waits again. */
  readonly why: { readonly code: string; readonly message: string } | undefined;
  /** It was removed unbegun, and its server has it again. */
  readonly givenBack: boolean;
}

/** One change of the queue. Changes are only ever added, so it stays known what was done, and when. */
export type JobChange = ChangeStamp &
  (
    | { readonly what: "added"; readonly request: JobRequest }
    | { readonly what: "moved"; readonly before: JobId | null }
    | { readonly what: "taken"; readonly runsBefore: number }
    /** Stopped with its worker; it goes on with the next. */
    | { readonly what: "put back"; readonly code: string; readonly message: string }
    | { readonly what: "done"; readonly runs: readonly RunId[] }
    | {
        readonly what: "failed";
        readonly code: string;
        readonly message: string;
        readonly runs: readonly RunId[];
      }
    /** It is to be done again, with its files as they are now. */
    | {
        readonly what: "retried";
        readonly files: readonly JobFile[];
        readonly origin?: JobOrigin | undefined;
      }
    | { readonly what: "removed"; readonly givenBack?: boolean | undefined }
    /** Its server has handed it to this bench again. */
    | { readonly what: "handed"; readonly origin: JobOrigin }
  );

interface ChangeStamp {
  readonly job: JobId;
  /** Wall time, ISO 8601. */
  readonly at: string;
  /** Who made the change. */
  readonly by?: string | undefined;
}

/** All jobs of a workspace, in the order in which they are to be done. */
export type JobList = readonly Job[];

/** The queue as its changes make it, one after the other. */
export class JobFold {
  readonly #jobs = new Map<JobId, Job>();
  #order: JobId[] = [];
  #list: JobList | undefined;

  /** In the order in which they are to be done. */
  get list(): JobList {
    this.#list ??= this.#order.map((id) => this.#jobs.get(id)!);
    return this.#list;
  }

  /** Throws `RangeError` for a change of a job that is not there. */
  take(change: JobChange): void {
    this.#list = undefined;
    const { job: id, at, by } = change;
    const job = this.#jobs.get(id);
    if (change.what === "added") {
      if (job !== undefined) throw new RangeError(`job ${id} is added twice`);
      this.#order.push(id);
      this.#jobs.set(id, newJob(id, change.request, at, by));
    } else if (job === undefined) {
      throw new RangeError(`there is no job ${id} to change`);
    } else if (change.what === "moved") {
      this.#move(id, change.before);
    } else {
      this.#jobs.set(id, changed(job, change));
    }
  }

  #move(id: JobId, before: JobId | null): void {
    const others = this.#order.filter((one) => one !== id);
    const to = before === null ? others.length : others.indexOf(before);
    if (to < 0) throw new RangeError(`there is no job ${before} to move another before`);
    this.#order = others.toSpliced(to, 0, id);
  }
}

/** The list with one more change. */
export function withChange(jobs: JobList, change: Extract<JobChange, { what: "moved" }>): JobList {
  const others = jobs.filter(({ id }) => id !== change.job);
  const to = change.before === null ? others.length : others.findIndex(({ id }) => id === change.before);
  return others.toSpliced(
    to,
    0,
    jobs.find(({ id }) => id === change.job)!,
  );
}

function newJob(id: JobId, request: JobRequest, addedAt: string, by: string | undefined): Job {
  return {
    ...request,
    id,
    state: "waiting",
    addedAt,
    by,
    begunAt: undefined,
    endedAt: undefined,
    attempts: 0,
    beginsAnew: false,
    runsBefore: 0,
    runs: [],
    why: undefined,
    givenBack: false,
  };
}

function changed(job: Job, change: Exclude<JobChange, { what: "added" | "moved" }>): Job {
  const { at } = change;
  switch (change.what) {
    case "taken":
      return {
        ...job,
        state: "under way",
        begunAt: job.begunAt ?? at,
        attempts: job.attempts + 1,
        // One that is taken while it is under way was cut off.
        beginsAnew: job.beginsAnew && job.state === "waiting",
        runsBefore: job.begunAt === undefined ? change.runsBefore : job.runsBefore,
        why: undefined,
      };
    case "put back":
      return {
        ...job,
        state: "waiting",
        beginsAnew: false,
        why: { code: change.code, message: change.message },
      };
    case "done":
      return { ...job, state: "done", endedAt: at, runs: change.runs, why: undefined };
    case "failed":
      return {
        ...job,
        state: "failed",
        endedAt: at,
        runs: change.runs,
        why: { code: change.code, message: change.message },
      };
    case "retried":
      return {
        ...job,
        state: "waiting",
        beginsAnew: job.runs.length === 0,
        endedAt: undefined,
        files: change.files,
        origin: change.origin ?? job.origin,
      };
    case "handed":
      return { ...job, origin: change.origin };
    case "removed":
      return { ...job, state: "removed", endedAt: at, givenBack: change.givenBack === true };
  }
}
