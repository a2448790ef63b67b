import type { Random } from "../src/random.ts";
import { highNormal, lowNormal } from "./fastNormal.ts";

/**
 * 1/f noise with its time structure: sixteen first-order processes a device, one a decade of correlation time,
 *
 *     x_k(t + Δ) = e^(−Δ/τ_k) x_k(t) + sqrt(1 − e^(−2Δ/τ_k)) N,   τ_k = 4 e^γ t_read 10^(k + ½),
 *
 * all at zero right after a pulse. Their sum, each with strength 1.517 Q, has a variance that follows
 * Q² ln((t + t_read)/(2 t_read)) within 1.5 % from 10 µs to a year.
 */
export const noiseComponents = 16;

/** From here on processes take 0.06 s and longer, and then minutes: within a burst of reads they stand still. */
const firstMiddle = 4;
const firstSlow = 8;

const strength = 1.517;
const eulerGamma = 0.5772156649015329;

function correlationTimes(readSeconds: number): Float64Array {
  return Float64Array.from(
    { length: noiseComponents },
    (_, k) => 4 * Math.exp(eulerGamma) * readSeconds * Number(`1e${k}`) * Math.sqrt(10),
  );
}

/** One-sided power density of the noise of an old device at a frequency, in Q² per hertz. */
export function noisePowerDensity(hertz: number, readSeconds = 250e-9): number {
  return correlationTimes(readSeconds).reduce((sum, tau) => {
    const turn = 2 * Math.PI * hertz * tau;
    return sum + (strength * strength * 4 * tau) / (1 + turn * turn);
  }, 0);
}

/** Reads of one device, one after the other, that are averaged. */
export interface Burst {
  readonly reads: number;
  readonly spacingSeconds: number;
  /** V over the devices, where it is not the usual voltage, and what the current is of that at the usual one. */
  readonly readVolts?: number | undefined;
  readonly currentShare?: number | undefined;
}

export const oneRead: Burst = { reads: 1, spacingSeconds: 0 };

/** What one step of time does to the noise of any device. */
export interface NoiseStep {
  readonly seconds: number;
  readonly middleSeconds: number;
  readonly slowSeconds: number;
  readonly burst: Burst;
  /** Decay and kick of each process from where it stood to the last read. */
  readonly ends: Float64Array;
  /** What the mean of a fast process has of where it stood, of that kick, and of a draw of its own. */
  readonly means: Float64Array;
}

function noiseStep(
  correlationSeconds: Float64Array,
  seconds: number,
  middleSeconds: number,
  slowSeconds: number,
  burst: Burst,
): NoiseStep {
  const ends = new Float64Array(2 * noiseComponents);
  const means = new Float64Array(3 * firstMiddle);
  const burstSeconds = (burst.reads - 1) * burst.spacingSeconds;
  for (let k = 0; k < noiseComponents; k++) {
    const tau = correlationSeconds[k]!;
    const passed = k < firstMiddle ? seconds + burstSeconds : k < firstSlow ? middleSeconds : slowSeconds;
    const kick = Math.sqrt(-Math.expm1((-2 * passed) / tau));
    ends[2 * k] = Math.exp(-passed / tau);
    ends[2 * k + 1] = kick;
    // A single read needs none.
    if (k < firstMiddle && burst.reads > 1) means.set(meanOf(tau, seconds, burst, kick), 3 * k);
  }
  return { seconds, middleSeconds, slowSeconds, burst, ends, means };
}

/**
 * The mean of n reads and the last of them are jointly normal, given where the process stood. With a the decay up to the first
 * read and b that from read to read, the covariance of reads i and j is b^|i − j| − a² b^(i + j).
 */
function meanOf(tau: number, seconds: number, { reads, spacingSeconds }: Burst, kick: number): number[] {
  const a = Math.exp(-seconds / tau);
  const b = Math.exp(-spacingSeconds / tau);
  let [power, sum, apart] = [1, 1, reads];
  for (let m = 1; m < reads; m++) {
    power *= b;
    sum += power;
    apart += 2 * (reads - m) * power;
  }
  const variance = (apart - a * a * sum * sum) / (reads * reads);
  const covariance = (sum * (1 - a * a * power)) / reads;
  const onKick = kick > 0 ? covariance / kick : 0;
  return [(a * sum) / reads, onKick, Math.sqrt(Math.max(0, variance - onKick * onKick))];
}

