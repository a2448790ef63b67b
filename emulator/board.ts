import { devicesPerRow } from "../src/chip/geometry.ts";
import type { Celsius, Microseconds } from "../src/units.ts";
import { type ChipHistory, EmulatedChip } from "./chip.ts";
import { mostIterations, type RowVerify, verifyRow } from "./onBoardVerify.ts";
import type { LieAbout } from "./faults.ts";
import type { Preset } from "./presets.ts";
import type { RowPulse } from "./tile.ts";

export const firmwareVersion = "mho-emulator 1";

/** Why a board does not do what it was told. */
export interface BoardRefusal {
  readonly refused: "standby" | "limit" | "unsupported";
  readonly text: string;
}

/** Codes of a row, or of a product, and the chip's time. */
export interface Measured<Codes> {
  readonly chipTimeMicroseconds: Microseconds;
  readonly codes: Codes;
}

export interface BoardHistory {
  readonly boot: number;
  readonly chipTimeMicroseconds: Microseconds;
  readonly chip: ChipHistory;
}

/**
 * What every firmware of an emulated chip has under it, whatever language it speaks: the chip, its limits, its safe state
 * and its time, which moves by the length of each operation, on the line and on the array, and by `advance`.
 *
 * `lineBytes` is how long the order was on the line; time for it passes only when the order is carried out.
 */
export class Board {
  readonly chip: EmulatedChip;
  readonly serialNumber: string;
  boot = 1;
  armed = false;
  /** The supply is failing: a pulse reaches half of its row. */
  sagging = false;
  /** How fast the chip believes that time goes. */
  clockPartsPerMillion = 0;
  /** What its array has been busy for, since it was made. */
  workedMicroseconds: Microseconds = 0;
  /** What it says that is not so. */
  #lie: { readonly about: LieAbout; answersLeft: number; readonly clock: Microseconds } | undefined;
  #following = false;
  #chipTime: Microseconds = 0;
  /** Of the row that was read last. */
  readonly #codes: Uint16Array<ArrayBuffer>;

  constructor(preset: Preset, seed: number) {
    this.chip = new EmulatedChip(preset, seed);
    this.#codes = new Uint16Array(devicesPerRow(preset.geometry));
    this.serialNumber = serialNumberOf(preset, seed);
  }

  get preset(): Preset {
    return this.chip.preset;
  }

  /** Whether the chip's time can be moved. */
  get virtualTime(): boolean {
    return !this.#following;
  }

