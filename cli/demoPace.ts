import type { BenchEvent } from "../lab/events.ts";
import { type Microseconds, microsecondsPerSecond, type Seconds } from "../src/units.ts";

/**
 * How far a demo has come, by the share of its time that each step takes on an emulated chip. Networks and machines differ; the
 * steps' shares of the whole hardly do.
 */
export class DemoPace {
  readonly #now: () => Microseconds;
  readonly #begunAt: Microseconds;
  #step = 0;
  #within = 0;

  constructor(now: () => Microseconds) {
    this.#now = now;
    this.#begunAt = now();
  }

  hear(event: BenchEvent): void {
    const { type } = event;
    if (type === "chapter") this.#goTo(steps.findIndex(({ chapter }) => chapter === event.number));
    else if (type === "started") this.#goTo(steps.findIndex(({ runs }, step) => runs && step >= this.#step));
    else if (type === "ended") this.#goTo(this.#step + 1);
    else if (type === "turn" && steps[this.#step]!.runs)
      this.#within = Math.max(this.#within, (event.devices_done + event.inside) / event.devices);
  }

  /** Undefined before there is enough to judge by. */
  secondsLeft(): Seconds | undefined {
    const done =
      steps.slice(0, this.#step).reduce((sum, { share }) => sum + share, 0) +
      // The first devices take less time than the last ones.
      this.#within * this.#within * (steps[this.#step]?.share ?? 0);
    const elapsed = (this.#now() - this.#begunAt) / microsecondsPerSecond;
    return done < enough || elapsed < 3 ? undefined : (elapsed * (total - done)) / done;
  }

  #goTo(step: number): void {
    // A chain of corrections may be shorter than usual: steps are left out, and never gone back to.
    if (step > this.#step && step < steps.length) [this.#step, this.#within] = [step, 0];
  }
}

interface Step {
  /** Time that it takes, as a share of about 100. */
  readonly share: number;
  /** Of a step that begins a chapter. */
  readonly chapter?: number;
  /** Whether it is a run; others lie before and after. */
  readonly runs: boolean;
}

const steps: readonly Step[] = [
  { share: 0, chapter: 1, runs: false },
  { share: 3, runs: true },
  { share: 2, runs: false },
  { share: 1, chapter: 2, runs: false },
  { share: 19, runs: true },
  { share: 0, chapter: 3, runs: false },
  { share: 2, runs: true },
  { share: 0, runs: true },
  { share: 9, runs: false },
  { share: 7, chapter: 4, runs: false },
  { share: 20, runs: true },
  { share: 4, runs: false },
  { share: 15, runs: true },
  { share: 4, runs: false },
  { share: 11, runs: true },
  { share: 2, runs: false },
];
const total = steps.reduce((sum, { share }) => sum + share, 0);

/** Of the whole: before, a guess would be far off. */
const enough = 4;