/** Relative deviations of many devices, evolved together. */
export class NoiseBank {
  readonly #values: Float32Array;
  readonly #correlationSeconds: Float64Array;
  /** The last few steps: rows have devices that were pulsed at different times. */
  readonly #steps: NoiseStep[] = [];
  #oldest = 0;
  #words = new Int32Array(0);

  constructor(devices: number, readSeconds = 250e-9) {
    this.#values = new Float32Array(devices * noiseComponents);
    this.#correlationSeconds = correlationTimes(readSeconds);
  }

  /** Where every process stands, device after device. */
  get values(): Float32Array {
    return this.#values;
  }

  /** A pulse melts the past away. */
  clear(device: number): void {
    const end = (device + 1) * noiseComponents;
    for (let at = device * noiseComponents; at < end; at++) this.#values[at] = 0;
  }

  /** A pulse that changes a part of the device leaves the rest of its noise. */
  keep(device: number, share: number): void {
    for (let at = device * noiseComponents; at < (device + 1) * noiseComponents; at++)
      this.#values[at]! *= share;
  }

  /**
   * @param seconds        how far time has gone, up to the first read.
   * @param middleSeconds  how far the processes of 0.06 … 60 s are moved on, up to the middle of the burst; 0 leaves them where
   *   they are.
   * @param slowSeconds    the same, of the slower ones.
   */
  step(
    seconds: number,
    middleSeconds = seconds,
    slowSeconds = middleSeconds,
    burst: Burst = oneRead,
  ): NoiseStep {
    for (const step of this.#steps) {
      if (
        step.seconds === seconds &&
        step.middleSeconds === middleSeconds &&
        step.slowSeconds === slowSeconds &&
        step.burst.reads === burst.reads &&
        step.burst.spacingSeconds === burst.spacingSeconds
      ) {
        return step;
      }
    }
    const step = noiseStep(this.#correlationSeconds, seconds, middleSeconds, slowSeconds, burst);
    this.#steps[this.#oldest] = step;
    this.#oldest = (this.#oldest + 1) % stepsKept;
    return step;
  }

  /**
   * Moves the noise of neighbouring devices on to the last read. During the reads the middle and the slow processes stand still.
   *
   * @param device  place of the first of them in this bank.
   * @param key     its number for the draws; the others' follow.
   * @param steps   the steps of time that any of them takes.
   * @param stepOf  which of these each device takes, by its place in `steps`.
   * @param random  keyed by the instant that is moved to.
   * @param means   becomes the mean of each device's reads, in units of Q: as many as are moved.
   */
  move(
    device: number,
    key: number,
    steps: readonly NoiseStep[],
    stepOf: Uint32Array,
    random: Random,
    means: Float64Array,
  ): void {
    const words = this.#wordsOf(means.length);
    random.fill(words, key, 0);
    const start = device * noiseComponents;
    steps.forEach((step, number) => {
      if (step.burst.reads === 1) this.#begin(start, step, number, stepOf, words, means);
      else this.#average(start, step, number, stepOf, words, means);
      if (step.middleSeconds > 0 && step.slowSeconds > 0) {
        this.#advanceAll(start, step, number, stepOf, words, means);
        return;
      }
      for (let k = firstMiddle; k < noiseComponents; k += 4) {
        if ((k < firstSlow ? step.middleSeconds : step.slowSeconds) > 0)
          this.#advance(start, k, step, number, stepOf, words, means);
        else this.#stand(start, k, number, stepOf, means);
      }
    });
    for (let n = 0; n < means.length; n++) means[n] = strength * means[n]!;
  }

  /** The same of one device alone; in a row it costs half as much. */
  moveOne(device: number, key: number, step: NoiseStep, random: Random): number {
    const mean = new Float64Array(1);
    this.move(device, key, [step], new Uint32Array(1), random, mean);
    return mean[0]!;
  }

  /** Moves the fast processes on to a single read, and begins the sums. Like the others, for devices that take this step. */
  #begin(
    start: number,
    { ends }: NoiseStep,
    number: number,
    stepOf: Uint32Array,
    words: Int32Array,
    sums: Float64Array,
  ): void {
    const values = this.#values;
    for (let n = 0; n < sums.length; n++) {
      if (stepOf[n] !== number) continue;
      const at = start + n * noiseComponents;
      const word0 = words[2 * n]!;
      const word1 = words[2 * n + 1]!;
      const a = ends[0]! * values[at]! + ends[1]! * lowNormal(word0);
      const b = ends[2]! * values[at + 1]! + ends[3]! * highNormal(word0);
      const c = ends[4]! * values[at + 2]! + ends[5]! * lowNormal(word1);
      const d = ends[6]! * values[at + 3]! + ends[7]! * highNormal(word1);
      values[at] = a;
      values[at + 1] = b;
      values[at + 2] = c;
      values[at + 3] = d;
      sums[n] = a + b + c + d;
    }
  }

