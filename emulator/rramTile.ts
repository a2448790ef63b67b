import type { ChipGeometry } from "../src/chip/geometry.ts";
import { normalOf, type Random, uniformOf } from "../src/random.ts";
import type { Microseconds, Microsiemens } from "../src/units.ts";
import { type BornDefects, drawDefects } from "./births.ts";
import { cycledDoublings, cycledThreshold, cycledUnrest } from "./cycling.ts";
import type { Burst } from "./noise.ts";
import { instant } from "./pcmTile.ts";
import type { Defects, RramPhysics } from "./presets.ts";
import { RramHeat, warmRram } from "./rramHeat.ts";
import { relaxationOnsetSeconds, relaxationPerDecade } from "./rramRelaxation.ts";
import type { TemperatureCourse } from "./temperature.ts";
import { telegraphShare } from "./telegraph.ts";
import {
  type Births,
  type DeviceFault,
  deviceFaults,
  type History,
  type RowPulse,
  type Tile,
} from "./tile.ts";

/**
 * Filamentary HfOx devices with a transistor each. A pulse moves a conductance part of the way to a limit that its
 * voltage sets, and no pulse moves it away from there; afterwards it relaxes, by a walk in the logarithm of time.
 *
 *     SET:    L = 70 µS/V · max(0, V − V_S − jitter), at most what the gate lets through;  G += u (L − G) if L > G
 *     RESET:  L = 45 µS exp(−(V − V_R − jitter)/0.35 V);                                   G −= u (G − L) if L < G
 *
 * V_S and V_R are those of pulses of 1 µs; each factor of ten in width lowers them by `switchingVoltsPerDecade`.
 */
export class RramTile implements Tile {
  readonly felt: Uint32Array;
  readonly #physics: RramPhysics;
  readonly #perRow: number;
  readonly #first: number;
  readonly #defects: BornDefects;
  readonly #heat: RramHeat;
  /** Which devices have telegraph noise; undefined for none. */
  readonly #telegraph: Uint8Array | undefined;
  readonly #pulseRandom: Random;
  readonly #oddRandom: Random;
  /** What the last pulse left. */
  readonly #conductance: Float32Array;
  readonly #formed: Uint8Array;
  readonly #setVoltage: Float32Array;
  readonly #resetVoltage: Float32Array;
  readonly #formingVoltage: Float32Array;
  readonly #slope: Float32Array;
  /** h: how erratic a device is. */
  readonly #erratic: Float32Array;
  /** How strongly the last pulse lets it relax, √A. */
  readonly #restlessness: Float32Array;
  /** Where the walk of relaxation stands, in units of its standard deviation for one decade. */
  readonly #walk: Float32Array;
  readonly #walkedAt: Float64Array;
  readonly #pulsedAt: Float64Array;

