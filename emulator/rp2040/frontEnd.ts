import { GPIOPinState, type RP2040 } from "rp2040js";
import type { Microseconds } from "../../src/units.ts";
import { type Board, supplyMillivolts } from "../board.ts";

/** The electronics between the processor and an emulated array: firmware/README.md has their wires and words. */
export class EmulatedFrontEnd {
  /** How far the array's time is ahead of the processor's clock: it was moved, or the processor began anew. */
  aheadMicroseconds: Microseconds;
  /** Whether the drivers may drive: the firmware is not in standby. */
  isEnabled = false;
  readonly #board: Board;
  readonly #clock: RP2040["clock"];
  #selected: Select | undefined;
  #words: number[] = [];
  #answers: readonly number[] = [];
  #setup: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0];
  #amplitudes: Uint16Array;
  #held: Uint16Array;

  constructor(mcu: RP2040, board: Board, aheadMicroseconds: Microseconds) {
    this.#board = board;
    this.#clock = mcu.clock;
    this.aheadMicroseconds = aheadMicroseconds;
    const { devicesPerRow } = board.chip;
    this.#amplitudes = new Uint16Array(devicesPerRow);
    this.#held = new Uint16Array(devicesPerRow);
    const [bus] = mcu.spi;
    bus.onTransmit = (word) => bus.completeTransmit(this.#exchange(word));
    const pin = (number: number, changed: (isHigh: boolean) => void): void =>
      void mcu.gpio[number]!.addListener((state) => changed(state === GPIOPinState.High));
    for (const [select, number] of Object.entries(selects) as [Select, number][]) {
      pin(number, (isHigh) => (isHigh ? this.#release(select) : this.#select(select)));
    }
    pin(strobes.enable, (isHigh) => (this.isEnabled = isHigh));
    pin(strobes.sample, (isHigh) => isHigh && this.#sample());
    pin(strobes.fire, (isHigh) => isHigh && this.#fire());
  }

  /** What the array ages by. */
  get chipTime(): Microseconds {
    return this.aheadMicroseconds + Math.floor(this.#clock.nanos / 1000 / this.#rate);
  }

  /** How fast the processor's clock goes against the array's time. */
  get #rate(): number {
    return 1 + this.#board.clockPartsPerMillion * 1e-6;
  }

  #select(select: Select): void {
    this.#selected = select;
    this.#words = [];
    this.#answers = [];
  }

  #release(select: Select): void {
    if (this.#selected !== select) return;
    this.#selected = undefined;
    if (select === "setup" && this.#words.length === 8) this.#setup = this.#words;
    if (select === "drive" && this.#words.length === this.#amplitudes.length) {
      this.#amplitudes = Uint16Array.from(this.#words);
    }
    if (select === "info" && this.#words[0] === commands.advance && this.#words.length === 5) {
      this.aheadMicroseconds += this.#words.slice(1).reduce((sum, word) => sum * 65_536 + word, 0);
    }
  }

  /** One word each way. */
  #exchange(word: number): number {
    const at = this.#words.push(word) - 1;
    if (this.#selected === "sense") return this.#held[at] ?? noCode;
    if (this.#selected !== "info") return 0;
    if (at === 0) {
      this.#answers = word === commands.ask ? this.#info() : [];
      return 0;
    }
    return this.#answers[at - 1] ?? 0;
  }

  /** What it is, what it can do, what its sensors say, and how far its time was moved. */
  #info(): readonly number[] {
    const millikelvin = this.#board.chip.isSensed
      ? Math.round(1000 * this.#board.chip.temperature(this.chipTime)) + 273_150
      : 0;
    const can = abilities.movableTime + (this.#board.chip.isSensed ? abilities.sensors : 0);
    const ahead = Math.round(this.aheadMicroseconds * this.#rate);
    const word = (unit: number): number => Math.floor(ahead / unit) % 65_536;
    return [
      infoMagic,
      can,
      millikelvin >>> 16,
      millikelvin & 0xffff,
      supplyMillivolts,
      word(281_474_976_710_656),
      word(4_294_967_296),
      word(65_536),
      word(1),
    ];
  }

  #sample(): void {
    const [tile, row, mode] = this.#place();
    const { chip, preset } = this.#board;
    if (!this.isEnabled || tile >= preset.geometry.tiles || row >= preset.geometry.rows) {
      this.#held = new Uint16Array(chip.devicesPerRow).fill(noCode);
    } else if ((mode & modes.references) !== 0) {
      this.#held = chip.readReferences(tile, 1, this.chipTime);
    } else {
      const codes = new Uint16Array(chip.devicesPerRow);
      chip.readRow(tile, row, 1, this.chipTime, codes);
      this.#held = codes;
    }
  }

  #fire(): void {
    const [tile, row, mode, gateCode, widthHigh, width, trailingHigh, trailing] = this.#place();
    const { chip, preset, sagging } = this.#board;
    if (!this.isEnabled || tile >= preset.geometry.tiles || row >= preset.geometry.rows) return;
    const codes = this.#amplitudes.slice();
    // The supply is failing: the far half of the row feels nothing.
    if (sagging) codes.fill(0, codes.length >> 1);
    const pulse = {
      kind: (mode & modes.set) === 0 ? ("reset" as const) : ("set" as const),
      codes,
      widthNanoseconds: widthHigh * 65_536 + width,
      trailingNanoseconds: trailingHigh * 65_536 + trailing,
      gateCode,
    };
    chip.pulseRow(tile, row, pulse, this.chipTime);
  }

  #place(): [number, number, number, number, number, number, number, number] {
    return this.#setup as [number, number, number, number, number, number, number, number];
  }
}

type Select = "setup" | "drive" | "sense" | "info";

/** General-purpose pins. */
const selects: Readonly<Record<Select, number>> = { setup: 17, drive: 20, sense: 21, info: 22 };
const strobes = { enable: 12, sample: 14, fire: 15 } as const;
const modes = { set: 1, references: 2 } as const;
const commands = { ask: 1, advance: 2 } as const;
const abilities = { sensors: 1, movableTime: 2 } as const;
const infoMagic = 0x4d46;
const noCode = 0xffff;
