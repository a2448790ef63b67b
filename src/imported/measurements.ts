import type { Celsius, Microseconds, Microsiemens } from "../units.ts";

/** What another tester measured: devices, and reads of them in any order. */
export interface Measurements {
  readonly devices: readonly MeasuredDevice[];
  readonly reads: MeasuredReads;
}

export interface MeasuredDevice {
  /** As the tester's file calls it. */
  readonly name: string;
  /** What it conducted directly after its write; NaN where that was not measured. */
  readonly writtenMicrosiemens: Microsiemens;
  /** The range that it was aimed at; both are NaN where there was none, and the same where it was one value. */
  readonly lowMicrosiemens: Microsiemens;
  readonly highMicrosiemens: Microsiemens;
  /** At which it was kept since its write; NaN where nothing is said. */
  readonly bakeCelsius: Celsius;
}

/** Reads after the write. All arrays have one entry a read. */
export interface MeasuredReads {
  /** Place in the list of devices. */
  readonly devices: Uint32Array;
  /** Since the device's write, > 0; a fraction counts. */
  readonly agesMicroseconds: Float64Array;
  /** The age that it was planned for; NaN where nothing is said. */
  readonly nominalMicroseconds: Float64Array;
  /** As it was given, below zero too; NaN where the read is missing. */
  readonly conductanceMicrosiemens: Float32Array;
  readonly averages: Uint16Array;
  /** Of the chip; NaN where it was not measured. */
  readonly celsius: Float64Array;
}

/** The age at which a read was planned, or else at which it was taken. */
export function plannedAge(
  { nominalMicroseconds, agesMicroseconds }: MeasuredReads,
  read: number,
): Microseconds {
  const nominal = nominalMicroseconds[read]!;
  return nominal > 0 ? nominal : agesMicroseconds[read]!;
}
