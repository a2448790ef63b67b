import type { After } from "../../drivers/systemClock.ts";
import type { Microseconds } from "../../src/units.ts";

/**
 * What a board sends, each piece when it is due and none before what was sent earlier: a line keeps the order of its bytes, however late
 * the host's timers are.
 */
export class SentInOrder {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #now: () => Microseconds;
  readonly #after: After;
  #waiting: { readonly bytes: Uint8Array; readonly dueAt: Microseconds }[] = [];
  #cancel: (() => void) | undefined;

  constructor(write: (bytes: Uint8Array) => void, now: () => Microseconds, after: After) {
    this.#write = write;
    this.#now = now;
    this.#after = after;
  }

  /** Puts bytes in the line, which leave with the next `flush` after so many milliseconds. */
  send(bytes: Uint8Array, inMilliseconds: number): void {
    const before = this.#waiting.at(-1)?.dueAt ?? -Infinity;
    this.#waiting.push({ bytes, dueAt: Math.max(before, this.#now() + 1000 * inMilliseconds) });
  }

  /** Writes what is due, all at once: a system call costs more than the bytes that it carries. */
  flush(): void {
    const by = this.#now() + timerStepMicroseconds;
    let due = 0;
    while (due < this.#waiting.length && this.#waiting[due]!.dueAt < by) due++;
    if (due > 0) this.#write(Buffer.concat(this.#waiting.splice(0, due).map(({ bytes }) => bytes)));
    const next = this.#waiting[0];
    if (next === undefined || this.#cancel !== undefined) return;
    // A write may have taken longer than the next piece was to wait.
    this.#cancel = this.#after(Math.max(0, (next.dueAt - this.#now()) / 1000), () => {
      this.#cancel = undefined;
      this.flush();
    });
  }

  /** The cable is out: what was on its way is lost. */
  forget(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#waiting = [];
  }
}

/** The host's timers know nothing shorter. */
const timerStepMicroseconds = 1000;
