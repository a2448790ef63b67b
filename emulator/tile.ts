import type { Random } from "../src/random.ts";
import type { Microseconds, Microsiemens, Nanoseconds } from "../src/units.ts";
import type { Burst } from "./noise.ts";

/** One pulse for a row, with an amplitude for every device that is to feel it. */
export interface RowPulse {
  readonly kind: "reset" | "set";
  /** Amplitude codes, one a device; 0 leaves it alone. */
  readonly codes: Uint16Array;
  readonly widthNanoseconds: Nanoseconds;
  /** How long the amplitude takes to fall. */
  readonly trailingNanoseconds: Nanoseconds;
  /** Share of the amplitude that is lost at the far end of the row. */
  readonly droop: number;
  /** Gate of the select transistor, where there is one that matters; 0 is the usual voltage. */
  readonly gateCode: number;
}

/**
 * The devices of one tile: born once, with a history. It has no clock: every call says when it happens, in chip time
 * that only grows.
 */
export interface Tile {
  pulseRow(row: number, pulse: RowPulse, at: Microseconds): void;
  /**
   * What each device of a row conducts on the mean of a burst of reads, its own noise included, µS.
   *
   * @param at      the first read.
   * @param burst   how many, and how far apart.
   * @param random  keyed by the instant.
   * @param heat    absolute temperature over that of the room, exactly 1 at 25 °C: what devices conduct goes with it. What temperature did before
   *   this instant, the tile knows from the chip's course (emulator/temperature.ts).
   */
  senseRow(
    row: number,
    at: Microseconds,
    burst: Burst,
    heat: number,
    random: Random,
    out: Float64Array,
  ): void;
  /** Noise-free conductance of a device, as it would read at 25 °C. */
  truth(device: number, at: Microseconds): Microsiemens;
  /** Pulses felt, one entry a device. */
  readonly felt: Uint32Array;
  /** Moves a device a share of the way to its top, too little to begin its drift anew. */
  disturb(device: number, share: number): void;
  /** Makes a device fail for good. */
  fail(device: number, fault: DeviceFault): void;
  /** What the devices were born with, by name, one entry a device, where a tile tells. For tests and benches only. */
  readonly births?: Births;
  /** All that happened to the devices since they were born, by name: set these, and a newborn tile goes on as this one. */
  readonly history: History;
}

export type Births = Readonly<Record<string, Float32Array>>;

export type History = Readonly<Record<string, Float32Array | Float64Array | Uint32Array | Uint8Array>>;

/** Makes a newborn tile go on as another of the same birth. What an older state did not keep stays as at birth. */
export function relive(tile: Tile, history: History): void {
  for (const [name, column] of Object.entries(tile.history)) {
    const kept = history[name];
    if (kept !== undefined) column.set(kept);
  }
}

export const deviceFaults = { none: 0, stuckHigh: 1, stuckLow: 2, open: 3, weak: 4 } as const;
export type DeviceFault = (typeof deviceFaults)[keyof typeof deviceFaults];
