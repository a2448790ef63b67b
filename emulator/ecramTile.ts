import type { ChipGeometry } from "../src/chip/geometry.ts";
import { normalOf, type Random } from "../src/random.ts";
import { type Microseconds, microsecondsPerSecond, type Microsiemens } from "../src/units.ts";
import { type BornDefects, drawDefects } from "./births.ts";
import { cycledDoublings, cycledThreshold, cycledUnrest } from "./cycling.ts";
import type { EcramPhysics } from "./ecramPhysics.ts";
import type { Burst } from "./noise.ts";
import { instant } from "./pcmTile.ts";
import type { Defects } from "./presets.ts";
import { acceleration, EffectiveClock, type TemperatureCourse } from "./temperature.ts";
import { type DeviceFault, deviceFaults, type History, type RowPulse, type Tile } from "./tile.ts";

/**
 * Electrochemical devices. A pulse of charge q, in codes of the usual width, moves a device towards a bound far beyond its range,
 * and stops at the end of it:
 *
 *     dG/dq = ± s (1 − γ (G − M)/(E − M))      M: middle, E: the end that it goes towards, s: its step, γ: its slope
 *
 * What a pulse brought is lost again with the logarithm of the time since that very pulse. Each increment ΔG decays by
 *
 *     φ(t) = 1 − w Σ_k (1 − exp(−t/τ_k)),   τ_k = 10^k onset, k = 0 … 10,   w = κ ln 10,
 *
 * which follows 1 − κ (ln(t/onset) + 1.73) within 6 % of a decade's loss from a second to thirty years. Increments add up, so a small
 * pulse does not begin the decay of the others anew; it is enough to keep one sum for each τ_k. When it is warm, t goes faster.
 */
export class EcramTile implements Tile {
  readonly felt: Uint32Array;
  readonly #physics: EcramPhysics;
  readonly #perRow: number;
  readonly #first: number;
  readonly #defects: BornDefects;
  readonly #lossClock: EffectiveClock;
  readonly #pulseRandom: Random;
  readonly #bottom: Float32Array;
  readonly #top: Float32Array;
  /** µS for one code at the middle, and the slopes, by direction. */
  readonly #stepUp: Float32Array;
  readonly #stepDown: Float32Array;
  readonly #slopeUp: Float32Array;
  readonly #slopeDown: Float32Array;
  /** κ. */
  readonly #loss: Float32Array;
  /** µS that stay: the resting level, and what of the pulses' increments is never lost. */
  readonly #lasting: Float32Array;
  /** µS that are still to be lost, `lossTimes` a device, as of its row's last pulse. */
  readonly #fading: Float32Array;
  readonly #rowAt: Float64Array;
  readonly #left = new Float64Array(lossTimes);

