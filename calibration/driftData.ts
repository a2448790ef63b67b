import type { Celsius, Microseconds, Microsiemens, Seconds } from "../src/units.ts";

/**
 * What was measured of one block after it was programmed. Arrays over the block are row-major, one entry a device.
 */
export interface DriftData {
  readonly devicesPerRow: number;
  /** What each device was aimed at, µS; NaN where that is not known. */
  readonly targetsMicrosiemens: Float32Array;
  /** What each device conducted directly after its write, µS, where another tester read it then; NaN where not. */
  readonly writtenMicrosiemens?: Float32Array | undefined;
  /** 1 for the devices that ended where they were wanted; the others teach nothing of the law. */
  readonly usable: Uint8Array;
  /**
   * Whether devices were looked at and pulsed again until they fitted. Those that drift unlike the rest are then picked out:
   * what is left says less of the law than devices that got one pulse and were left as they were.
   */
  readonly picked: boolean;
  /** Chip time of each device's last pulse; NaN where it never had one. */
  readonly pulsedAtMicroseconds: Float64Array;
  /** In the order of their times. */
  readonly sweeps: readonly DriftSweep[];
}

/** One read-out of the block. */
export interface DriftSweep {
  /** Mean of `averages` reads, µS; NaN where nothing was read. */
  readonly conductanceMicrosiemens: Float32Array;
  /** One of `readingFlags` a device. */
  readonly flags: Uint8Array;
  /** Chip time, one entry a row. */
  readonly rowTimesMicroseconds: Float64Array;
  readonly averages: number;
  /** Of the chip; undefined where it was not measured. */
  readonly celsius: Celsius | undefined;
  /** At which the devices were kept since their pulses, where they were baked. */
  readonly bakeCelsius?: Celsius | undefined;
}

/** What the reader knows of the chip that measured. */
export interface ReadOut {
  /** Length of one read by the model's law of 1/f noise. */
  readonly readSeconds: Seconds;
  /** From one read to the next, where reads are averaged. */
  readonly spacingMicroseconds: Microseconds;
  readonly microsiemensPerCode: Microsiemens;
}
