import type { Job, JobId } from "../src/queue/job.ts";
import { isServerAddress } from "../storage/postgres/address.ts";
import { refuseUnknown } from "./optionNames.ts";
import type { QueuedJob } from "./queue/changeQueue.ts";
import type { AddOptions, MoveOptions, QueueListOptions } from "./queue/queueOptions.ts";
import type { Workplace } from "./workplace.ts";

/**
 * The queue of a workspace: jobs for its chips, which `bench.work` does. Each chip has a queue of its own. That of a server
 * (`postgres://…`) is done by the benches that have the chips.
 */
export class BenchQueue {
  readonly #place: () => Workplace;
  readonly #telling: <T>(work: () => Promise<T>) => Promise<T>;

  constructor(place: () => Workplace, telling: <T>(work: () => Promise<T>) => Promise<T>) {
    this.#place = place;
    this.#telling = telling;
  }

  /**
   * Checks a job as its call would, and puts it at the end of its chip's queue.
   *
   * @param command   `program`, `measure`, `watch`, `trim`, `resume` or `run`.
   * @param subjects  what the command works on; `j3` stands for the run of job j3, which is then done before.
   * @param options   of that call.
   */
  add(
    command: string,
    subjects: string | readonly string[],
    options: object = {},
    when: AddOptions = {},
  ): Promise<Job> {
    return this.#telling(async () => {
      refuseUnknown("queueAdd", when);
      const place = this.#place();
      if (isServerAddress(place.folder)) {
        const { addToServer } = await import("./fleet/serverQueue.ts");
        return addToServer(place, command, subjects, { ...options }, when);
      }
      const { addJob } = await import("./queue/addJob.ts");
      return addJob(place, command, subjects, { ...options }, when);
    });
  }

  /** Jobs in the order in which they are to be done: those that wait, are under way or have failed. */
  list(options: QueueListOptions = {}): Promise<readonly QueuedJob[]> {
    return this.#telling(async () => {
      refuseUnknown("queueList", options);
      const place = this.#place();
      if (isServerAddress(place.folder))
        return (await import("./fleet/serverQueue.ts")).listServer(place, options);
      const { listJobs } = await import("./queue/changeQueue.ts");
      return listJobs(place, options);
    });
  }

  /** Moves a job that waits within its chip's queue: to the end where nothing else is said. */
  move(job: JobId, options: MoveOptions = {}): Promise<void> {
    return this.#telling(async () => {
      refuseUnknown("queueMove", options);
      const place = this.#place();
      if (isServerAddress(place.folder))
        return (await import("./fleet/serverQueue.ts")).moveAtServer(place, job, options);
      const { moveJob } = await import("./queue/changeQueue.ts");
      return moveJob(place, job, options);
    });
  }

  /** Takes jobs out of the queue. Runs that they began stay. */
  remove(jobs: JobId | readonly JobId[]): Promise<void> {
    return this.#telling(async () => {
      const place = this.#place();
      const ids = typeof jobs === "string" ? [jobs] : jobs;
      if (isServerAddress(place.folder))
        return (await import("./fleet/serverQueue.ts")).removeAtServer(place, ids);
      const { removeJobs } = await import("./queue/changeQueue.ts");
      return removeJobs(place, ids);
    });
  }

  /** Lets a job that failed be done again, with its files as they are now; a run that it had begun goes on. Its chip's queue goes on too. */
  retry(job: JobId): Promise<void> {
    return this.#telling(async () => {
      const place = this.#place();
      if (isServerAddress(place.folder))
        return (await import("./fleet/serverQueue.ts")).retryAtServer(place, job);
      const { retryJob } = await import("./queue/changeQueue.ts");
      return retryJob(place, job);
    });
  }
}
