import { type Block, devicesOfTile } from "../src/chip/geometry.ts";
import { Random } from "../src/random.ts";
import { type Microseconds, microsecondsPerSecond } from "../src/units.ts";
import { Converter } from "./converter.ts";
import { highNormal, lowNormal } from "./fastNormal.ts";
import { type Burst, oneRead } from "./noise.ts";
import { instant } from "./pcmTile.ts";
import type { Preset } from "./presets.ts";
import { type Bake, heatOf, TemperatureCourse } from "./temperature.ts";
import { type Births, type DeviceFault, type History, relive, type RowPulse, type Tile } from "./tile.ts";
import { bornTile } from "./tiles.ts";
import { throughColumn, throughWires } from "./wires.ts";

/**
 * A chip made of numbers: devices that are born once, keep their history and obey their pulses, behind converters and
 * wires. Tiles are born when they are first touched. It has no clock: every call says when it happens, in chip time that
 * only grows.
 */
export class EmulatedChip {
  readonly preset: Preset;
  readonly devicesPerRow: number;
  readonly #random: Random;
  readonly #readRandom: Random;
  readonly #referenceRandom: Random;
  readonly #tiles: (Tile | undefined)[];
  readonly #converters: Converter[];
  readonly #deadRows = new Set<number>();
  readonly #sensed: Float64Array;
  /** A pair for every two devices of a row. */
  readonly #whiteWords: Int32Array;
  readonly #course: TemperatureCourse;

