import type { ChipGeometry } from "../src/chip/geometry.ts";
import { normalOf, type Random } from "../src/random.ts";
import { type Microseconds, microsecondsPerSecond, type Microsiemens } from "../src/units.ts";
import {
  type BornDefects,
  drawDefects,
  drawOddities,
  drawPcmBirths,
  oddities,
  type PcmBirths,
} from "./births.ts";
import { cycledDoublings, cycledThreshold, cycledUnrest } from "./cycling.ts";
import { driftLogTime } from "./driftLaw.ts";
import { type Burst, NoiseBank } from "./noise.ts";
import { acceleration, type TemperatureCourse } from "./temperature.ts";
import { PcmHeat, readingElectronvolts, warmPcm } from "./pcmHeat.ts";
import type { Defects, PcmPhysics } from "./presets.ts";
import { SharedAges } from "./sharedAges.ts";
import { telegraphShare } from "./telegraph.ts";
import { type DeviceFault, deviceFaults, type History, type RowPulse, type Tile } from "./tile.ts";

/** In these times the middle and the slow part of the noise move by less than 3 % and 0.2 % of the whole. */
const middleNoiseMicroseconds = 200;
const slowNoiseMicroseconds = 5000;

/**
 * Phase-change devices. A RESET pulse melts and re-quenches: what is left follows the amplitude, not the past. A SET
 * pulse crystallises a part of what is amorphous. Every pulse begins drift anew from its own instant.
 */
export class PcmTile implements Tile {
  readonly felt: Uint32Array;
  readonly #physics: PcmPhysics;
  readonly #microamperesPerCode: number;
  readonly #perRow: number;
  /** Number in the chip of this tile's first device. */
  readonly #first: number;
  readonly #births: PcmBirths;
  readonly #defects: BornDefects;
  readonly #odd: Uint8Array | undefined;
  readonly #logTime: (ageSeconds: number) => number;
  readonly #heat: PcmHeat;
  readonly #pulseRandom: Random;
  readonly #oddRandom: Random;
  /** µS, as it would read without noise at an age of 20 s. */
  readonly #conductance: Float32Array;
  readonly #pulseLeaning: Float32Array;
  readonly #driftExponent: Float32Array;
  readonly #noiseStrength: Float32Array;
  readonly #pulsedAt: Float64Array;
  /** When each row was last read: since then, or since its pulse, a device's noise has not moved. */
  readonly #readAt: Float64Array;
  /** When the middle and the slow part of its noise were last moved on: reads in a burst share them. */
  readonly #middleReadAt: Float64Array;
  readonly #slowReadAt: Float64Array;
  readonly #noise: NoiseBank;
  readonly #shared: SharedAges;

  constructor(
    physics: PcmPhysics,
    defects: Defects,
    geometry: ChipGeometry,
    microamperesPerCode: number,
    first: number,
    random: Random,
    course: TemperatureCourse,
  ) {
    const count = geometry.rows * geometry.columns * geometry.devicesPerCell;
    this.#physics = physics;
    this.#logTime = physics.drift.logTime ?? driftLogTime;
    this.#microamperesPerCode = microamperesPerCode;
    this.#perRow = geometry.columns * geometry.devicesPerCell;
    this.#first = first;
    this.#births = drawPcmBirths(physics, geometry, first, random.fork("births"));
    this.#defects = drawDefects(defects, count, first, random.fork("defects"));
    this.#odd = drawOddities(physics.outliers, count, first, random.fork("oddities"));
    this.#heat = new PcmHeat(course);
    this.#pulseRandom = random.fork("pulses");
    this.#oddRandom = random.fork("odd ways");
    this.felt = new Uint32Array(count);
    this.#conductance = this.#births.topConductance.slice();
    this.#pulseLeaning = new Float32Array(count);
    this.#driftExponent = new Float32Array(count);
    this.#noiseStrength = new Float32Array(count);
    this.#pulsedAt = new Float64Array(count).fill(fabricatedAt);
    this.#readAt = new Float64Array(geometry.rows).fill(fabricatedAt);
    this.#middleReadAt = new Float64Array(geometry.rows).fill(fabricatedAt);
    this.#slowReadAt = new Float64Array(geometry.rows).fill(fabricatedAt);
    this.#noise = new NoiseBank(count, physics.drift.readSeconds);
    this.#shared = new SharedAges(this.#perRow);
    const fabrication = random.fork("fabrication");
    for (let i = 0; i < count; i++) {
      this.#pulseLeaning[i] = normalOf(fabrication.at(first + i, 0).word0);
      this.#settle(i);
    }
  }

