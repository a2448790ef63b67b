import type { After } from "../../drivers/systemClock.ts";
import type { Clock } from "../../src/clock.ts";
import type { Microseconds } from "../../src/units.ts";

interface Alarm {
  at: Microseconds;
  readonly ring: () => void;
}

/** Link time that costs none: it stands still while anything can happen, and jumps to the next alarm when all is idle. */
export class VirtualTime implements Clock {
  #now: Microseconds = 0;
  #waiting = false;
  #held = 0;
  #suspended: Microseconds = 0;
  readonly #alarms = new Set<Alarm>();

  nowMicroseconds(): Microseconds {
    return this.#now;
  }

  /** As a clock of the host's shows it that stands still while the host is suspended. */
  awakeMicroseconds(): Microseconds {
    return this.#now - this.#suspended;
  }

  /** Goes on while nothing is done. A host that is suspended keeps what was left of its alarms; else they ring late. */
  leap(duration: Microseconds, suspended: boolean): void {
    this.#now += duration;
    if (!suspended) return;
    this.#suspended += duration;
    for (const alarm of this.#alarms) alarm.at += duration;
  }

  sleep(duration: Microseconds): Promise<void> {
    return new Promise((resolve) => this.after(duration / 1000, resolve));
  }

  readonly after: After = (milliseconds, then) => {
    const alarm = { at: this.#now + Math.ceil(1000 * milliseconds), ring: then };
    this.#alarms.add(alarm);
    this.#awaitIdleness();
    return () => this.#alarms.delete(alarm);
  };

  /** Keeps the time where it is while something of the real world is waited for. */
  async whileItStands<T>(work: () => Promise<T>): Promise<T> {
    this.#held++;
    try {
      return await work();
    } finally {
      this.#held--;
      this.#awaitIdleness();
    }
  }

  /** Nothing is waited for by now but what is behind promises, and those come before an immediate. */
  #awaitIdleness(): void {
    if (this.#waiting || this.#held > 0 || this.#alarms.size === 0) return;
    this.#waiting = true;
    setImmediate(() => {
      this.#waiting = false;
      if (this.#held === 0) this.#ringNext();
      this.#awaitIdleness();
    });
  }

  #ringNext(): void {
    let next: Alarm | undefined;
    for (const alarm of this.#alarms) if (next === undefined || alarm.at < next.at) next = alarm;
    if (next === undefined) return;
    this.#alarms.delete(next);
    this.#now = Math.max(this.#now, next.at);
    next.ring();
  }
}
