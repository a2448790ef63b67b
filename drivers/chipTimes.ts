import type { Microseconds } from "../src/units.ts";
import { systemClock, wallMilliseconds } from "./systemClock.ts";

/**
 * What a chip says of its time, held against what a clock can do. Only what is impossible is refused:
 *
 * - it ends before 2^52 µs, 142 years after it began;
 * - it does not go back while the chip has not been reset: an answer is not older than one that had come before its request left;
 * - it does not leap: between two answers it gains a day at most, beside what it was told to `advance` and, where its time goes
 *   by itself, a thousand million times what passed on the host (a sleep of the host's is time that passed);
 * - where its time goes by itself, it does not stand still for a minute.
 *
 * After a reset (another boot count) a clock may begin anew, so nothing that was known of it holds.
 */
export class ChipTimes {
  readonly #now: () => Microseconds;
  readonly #wall: () => number;
  #boot: number | undefined;
  #virtual = true;
  /** The highest that was told, and when the host heard of it; undefined until there was one. */
  #newest: Microseconds | undefined;
  #heardAt: Microseconds = 0;
  #heardAtWall = 0;
  /** How often the newest was told again. */
  #repeats = 0;
  /** Asked of `advance`, and not seen yet. */
  #advancing: Microseconds = 0;

  constructor(now = (): Microseconds => systemClock.nowMicroseconds(), wall = wallMilliseconds) {
    this.#now = now;
    this.#wall = wall;
  }

  /** A session begins, with the boot that the chip names. */
  begin(boot: number, virtualTime: boolean): void {
    this.#virtual = virtualTime;
    if (boot === this.#boot) return;
    this.#boot = boot;
    this.#newest = undefined;
    this.#repeats = 0;
    this.#advancing = 0;
  }

  /** The chip is about to be told to move its time on. */
  advancing(duration: Microseconds): void {
    this.#advancing += duration;
  }

  /** What the chip may not fall behind of in its answer to a request that leaves now. */
  get floor(): Microseconds {
    return this.#newest ?? 0;
  }

  /**
   * Takes a time in.
   *
   * @param floor  of its request; 0 for a time that may be an old one.
   * @returns      what is wrong with it; it is then not taken in.
   */
  wrong(time: Microseconds, floor: Microseconds): string | undefined {
    if (!Number.isSafeInteger(time) || time < 0 || time >= endOfTime) {
      return `its time is ${time} µs, and a chip's time ends at 2^52 µs`;
    }
    if (time < floor) return `its time went back, from ${floor} to ${time} µs, and it was not reset`;
    const newest = this.#newest;
    const [now, wall] = [this.#now(), this.#wall()];
    if (newest !== undefined) {
      const passed = Math.max(now - this.#heardAt, 1000 * (wall - this.#heardAtWall), 0);
      const most = day + this.#advancing + (this.#virtual ? 0 : fastest * passed);
      if (time - newest > most) {
        return `its time leapt from ${newest} to ${time} µs`;
      }
      if (time <= newest) return this.#standsStill(time, now);
      this.#advancing = Math.max(0, this.#advancing - (time - newest));
    }
    this.#newest = time;
    this.#heardAt = now;
    this.#heardAtWall = wall;
    this.#repeats = 0;
    return undefined;
  }

  #standsStill(time: Microseconds, now: Microseconds): string | undefined {
    // An old time that is told again says nothing of the clock.
    if (this.#virtual || time !== this.#newest) return undefined;
    this.#repeats++;
    const still = now - this.#heardAt;
    if (this.#repeats < fewestRepeats || still < longestStill) return undefined;
    return `its time has stood still at ${time} µs for ${Math.round(still / 1e6)} s`;
  }
}

export const endOfTime: Microseconds = 4_503_599_627_370_496;
const day: Microseconds = 86_400e6;
/** Chip time against the host's: the fastest that an emulated chip's clock can be set to. */
const fastest = 1e9;
const longestStill: Microseconds = 60e6;
const fewestRepeats = 3;
