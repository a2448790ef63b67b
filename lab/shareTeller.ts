import { systemClock } from "../drivers/systemClock.ts";
import { type Microseconds, microsecondsPerSecond, type Seconds } from "../src/units.ts";
import type { CalculatingEvent } from "./events.ts";

/** How often a calculation tells how far it is. */
const secondsBetween: Seconds = 2;

/**
 * Tells how far a calculation of several parts is, every two seconds at most: by a clock of its own where this thread is free, and
 * else when a part says something.
 */
export class ShareTeller {
  readonly #what: CalculatingEvent["what"];
  readonly #shares: Float64Array;
  readonly #emit: (event: CalculatingEvent) => void;
  readonly #now: () => Microseconds;
  readonly #begun: Microseconds;
  #told: Microseconds;

  constructor(
    what: CalculatingEvent["what"],
    parts: number,
    emit: (event: CalculatingEvent) => void,
    now: () => Microseconds = () => systemClock.nowMicroseconds(),
  ) {
    this.#what = what;
    this.#shares = new Float64Array(parts);
    this.#emit = emit;
    this.#now = now;
    this.#begun = this.#told = now();
  }

  /** Does the work, and tells of it meanwhile. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    const timer = setInterval(() => this.#tell(), (1000 * secondsBetween) / 2);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }

  /** How much of a part is done, 0 … 1. */
  note(part: number, share: number): void {
    this.#shares[part] = Math.max(this.#shares[part]!, Math.min(1, share));
    this.#tell();
  }

  #tell(): void {
    const now = this.#now();
    if (now - this.#told < secondsBetween * microsecondsPerSecond) return;
    this.#told = now;
    const parts = this.#shares.length;
    const share = this.#shares.reduce((sum, one) => sum + one, 0) / parts;
    const elapsed = (now - this.#begun) / microsecondsPerSecond;
    this.#emit({
      type: "calculating",
      what: this.#what,
      parts,
      parts_done: this.#shares.filter((one) => one === 1).length,
      share,
      elapsed_seconds: elapsed,
      left_seconds: share < leastShare ? null : (elapsed * (1 - share)) / share,
    });
  }
}

/** Of less, nothing is said of the rest. */
const leastShare = 0.02;