  constructor(preset: Preset, seed: number) {
    const { tiles, columns, devicesPerCell } = preset.geometry;
    this.preset = preset;
    this.devicesPerRow = columns * devicesPerCell;
    this.#random = new Random(seed).fork("chip").fork(preset.name);
    this.#readRandom = this.#random.fork("reads");
    this.#referenceRandom = this.#random.fork("references");
    this.#tiles = Array.from({ length: tiles }, () => undefined);
    const converters = this.#random.fork("converters");
    this.#converters = Array.from(
      { length: tiles },
      (_, tile) => new Converter(preset.readout, converters.at(tile, 0).child()),
    );
    this.#sensed = new Float64Array(this.devicesPerRow);
    this.#whiteWords = new Int32Array(2 * Math.ceil(this.devicesPerRow / 2));
    this.#course = new TemperatureCourse(preset.array.temperature);
  }

  /** Fires one pulse at every device of a row that has a code. */
  pulseRow(tile: number, row: number, pulse: Omit<RowPulse, "droop">, at: Microseconds): void {
    const { array } = this.preset;
    const found = this.#tile(tile);
    let sum = 0;
    for (let k = 0; k < pulse.codes.length; k++) sum += pulse.codes[k]!;
    const load = sum / (this.devicesPerRow * usualCode);
    found.pulseRow(row, { ...pulse, droop: array.droop * load }, at);
    if (array.halfSelectDisturb > 0) this.#disturbColumns(found, row, pulse.codes);
  }

  /**
   * Reads a row `averages` times, one read after the other, and gives the mean as converter codes.
   *
   * @param readVolts  of boards that can read with another voltage than the usual one.
   */
  readRow(
    tile: number,
    row: number,
    averages: number,
    at: Microseconds,
    codes: Uint16Array,
    readVolts?: number,
  ): void {
    if (this.#deadRows.has(this.#rowNumber(tile, row))) {
      codes.fill(0xffff);
      return;
    }
    const { readout, array } = this.preset;
    const converter = this.#converters[tile]!;
    const burst = { reads: averages, spacingSeconds: readout.readRowMicroseconds / microsecondsPerSecond };
    const usual = readout.readVolts?.usual;
    // The converter sees current: so much more of it, and of the devices' noise with it; its own noise stays.
    const share = readVolts === undefined || usual === undefined ? 1 : readVolts / usual;
    const sensed = this.#sense(
      tile,
      row,
      at,
      share === 1 ? burst : { ...burst, readVolts, currentShare: share },
    );
    converter.codes(sensed, share, codes);
    if (array.readDisturb > 0) {
      const found = this.#tile(tile);
      const share = averages * array.readDisturb;
      for (let k = 0; k < codes.length; k++) found.disturb(row * this.devicesPerRow + k, share);
    }
  }

  /** Reads a tile's known resistors through its converter, as a row of devices is read. */
  readReferences(tile: number, averages: number, at: Microseconds): Uint16Array<ArrayBuffer> {
    const { references, readRowMicroseconds, whiteNoise } = this.preset.readout;
    const converter = this.#converters[tile]!;
    const first = tile * references.length;
    return Uint16Array.from(references, (conductance, k) => {
      let sum = 0;
      for (let n = 0; n < averages; n++) {
        const random = instant(this.#referenceRandom, at + n * readRowMicroseconds);
        const { word0 } = random.at(first + k, 0);
        sum += converter.code(conductance + whiteNoise * lowNormal(word0));
      }
      return Math.round(sum / averages);
    });
  }

  /**
   * Currents of all lines of devices when every row is driven at once.
   *
   * @param inputs  one a row, −127 … 127.
   * @returns       one signed code a line, clipped at its ends.
   */
  multiply(tile: number, inputs: Int8Array, at: Microseconds): Int16Array {
    const { outputBits, fullScaleMicrosiemens } = this.preset.readout.multiply!;
    const converter = this.#converters[tile]!;
    const currents = new Float64Array(this.devicesPerRow);
    const ohms = this.preset.array.wireOhmsPerCell;
    const { rows } = this.preset.geometry;
    const all = ohms > 0 ? new Float64Array(rows * currents.length) : undefined;
    inputs.forEach((input, row) => {
      // With wires that resist, rows at rest draw from the others.
      if (input === 0 && all === undefined) return;
      const dead = this.#deadRows.has(this.#rowNumber(tile, row));
      if (dead) return;
      const sensed = this.#sense(tile, row, at, oneRead, 0);
      if (all === undefined) {
        for (let k = 0; k < currents.length; k++) currents[k]! += (input / 127) * sensed[k]!;
      } else {
        for (let k = 0; k < currents.length; k++) all[k * rows + row] = sensed[k]!;
      }
    });
    if (all !== undefined) {
      const voltages = Float64Array.from(inputs, (input) => input / 127);
      const room = new Float64Array(rows);
      for (let k = 0; k < currents.length; k++) {
        currents[k] = throughColumn(all.subarray(k * rows, (k + 1) * rows), voltages, ohms, room);
      }
    }
    const most = Math.round(Math.exp((outputBits - 1) * Math.LN2)) - 1;
    return Int16Array.from(currents, (current) => {
      const code = Math.round(
        ((converter.gain * current) / fullScaleMicrosiemens) * most + converter.offsetCodes,
      );
      return Math.min(most, Math.max(-most, code));
    });
  }

  /** Whether its board measures its temperature and its supply. */
  get isSensed(): boolean {
    return this.preset.array.temperature.isSensed !== false;
  }

  /** °C at an instant. */
  temperature(at: Microseconds): number {
    return this.#course.celsius(at);
  }

  /** Puts it into an oven. @throws RangeError where it is in one at that time already. */
  bake(bake: Bake): void {
    this.#course.add(bake);
  }

  /** What happened to the chip since it was made, with the tiles that were ever touched. */
  get history(): ChipHistory {
    return {
      tiles: this.#tiles.map((tile) => tile?.history),
      deadRows: [...this.#deadRows],
      converters: this.#converters.map(({ offsetCodes, gain }) => ({ offsetCodes, gain })),
      bakes: this.#course.added,
    };
  }

  /** Makes a new chip go on as another of the same preset and seed. */
  relive({ tiles, deadRows, converters, bakes = [] }: ChipHistory): void {
    for (const bake of bakes) this.#course.add(bake);
    tiles.forEach((history, tile) => history && this.reliveTile(tile, history));
    for (const row of deadRows) this.#deadRows.add(row);
    converters.forEach((converter, tile) => Object.assign(this.#converters[tile]!, converter));
  }

  /** The same of one of its tiles. */
  reliveTile(tile: number, history: History): void {
    relive(this.#tile(tile), history);
  }

  /** Makes a device fail for good, a row give nothing, or a tile's converter jump. */
  fail(tile: number, row: number, device: number, fault: DeviceFault): void {
    this.#tile(tile).fail(row * this.devicesPerRow + device, fault);
  }

  killRow(tile: number, row: number): void {
    this.#deadRows.add(this.#rowNumber(tile, row));
  }

  jumpConverter(tile: number, offsetCodes: number, gain: number): void {
    const converter = this.#converters[tile]!;
    converter.offsetCodes += offsetCodes;
    converter.gain *= gain;
  }

  /** What the chip finds when it looks at itself, one bit a fault: 1 rows that give nothing, 2 converters off their reference. */
  selfTest(): number {
    const off = this.#converters.some(
      ({ offsetCodes, gain }) => Math.abs(offsetCodes) > 5 || Math.abs(gain - 1) > 0.02,
    );
    return (this.#deadRows.size > 0 ? 1 : 0) + (off ? 2 : 0);
  }

  /** Noise-free conductance of every device of a tile at a chip time, µS. For tests and benches only. */
  truthOfTile(tile: number, at: Microseconds): Float32Array {
    return this.truthOfBlock({ tile, rowStart: 0, rowCount: this.preset.geometry.rows }, at);
  }

  /** The same of a block, row-major. */
  truthOfBlock({ tile, rowStart, rowCount }: Block, at: Microseconds): Float32Array {
    const found = this.#tile(tile);
    const first = rowStart * this.devicesPerRow;
    const length = rowCount * this.devicesPerRow;
    return Float32Array.from({ length }, (_, k) => found.truth(first + k, at));
  }

  /** What a tile's devices were born with. For tests and benches only. */
  birthsOfTile(tile: number): Births {
    return this.#tile(tile).births ?? {};
  }

  /** Pulses felt by every device of a tile. For tests and benches only. */
  pulsesFeltByTile(tile: number): Uint32Array {
    return this.#tile(tile).felt.slice();
  }

  /** What the amplifiers of a row are given on the mean of a burst of reads, µS, through so many cells of column wire. */
  #sense(
    tile: number,
    row: number,
    at: Microseconds,
    burst: Burst,
    columnCells = this.preset.geometry.rows - row,
  ): Float64Array {
    const { array, readout } = this.preset;
    const sensed = this.#sensed;
    const random = instant(this.#readRandom, at);
    this.#tile(tile).senseRow(row, at, burst, heatOf(this.temperature(at)), random, sensed);
    throughWires(sensed, columnCells, array.wireOhmsPerCell);
    const first = tile * devicesOfTile(this.preset.geometry) + row * this.devicesPerRow;
    const white = readout.whiteNoise / Math.sqrt(burst.reads) / (burst.currentShare ?? 1);
    const words = this.#whiteWords;
    random.fill(words, first, 99, 2);
    for (let k = 0; k < sensed.length; k += 2) {
      // One word serves two devices.
      const word = words[k]!;
      sensed[k]! += white * lowNormal(word);
      if (k + 1 < sensed.length) sensed[k + 1]! += white * highNormal(word);
    }
    return sensed;
  }

  #tile(tile: number): Tile {
    const first = tile * devicesOfTile(this.preset.geometry);
    return (this.#tiles[tile] ??= bornTile(this.preset, first, this.#random, this.#course));
  }

  /** Without selectors, a pulse is felt by all that share its column. */
  #disturbColumns(tile: Tile, pulsedRow: number, codes: Uint16Array): void {
    const { array, geometry } = this.preset;
    for (let row = 0; row < geometry.rows; row++) {
      if (row === pulsedRow) continue;
      for (let k = 0; k < codes.length; k++) {
        if (codes[k] !== 0) tile.disturb(row * this.devicesPerRow + k, array.halfSelectDisturb);
      }
    }
  }

  #rowNumber(tile: number, row: number): number {
    return tile * this.preset.geometry.rows + row;
  }
}

export interface ChipHistory {
  readonly tiles: readonly (History | undefined)[];
  readonly deadRows: readonly number[];
  readonly converters: readonly { readonly offsetCodes: number; readonly gain: number }[];
  /** Those that its preset does not name; older states have none. */
  readonly bakes?: readonly Bake[];
}

/** About 300 µA: what a row of devices draws when all are pulsed together. */
const usualCode = 612;
