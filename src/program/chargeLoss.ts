import type { Microsiemens } from "../units.ts";

/**
 * What devices are going to lose of what pulses brought them. Settled devices are looked at again and again, about equally long after
 * one another; what each lost between two looks is held against what it was moved by since the run began, m:
 *
 *     on the average   λ = Σ (before − now) m / Σ m²
 *     each device      λ_i = (λ/s² + (before − now) m/n²) / (1/s² + m²/n²)     s: how devices differ from λ, n: noise of two readings
 *
 * and λ_i m is what it will have lost, at most, until the next looks: they come at ages that grow ever older.
 */
export class ChargeLoss {
  /** Of the first reading, and of the newest, µS; NaN before there was one. */
  readonly #start: Float32Array;
  readonly #newest: Float32Array;
  readonly #shares: Float32Array;

  constructor(devices: number) {
    this.#start = new Float32Array(devices).fill(Number.NaN);
    this.#newest = new Float32Array(devices).fill(Number.NaN);
    this.#shares = new Float32Array(devices);
  }

  /** Takes note of a reading. */
  note(i: number, reading: Microsiemens): void {
    if (Number.isNaN(this.#start[i]!)) this.#start[i] = reading;
    this.#newest[i] = reading;
  }

  /** What a device is going to lose, µS; below 0 where it rises. */
  ahead(i: number, reading: Microsiemens): Microsiemens {
    const share = this.#shares[i]!;
    return share === 0 ? 0 : share * (reading - this.#start[i]!);
  }

  /**
   * Learns from a look at settled devices, before its readings are taken note of.
   *
   * @param counts   whether a device was read, and had settled.
   * @param noise    σ of one reading, µS.
   * @param isFirst  comes after the first second, in which as much is lost as in the next ones together.
   */
  learn(
    now: Float32Array,
    counts: (i: number) => boolean,
    noise: (reading: Microsiemens) => Microsiemens,
    isFirst: boolean,
  ): void {
    let [products, squares] = [0, 0];
    for (let i = 0; i < now.length; i++) {
      const moved = this.#newest[i]! - this.#start[i]!;
      if (Number.isNaN(moved) || !counts(i)) continue;
      products += (this.#newest[i]! - now[i]!) * moved;
      squares += moved * moved;
    }
    const average = squares > 0 ? within(products / squares) : 0;
    const precision = 1 / (spread * spread * average * average + 1e-9);
    for (let i = 0; i < now.length; i++) {
      const moved = this.#newest[i]! - this.#start[i]!;
      if (Number.isNaN(moved) || !counts(i)) continue;
      const one = noise(now[i]!);
      const told = moved / (2 * one * one);
      const own = (average * precision + (this.#newest[i]! - now[i]!) * told) / (precision + moved * told);
      this.#shares[i] = within(own) * (isFirst ? 1 / 3 : 1);
    }
  }
}

/** Between devices, as a share of the average. */
const spread = 0.4;

/** No device gains charge, and what loses more than a tenth between two looks does something else. */
function within(share: number): number {
  return Math.min(0.1, Math.max(0, share));
}
