import type { Microseconds, Microsiemens, Nanoseconds, Seconds } from "../units.ts";
import type { ChipGeometry } from "./geometry.ts";
import type { ChipPulses } from "./technology.ts";

/** What is known of a kind of chip before one is on the desk: data, never a subclass. */
export interface ChipDescription {
  readonly name: string;
  readonly geometry: ChipGeometry;
  readonly maxConductanceMicrosiemens: Microsiemens;
  /** What is believed of its devices where nothing else is said: a built-in model's name, or a file; its technology's where not given. */
  readonly model?: string | undefined;
  readonly converter: Converter;
  /** Known resistors that the converters can look at instead of the array. */
  readonly referencesMicrosiemens?: readonly Microsiemens[] | undefined;
  readonly pulses: ChipPulses;
  /** How products of a whole tile are measured, where the chip can: µS = code × step, per line of devices. */
  readonly multiply?: { readonly microsiemensPerCode: number } | undefined;
  /** What has a digital factor of its own behind the converters; each column where nothing is said. */
  readonly outputsScaledBy?: "column" | "tile" | undefined;
  readonly limits: ChipLimits;
  readonly timing: ChipTiming;
  readonly line: LineSettings;
  /** Silence of the host after which the board goes to standby by itself; unknown where not given. */
  readonly watchdogSeconds?: Seconds | undefined;
  /** Where it was read from a file, or the board gave it: what was said. */
  readonly document?: ChipDocument | undefined;
}

/** A chip's description as a run keeps it. */
export interface ChipDocument {
  /** JSON, its keys sorted. */
  readonly text: string;
  /** Of that text, hexadecimal. */
  readonly sha256: string;
}

/**
 * The analogue-to-digital converter of the read path: µS = (code − offset) × step. Of a board that reckons conductances itself,
 * the step is the resolution of its numbers.
 */
export interface Converter {
  readonly microsiemensPerCode: number;
  readonly offsetCodes: number;
  /** Codes are 0 … codes − 1; the last one means saturated. */
  readonly codes: number;
  /** What devices are read with, where that is known. */
  readonly readVolts?: number | undefined;
}

/** The highest amplitude code within the chip's limits. */
export function highestCode({ pulses, limits }: ChipDescription): number {
  return Math.min(codesOf(pulses) - 1, Math.floor(limits.maxAmplitude / amplitudePerCode(pulses) + 1e-9));
}

export function codesOf(pulses: ChipPulses): number {
  return pulses.technology.codes(pulses);
}

/** In the unit of the technology's amplitudes. */
export function amplitudePerCode(pulses: ChipPulses): number {
  return pulses.technology.amplitudePerCode(pulses);
}

export interface ChipLimits {
  /** The highest voltage that devices may be read with; the usual one where not given. */
  readonly maxReadVolts?: number | undefined;
  /** In the unit of the technology's amplitudes. */
  readonly maxAmplitude: number;
  /** What all devices of a row may draw together in one pulse; a row that wants more is pulsed in parts. */
  readonly maxRowMilliamperes?: number | undefined;
  readonly minWidthNanoseconds: Nanoseconds;
  readonly maxWidthNanoseconds: Nanoseconds;
  /** Of the time in which an amplitude falls. */
  readonly maxTrailingNanoseconds: Nanoseconds;
  /** Over the device's life. */
  readonly pulsesPerDevice: number;
  /** What the board itself never exceeds, in its own loops too; unknown where not given. */
  readonly boardEnforces?: BoardLimits | undefined;
}

export interface BoardLimits {
  readonly maxAmplitude?: number | undefined;
  readonly maxRowMilliamperes?: number | undefined;
}

/** How long the board itself takes; `timing.ts` reckons by it. */
export interface ChipTiming {
  /** A row, read once. */
  readonly readRowMicroseconds: Microseconds;
  readonly pulseRowMicroseconds: Microseconds;
  /** A product of a tile, for one vector of inputs; that of a row read once where not given. */
  readonly multiplyMicroseconds?: Microseconds | undefined;
  /** One iteration of the board's own verify loop, in a row; a read, a pulse and a millisecond where not given. */
  readonly verifyIterationMicroseconds?: Microseconds | undefined;
  /** What any answer takes beyond that: the board's own program. 0 where not given. */
  readonly answerMicroseconds?: Microseconds | undefined;
}

export interface LineSettings {
  readonly baud: number;
  /** 10 for 8N1: start, eight data bits, stop. */
  readonly bitsPerByte: number;
}
