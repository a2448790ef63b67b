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

/** Relative deviations of many devices, evolved together; remembers the weights of the last few time steps. */
export class NoiseBank {
  readonly #values: Float32Array;
  readonly #correlationSeconds: Float64Array;
  /** Decay and kick of each component, for a few steps, one after the other. */
  readonly #weights = new Float64Array(stepsKept * 2 * noiseComponents);
  readonly #steps = new Float64Array(stepsKept).fill(Number.NaN);
  #oldest = 0;

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
    this.#values.fill(0, device * noiseComponents, (device + 1) * noiseComponents);
  }

  /** A pulse that changes a part of the device leaves the rest of its noise. */
  keep(device: number, share: number): void {
    for (let at = device * noiseComponents; at < (device + 1) * noiseComponents; at++)
      this.#values[at]! *= share;
  }

  /**
   * Moves one device's noise on and returns it in units of Q.
   *
   * @param device  its place in this bank.
   * @param key     its number for the draws.
   * @param random  keyed by the instant that is moved to.
   * @param middleSeconds  how far the processes of 0.06 … 60 s are moved on; 0 leaves them where they are.
   * @param slowSeconds    the same, of the slower ones.
   */
  step(
    device: number,
    key: number,
    seconds: number,
    random: Random,
    middleSeconds = seconds,
    slowSeconds = middleSeconds,
  ): number {
    const values = this.#values;
    const weights = this.#weights;
    let w = this.#weightsOf(seconds);
    let at = device * noiseComponents;
    let sum = 0;
    for (let k = 0; k < noiseComponents; k += 4) {
      if (k === firstMiddle || k === firstSlow) {
        const pace = k === firstMiddle ? middleSeconds : slowSeconds;
        if (pace === 0) {
          const end = k === firstMiddle ? firstSlow : noiseComponents;
          for (; k < end; k++, at++) sum += values[at]!;
          k -= 4;
          continue;
        }
        w = this.#weightsOf(pace) + 2 * k;
      }
      random.at(key, k);
      const { word0, word1 } = random;
      const a = weights[w]! * values[at]! + weights[w + 1]! * lowNormal(word0);
      const b = weights[w + 2]! * values[at + 1]! + weights[w + 3]! * highNormal(word0);
      const c = weights[w + 4]! * values[at + 2]! + weights[w + 5]! * lowNormal(word1);
      const d = weights[w + 6]! * values[at + 3]! + weights[w + 7]! * highNormal(word1);
      values[at] = a;
      values[at + 1] = b;
      values[at + 2] = c;
      values[at + 3] = d;
      at += 4;
      w += 8;
      sum += a + b + c + d;
    }
    return strength * sum;
  }

  #weightsOf(seconds: number): number {
    for (let n = 0; n < stepsKept; n++) if (this.#steps[n] === seconds) return n * 2 * noiseComponents;
    const place = this.#oldest;
    this.#oldest = (place + 1) % stepsKept;
    this.#steps[place] = seconds;
    for (let k = 0; k < noiseComponents; k++) {
      const share = seconds / this.#correlationSeconds[k]!;
      this.#weights[(place * noiseComponents + k) * 2] = Math.exp(-share);
      this.#weights[(place * noiseComponents + k) * 2 + 1] = Math.sqrt(-Math.expm1(-2 * share));
    }
    return place * 2 * noiseComponents;
  }
}

const stepsKept = 6;
