import { devicesOfTile } from "../src/chip/geometry.ts";
import { normalOf, Random } from "../src/random.ts";
import { type Microseconds, microsecondsPerSecond } from "../src/units.ts";
import { type Births, drawBirths } from "./births.ts";
import { driftExponentAt, driftLogTime, noiseStrengthAt } from "./driftLaw.ts";
import { NoiseBank } from "./noise.ts";
import type { Preset } from "./presets.ts";

/**
 * A chip made of numbers: phase-change devices that are born once, keep their history and obey their pulses.
 * It has no clock: every call says when it happens, in chip time that only grows.
 */
export class EmulatedChip {
  readonly preset: Preset;
  readonly devicesPerRow: number;
  readonly #births: Births;
  readonly #pulseRandom: Random;
  readonly #readRandom: Random;
  /** µS, as it would read without noise at an age of 20 s. */
  readonly #conductance: Float32Array;
  readonly #driftExponent: Float32Array;
  readonly #noiseStrength: Float32Array;
  readonly #pulsedAt: Float64Array;
  readonly #noiseAt: Float64Array;
  readonly #noise: NoiseBank;
  readonly #pulses: Uint32Array;

  constructor(preset: Preset, seed: number) {
    const { geometry } = preset;
    const random = new Random(seed).fork("chip").fork(preset.name);
    const count = geometry.tiles * devicesOfTile(geometry);
    this.preset = preset;
    this.devicesPerRow = geometry.columns * geometry.devicesPerCell;
    this.#births = drawBirths(preset, random.fork("births"));
    this.#pulseRandom = random.fork("pulses");
    this.#readRandom = random.fork("reads");
    this.#conductance = this.#births.topConductance.slice();
    this.#driftExponent = new Float32Array(count);
    this.#noiseStrength = new Float32Array(count);
    this.#pulsedAt = new Float64Array(count).fill(fabricatedAt);
    this.#noiseAt = new Float64Array(count).fill(fabricatedAt);
    this.#noise = new NoiseBank(count);
    this.#pulses = new Uint32Array(count);
    const fabrication = random.fork("fabrication");
    for (let i = 0; i < count; i++) this.#settle(i, normalOf(fabrication.at(i, 0).word0));
  }

  /**
   * Melts and re-quenches every device of a row that has a code: what is left follows the amplitude, not the
   * past, and its drift and noise begin anew.
   *
   * @param codes one a device of the row; 0 leaves it alone.
   */
  pulseRow(tile: number, row: number, codes: Uint16Array, widthNanoseconds: number, at: Microseconds): void {
    const { physics, firmware } = this.preset;
    const first = this.#firstDevice(tile, row);
    const random = instant(this.#pulseRandom, at);
    const widthFactor = Math.exp(
      physics.widthExponent * Math.log(widthNanoseconds / physics.referenceWidthNanoseconds),
    );
    for (let k = 0; k < codes.length; k++) {
      if (codes[k] === 0) continue;
      const i = first + k;
      random.at(i, 0);
      const top = this.#births.topConductance[i]!;
      const residual = this.#births.residualConductance[i]!;
      const halfway =
        this.#births.halfwayAmplitude[i]! * widthFactor + physics.halfwayScatter * normalOf(random.word0);
      const amplitude = codes[k]! * firmware.microamperesPerCode;
      const melted = 1 + Math.exp((amplitude - halfway) / this.#births.slopeAmplitude[i]!);
      const meant = residual + (top - residual) / melted;
      const scattered = meant * (1 + physics.relativeScatter * normalOf(random.word1));
      this.#conductance[i] = Math.min(Math.max(scattered, 0), 1.05 * top);
      this.#settle(i, normalOf(random.at(i, 1).word0));
      this.#noise.clear(i);
      this.#pulsedAt[i] = at;
      this.#noiseAt[i] = at;
      this.#pulses[i]!++;
    }
  }

  /** Reads a row `averages` times in a row of instants and gives the mean as converter codes. */
  readRow(tile: number, row: number, averages: number, at: Microseconds, codes: Uint16Array): void {
    const { readout } = this.preset;
    const first = this.#firstDevice(tile, row);
    const sums = new Float64Array(codes.length);
    for (let n = 0; n < averages; n++) {
      const now = at + n * readout.readRowMicroseconds;
      const random = instant(this.#readRandom, now);
      for (let k = 0; k < codes.length; k++)
        sums[k]! += this.#convert(this.#readDevice(first + k, now, random));
    }
    for (let k = 0; k < codes.length; k++) codes[k] = Math.round(sums[k]! / averages);
  }

  /** Noise-free conductance of every device of a tile at a chip time, µS. For tests and benches only. */
  truthOfTile(tile: number, at: Microseconds): Float32Array {
    const perTile = devicesOfTile(this.preset.geometry);
    return Float32Array.from({ length: perTile }, (_, k) => this.#truth(tile * perTile + k, at));
  }

  /** Pulses felt by every device of a tile. For tests and benches only. */
  pulsesFeltByTile(tile: number): Uint32Array {
    const perTile = devicesOfTile(this.preset.geometry);
    return this.#pulses.slice(tile * perTile, (tile + 1) * perTile);
  }

  #firstDevice(tile: number, row: number): number {
    return (tile * this.preset.geometry.rows + row) * this.devicesPerRow;
  }

  /** Fixes what a device's new conductance and a fresh draw decide: its drift and how noisy it is. */
  #settle(i: number, pulseLeaning: number): void {
    const relative = this.#conductance[i]! / this.preset.physics.maxConductance;
    const leaning = Math.sqrt(0.3) * this.#births.driftLeaning[i]! + Math.sqrt(0.7) * pulseLeaning;
    this.#driftExponent[i] = driftExponentAt(relative, leaning);
    this.#noiseStrength[i] = noiseStrengthAt(relative);
  }

  #truth(i: number, at: Microseconds): number {
    const age = (at - this.#pulsedAt[i]!) / microsecondsPerSecond;
    return this.#conductance[i]! * Math.exp(-this.#driftExponent[i]! * driftLogTime(age));
  }

  #readDevice(i: number, at: Microseconds, random: Random): number {
    const flicker = this.#noise.step(i, (at - this.#noiseAt[i]!) / microsecondsPerSecond, random);
    this.#noiseAt[i] = at;
    const white = this.preset.readout.whiteNoise * normalOf(random.at(i, 99).word0);
    return this.#truth(i, at) * (1 + this.#noiseStrength[i]! * flicker) + white;
  }

  #convert(conductance: number): number {
    const { microsiemensPerCode, codes } = this.preset.readout;
    const code = Math.round(conductance / microsiemensPerCode);
    return code < 0 ? 0 : code >= codes ? codes - 1 : code;
  }
}

/** A device comes from the factory SET, a day before the chip's time begins. */
const fabricatedAt: Microseconds = -86_400 * microsecondsPerSecond;

/** Chance that belongs to one instant of chip time. */
function instant(random: Random, at: Microseconds): Random {
  return random.at(at % 0x100000000, Math.floor(at / 0x100000000)).child();
}
