import type { Celsius, Microseconds, Nanoseconds } from "../units.ts";
import type { ChipDescription } from "./description.ts";
import type { Block, ChipGeometry } from "./geometry.ts";

/**
 * The seam to hardware. It speaks the nouns of the lab; all beneath it is bytes.
 *
 * What every implementation owes:
 * - `identify` names chip, firmware, serial number and boot, so that a run can refuse a stranger. What a board cannot do or say stands
 *   in the capabilities of its identity: no tickets, no clock, no converter codes, no serial number, no virtual time.
 * - `read` may be repeated: a lost reply is asked for again.
 * - `pulse` is never fired twice. One ticket is one row pulse, whole or not at all; tickets rise for ever and
 *   stand in the journal before bytes leave. After a lost reply the driver asks whether the ticket fired.
 *   Where that cannot be known the row is reported as uncertain, and nobody may assume either.
 * - Limits of the description are enforced here, before a byte leaves, and again in the firmware.
 * - `standby` puts every line in its safe state, whatever went before, and overtakes what has not left yet.
 * - Every call ends: with its answer or, at its deadline, with an error that names the chip and the port.
 */
export interface ChipDriver {
  readonly address: string;
  readonly description: ChipDescription;

  /** Opens a session and names the chip. Throws `wrong-chip` when it is not of the kind described. */
  identify(): Promise<ChipIdentity>;

  /**
   * Reads every device of a block, row by row; `averages` reads are taken and averaged by the chip.
   *
   * @param wanted     1 for the rows of the block to read, all when not given; the others are NaN.
   * @param readVolts  V over the devices; the usual voltage where not given. Another only where `identity.capabilities.readVoltage` is
   *                   true. Conductances are current over this voltage; codes stand for `converterAt` it.
   */
  read(block: Block, averages: number, wanted?: Uint8Array, readVolts?: number): Promise<Reading>;

  /**
   * Fires one row pulse for every row of the block that has a code other than 0.
   * Throws `limit-exceeded` before anything is sent. Where the link is lost, throws `CutOff` (`drivers/linkErrors.ts`) with a report that says
   * `notFired` of rows that were not sent, and `uncertain` of what may have fired: the first are sent when the link is back, the
   * others never again.
   */
  pulse(block: Block, order: PulseOrder): Promise<PulseReport>;

  /**
   * Lets the board itself pulse and read every device of a block that has a target until it is near it. One ticket a row,
   * as for pulses. Only where `identity.capabilities.onBoardVerify` is true.
   */
  verify(block: Block, order: BoardVerifyOrder): Promise<PulseReport>;

  /**
   * Matrix–vector products of a tile: every row driven at once, each line of devices measured. Only where
   * `identity.capabilities.multiply` is true.
   *
   * @param inputs  vectors of −127 … 127, one entry a row of the tile.
   * @returns µS for each vector, one a line: Σ (input/127) G.
   */
  multiply(tile: number, inputs: readonly Int8Array[]): Promise<Float32Array[]>;

  /**
   * What became of the tickets from `firstTicket` on, one a row, that an earlier session sent or was about to send.
   * Uncertain where the chip does not remember, for instance because it was reset since `boot`, or keeps no tickets.
   */
  fates(firstTicket: number, rowCount: number, boot: number): Promise<PulseReport>;

  /** What the board's sensors say. Only where `identity.capabilities.environment` is true. */
  environment(): Promise<Environment>;

  /**
   * Reads the known resistors that a tile's converters can look at instead of the array, in the order of the
   * description's `referencesMicrosiemens`. Only where `identity.capabilities.references` is true.
   *
   * @returns converter codes, each the mean of `averages` reads.
   */
  references(tile: number, averages: number): Promise<Uint16Array>;

  /** Chip time now. */
  chipTime(): Promise<Microseconds>;

  /** Chip time now, or `link-lost` within a second: for a line on which nothing else happens. */
  heartbeat(): Promise<Microseconds>;

  /** Moves chip time on. Only where `identity.capabilities.virtualTime` is true. */
  advance(duration: Microseconds): Promise<Microseconds>;

  standby(): Promise<void>;

  /** Frees the port. Sends nothing: `standby` comes first. */
  close(): Promise<void>;
}

export interface ChipIdentity {
  readonly name: string;
  readonly firmware: string;
  /** Of a board that says none: the name that a person gave the chip. */
  readonly serialNumber: string;
  /** Counts the chip's power-ups and resets. Of a board that does not count them: another number for every connection. */
  readonly boot: number;
  readonly geometry: ChipGeometry;
  readonly capabilities: ChipCapabilities;
  /** The highest ticket that the chip remembers; 0 when none, or where it keeps none. */
  readonly newestTicket: number;
}

/** What tells one chip from every other: a number is its own only among the chips of a name. */
export type ChipKey = Pick<ChipIdentity, "name" | "serialNumber">;

