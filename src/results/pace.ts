import type { Seconds } from "../units.ts";

/** How fast a run goes while it works. Pauses, and the time between a stop and the resume, do not count. */
export class Pace {
  #expected: number | undefined;
  #last: Stand | undefined;
  #restedUntil: Seconds = -Infinity;
  /** Seconds of work, and what was done in them. */
  readonly #done = { seconds: 0, inPlace: 0, pulses: 0 };
  readonly #recent: Point[] = [];
  /** From the beginning on, each 2 % later than the one before. */
  readonly #course: Point[] = [];

  /** @param expected  pulses that the whole run will take; by what devices took so far where it is not known. */
  constructor(expected?: number) {
    this.#expected = expected;
  }

  expect(pulses: number | undefined): void {
    this.#expected = pulses;
  }

  /** How a run stands at a time, s. */
  note(at: Seconds, inPlace: number, pulses: number): void {
    const last = this.#last;
    this.#last = { at, inPlace, pulses };
    const done = this.#done;
    if (last !== undefined) {
      done.seconds += Math.max(0, at - Math.max(last.at, this.#restedUntil));
      done.inPlace += inPlace - last.inPlace;
      done.pulses += pulses - last.pulses;
    }
    const point = { seconds: done.seconds, pulses: done.pulses };
    this.#recent.push(point);
    if (this.#recent.length > mostRecent) this.#recent.shift();
    if (done.seconds >= 1.02 * (this.#course.at(-1)?.seconds ?? 0)) this.#course.push(point);
  }

  /** No work was done since the last note. */
  restUntil(at: Seconds): void {
    this.#restedUntil = at;
  }

  /** Per second of work; 0 while too little is known. */
  rates(): { readonly devicesPerSecond: number; readonly pulsesPerSecond: number } {
    const { seconds, inPlace, pulses } = this.#done;
    const first = this.#recent.find((one) => seconds - one.seconds <= recentSeconds);
    return {
      devicesPerSecond: perSecond(inPlace, seconds),
      pulsesPerSecond: first === undefined ? 0 : perSecond(pulses - first.pulses, seconds - first.seconds),
    };
  }

  /**
   * Until all devices are in place, by the pulses that are still to be fired; undefined while too little is known. The last devices of a tile
   * get few pulses a turn, so what the second half of the work came to counts where it was slower than all of it.
   */
  secondsLeft(devices: number): Seconds | undefined {
    const { seconds, pulses } = this.#done;
    const half = this.#course.find((point) => point.seconds >= seconds / 2);
    const lately = half === undefined ? 0 : perSecond(pulses - half.pulses, seconds - half.seconds);
    const overall = perSecond(pulses, seconds);
    const rate = lately === 0 ? overall : Math.min(overall, lately);
    const last = this.#last;
    if (last === undefined || rate === 0 || last.inPlace >= devices) return undefined;
    const missing = devices - last.inPlace;
    const each = last.inPlace === 0 ? undefined : last.pulses / last.inPlace;
    const whole = this.#expected ?? (each === undefined ? undefined : devices * each);
    return whole === undefined ? undefined : Math.max(whole - last.pulses, missing) / rate;
  }
}

interface Point {
  readonly seconds: Seconds;
  readonly pulses: number;
}

interface Stand {
  readonly at: Seconds;
  readonly inPlace: number;
  readonly pulses: number;
}

const mostRecent = 400;
const recentSeconds: Seconds = 10;

function perSecond(count: number, seconds: Seconds): number {
  return seconds < 0.5 ? 0 : Math.max(0, count / seconds);
}
