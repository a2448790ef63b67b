import { after } from "../../drivers/systemClock.ts";
import { MhoError } from "../../src/errors.ts";
import type { Job } from "../../src/queue/job.ts";
import { formatDuration } from "../../src/units.ts";

/** How long the experiment of a job may take where the worker was told nothing else. */
const usualSeconds = 86_400;
/** Timers of Node count no further. */
const mostSeconds = 24 * 86_400;
/** How long one has to end by itself once its bench stops. */
const mostGraceSeconds = 60;

/** @throws `bad-argument` for a limit that no timer can keep. */
export function checkedRunLimit(seconds = usualSeconds): number {
  if (seconds > 0 && seconds <= mostSeconds) return seconds;
  throw new MhoError(
    "bad-argument",
    `An experiment of a job can be given more than 0 s and at most ${formatDuration(mostSeconds)}, and ${formatDuration(seconds)} were asked for.`,
  );
}

/**
 * The time that the code of a job may take: what never ends would keep its chip's queue for ever. When it is over, `signal` is aborted, as by
 * Ctrl-C; code that does not end then either is left behind, with its bench closed.
 */
export class RunLimit {
  readonly #over = new AbortController();
  readonly #seconds: number;
  readonly #job: Job;

  constructor(job: Job, seconds: number) {
    this.#job = job;
    this.#seconds = seconds;
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** @throws `bad-argument` where the time is over, and what the work itself throws. */
  async hold<T>(work: Promise<T>): Promise<T> {
    let forget = (): void => {};
    const late = new Promise<never>((_, reject) => {
      forget = after(1000 * this.#seconds, () => {
        this.#over.abort();
        const graceSeconds = Math.min(this.#seconds, mostGraceSeconds);
        forget = after(1000 * graceSeconds, () => reject(this.#fault()));
      });
    });
    try {
      return await Promise.race([work, late]);
    } catch (error) {
      throw this.signal.aborted ? this.#fault() : error;
    } finally {
      forget();
    }
  }

  #fault(): MhoError {
    const { id, subjects } = this.#job;
    return new MhoError(
      "bad-argument",
      `The experiment ${subjects[0]} had not ended after ${formatDuration(this.#seconds)}, and was stopped. Look for an await whose promise is never ` +
        "resolved and for a loop without an end. Where it needs longer, start mho work with a larger --run-limit.",
      { job: id, limit_seconds: this.#seconds },
    );
  }
}
