import type { ChipGeometry } from "../src/chip/geometry.ts";
import type { Microamperes, Microseconds, Microsiemens, Nanoseconds } from "../src/units.ts";

/**
 * The truth of an emulated kind of chip. It shares no number and no code with the models and chip descriptions
 * that the controller believes in, so that a fit that looks right is right.
 */
export interface Preset {
  readonly name: string;
  readonly geometry: ChipGeometry;
  readonly physics: PcmPhysics;
  readonly readout: Readout;
  readonly firmware: FirmwareLimits;
}

/** Laws and figures: docs/emulator.md. Between devices: `…Spread`; between pulses: `…Scatter`. */
export interface PcmPhysics {
  readonly maxConductance: Microsiemens;
  readonly topConductance: Microsiemens;
  readonly topSpread: Microsiemens;
  readonly relativeScatter: number;
  readonly residualConductance: Microsiemens;
  readonly residualLogSpread: number;
  readonly halfwayAmplitude: Microamperes;
  readonly halfwaySpread: Microamperes;
  readonly halfwayScatter: Microamperes;
  /** Difference of the halfway amplitude between the first and the last row, as a share of it; it is part of
   * `halfwaySpread`. */
  readonly halfwayGradient: number;
  readonly slopeAmplitude: Microamperes;
  readonly slopeLogSpread: number;
  readonly referenceWidthNanoseconds: Nanoseconds;
  readonly widthExponent: number;
}

export interface Readout {
  readonly microsiemensPerCode: Microsiemens;
  readonly codes: number;
  readonly whiteNoise: Microsiemens;
  readonly readRowMicroseconds: Microseconds;
  readonly pulseRowMicroseconds: Microseconds;
}

export interface FirmwareLimits {
  readonly microamperesPerCode: Microamperes;
  readonly maxAmplitudeCode: number;
  readonly minWidthNanoseconds: Nanoseconds;
  readonly maxWidthNanoseconds: Nanoseconds;
  readonly maxAverages: number;
  /** The line's own rate, which chip time is charged by. */
  readonly lineBytesPerSecond: number;
  /** Silence of the host after which the chip goes to standby by itself; link time. */
  readonly watchdogMicroseconds: Microseconds;
}

/** Phase-change memory up to 25 µS: tiles of 64 × 64 cells of four devices. */
export function pcm64(tiles: number): Preset {
  return {
    name: "pcm-64",
    geometry: { tiles, rows: 64, columns: 64, devicesPerCell: 4 },
    physics: {
      maxConductance: 25,
      topConductance: 30,
      topSpread: 1.6,
      relativeScatter: 0.06,
      residualConductance: 0.12,
      residualLogSpread: 0.5,
      halfwayAmplitude: 250,
      halfwaySpread: 20,
      halfwayScatter: 5,
      halfwayGradient: 0.03,
      slopeAmplitude: 22,
      slopeLogSpread: 0.1,
      referenceWidthNanoseconds: 100,
      widthExponent: -0.15,
    },
    readout: {
      microsiemensPerCode: 0.04,
      codes: 1024,
      whiteNoise: 0.02,
      readRowMicroseconds: 20,
      pulseRowMicroseconds: 10,
    },
    firmware: {
      microamperesPerCode: 0.49,
      maxAmplitudeCode: 1000,
      minWidthNanoseconds: 20,
      maxWidthNanoseconds: 1000,
      maxAverages: 256,
      lineBytesPerSecond: 300_000,
      watchdogMicroseconds: 10_000_000,
    },
  };
}

export const presetNames = ["pcm-64"] as const;

/** @returns undefined for a name that is no preset. */
export function findPreset(name: string, tiles: number): Preset | undefined {
  return name === "pcm-64" ? pcm64(tiles) : undefined;
}
