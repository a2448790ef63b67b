import type { DeviceModel } from "../model/deviceModel.ts";
import type { Microsiemens, Seconds } from "../units.ts";
import { ageOf, type SweepTable } from "./sweepTable.ts";

/**
 * A straight line through the reads of one device, by least squares without weights:
 *
 *     ln G = ln G_ref − ν · (ln(age + onset) − ln(reference + onset))
 *
 * It believes nothing but a power law of drift, and needs no other device. `mho fit` takes the noise of reads out of the spread of ν.
 */
export interface DriftLine {
  readonly reads: number;
  readonly firstAgeSeconds: Seconds;
  readonly lastAgeSeconds: Seconds;
  /** ν. */
  readonly exponent: number;
  /** Standard error of ν, as far as the reads scatter about the line. */
  readonly exponentError: number;
  /** G_ref, at the reference age. */
  readonly conductanceMicrosiemens: Microsiemens;
  /** Standard deviation of ln G about the line. */
  readonly residual: number;
}

export type LineLaw = Pick<
  DeviceModel,
  "onsetSeconds" | "referenceAgeSeconds" | "maxConductanceMicrosiemens"
>;

/** A line through fewer reads, or over a shorter stretch of ln(age + onset), tells noise from drift no more. */
const fewestReads = 3;
const shortestStretch = Math.log(10);
/** Beneath this share of the range a device reads mostly noise. */
export const leastShare = 0.04;

/** What a device takes here. */
export const bytesPerLine = 58;

/** The lines of the devices of one block, from sums that grow with each sweep. */
export class DriftLines {
  readonly #law: LineLaw;
  readonly #zero: number;
  readonly #reads: Uint16Array;
  readonly #x: Float64Array;
  readonly #y: Float64Array;
  readonly #xx: Float64Array;
  readonly #xy: Float64Array;
  readonly #yy: Float64Array;
  readonly #first: Float64Array;
  readonly #last: Float64Array;

  constructor(law: LineLaw, devices: number) {
    const zeros = (): Float64Array => new Float64Array(devices);
    this.#law = law;
    this.#zero = Math.log(law.referenceAgeSeconds + law.onsetSeconds);
    this.#reads = new Uint16Array(devices);
    [this.#x, this.#y, this.#xx, this.#xy, this.#yy] = [zeros(), zeros(), zeros(), zeros(), zeros()];
    this.#first = zeros().fill(Infinity);
    this.#last = zeros().fill(-Infinity);
  }

  get devices(): number {
    return this.#reads.length;
  }

  /** @param counts  whether a device is taken; all are where it is not given. */
  add(table: SweepTable, counts: (device: number) => boolean = () => true): void {
    const { conductanceMicrosiemens, flags } = table.sweep;
    const { onsetSeconds } = this.#law;
    for (let i = 0; i < flags.length; i++) {
      if (!counts(i)) continue;
      const age = ageOf(table, i);
      const x = Math.log(age + onsetSeconds) - this.#zero;
      const y = Math.log(conductanceMicrosiemens[i]!);
      if (flags[i] !== 0 || !Number.isFinite(x) || !Number.isFinite(y)) continue;
      this.#reads[i]!++;
      this.#x[i]! += x;
      this.#y[i]! += y;
      this.#xx[i]! += x * x;
      this.#xy[i]! += x * y;
      this.#yy[i]! += y * y;
      if (age < this.#first[i]!) this.#first[i] = age;
      if (age > this.#last[i]!) this.#last[i] = age;
    }
  }

  /** Undefined of a device that was read too seldom, over too short a stretch, or reads mostly noise. */
  line(i: number): DriftLine | undefined {
    const { onsetSeconds: onset, maxConductanceMicrosiemens: most } = this.#law;
    const n = this.#reads[i]!;
    const [first, last] = [this.#first[i]!, this.#last[i]!];
    if (n < fewestReads || Math.log((last + onset) / (first + onset)) < shortestStretch) return undefined;
    const [x, y, xy] = [this.#x[i]! / n, this.#y[i]! / n, this.#xy[i]!];
    const spread = this.#xx[i]! - n * x * x;
    const slope = (xy - n * x * y) / spread;
    const conductance = Math.exp(y - slope * x);
    if (conductance < leastShare * most) return undefined;
    const rest = this.#yy[i]! - n * y * y - slope * slope * spread;
    const residual = Math.sqrt(Math.max(0, rest) / (n - 2));
    return {
      reads: n,
      firstAgeSeconds: first,
      lastAgeSeconds: last,
      exponent: -slope,
      exponentError: residual / Math.sqrt(spread),
      conductanceMicrosiemens: conductance,
      residual,
    };
  }
}
