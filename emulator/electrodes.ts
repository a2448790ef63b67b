import type { Microseconds, Nanoseconds } from "../src/units.ts";
import type { Board } from "./board.ts";
import { deviceFaults } from "./tile.ts";

/**
 * What a source-measure unit has between its terminals: one device, or those that a switch connects. It drives them with volts and sees amperes,
 * where boards of mho have codes.
 */
export class Electrodes {
  readonly #board: Board;
  /** Places in tile 0 that are connected. */
  readonly #connected: () => readonly Place[];

  constructor(board: Board, connected: () => readonly Place[]) {
    this.#board = board;
    this.#connected = connected;
  }

  /** Between the terminals, µS; a fraction of it is noise, less with averages. */
  microsiemens(averages: number): number {
    let sum = 0;
    for (const { row, device } of this.#connected()) {
      const read = this.#board.read(0, row, averages, 0);
      if (!("codes" in read)) continue;
      const code = read.codes[device]!;
      if (code !== noCode) sum += code * this.#board.preset.readout.microsiemensPerCode;
    }
    return sum;
  }

  /**
   * A level that lasts so long. The current limit holds a device where it would draw more, as a transistor's gate does.
   *
   * @param volts  positive to set, negative to reset.
   */
  stress(volts: number, limitAmperes: number, widthNanoseconds: Nanoseconds): void {
    const { instrument, firmware, geometry } = this.#board.preset;
    if (instrument === undefined) return;
    const code = Math.round(Math.abs(volts) / instrument.voltsPerCode);
    const perRow = geometry.columns * geometry.devicesPerCell;
    for (const { row, device } of this.#connected()) {
      if (code > firmware.maxAmplitudeCode) {
        this.#board.chip.fail(0, row, device, deviceFaults.stuckHigh);
        continue;
      }
      const codes = new Uint16Array(perRow);
      codes[device] = code;
      const limitMicrosiemens = (1e6 * limitAmperes) / Math.abs(volts);
      const pulse = {
        kind: volts > 0 ? "set" : "reset",
        codes,
        widthNanoseconds,
        trailingNanoseconds: 0,
        gateCode: Math.min(0xffff, Math.max(1, Math.round(limitMicrosiemens / microsiemensPerGateCode))),
      } as const;
      this.#board.pulse(0, row, pulse, 0);
    }
  }

  /** Time passes while a level is held. */
  wait(duration: Microseconds): void {
    this.#board.charge((duration * this.#board.preset.firmware.lineBytesPerSecond) / 1e6);
  }
}

export interface Place {
  readonly row: number;
  readonly device: number;
}

const noCode = 0xffff;
/** Of the devices' transistors (rramTile.ts), in whose place the instrument's limit stands. */
const microsiemensPerGateCode = 0.3;