  pulseRow(row: number, pulse: RowPulse, at: Microseconds): void {
    const { codes, widthNanoseconds, trailingNanoseconds, droop } = pulse;
    const physics = this.#physics;
    const random = instant(this.#pulseRandom, at);
    const widthFactor = Math.exp(
      physics.widthExponent * Math.log(widthNanoseconds / physics.referenceWidthNanoseconds),
    );
    const crystallised = -Math.expm1(-trailingNanoseconds / physics.trailingNanoseconds);
    const start = row * this.#perRow;
    for (let k = 0; k < codes.length; k++) {
      if (codes[k] === 0) continue;
      const i = start + k;
      this.felt[i]!++;
      if (this.#defects.endurance[i] !== 0 && this.felt[i]! > this.#defects.endurance[i]!) {
        this.#defects.faults[i] = deviceFaults.stuckLow;
      }
      const place = (k + 1) / codes.length;
      const amplitude = codes[k]! * this.#microamperesPerCode * (1 - droop * place);
      if (pulse.kind === "set") this.#crystallise(i, amplitude, widthNanoseconds, random);
      else this.#melt(i, amplitude, widthFactor, crystallised, random);
      this.#settle(i);
      this.#pulsedAt[i] = at;
    }
  }

  senseRow(
    row: number,
    at: Microseconds,
    burst: Burst,
    heat: number,
    random: Random,
    out: Float64Array,
  ): void {
    const last = at + (burst.reads - 1) * burst.spacingSeconds * microsecondsPerSecond;
    const halfway = (at + last) / 2;
    const middleMoves = halfway - this.#middleReadAt[row]! >= middleNoiseMicroseconds;
    const slowMoves = halfway - this.#slowReadAt[row]! >= slowNoiseMicroseconds;
    const start = row * this.#perRow;
    const shared = this.#shared;
    shared.begin();
    for (let k = 0; k < out.length; k++) {
      const pulsedAt = this.#pulsedAt[start + k]!;
      if (shared.has(k, pulsedAt)) continue;
      shared.add(
        k,
        pulsedAt,
        this.#logTime(this.#heat.age(pulsedAt, at)),
        this.#heat.crystallised(pulsedAt, at),
        this.#noise.step(
          (at - Math.max(this.#readAt[row]!, pulsedAt)) / microsecondsPerSecond,
          middleMoves ? (halfway - Math.max(this.#middleReadAt[row]!, pulsedAt)) / microsecondsPerSecond : 0,
          slowMoves ? (halfway - Math.max(this.#slowReadAt[row]!, pulsedAt)) / microsecondsPerSecond : 0,
          burst,
        ),
      );
    }
    this.#noise.move(start, this.#first + start, shared.steps, shared.stepOf, random, out);
    this.#addTruths(start, at, heat, out);
    this.#readAt[row] = last;
    if (middleMoves) this.#middleReadAt[row] = halfway;
    if (slowMoves) this.#slowReadAt[row] = halfway;
  }

  /** Makes conductances of what the noise of a row's devices has come to, which `out` has. */
  #addTruths(start: number, at: Microseconds, heat: number, out: Float64Array): void {
    const conductance = this.#conductance;
    const driftExponent = this.#driftExponent;
    const noiseStrength = this.#noiseStrength;
    const { faults } = this.#defects;
    const tops = this.#births.topConductance;
    const { ageOf, logTimes, crystallised } = this.#shared;
    const odd = this.#odd !== undefined;
    const warmth = acceleration(readingElectronvolts, heat);
    for (let k = 0; k < out.length; k++) {
      const i = start + k;
      const flicker = out[k]!;
      const age = ageOf[k]!;
      const grown = crystallised[age]!;
      let truth = conductance[i]! * Math.exp(-driftExponent[i]! * logTimes[age]!);
      if (grown > 0) truth += Math.max(0, tops[i]! - truth) * grown;
      let strength = noiseStrength[i]!;
      if (odd || faults[i] !== 0) truth = this.truth(i, at);
      // A device that does not obey is as noisy as its conductance makes it, whatever its pulses were meant to do.
      if (faults[i] !== 0) {
        strength = this.#physics.drift.noiseStrength(truth / this.#physics.maxConductance);
      }
      if (warmth !== 1) truth = warmPcm(truth, tops[i]!, warmth);
      out[k] = truth * (1 + strength * flicker);
    }
  }

  get history(): History {
    return {
      felt: this.felt,
      faults: this.#defects.faults,
      conductance: this.#conductance,
      pulseLeaning: this.#pulseLeaning,
      driftExponent: this.#driftExponent,
      noiseStrength: this.#noiseStrength,
      pulsedAt: this.#pulsedAt,
      readAt: this.#readAt,
      middleReadAt: this.#middleReadAt,
      slowReadAt: this.#slowReadAt,
      noise: this.#noise.values,
    };
  }

  truth(i: number, at: Microseconds): Microsiemens {
    const fault = this.#defects.faults[i];
    if (fault === deviceFaults.open) return 0;
    if (fault === deviceFaults.stuckHigh) return this.#births.topConductance[i]!;
    if (fault === deviceFaults.stuckLow) return this.#births.residualConductance[i]!;
    const pulsedAt = this.#pulsedAt[i]!;
    const logTime = this.#logTime(this.#heat.age(pulsedAt, at));
    const odd = this.#odd?.[i] ?? 0;
    const drifted =
      odd === 0
        ? this.#conductance[i]! * Math.exp(-this.#driftExponent[i]! * logTime)
        : this.#oddTruth(i, odd, at, logTime);
    const crystallised = this.#heat.crystallised(pulsedAt, at);
    if (crystallised === 0) return drifted;
    return drifted + Math.max(0, this.#births.topConductance[i]! - drifted) * crystallised;
  }

  fail(device: number, fault: DeviceFault): void {
    this.#defects.faults[device] = fault;
  }

  disturb(device: number, share: number): void {
    const conductance = this.#conductance[device]!;
    const room = this.#births.topConductance[device]! - conductance;
    this.#conductance[device] = conductance + Math.max(0, room) * share;
  }

  #melt(i: number, amplitude: number, widthFactor: number, crystallised: number, random: Random): void {
    const physics = this.#physics;
    const births = this.#births;
    random.at(this.#first + i, 0);
    const top = births.topConductance[i]!;
    const residual = births.residualConductance[i]!;
    const halfway =
      births.halfwayAmplitude[i]! * widthFactor * cycledThreshold(this.#doublings(i)) +
      physics.halfwayScatter * normalOf(random.word0);
    const melted = 1 + Math.exp((amplitude - halfway) / births.slopeAmplitude[i]!);
    const quenched = residual + (top - residual) / melted;
    const meant = quenched + (top - quenched) * crystallised;
    const scattered = meant * (1 + physics.relativeScatter * normalOf(random.word1));
    this.#conductance[i] = Math.min(Math.max(scattered, 0), 1.05 * top);
    this.#pulseLeaning[i] = normalOf(random.at(this.#first + i, 1).word0);
    this.#noise.clear(i);
  }

  #crystallise(i: number, amplitude: number, width: number, random: Random): void {
    const { gain, referenceWidthNanoseconds, bestAmplitude, amplitudeRange, logScatter } =
      this.#physics.partialSet;
    random.at(this.#first + i, 2);
    const off = (amplitude - bestAmplitude) / amplitudeRange;
    const scatter = Math.exp(logScatter * normalOf(random.word0) - (logScatter * logScatter) / 2);
    const share = Math.min(1, gain * (width / referenceWidthNanoseconds) * Math.exp(-off * off) * scatter);
    const before = this.#conductance[i]!;
    const after = before + Math.max(0, this.#births.topConductance[i]! - before) * share;
    this.#conductance[i] = after;
    this.#pulseLeaning[i] = 0.7 * this.#pulseLeaning[i]! + 0.71 * normalOf(random.word1);
    this.#noise.keep(i, Math.max(0, 1 - (after - before) / Math.max(before, 0.01)));
  }

  /** Fixes what a device's conductance and leanings decide: its drift and how noisy it is. */
  #settle(i: number): void {
    const relative = this.#conductance[i]! / this.#physics.maxConductance;
    const { drift } = this.#physics;
    const leaning = Math.sqrt(0.3) * this.#births.driftLeaning[i]! + Math.sqrt(0.7) * this.#pulseLeaning[i]!;
    const odd = this.#odd !== undefined && (this.#odd[i]! & oddities.fastDrifting) !== 0 ? 2 : 1;
    const fast = odd * cycledUnrest(this.#doublings(i));
    const mean = Math.max(0.005, drift.exponentMean(relative));
    const logSpread = drift.exponentLogSpread;
    this.#driftExponent[i] =
      fast *
      (logSpread === undefined
        ? Math.abs(mean + drift.exponentSpread(relative) * leaning)
        : mean * Math.exp(logSpread * leaning - (logSpread * logSpread) / 2));
    this.#noiseStrength[i] = drift.noiseStrength(relative);
  }

  #doublings(i: number): number {
    return cycledDoublings(this.felt[i]!, this.#physics.cyclingPulses ?? 0);
  }

  #oddTruth(i: number, odd: number, at: Microseconds, logTime: number): Microsiemens {
    const key = this.#first + i;
    let bent = logTime;
    if (odd & oddities.curved) {
      // Up to ± 6 % of the slope for every e-fold of age.
      bent += 0.03 * normalOf(this.#oddRandom.at(key, 0).word0) * logTime * logTime;
    }
    let conductance = this.#conductance[i]! * Math.exp(-this.#driftExponent[i]! * bent);
    if (odd & oddities.crystallising) {
      // Median 30 days after the pulse, a spread of a decade.
      const pulse = this.felt[i]!;
      const moment = 2.6e6 * Math.exp(2.3 * normalOf(this.#oddRandom.at(key, 2 + pulse).word1));
      if (this.#heat.crystallisationAge(this.#pulsedAt[i]!, at) > moment)
        conductance = this.#births.topConductance[i]!;
    }
    if (odd & oddities.telegraph) conductance *= 1 + telegraphShare(this.#oddRandom, key, at);
    return conductance;
  }
}

/** A device comes from the factory SET, a day before the chip's time begins. */
const fabricatedAt: Microseconds = -86_400 * microsecondsPerSecond;

/** Chance that belongs to one instant of chip time. */
export function instant(random: Random, at: Microseconds): Random {
  return random.at(at % 0x100000000, Math.floor(at / 0x100000000)).child();
}
