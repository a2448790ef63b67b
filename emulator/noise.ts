import { normalOf, type Random } from "../src/random.ts";

/**
 * 1/f noise with its time structure: sixteen first-order processes a device, one a decade of correlation time,
 *
 *     x_k(t + Δ) = e^(−Δ/τ_k) x_k(t) + sqrt(1 − e^(−2Δ/τ_k)) N,   τ_k = 4 e^γ t_read 10^(k + ½),
 *
 * all at zero right after a pulse. Their sum, each with strength 1.517 Q, has a variance that follows
 * Q² ln((t + t_read)/(2 t_read)) within 1.5 % from 10 µs to a year.
 */
export const noiseComponents = 16;

const readSeconds = 250e-9;
const strength = 1.517;
const correlationSeconds = Float64Array.from(
  { length: noiseComponents },
  (_, k) => 4 * Math.exp(0.5772156649015329) * readSeconds * Number(`1e${k}`) * Math.sqrt(10),
);

/** Relative deviations of many devices, evolved together; remembers the weights of the last time step. */
export class NoiseBank {
  readonly #values: Float32Array;
  readonly #decay = new Float64Array(noiseComponents);
  readonly #kick = new Float64Array(noiseComponents);
  #stepSeconds = Number.NaN;

  constructor(devices: number) {
    this.#values = new Float32Array(devices * noiseComponents);
  }

  /** A pulse melts the past away. */
  clear(device: number): void {
    this.#values.fill(0, device * noiseComponents, (device + 1) * noiseComponents);
  }

  /**
   * Moves one device's noise on and returns it in units of Q.
   *
   * @param random keyed by the instant that is moved to.
   */
  step(device: number, seconds: number, random: Random): number {
    if (seconds !== this.#stepSeconds) this.#setStep(seconds);
    const values = this.#values;
    let at = device * noiseComponents;
    let sum = 0;
    for (let k = 0; k < noiseComponents; k += 2) {
      random.at(device, k);
      const a = this.#decay[k]! * values[at]! + this.#kick[k]! * normalOf(random.word0);
      const b = this.#decay[k + 1]! * values[at + 1]! + this.#kick[k + 1]! * normalOf(random.word1);
      values[at] = a;
      values[at + 1] = b;
      at += 2;
      sum += a + b;
    }
    return strength * sum;
  }

  #setStep(seconds: number): void {
    this.#stepSeconds = seconds;
    for (let k = 0; k < noiseComponents; k++) {
      const decay = Math.exp(-seconds / correlationSeconds[k]!);
      this.#decay[k] = decay;
      this.#kick[k] = Math.sqrt(-Math.expm1((-2 * seconds) / correlationSeconds[k]!));
    }
  }
}
