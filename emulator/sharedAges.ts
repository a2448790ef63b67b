import type { Microseconds } from "../src/units.ts";
import type { NoiseStep } from "./noise.ts";

/**
 * What those devices of a row share in one read that were last pulsed at the same instant. Most devices of a row are: each such
 * instant has its logarithm of time and its step of noise worked out once.
 */
export class SharedAges {
  /** Which of the ages each device of the row has. */
  readonly ageOf: Uint32Array;
  readonly logTimes: Float64Array;
  readonly crystallised: Float64Array;
  /** The different steps, and which of them each device takes. */
  readonly steps: NoiseStep[] = [];
  readonly stepOf: Uint32Array;
  readonly #pulsedAt: Float64Array;
  readonly #stepOfAge: Uint32Array;
  /** Where an instant was last found, by a few of its bits. */
  readonly #found = new Uint32Array(foundSize);
  #ages = 0;

  constructor(perRow: number) {
    this.ageOf = new Uint32Array(perRow);
    this.stepOf = new Uint32Array(perRow);
    this.logTimes = new Float64Array(perRow);
    this.crystallised = new Float64Array(perRow);
    this.#pulsedAt = new Float64Array(perRow);
    this.#stepOfAge = new Uint32Array(perRow);
  }

  /** Forgets the read before. */
  begin(): void {
    this.#ages = 0;
    this.steps.length = 0;
  }

  /** Whether the age of a device is known by now; it then has it. */
  has(device: number, pulsedAt: Microseconds): boolean {
    const age = this.#found[place(pulsedAt)]!;
    if (age >= this.#ages || this.#pulsedAt[age] !== pulsedAt) return false;
    this.ageOf[device] = age;
    this.stepOf[device] = this.#stepOfAge[age]!;
    return true;
  }

  add(device: number, pulsedAt: Microseconds, logTime: number, crystallised: number, step: NoiseStep): void {
    const age = this.#ages++;
    let number = this.steps.indexOf(step);
    if (number < 0) number = this.steps.push(step) - 1;
    this.#found[place(pulsedAt)] = age;
    this.#pulsedAt[age] = pulsedAt;
    this.#stepOfAge[age] = number;
    this.logTimes[age] = logTime;
    this.crystallised[age] = crystallised;
    this.ageOf[device] = age;
    this.stepOf[device] = number;
  }
}

const foundSize = 64;

function place(pulsedAt: Microseconds): number {
  return (pulsedAt ^ (pulsedAt >>> 6) ^ (pulsedAt >>> 12)) & (foundSize - 1);
}