  constructor(
    physics: RramPhysics,
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
    this.#heat = new RramHeat(course);
    this.#defects = drawDefects(defects, count, first, random.fork("defects"));
    this.#pulseRandom = random.fork("pulses");
    this.#oddRandom = random.fork("odd ways");
    const { telegraph: share = 0 } = physics;
    const oddities = random.fork("oddities");
    this.#telegraph =
      share === 0
        ? undefined
        : Uint8Array.from({ length: count }, (_, i) =>
            uniformOf(oddities.at(first + i, 0).word0) < share ? 1 : 0,
          );
    this.felt = new Uint32Array(count);
    [this.#conductance, this.#setVoltage, this.#resetVoltage, this.#formingVoltage] = [
      column(),
      column(),
      column(),
      column(),
    ];
    [this.#slope, this.#erratic, this.#restlessness, this.#walk] = [column(), column(), column(), column()];
    this.#formed = new Uint8Array(count).fill(physics.formed ? 1 : 0);
    this.#walkedAt = new Float64Array(count);
    this.#pulsedAt = new Float64Array(count);
    const births = random.fork("births");
    for (let i = 0; i < count; i++) {
      births.at(first + i, 0);
      this.#setVoltage[i] = 1.45 + 0.12 * normalOf(births.word0);
      this.#resetVoltage[i] = 1.6 + 0.12 * normalOf(births.word1);
      births.at(first + i, 1);
      this.#slope[i] = Math.exp(0.15 * normalOf(births.word0));
      this.#erratic[i] = Math.exp(0.8 * normalOf(births.word1));
      births.at(first + i, 2);
      this.#formingVoltage[i] = physics.formingVoltage + physics.formingSpread * normalOf(births.word0);
      // Formed devices come as forming left them; pristine ones conduct next to nothing.
      this.#conductance[i] = physics.formed ? 60 * Math.exp(0.3 * normalOf(births.word1)) : 0.03;
    }
  }

  get history(): History {
    return {
      felt: this.felt,
      faults: this.#defects.faults,
      conductance: this.#conductance,
      formed: this.#formed,
      restlessness: this.#restlessness,
      walk: this.#walk,
      walkedAt: this.#walkedAt,
      pulsedAt: this.#pulsedAt,
    };
  }

  pulseRow(row: number, { kind, codes, widthNanoseconds, gateCode }: RowPulse, at: Microseconds): void {
    const random = instant(this.#pulseRandom, at);
    const start = row * this.#perRow;
    const compliance = gateCode === 0 ? usualCompliance : gateCode * complianceMicrosiemensPerCode;
    const longer =
      widthNanoseconds === thresholdWidthNanoseconds
        ? 0
        : this.#physics.switchingVoltsPerDecade * Math.log10(widthNanoseconds / thresholdWidthNanoseconds);
    for (let k = 0; k < codes.length; k++) {
      if (codes[k] === 0) continue;
      const i = start + k;
      this.felt[i]!++;
      if (this.#defects.endurance[i] !== 0 && this.felt[i]! > this.#defects.endurance[i]!) {
        this.#defects.faults[i] = deviceFaults.stuckHigh;
      }
      const doublings = cycledDoublings(this.felt[i]!, this.#physics.cyclingPulses ?? 0);
      // Thresholds that are lower by a share obey as if the voltage were higher.
      const volts = (codes[k]! * this.#physics.voltsPerCode) / cycledThreshold(doublings);
      const switching = volts + longer;
      random.at(this.#first + i, 0);
      const erratic = this.#erratic[i]!;
      const jitter = 0.067 * erratic * normalOf(random.word0);
      const scatter = Math.exp(0.8 * erratic * normalOf(random.word1));
      const { word1: formingWord } = random;
      const before = this.#now(i, at, random);
      const after =
        this.#formed[i] === 0
          ? this.#form(i, kind, volts, widthNanoseconds, compliance, formingWord)
          : kind === "set"
            ? this.#set(i, before, switching - jitter, compliance, scatter)
            : this.#reset(i, before, switching - jitter, scatter);
      if (after === before) continue;
      this.#conductance[i] = after;
      this.#restlessness[i] = cycledUnrest(doublings) * this.#drawRestlessness(i, random);
      this.#walk[i] = 0;
      this.#walkedAt[i] = at;
      this.#pulsedAt[i] = at;
    }
  }

  senseRow(
    row: number,
    at: Microseconds,
    { reads, readVolts }: Burst,
    heat: number,
    random: Random,
    out: Float64Array,
  ): void {
    const start = row * this.#perRow;
    const left = 1 / Math.sqrt(reads);
    for (let k = 0; k < this.#perRow; k++) {
      // A burst is over before relaxation gets anywhere.
      const cool = this.#switched(start + k, this.#now(start + k, at, random), at);
      const warm = heat === 1 ? cool : warmRram(cool, heat);
      const now = readVolts === undefined ? warm : conductanceAt(warm, readVolts);
      // 1 % of noise that has gone by the next read, and a little that does not grow with conductance.
      out[k] = now + left * (0.01 * now + 0.05) * normalOf(random.at(this.#first + start + k, 7).word0);
    }
  }

  /** What relaxation has come to by the last look at the device, with its telegraph noise as it is now. */
  truth(i: number, at: Microseconds): Microsiemens {
    return this.#switched(i, this.#relaxed(i, at), at);
  }

  #relaxed(i: number, at: Microseconds): Microsiemens {
    const fault = this.#defects.faults[i];
    if (fault === deviceFaults.open) return 0;
    if (fault === deviceFaults.stuckHigh) return 45;
    if (fault === deviceFaults.stuckLow) return 0.2;
    const target = this.#conductance[i]!;
    const r = target / this.#physics.maxConductance;
    const walked = target + this.#restlessness[i]! * Math.sqrt(relaxationPerDecade(r)) * this.#walk[i]!;
    return Math.max(0, walked) * this.#heat.kept(this.#pulsedAt[i]!, at);
  }

  #switched(i: number, conductance: Microsiemens, at: Microseconds): Microsiemens {
    if (this.#telegraph === undefined || this.#telegraph[i] === 0) return conductance;
    // A trap beside a thin filament blocks more of it: six times as much of 1 µS as of 100.
    const share = telegraphShare(this.#oddRandom, this.#first + i, at) * (1 + 10 / (conductance + 1));
    return conductance * (1 + share);
  }

  fail(device: number, fault: DeviceFault): void {
    this.#defects.faults[device] = fault;
  }

  disturb(device: number, share: number): void {
    this.#conductance[device]! += (50 - this.#conductance[device]!) * share;
  }

  /** Walks on in log10(1 + t_eff/t_r) to an instant, and tells where the device stands. */
  #now(i: number, at: Microseconds, random: Random): Microsiemens {
    if (at > this.#walkedAt[i]!) {
      const r = this.#conductance[i]! / this.#physics.maxConductance;
      const onset = relaxationOnsetSeconds(r);
      const passed = this.#heat.walked(this.#pulsedAt[i]!, this.#walkedAt[i]!, at, onset);
      this.#walk[i]! += Math.sqrt(Math.max(0, passed)) * normalOf(random.at(this.#first + i, 3).word0);
      this.#walkedAt[i] = at;
    }
    return this.#relaxed(i, at);
  }

  /** How strongly this pulse lets a device relax: A, with E A² = 1. */
  #drawRestlessness(i: number, random: Random): number {
    const key = this.#first + i;
    random.at(key, 1);
    if (this.#physics.heavyTails !== true) return Math.exp(0.4 * normalOf(random.word0) - 0.16);
    // A walk of this strength is t-distributed with 3 degrees of freedom.
    const [a, b] = [normalOf(random.word0), normalOf(random.word1)];
    const c = normalOf(random.at(key, 2).word0);
    return 1 / Math.sqrt(Math.max(1e-3, a * a + b * b + c * c));
  }

  /**
   * A pristine device breaks down above a voltage of its own, and the shorter the pulse the higher it is: the time to breakdown falls
   * exponentially with voltage. What it then conducts, the compliance bounds.
   */
  #form(
    i: number,
    kind: RowPulse["kind"],
    volts: number,
    widthNanoseconds: number,
    compliance: number,
    word: number,
  ): number {
    const { formingVoltsPerDecade, formingWidthNanoseconds } = this.#physics;
    const shorter = Math.log10(formingWidthNanoseconds / widthNanoseconds);
    const needed = this.#formingVoltage[i]! + formingVoltsPerDecade * shorter;
    if (kind !== "set" || volts < needed) return this.#conductance[i]!;
    this.#formed[i] = 1;
    return Math.min(120, compliance, Math.max(30, 70 * Math.exp(0.3 * normalOf(word))));
  }

  get births(): Births {
    return {
      formingVolts: this.#formingVoltage,
      setVolts: this.#setVoltage,
      resetVolts: this.#resetVoltage,
      enduredPulses: Float32Array.from(this.#defects.endurance),
      faults: Float32Array.from(this.#defects.faults),
    };
  }

  #set(i: number, before: number, volts: number, compliance: number, scatter: number): number {
    const limit = Math.min(compliance, 70 * this.#slope[i]! * Math.max(0, volts - this.#setVoltage[i]!));
    if (limit <= before) return before;
    const step = before < 3 ? 0.85 : 0.6;
    return before + Math.min(1, step * scatter) * (limit - before);
  }

  #reset(i: number, before: number, volts: number, scatter: number): number {
    const limit = 45 * Math.exp(-(volts - this.#resetVoltage[i]!) / 0.35);
    if (limit >= before) return before;
    return Math.max(0.2, before - Math.min(1, 0.5 * scatter) * (before - limit));
  }
}

/**
 * Current over voltage of a filament, µS, by what it conducts at the usual 0.2 V: I ∝ sinh(V/V0) through the gap of a broken filament, and
 * the more ohmic the more it conducts.
 *
 * @source the form of the law: Guan, Yu and Wong 2012, IEEE Electron Device Letters 33, 1405; how V0 grows with conductance is ours.
 */
function conductanceAt(microsiemens: number, volts: number): number {
  const v0 = 0.25 * (1 + microsiemens / 5);
  return (microsiemens * (sinh(volts / v0) / volts)) / (sinh(usualReadVolts / v0) / usualReadVolts);
}

/** The same on every Node, as exp is. */
function sinh(x: number): number {
  return (Math.exp(x) - Math.exp(-x)) / 2;
}

const usualReadVolts = 0.2;

/** Thresholds are born for pulses of this width. */
const thresholdWidthNanoseconds = 1000;
/** The gate at its usual 2.5 V lets through more than a device is programmed to. */
const usualCompliance: Microsiemens = 150;
const complianceMicrosiemensPerCode = 0.3;
