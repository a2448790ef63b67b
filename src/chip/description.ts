import type { Microamperes, Microseconds, Microsiemens, Nanoseconds } from "../units.ts";
import type { ChipGeometry } from "./geometry.ts";

/** What is known of a kind of chip before one is on the desk: data, never a subclass. */
export interface ChipDescription {
  readonly name: string;
  readonly geometry: ChipGeometry;
  readonly maxConductanceMicrosiemens: Microsiemens;
  readonly converter: Converter;
  /** Known resistors that the converters can look at instead of the array. */
  readonly referencesMicrosiemens?: readonly Microsiemens[] | undefined;
  readonly pulses: ChipPulses;
  /** How products of a whole tile are measured, where the chip can: µS = code × step, per line of devices. */
  readonly multiply?: { readonly microsiemensPerCode: number } | undefined;
  readonly limits: ChipLimits;
  readonly timing: ChipTiming;
  readonly line: LineSettings;
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

/** How devices are programmed, by their technology. */
export type ChipPulses = PcmPulses | RramPulses;

/** Phase change: a RESET pulse sets the conductance anew, whatever it was. */
export interface PcmPulses {
  readonly technology: "pcm";
  readonly reset: PulseKind;
  /** A pulse that brings a device to the top of its range, whatever it was: melted, and let cool slowly. */
  readonly set?: FullSetPulse | undefined;
}

export interface FullSetPulse {
  readonly amplitudeMicroamperes: Microamperes;
  readonly widthNanoseconds: Nanoseconds;
  /** How long the amplitude takes to fall. */
  readonly trailingNanoseconds: Nanoseconds;
}

/** Filaments: SET raises the conductance towards a limit, RESET lowers it; each limit follows the voltage. */
export interface RramPulses {
  readonly technology: "rram";
  readonly voltsPerCode: number;
  /** Codes are 0 … codes − 1; 0 leaves the device alone. */
  readonly codes: number;
  readonly set: LimitPulse;
  readonly reset: LimitPulse;
}

/** One direction of programming, and how the datasheet says that devices answer to it. */
export interface LimitPulse {
  readonly widthNanoseconds: Nanoseconds;
  /** Gate of the select transistor; 0 for the usual voltage. */
  readonly gateCode: number;
  /** Where a staircase begins. */
  readonly fromVolts: number;
  readonly toVolts: number;
  /** Voltage → the conductance that it moves a device towards; voltages ascend, conductances rise or fall throughout. */
  readonly volts: Float64Array;
  readonly limitMicrosiemens: Float64Array;
  /** Share of the way to the limit that one pulse goes. */
  readonly share: number;
  /** How far a device's own threshold lies from the nominal one, as a standard deviation. */
  readonly deviceSpreadVolts: number;
}

/** The highest amplitude code within the chip's limits. */
export function highestCode({ pulses, limits }: ChipDescription): number {
  return Math.min(codesOf(pulses) - 1, Math.floor(limits.maxAmplitude / amplitudePerCode(pulses) + 1e-9));
}

export function codesOf(pulses: ChipPulses): number {
  return pulses.technology === "pcm" ? pulses.reset.codes : pulses.codes;
}

/** µA or V, by the technology. */
export function amplitudePerCode(pulses: ChipPulses): number {
  return pulses.technology === "pcm" ? pulses.reset.microamperesPerCode : pulses.voltsPerCode;
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
  /** µA for PCM, V for ReRAM. */
  readonly maxAmplitude: number;
  /** What all devices of a row may draw together in one pulse; a row that wants more is pulsed in parts. PCM. */
  readonly maxRowMilliamperes?: number | undefined;
  readonly minWidthNanoseconds: Nanoseconds;
  readonly maxWidthNanoseconds: Nanoseconds;
  /** Of the time in which an amplitude falls. */
  readonly maxTrailingNanoseconds: Nanoseconds;
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
