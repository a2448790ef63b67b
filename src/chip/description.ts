import type { Microamperes, Microseconds, Microsiemens, Nanoseconds } from "../units.ts";
import type { ChipGeometry } from "./geometry.ts";

/** What is known of a kind of chip before one is on the desk: data, never a subclass. */
export interface ChipDescription {
  readonly name: string;
  readonly geometry: ChipGeometry;
  readonly maxConductanceMicrosiemens: Microsiemens;
  readonly converter: Converter;
  readonly reset: PulseKind;
  readonly limits: ChipLimits;
  readonly timing: ChipTiming;
  readonly line: LineSettings;
}

/** The analogue-to-digital converter of the read path: µS = (code − offset) × step. */
export interface Converter {
  readonly microsiemensPerCode: number;
  readonly offsetCodes: number;
  /** Codes are 0 … codes − 1; the last one means saturated. */
  readonly codes: number;
}

/** One kind of programming pulse and how the datasheet says that conductance answers to it. */
export interface PulseKind {
  readonly microamperesPerCode: Microamperes;
  /** Codes are 0 … codes − 1; 0 leaves the device alone. */
  readonly codes: number;
  readonly widthNanoseconds: Nanoseconds;
  readonly nominalCurve: AmplitudeCurve;
}

/** Amplitude → conductance, linear in between; amplitudes ascend, conductances never rise. */
export interface AmplitudeCurve {
  readonly amplitudeMicroamperes: Float64Array;
  readonly conductanceMicrosiemens: Float64Array;
  /** How far a device's own curve lies from this one, as a standard deviation along the amplitude axis. */
  readonly deviceSpreadMicroamperes: Microamperes;
  /** How far one pulse lies from the device's own curve, likewise. */
  readonly cycleSpreadMicroamperes: Microamperes;
}

export interface ChipLimits {
  readonly maxAmplitudeMicroamperes: Microamperes;
  readonly minWidthNanoseconds: Nanoseconds;
  readonly maxWidthNanoseconds: Nanoseconds;
  /** Over the device's life. */
  readonly pulsesPerDevice: number;
}

/** How long the chip itself takes, per row. */
export interface ChipTiming {
  readonly readRowMicroseconds: Microseconds;
  readonly pulseRowMicroseconds: Microseconds;
}

export interface LineSettings {
  readonly baud: number;
  /** 10 for 8N1: start, eight data bits, stop. */
  readonly bitsPerByte: number;
}