  constructor(
    physics: EcramPhysics,
    defects: Defects,
    geometry: ChipGeometry,
    first: number,
    random: Random,
    course: TemperatureCourse,
  ) {
    const count = geometry.rows * geometry.columns * geometry.devicesPerCell;
    const column = (): Float32Array => new Float32Array(count);
    this.#physics = physics;
    this.#perRow = geometry.columns * geometry.devicesPerCell;
    this.#first = first;
    this.#lossClock = new EffectiveClock(course, hoppingElectronvolts);
    this.#defects = drawDefects(defects, count, first, random.fork("defects"));
    this.#pulseRandom = random.fork("pulses");
    this.felt = new Uint32Array(count);
    [this.#bottom, this.#top, this.#stepUp, this.#stepDown] = [column(), column(), column(), column()];
    [this.#slopeUp, this.#slopeDown, this.#loss, this.#lasting] = [column(), column(), column(), column()];
    this.#fading = new Float32Array(count * lossTimes);
    this.#rowAt = new Float64Array(geometry.rows);
    this.#bear(random.fork("births"));
  }

  get history(): History {
    return {
      felt: this.felt,
      faults: this.#defects.faults,
      lasting: this.#lasting,
      fading: this.#fading,
      rowAt: this.#rowAt,
    };
  }

  pulseRow(row: number, { kind, codes, widthNanoseconds }: RowPulse, at: Microseconds): void {
    const random = instant(this.#pulseRandom, at);
    const width = widthNanoseconds / this.#physics.usualWidthNanoseconds;
    const start = row * this.#perRow;
    this.#fade(row, at);
    for (let k = 0; k < codes.length; k++) {
      if (codes[k] === 0) continue;
      const i = start + k;
      this.felt[i]!++;
      if (this.#defects.endurance[i] !== 0 && this.felt[i]! > this.#defects.endurance[i]!) {
        this.#defects.faults[i] = deviceFaults.stuckLow;
      }
      random.at(this.#first + i, 0);
      const doublings = cycledDoublings(this.felt[i]!, this.#physics.cyclingPulses ?? 0);
      const charge = codes[k]! * width * cycledThreshold(doublings);
      const increment = this.#moved(i, kind === "set", charge, normalOf(random.word0));
      this.#add(i, increment, cycledUnrest(doublings));
    }
  }

  senseRow(
    row: number,
    at: Microseconds,
    { reads }: Burst,
    heat: number,
    random: Random,
    out: Float64Array,
  ): void {
    const start = row * this.#perRow;
    const noise = this.#physics.readNoise / Math.sqrt(reads);
    const warmth = acceleration(carrierElectronvolts, heat);
    this.#leftAt(row, at);
    for (let k = 0; k < out.length; k++) {
      // A burst is over before the loss gets anywhere.
      const now = warmth * this.#truth(start + k);
      out[k] = now * (1 + noise * normalOf(random.at(this.#first + start + k, 7).word0));
    }
  }

  truth(i: number, at: Microseconds): Microsiemens {
    this.#leftAt(Math.floor(i / this.#perRow), at);
    return this.#truth(i);
  }

  fail(device: number, fault: DeviceFault): void {
    this.#defects.faults[device] = fault;
  }

  disturb(device: number, share: number): void {
    this.#left.fill(1);
    this.#add(device, share * Math.max(0, this.#top[device]! - this.#held(device)), 1);
  }

  #bear(births: Random): void {
    const physics = this.#physics;
    const { middle, belowMiddle, aboveMiddle, endSpread } = physics;
    for (let i = 0; i < this.felt.length; i++) {
      const key = this.#first + i;
      births.at(key, 0);
      this.#bottom[i] = Math.max(0, middle - belowMiddle * (1 + endSpread * normalOf(births.word0)));
      this.#top[i] = middle + aboveMiddle * (1 + endSpread * normalOf(births.word1));
      births.at(key, 1);
      const step = physics.step * Math.max(0.2, 1 + physics.stepSpread * normalOf(births.word0));
      const asymmetry = physics.asymmetrySpread * normalOf(births.word1);
      this.#stepUp[i] = step * (1 + asymmetry);
      this.#stepDown[i] = step * (1 - asymmetry);
      births.at(key, 2);
      this.#slopeUp[i] = physics.slopeUp * (1 + physics.slopeSpread * normalOf(births.word0));
      this.#slopeDown[i] = physics.slopeDown * (1 + physics.slopeSpread * normalOf(births.word1));
      births.at(key, 3);
      const rest = physics.restConductance + physics.restSpread * normalOf(births.word0);
      this.#lasting[i] = Math.min(this.#top[i]!, Math.max(this.#bottom[i]!, rest));
      const loss = physics.lossPerLog * Math.exp(physics.lossLogSpread * normalOf(births.word1));
      this.#loss[i] = Math.min(physics.lossMost, loss);
    }
  }

  /** By how much so many codes move a device from where it stands, µS. */
  #moved(i: number, up: boolean, charge: number, scatter: number): number {
    const { middle, belowMiddle, aboveMiddle, stepScatter } = this.#physics;
    const from = this.#held(i);
    const step = (up ? this.#stepUp : this.#stepDown)[i]!;
    const slope = (up ? this.#slopeUp : this.#slopeDown)[i]!;
    const reach = up ? aboveMiddle : belowMiddle;
    // The solution of dG/dq: towards the bound at which the step would be nothing.
    const towards = (up ? from - middle : middle - from) / reach;
    const distance = Math.max(0, (1 - slope * towards) / slope) * reach;
    const way = -distance * Math.expm1((-step * slope * charge) / reach);
    const noise = (stepScatter * step * (1 - slope * towards) * scatter * charge) / Math.sqrt(charge);
    const to = up ? from + way + noise : from - way - noise;
    return Math.min(this.#top[i]!, Math.max(this.#bottom[i]!, to)) - from;
  }

  /** Adds to a device's conductance what is to be lost by and by, as of now. */
  #add(i: number, increment: Microsiemens, unrest: number): void {
    const share = Math.min(this.#physics.lossMost, unrest * this.#loss[i]!) * Math.LN10;
    for (let k = 0; k < lossTimes; k++) this.#fading[i * lossTimes + k]! += share * increment;
    this.#lasting[i]! += (1 - lossTimes * share) * increment;
  }

  /** Brings a row's devices to an instant. */
  #fade(row: number, at: Microseconds): void {
    this.#leftAt(row, at);
    const start = row * this.#perRow * lossTimes;
    for (let n = 0; n < this.#perRow * lossTimes; n++) this.#fading[start + n]! *= this.#left[n % lossTimes]!;
    this.#rowAt[row] = Math.max(at, this.#rowAt[row]!);
    this.#left.fill(1);
  }

  /** What is left of each fading part of a row's devices. */
  #leftAt(row: number, at: Microseconds): void {
    const from = this.#rowAt[row]!;
    const passed = at > from ? at - from + this.#lossClock.ahead(from, at) : 0;
    const seconds = passed / microsecondsPerSecond;
    let tau = this.#physics.onsetSeconds;
    for (let k = 0; k < lossTimes; k++, tau *= 10) this.#left[k] = Math.exp(-seconds / tau);
  }

  /** Of a device that obeys, after `#leftAt` of its row. */
  #held(i: number): Microsiemens {
    let sum = this.#lasting[i]!;
    for (let k = 0; k < lossTimes; k++) sum += this.#fading[i * lossTimes + k]! * this.#left[k]!;
    return Math.max(0, sum);
  }

  #truth(i: number): Microsiemens {
    const fault = this.#defects.faults[i];
    if (fault === deviceFaults.open) return 0;
    if (fault === deviceFaults.stuckHigh) return this.#top[i]!;
    if (fault === deviceFaults.stuckLow) return this.#bottom[i]!;
    return this.#held(i);
  }
}

/**
 * The barrier that lithium has to overcome from site to site of the electrolyte: what a warm chip loses, it loses faster.
 *
 * @source 0.55 eV in LiPON: Yu, Bates et al. 1997, J. Electrochem. Soc. 144, 524.
 */
const hoppingElectronvolts = 0.55;

/**
 * What frees carriers in tungsten oxide: a warm channel conducts better.
 *
 * @source About 0.1 eV, by Hall measurements of electrochemical devices: Nature Communications 2025, s41467-025-58004-0.
 */
const carrierElectronvolts = 0.1;

/** One a decade. */
const lossTimes = 11;