  /** Moves the fast processes on to the last read, and begins the sums with their means over the reads. */
  #average(
    start: number,
    { ends, means }: NoiseStep,
    number: number,
    stepOf: Uint32Array,
    words: Int32Array,
    sums: Float64Array,
  ): void {
    const values = this.#values;
    for (let n = 0; n < sums.length; n++) {
      if (stepOf[n] !== number) continue;
      const at = start + n * noiseComponents;
      const word0 = words[2 * n]!;
      const word1 = words[2 * n + 1]!;
      const kickA = lowNormal(word0);
      const kickB = highNormal(word0);
      const kickC = lowNormal(word1);
      const kickD = highNormal(word1);
      const own0 = further(word0, word1, 0);
      const own1 = further(word0, word1, 1);
      const a = values[at]!;
      const b = values[at + 1]!;
      const c = values[at + 2]!;
      const d = values[at + 3]!;
      values[at] = ends[0]! * a + ends[1]! * kickA;
      values[at + 1] = ends[2]! * b + ends[3]! * kickB;
      values[at + 2] = ends[4]! * c + ends[5]! * kickC;
      values[at + 3] = ends[6]! * d + ends[7]! * kickD;
      sums[n] =
        means[0]! * a +
        means[1]! * kickA +
        means[2]! * lowNormal(own0) +
        means[3]! * b +
        means[4]! * kickB +
        means[5]! * highNormal(own0) +
        means[6]! * c +
        means[7]! * kickC +
        means[8]! * lowNormal(own1) +
        means[9]! * d +
        means[10]! * kickD +
        means[11]! * highNormal(own1);
    }
  }

  /**
   * Moves all middle and slow processes on, and adds them to the sums: what most reads do, and a third faster than four processes at
   * a time.
   */
  #advanceAll(
    start: number,
    { ends }: NoiseStep,
    number: number,
    stepOf: Uint32Array,
    words: Int32Array,
    sums: Float64Array,
  ): void {
    const values = this.#values;
    const decay4 = ends[8]!;
    const kick4 = ends[9]!;
    const decay5 = ends[10]!;
    const kick5 = ends[11]!;
    const decay6 = ends[12]!;
    const kick6 = ends[13]!;
    const decay7 = ends[14]!;
    const kick7 = ends[15]!;
    const decay8 = ends[16]!;
    const kick8 = ends[17]!;
    const decay9 = ends[18]!;
    const kick9 = ends[19]!;
    const decay10 = ends[20]!;
    const kick10 = ends[21]!;
    const decay11 = ends[22]!;
    const kick11 = ends[23]!;
    const decay12 = ends[24]!;
    const kick12 = ends[25]!;
    const decay13 = ends[26]!;
    const kick13 = ends[27]!;
    const decay14 = ends[28]!;
    const kick14 = ends[29]!;
    const decay15 = ends[30]!;
    const kick15 = ends[31]!;
    for (let n = 0; n < sums.length; n++) {
      if (stepOf[n] !== number) continue;
      const at = start + n * noiseComponents;
      const word0 = words[2 * n]!;
      const word1 = words[2 * n + 1]!;
      let sum = sums[n]!;
      let own0 = further(word0, word1, 4);
      let own1 = further(word0, word1, 5);
      const a4 = decay4 * values[at + 4]! + kick4 * lowNormal(own0);
      const b4 = decay5 * values[at + 5]! + kick5 * highNormal(own0);
      const c4 = decay6 * values[at + 6]! + kick6 * lowNormal(own1);
      const d4 = decay7 * values[at + 7]! + kick7 * highNormal(own1);
      values[at + 4] = a4;
      values[at + 5] = b4;
      values[at + 6] = c4;
      values[at + 7] = d4;
      sum += a4 + b4 + c4 + d4;
      own0 = further(word0, word1, 8);
      own1 = further(word0, word1, 9);
      const a8 = decay8 * values[at + 8]! + kick8 * lowNormal(own0);
      const b8 = decay9 * values[at + 9]! + kick9 * highNormal(own0);
      const c8 = decay10 * values[at + 10]! + kick10 * lowNormal(own1);
      const d8 = decay11 * values[at + 11]! + kick11 * highNormal(own1);
      values[at + 8] = a8;
      values[at + 9] = b8;
      values[at + 10] = c8;
      values[at + 11] = d8;
      sum += a8 + b8 + c8 + d8;
      own0 = further(word0, word1, 12);
      own1 = further(word0, word1, 13);
      const a12 = decay12 * values[at + 12]! + kick12 * lowNormal(own0);
      const b12 = decay13 * values[at + 13]! + kick13 * highNormal(own0);
      const c12 = decay14 * values[at + 14]! + kick14 * lowNormal(own1);
      const d12 = decay15 * values[at + 15]! + kick15 * highNormal(own1);
      values[at + 12] = a12;
      values[at + 13] = b12;
      values[at + 14] = c12;
      values[at + 15] = d12;
      sum += a12 + b12 + c12 + d12;
      sums[n] = sum;
    }
  }

  /** Moves four processes on, and adds them to the sums. */
  #advance(
    start: number,
    k: number,
    { ends }: NoiseStep,
    number: number,
    stepOf: Uint32Array,
    words: Int32Array,
    sums: Float64Array,
  ): void {
    const values = this.#values;
    const w = 2 * k;
    for (let n = 0; n < sums.length; n++) {
      if (stepOf[n] !== number) continue;
      const at = start + n * noiseComponents + k;
      const own0 = further(words[2 * n]!, words[2 * n + 1]!, k);
      const own1 = further(words[2 * n]!, words[2 * n + 1]!, k + 1);
      const a = ends[w]! * values[at]! + ends[w + 1]! * lowNormal(own0);
      const b = ends[w + 2]! * values[at + 1]! + ends[w + 3]! * highNormal(own0);
      const c = ends[w + 4]! * values[at + 2]! + ends[w + 5]! * lowNormal(own1);
      const d = ends[w + 6]! * values[at + 3]! + ends[w + 7]! * highNormal(own1);
      values[at] = a;
      values[at + 1] = b;
      values[at + 2] = c;
      values[at + 3] = d;
      sums[n]! += a + b + c + d;
    }
  }

  /** Adds four processes, as they are, to the sums. */
  #stand(start: number, k: number, number: number, stepOf: Uint32Array, sums: Float64Array): void {
    const values = this.#values;
    for (let n = 0; n < sums.length; n++) {
      if (stepOf[n] !== number) continue;
      const at = start + n * noiseComponents + k;
      sums[n]! += values[at]! + values[at + 1]! + values[at + 2]! + values[at + 3]!;
    }
  }

  /** Room for two words of each device's draw. */
  #wordsOf(devices: number): Int32Array {
    if (this.#words.length !== 2 * devices) this.#words = new Int32Array(2 * devices);
    return this.#words;
  }
}

/**
 * One more word of a draw, the nth: noise takes more of them than the generator's two, and these cost a tenth of its. A Weyl
 * sequence from the one word, mixed with the other.
 *
 * @source The mixing is the finaliser of MurmurHash3.
 */
function further(word0: number, word1: number, n: number): number {
  let z = (word0 + Math.imul(n + 1, 0x9e3779b9)) | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b) ^ word1;
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}

const stepsKept = 6;