/** Declared by the chip, never guessed. */
export interface ChipCapabilities {
  /** The chip's time can be moved on: emulators only. */
  readonly virtualTime: boolean;
  /** Matrix–vector products in one step. */
  readonly multiply: boolean;
  /** The board can run a program-and-verify loop by itself. */
  readonly onBoardVerify: boolean;
  /** The board measures its temperature and supply. */
  readonly environment: boolean;
  /** Its converters can look at known resistors. */
  readonly references: boolean;
  /** The board can give cycles of two pulses to a row by itself. Not where it is not said. */
  readonly burst?: boolean;
  /** The board can read with another voltage than the usual one. Not where it is not said. */
  readonly readVoltage?: boolean;
  /** The board gives its own description. Not where it is not said. */
  readonly describe?: boolean;

  // What follows is there where nothing is said: a board that lacks it says `false`.

  /** The board keeps which pulses fired, by their tickets. Without, a pulse whose answer is lost is uncertain and never sent again. */
  readonly tickets?: boolean;
  /** The board has a clock, and tells its time. Without, the driver tells the host's (`drivers/hostTime.ts`). */
  readonly clock?: boolean;
  /** Readings are codes of a converter. Without, the board reckons conductances itself. */
  readonly codes?: boolean;
  /** The board says the chip's serial number. Without, a person names the chip: `?serial=NAME`. */
  readonly serialNumber?: boolean;
}

export interface Environment {
  readonly celsius: Celsius;
  readonly supplyVolts: number;
}

/** One read-out of a block. */
export interface Reading {
  /** µS, one a device; NaN where it was not read, or nothing was measured. */
  readonly conductanceMicrosiemens: Float32Array;
  /** One of `readingFlags` a device. */
  readonly flags: Uint8Array;
  /**
   * What the converters said, one a device; `noCode` where they said nothing. The conductances follow from them. Undefined where
   * the board reckons conductances itself: those are then what it gave.
   */
  readonly codes?: Uint16Array | undefined;
  /** Chip time at which each row was read; NaN where it was not. */
  readonly rowTimesMicroseconds: Float64Array;
}

/** A reading by converters. */
export interface CodedReading extends Reading {
  readonly codes: Uint16Array;
}

/** The code of a device of which the converter had nothing to say, in every dialect. */
export const noCode = 0xffff;

export const readingFlags = { ok: 0, saturated: 1, invalid: 2 } as const;

/** What to fire at a block. */
export interface PulseOrder {
  /** RESET when not given. */
  readonly kind?: "reset" | "set";
  /** One amplitude code a device; 0 leaves the device alone. */
  readonly codes: Uint16Array;
  readonly widthNanoseconds: Nanoseconds;
  /** How long the amplitude takes to fall; 0 when not given. */
  readonly trailingNanoseconds?: Nanoseconds;
  /** Gate of the select transistors; 0, the usual voltage, when not given. */
  readonly gateCode?: number;
  /** Of a burst: the board gives this pulse and then the other one, so often. Only where `identity.capabilities.burst` is true. */
  readonly burst?: Burst;
  /** The ticket of the block's first row; row i holds ticket `firstTicket + i`, used or not. */
  readonly firstTicket: number;
  /** Some of its rows may have fired already, under these tickets. */
  readonly resent?: boolean;
}

/** Cycles of two pulses that a board gives by itself, for every device that the first is for. */
export interface Burst {
  /** 1 … `mostBurstCycles`. */
  readonly cycles: number;
  readonly kind: "reset" | "set";
  readonly code: number;
  readonly widthNanoseconds: Nanoseconds;
  readonly gateCode: number;
}

/** Cycles in one command, at most: standby waits for it. */
export const mostBurstCycles = 10_000;

/** What a board is told to reach by itself. */
export interface BoardVerifyOrder {
  /** µS, one a device; NaN leaves the device alone. */
  readonly targetsMicrosiemens: Float32Array;
  readonly marginMicrosiemens: number;
  /** Pulses that a device may get, at most. */
  readonly iterations: number;
  readonly widthNanoseconds: Nanoseconds;
  readonly firstTicket: number;
  /** Some of its rows may have been done already, under these tickets. */
  readonly resent?: boolean;
}

/** What became of a row's pulse. */
export const rowFates = { nothingToFire: 0, fired: 1, notFired: 2, uncertain: 3 } as const;

export interface PulseReport {
  /** Chip time at which each row fired; NaN where it did not, or nobody knows. */
  readonly rowTimesMicroseconds: Float64Array;
  /** One of `rowFates` a row. */
  readonly fates: Uint8Array;
  /** Of a board's own loop: the pulses that it gave, one entry a device. */
  readonly pulsesGiven?: Uint8Array;
}

/** Of a board that keeps no tickets, or has forgotten them. */
export function unknownFates(rowCount: number): PulseReport {
  const report = blankReport(rowCount);
  report.fates.fill(rowFates.uncertain);
  return report;
}

/** A report of so many rows of which nothing is known yet. */
export function blankReport(rowCount: number): PulseReport {
  return {
    rowTimesMicroseconds: new Float64Array(rowCount).fill(Number.NaN),
    fates: new Uint8Array(rowCount),
  };
}
