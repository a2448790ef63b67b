import { readingFlags } from "../chip/driver.ts";
import type { Microsiemens, Seconds } from "../units.ts";
import type { Seen } from "./method.ts";

/**
 * Looks at settled devices, some time apart, whose mean is what a verdict stands on. Reads in quick succession share their 1/f noise:
 * of one read's, sixty-four within milliseconds leave 0.78; eight looks over half the reference age leave a third.
 */
export class LateLooks {
  readonly #conductances: Float32Array;
  readonly #ages: Float32Array;
  taken = 0;

  constructor(devices: number) {
    this.#conductances = new Float32Array(devices);
    this.#ages = new Float32Array(devices);
  }

  begin(): void {
    this.#conductances.fill(0);
    this.#ages.fill(0);
    this.taken = 0;
  }

  /** A device that a look gave nothing for has no mean. */
  add({ conductanceMicrosiemens, flags, agesSeconds }: Seen): void {
    this.taken++;
    for (let i = 0; i < flags.length; i++) {
      this.#conductances[i]! += flags[i] === readingFlags.invalid ? Number.NaN : conductanceMicrosiemens[i]!;
      this.#ages[i]! += agesSeconds[i]!;
    }
  }

  mean(i: number): Microsiemens {
    return this.#conductances[i]! / this.taken;
  }

  age(i: number): Seconds {
    return this.#ages[i]! / this.taken;
  }

  get isThrough(): boolean {
    return this.taken >= looks;
  }

  /** When the next is due after the last pulse, at the earliest. */
  afterSeconds(referenceAge: Seconds): Seconds {
    return referenceAge * (1 + this.taken * betweenLooks);
  }
}

/** Ages at which the looks are due, s. */
export function lateLookAges(referenceAge: Seconds): Seconds[] {
  return Array.from({ length: looks }, (_, k) => referenceAge * (1 + k * betweenLooks));
}

export const lateAverages = 8;
/** σ of their mean, as a share of that of one read. */
export const lateNoiseShare = 0.32;
const looks = 8;
/** Of the reference age. */
const betweenLooks = 1 / 16;