  /** What the chip's own clock shows; it stands still at its end, after 285 years. */
  get clock(): Microseconds {
    const lie = this.#lie;
    if (lie?.about === "time-stops") return this.#lies("time-stops") ? lie.clock : this.#trueClock;
    if (this.#lies("time-goes-back")) return Math.floor(this.#trueClock / 2);
    if (this.#lies("time-leaps")) return Number.MAX_SAFE_INTEGER;
    return this.#trueClock;
  }

  get #trueClock(): Microseconds {
    const shown = Math.round(this.#chipTime * (1 + this.clockPartsPerMillion * 1e-6));
    return Math.min(shown, Number.MAX_SAFE_INTEGER);
  }

  /** From here on it lies, in so many answers. */
  lie(about: LieAbout, answers: number): void {
    this.#lie = { about, answersLeft: answers, clock: this.#trueClock };
  }

  #lies(about: LieAbout): boolean {
    if (this.#lie?.about !== about || this.#lie.answersLeft <= 0) return false;
    this.#lie.answersLeft--;
    return true;
  }

  #work(duration: Microseconds): void {
    this.#chipTime += duration;
    this.workedMicroseconds += duration;
  }

  /** Codes of a row, or of known resistors, as they are told. */
  #told(codes: Uint16Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
    if (this.#lies("count")) return codes.subarray(1);
    if (this.#lies("codes")) codes[0] = this.preset.readout.codes + 7;
    return codes;
  }

  /** Time passes while bytes pass. */
  charge(bytes: number): void {
    this.#chipTime += Math.ceil((bytes * 1e6) / this.preset.firmware.lineBytesPerSecond);
  }

  /** Chip time goes with the host's from here on, and cannot be moved. */
  follow(at: Microseconds): void {
    this.#following = true;
    this.#chipTime = Math.max(this.#chipTime, at);
  }

  /** What is left of a board when its supply is switched off; its time stands still until it is on again. */
  get history(): BoardHistory {
    return { boot: this.boot, chipTimeMicroseconds: this.#chipTime, chip: this.chip.history };
  }

  /** Switches a new board on as another of the same preset and seed: one more boot, nothing in memory. */
  relive({ boot, chipTimeMicroseconds, chip }: BoardHistory): void {
    this.boot = boot + 1;
    this.#chipTime = chipTimeMicroseconds;
    this.chip.relive(chip);
  }

  /** The lines are safe and the boot counts one more; the devices are as they are. */
  restart(): void {
    this.boot++;
    this.armed = false;
    this.sagging = false;
  }

  /** @returns codes that are good until the next row is read. */
  read(
    tile: number,
    row: number,
    averages: number,
    lineBytes: number,
    readVolts?: number,
  ): Measured<Uint16Array<ArrayBuffer>> | BoardRefusal {
    const { firmware, readout } = this.preset;
    if (!this.armed) return inStandby;
    if (!this.#has(tile, row)) return limit(`tile ${tile}, row ${row} is not on this chip`);
    if (!(averages >= 1 && averages <= firmware.maxAverages)) {
      return limit(`averages must be 1 … ${firmware.maxAverages}`);
    }
    if (readVolts !== undefined && readout.readVolts === undefined)
      return unsupported("this board reads with one voltage");
    if (readVolts !== undefined && !(readVolts > 0 && readVolts <= readout.readVolts!.most))
      return limit(`the read voltage must be at most ${readout.readVolts!.most} V`);
    this.charge(lineBytes);
    const chipTimeMicroseconds = this.clock;
    this.chip.readRow(tile, row, averages, this.#chipTime, this.#codes, readVolts);
    this.#work(averages * readout.readRowMicroseconds);
    return { chipTimeMicroseconds, codes: this.#told(this.#codes) };
  }

  references(
    tile: number,
    averages: number,
    lineBytes: number,
  ): Measured<Uint16Array<ArrayBuffer>> | BoardRefusal {
    const { firmware, readout } = this.preset;
    if (!this.armed) return inStandby;
    if (!this.#has(tile, 0)) return limit(`tile ${tile} is not on this chip`);
    if (!(averages >= 1 && averages <= firmware.maxAverages)) {
      return limit(`averages must be 1 … ${firmware.maxAverages}`);
    }
    this.charge(lineBytes);
    const chipTimeMicroseconds = this.clock;
    const codes = this.#told(this.chip.readReferences(tile, averages, this.#chipTime));
    this.#work(averages * readout.readRowMicroseconds);
    return { chipTimeMicroseconds, codes };
  }

  /** @returns chip time at which it fired. */
  pulse(
    tile: number,
    row: number,
    pulse: Omit<RowPulse, "droop">,
    lineBytes: number,
  ): Microseconds | BoardRefusal {
    const wrong = this.#wrongPulse(tile, row, pulse);
    if (wrong !== undefined) return wrong;
    this.charge(lineBytes);
    return this.#fire(tile, row, pulse);
  }

  #wrongPulse(tile: number, row: number, pulse: Omit<RowPulse, "droop">): BoardRefusal | undefined {
    const { firmware, geometry } = this.preset;
    const { codes, widthNanoseconds, trailingNanoseconds } = pulse;
    if (!this.armed) return inStandby;
    if (!this.#has(tile, row) || codes.length !== devicesPerRow(geometry)) {
      return limit(`tile ${tile}, row ${row} with ${codes.length} codes is not on this chip`);
    }
    if (!this.#mayLast(widthNanoseconds)) {
      return limit(`a width of ${widthNanoseconds} ns is outside the limits`);
    }
    if (!(trailingNanoseconds >= 0 && trailingNanoseconds <= firmware.maxTrailingNanoseconds)) {
      return limit(`a trailing edge of ${trailingNanoseconds} ns is outside the limits`);
    }
    for (let k = 0; k < codes.length; k++) {
      if (codes[k]! > firmware.maxAmplitudeCode)
        return limit(`an amplitude code is above ${firmware.maxAmplitudeCode}`);
    }
    return undefined;
  }

  #fire(tile: number, row: number, pulse: Omit<RowPulse, "droop">): Microseconds {
    const { codes } = pulse;
    const firedAt = this.clock;
    if (this.sagging) codes.fill(0, codes.length >> 1);
    this.chip.pulseRow(tile, row, pulse, this.#chipTime);
    this.#work(this.preset.readout.pulseRowMicroseconds);
    return firedAt;
  }

  /**
   * Cycles of two pulses for a row: the first as it stands, the other of one amplitude for the same devices. It takes as long as it takes.
   *
   * @returns chip time at which the last pulse fired.
   */
  burst(
    tile: number,
    row: number,
    pulse: Omit<RowPulse, "droop">,
    then: Pick<RowPulse, "kind" | "widthNanoseconds" | "gateCode"> & { readonly code: number },
    cycles: number,
    lineBytes: number,
  ): Microseconds | BoardRefusal {
    const { mostBurstCycles } = this.preset.firmware;
    if (mostBurstCycles === 0) return unsupported("this board gives single pulses only");
    if (!(cycles >= 1 && cycles <= mostBurstCycles)) return limit(`cycles must be 1 … ${mostBurstCycles}`);
    const { code, ...rest } = then;
    const codes = Uint16Array.from(pulse.codes, (one) => (one === 0 ? 0 : code));
    const second = { ...rest, codes, trailingNanoseconds: 0 };
    // What is wrong with either is found before anything fires.
    for (const one of [pulse, second]) {
      const wrong = this.#wrongPulse(tile, row, one);
      if (wrong !== undefined) return wrong;
    }
    this.charge(lineBytes);
    let firedAt = this.clock;
    for (let cycle = 0; cycle < cycles; cycle++) {
      for (const one of [pulse, second]) firedAt = this.#fire(tile, row, one);
    }
    return firedAt;
  }

  multiply(tile: number, inputs: Int8Array, lineBytes: number): Measured<Int16Array> | BoardRefusal {
    const { geometry, readout } = this.preset;
    if (readout.multiply === undefined) return unsupported("this chip cannot multiply");
    if (!this.armed) return inStandby;
    if (tile >= geometry.tiles || inputs.length !== geometry.rows) {
      return limit(`tile ${tile} with ${inputs.length} inputs is not on this chip`);
    }
    this.charge(lineBytes);
    const codes = this.chip.multiply(tile, inputs, this.#chipTime);
    const chipTimeMicroseconds = this.clock;
    this.#work(readout.readRowMicroseconds);
    return { chipTimeMicroseconds, codes };
  }

  /** The board's own loop; it takes as long as it takes. */
  verify(
    order: RowVerify,
    lineBytes: number,
  ): { chipTimeMicroseconds: Microseconds; pulses: Uint8Array } | BoardRefusal {
    const { geometry, firmware, readout } = this.preset;
    if (!firmware.verifyLoop) return unsupported("this board has no verify loop for its devices");
    if (!this.armed) return inStandby;
    const { tile, row, targets, iterations, widthNanoseconds } = order;
    if (!this.#has(tile, row) || targets.length !== devicesPerRow(geometry)) {
      return limit(`tile ${tile}, row ${row} with ${targets.length} targets is not on this chip`);
    }
    if (!(iterations >= 1 && iterations <= mostIterations)) {
      return limit(`iterations must be 1 … ${mostIterations}`);
    }
    if (!this.#mayLast(widthNanoseconds)) {
      return limit(`a width of ${widthNanoseconds} ns is outside the limits`);
    }
    this.charge(lineBytes);
    const { endedAt, pulses } = verifyRow(this.chip, order, this.#chipTime);
    this.#work(endedAt - this.#chipTime);
    const chipTimeMicroseconds = this.clock;
    this.#work(readout.pulseRowMicroseconds);
    return { chipTimeMicroseconds, pulses };
  }

  /** Whether it measures its temperature and its supply. */
  get isSensed(): boolean {
    return this.chip.isSensed;
  }

  get milliCelsius(): number {
    if (this.#lies("temperature")) return 4e9;
    return Math.round(1000 * this.chip.temperature(this.#chipTime));
  }

  /** @returns chip time after it. */
  advance(duration: Microseconds): Microseconds | BoardRefusal {
    if (!(duration >= 0)) return limit("time does not run backwards");
    if (!(this.#chipTime + duration <= Number.MAX_SAFE_INTEGER)) return limit("chip time ends at 285 years");
    if (this.#following) return unsupported("this chip's time goes by itself");
    this.#chipTime += duration;
    return this.clock;
  }

  /**
   * Puts the chip into an oven from now on, as the one who stands beside it would. Where its time can be moved, it is over at once.
   *
   * @returns chip time when the chip is cool again.
   */
  bake(celsius: Celsius, duration: Microseconds): Microseconds | BoardRefusal {
    const fromMicroseconds = this.#chipTime;
    const toMicroseconds = fromMicroseconds + duration;
    if (!(duration > 0 && toMicroseconds <= Number.MAX_SAFE_INTEGER)) {
      return limit("a bake takes some time, and chip time ends at 285 years");
    }
    try {
      this.chip.bake({ celsius, fromMicroseconds, toMicroseconds });
    } catch (error) {
      if (error instanceof RangeError) return limit(error.message);
      throw error;
    }
    if (!this.#following) this.#chipTime = toMicroseconds;
    return toMicroseconds;
  }

  #mayLast(widthNanoseconds: number): boolean {
    const { minWidthNanoseconds, maxWidthNanoseconds } = this.preset.firmware;
    return widthNanoseconds >= minWidthNanoseconds && widthNanoseconds <= maxWidthNanoseconds;
  }

  #has(tile: number, row: number): boolean {
    const { geometry } = this.preset;
    return tile >= 0 && tile < geometry.tiles && row >= 0 && row < geometry.rows;
  }
}

/** Of the emulated chip of a preset and a seed. */
export function serialNumberOf({ variant = "" }: Preset, seed: number): string {
  return variant === "" ? `EMU-${seed}` : `EMU-${seed}-${variant}`;
}

export const supplyMillivolts = 3300;

const inStandby: BoardRefusal = { refused: "standby", text: "in standby" };
const limit = (text: string): BoardRefusal => ({ refused: "limit", text });
const unsupported = (text: string): BoardRefusal => ({ refused: "unsupported", text });
