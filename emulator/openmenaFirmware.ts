import { MhoError } from "../src/errors.ts";
import type { Preset } from "./presets.ts";
import { Firmware } from "./firmware.ts";

/**
 * An emulated OpenMENA, written from what the board is seen to do: a banner when it was reset, orders in lines, and no answer to a pulse.
 * Its board has no standby, and no time but that of its orders.
 */
export class OpenmenaFirmware extends Firmware {
  #hasGreeted = false;
  #text = "";

  constructor(preset: Preset, seed: number) {
    const { tiles, rows, columns, devicesPerCell } = preset.geometry;
    if (tiles !== 1 || rows !== size || columns * devicesPerCell !== size)
      throw new MhoError(
        "bad-argument",
        `An OpenMENA holds a chip of ${size} × ${size} devices, and ${preset.name} is another: emulator:openmena-8.`,
        { preset: preset.name },
      );
    super(preset, seed);
  }

  protected override take(bytes: Uint8Array): Uint8Array[] {
    const said = this.#hasGreeted ? [] : [banner];
    this.#hasGreeted = true;
    const lines = (this.#text + Buffer.from(bytes).toString("latin1")).split("\n");
    this.#text = lines.pop()!.slice(0, longestLine);
    for (const line of lines) if (line.trim() !== "") said.push(...this.#obey(line.trim()));
    return said.map((line) => Uint8Array.from(Buffer.from(`${line}\r\n`, "latin1")));
  }

  protected override forget(): void {
    this.#hasGreeted = false;
    this.#text = "";
  }

  #obey(line: string): string[] {
    const [, word = "", rest = ""] = /^(\w+):(.*)$/.exec(line) ?? [];
    const given = rest.trim() === "" ? [] : rest.trim().split(/\s+/).map(Number);
    this.board.armed = word !== "SETVOLTAGES";
    this.board.charge(line.length + 1);
    switch (word) {
      case "INFEREMULTIPLE":
        return this.#infer(given);
      case "WEIGHTMODIF":
        return this.#pulse(given) ? [] : [`Invalid arguments. Indices 0-7, sign 1/-1, pulses > 0`];
      case "SETVOLTAGES":
        return given.length === size + 1 && given.every(Number.isFinite)
          ? ["Voltages updated:", given.map((volts) => volts.toFixed(3)).join("\t")]
          : ["Error: SETVOLTAGES requires 9 voltages"];
      default:
        return ["Error: Unknown command"];
    }
  }

  #infer([count = 0, ...values]: number[]): string[] {
    if (!(Number.isInteger(count) && count > 0)) return ["Error: INFEREMULTIPLE requires N > 0"];
    if (values.length !== count * size || count > mostVectors)
      return [`Error: INFEREMULTIPLE requires ${size} values a vector`];
    if (!values.every((value) => value >= 0 && value <= fullCount))
      return ["Error: DAC values are 0 to 4095"];
    const averages = Array.from({ length: count }, (_, n) =>
      this.#counts(values.slice(n * size, (n + 1) * size)),
    );
    return [
      `Running inference for ${count} input vectors...`,
      "INFEREMULTIPLE ADC Averages:",
      ...averages.map((counts) => counts.map((one) => one.toFixed(2)).join("\t")),
      "INFEREMULTIPLE complete.",
    ];
  }

  /** Currents into virtual ground of every column, of one vector of the rows' converters. */
  #counts(vector: readonly number[]): number[] {
    const { board } = this;
    const microamperes = new Float64Array(size);
    const driven = [...vector.entries()]
      .map(([row, value]) => ({ row, volts: (value / fullCount) * mostRowVolts - groundVolts }))
      .filter(({ volts }) => Math.abs(volts) > mostRowVolts / fullCount);
    // A vector takes its time, also one that drives no row.
    if (driven.length === 0) board.advance(readsAveraged * board.preset.readout.readRowMicroseconds);
    for (const { row, volts } of driven) {
      const read = board.read(0, row, readsAveraged, 0);
      if ("refused" in read) continue;
      for (const [j, code] of read.codes.entries())
        microamperes[j]! += code * board.preset.readout.microsiemensPerCode * volts;
    }
    return Array.from(microamperes, (current) => {
      const volts = groundVolts + current * 1e-6 * feedbackOhms;
      return Math.min(fullCount, Math.max(0, (volts / converterVolts) * fullCount));
    });
  }

  /** @returns false for arguments that the board refuses. */
  #pulse(given: readonly number[]): boolean {
    const [i = -1, j = -1, sign = 0, pulses = 0, up1 = 0, down1 = 0, up2 = 0, down2 = 0, delay = 0] = given;
    const isPlace = (at: number): boolean => Number.isInteger(at) && at >= 0 && at < size;
    if (given.length !== 9 || !given.every(Number.isFinite) || !isPlace(i) || !isPlace(j)) return false;
    if ((sign !== 1 && sign !== -1) || !(pulses > 0)) return false;
    const [row, column] = sign === 1 ? [up1, down1] : [up2, down2];
    const volts = clamped(row, 0, mostRowVolts) - clamped(column, leastColumnVolts, mostColumnVolts);
    const codes = new Uint16Array(size);
    codes[j] = Math.round(Math.abs(volts) / voltsPerCode);
    for (let n = 0; n < Math.min(pulses, mostPulses); n++) {
      const pulse = {
        kind: volts > 0 ? "set" : "reset",
        codes: codes.slice(),
        widthNanoseconds: 1000 * delay,
        trailingNanoseconds: 0,
        gateCode: 0,
      } as const;
      this.board.pulse(0, i, pulse, 0);
      this.board.advance(2 * delay);
    }
    return true;
  }
}

const size = 8;
const banner = [
  "OpenMENA",
  "Ready to receive commands:",
  " - INFEREMULTIPLE:",
  " - WEIGHTMODIF",
  " - WEIGHTMODIFALL",
  "",
].join("\r\n");
const longestLine = 4096;
const mostVectors = 100;
const mostPulses = 10_000;
const readsAveraged = 20;
const fullCount = 4095;
const groundVolts = 0.75;
const mostRowVolts = 1.5;
const leastColumnVolts = 0.545;
const mostColumnVolts = 2.739;
/** Of the columns' converter, and of the amplifiers before it: made up. */
const converterVolts = 3.3;
const feedbackOhms = 200_000;
/** The devices of the preset switch at two and a half times the voltage that this board gives them. */
const voltsPerCode = 0.002;

function clamped(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
