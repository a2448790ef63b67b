import { type EcramPulses, stepAt, type StepPulse } from "../chip/technologies/ecram.ts";
import type { Microsiemens } from "../units.ts";

/**
 * What is believed of each device's own steps: by which factors they differ from the datasheet's, up and down. Nothing of it is known
 * to begin with but how devices spread; every pulse tells
 *
 *     ΔG = ± f n s(G) + noise,   variance of ΔG/(n s) = (cycle spread)²/n + (reading noise)²/(n s)²
 *
 * and a Kalman filter of the two factors takes it in. Devices whose channel is large take large steps both ways, so what a step up
 * tells counts for steps down too.
 */
export class StepBelief {
  readonly #pulses: EcramPulses;
  /** Of each direction, one a device. */
  readonly #up: Float32Array;
  readonly #down: Float32Array;
  readonly #varianceUp: Float32Array;
  readonly #varianceDown: Float32Array;
  readonly #covariance: Float32Array;

  constructor(pulses: EcramPulses, devices: number) {
    const { set, reset } = pulses;
    this.#pulses = pulses;
    this.#up = new Float32Array(devices).fill(1);
    this.#down = new Float32Array(devices).fill(1);
    this.#varianceUp = new Float32Array(devices).fill(set.deviceSpread * set.deviceSpread);
    this.#varianceDown = new Float32Array(devices).fill(reset.deviceSpread * reset.deviceSpread);
    this.#covariance = new Float32Array(devices).fill(alike * set.deviceSpread * reset.deviceSpread);
  }

  /** Codes that bring a device from a conductance to another: at least one, of the direction that leads there. */
  codesFor(i: number, from: Microsiemens, to: Microsiemens): number {
    const factor = (to > from ? this.#up : this.#down)[i]!;
    return Math.max(
      1,
      Math.round(Math.abs(to - from) / (factor * stepAt(this.#pulse(to > from), (from + to) / 2))),
    );
  }

  /** What the datasheet says that so many codes move a device, µS. */
  nominal(up: boolean, codes: number, from: Microsiemens): Microsiemens {
    const pulse = this.#pulse(up);
    const half = (codes * stepAt(pulse, from)) / 2;
    return codes * stepAt(pulse, up ? from + half : Math.max(0, from - half));
  }

  /**
   * Takes in what a pulse did.
   *
   * @param noise  σ of the difference of the two readings, µS.
   */
  learn(
    i: number,
    up: boolean,
    codes: number,
    from: Microsiemens,
    to: Microsiemens,
    noise: Microsiemens,
  ): void {
    const nominal = this.nominal(up, codes, from);
    const { cycleSpread } = this.#pulse(up);
    const observed = (up ? to - from : from - to) / nominal;
    const scatter = (cycleSpread * cycleSpread) / codes + (noise * noise) / (nominal * nominal);
    const [own, other] = up ? [this.#up, this.#down] : [this.#down, this.#up];
    const [variance, otherVariance] = up
      ? [this.#varianceUp, this.#varianceDown]
      : [this.#varianceDown, this.#varianceUp];
    const covariance = this.#covariance[i]!;
    const spread = variance[i]! + scatter;
    const surprise = observed - own[i]!;
    own[i] = within(own[i]! + (variance[i]! / spread) * surprise);
    other[i] = within(other[i]! + (covariance / spread) * surprise);
    // A device's steps do not stay the same for ever: what is known of them is never certain.
    otherVariance[i] = Math.max(leastVariance, otherVariance[i]! - (covariance * covariance) / spread);
    this.#covariance[i] = (covariance * scatter) / spread;
    variance[i] = Math.max(leastVariance, (variance[i]! * scatter) / spread);
  }

  #pulse(up: boolean): StepPulse {
    return up ? this.#pulses.set : this.#pulses.reset;
  }
}

/** Correlation of a device's two factors, before anything is known of it. */
const alike = 0.8;
const leastVariance = 0.0004;

/** No factor beyond these is believed: what lies there is a device that does not obey. */
function within(factor: number): number {
  return Math.min(3, Math.max(0.3, factor));
}
