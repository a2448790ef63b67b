import type { ChannelMap } from "../src/chip/channels.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import type { ChipCapabilities } from "../src/chip/driver.ts";
import type { RowBytes } from "../src/run/estimate.ts";
import type { Log } from "../src/log.ts";
import type { Microseconds } from "../src/units.ts";
import type { BoardTrials, TrialOptions } from "./boardTrials.ts";
import type { Heard } from "./heard.ts";
import type { ConnectedDriver } from "./reconnectingDriver.ts";
import type { After } from "./systemClock.ts";
import type { SelfDescription } from "./selfDescription.ts";
import type { Transport } from "./transport.ts";

/**
 * A language that boards speak, as a record: a folder of `drivers` exports one, and `lab/dialects.ts` lists them all. Nothing
 * else knows a dialect by its name.
 */
export interface Dialect {
  /** As addresses and transcripts give it: `?dialect=packet`. */
  readonly name: string;
  /** What passes on its line: bytes are quoted in hexadecimal, text as it is. */
  readonly line: "bytes" | "text";

  /** Of its serial ports: none where not given. */
  readonly parity?: "even";

  /** What a chip cannot be asked for in this dialect, whatever it can do. */
  readonly lacks?: readonly (keyof ChipCapabilities)[];

  /** Bytes of a row on the line, for estimates; those of the packet dialect where not given. */
  readonly rowBytes?: RowBytes;

  /** A driver over an open line. Nothing has been sent yet: `identify` comes first. */
  open(transport: Transport, options: DriverOptions): ConnectedDriver;

  /**
   * Asks an open line which chip answers. Never throws. It may send nothing that could move a device or set an output, of whatever
   * hangs there, and it leaves the line as a board of another dialect can still take it. A chip is believed when it answers what only a
   * board of this dialect answers, otherwise each time. Not there where no board can be asked so: its ports are named by people alone.
   *
   * @returns undefined when nothing answers in this dialect within the deadline.
   */
  probe?(transport: Transport, deadlineMilliseconds: number, log?: Log): Promise<ProbeAnswer | undefined>;

  /**
   * Which board a port may lead to, by what the system knows of it: `an ArC ONE`. To such a port nothing is written, in any dialect,
   * unless a person names it: what asks one board may be an order to the other.
   */
  perhaps?(port: PortInfo): string | undefined;

  /** Whether what a chip said of itself in another dialect shows that it speaks this one: an instrument answers `*IDN?` of any. */
  claims?(answer: ChipAnswer): boolean;

  /** What its addresses may say beside what all may. */
  readonly parameters?: readonly DialectParameter[];

  /** The description that is meant where an address names none: of boards that cannot say which chip they hold. */
  readonly usualChip?: string;

  /** Tries a board that may be wrong, for `mho check-chip`, past its driver; boards of a dialect without it are tried by their driver alone. */
  readonly trials?: (transport: Transport, options?: TrialOptions) => BoardTrials;

  /** Puts one direction of a recorded conversation together again. */
  readTranscript(to: "chip" | "host"): Heard;
}

/**
 * `switch` and `channels`: another line, to a switch matrix, and the file of its channels. `compliance_microamperes`: the most that a
 * pulse may draw. `power_line_cycles`: how long a measurement takes.
 */
export type DialectParameter = "switch" | "channels" | "compliance_microamperes" | "power_line_cycles";

/** A serial port, as far as the system knows it. */
export interface PortInfo {
  readonly path: string;
  readonly vendor: string | undefined;
  readonly vendorId: string | undefined;
  readonly productId: string | undefined;
  readonly serialNumber: string | undefined;
}

/** What a chip says of itself when it is asked who it is. */
export interface ChipAnswer {
  readonly name: string;
  readonly firmware: string;
  readonly serialNumber: string;
}

/** The same, or what an instrument that is no chip of the dialect says of itself. */
export interface ProbeAnswer extends ChipAnswer {
  /** Its whole answer to `*IDN?`. Another dialect may claim it. */
  readonly instrument?: string;
}

/** What every driver needs to know of the chip and the connection. */
export interface DriverOptions {
  /** How a person named the chip. */
  readonly address: string;
  readonly description: ChipDescription;
  /**
   * A fresh 32-bit number for every connection: replies to an earlier session are then never believed. A board that does not count its
   * boots has this one for a boot.
   */
  readonly session: number;
  /** How a person named the chip, where the board says no serial number. */
  readonly serialNumber?: string | undefined;
  /** How long one reply may take at least, whatever the description and the line say (750). */
  readonly deadlineMilliseconds?: number;
  /** How often a question is asked before the link is given up. */
  readonly attempts?: number;
  /** What deadlines run by; the host's clock when not given. */
  readonly after?: After;
  /** Link time, by which a chip's clock is judged; the host's when not given. */
  readonly now?: () => Microseconds;
  /**
   * Told what a board that describes itself says of itself, before the board is compared with `description`. What it throws, `identify`
   * throws. Boards are not asked where this is not given.
   */
  readonly onDescribed?: ((said: SelfDescription) => void) | undefined;
  /** Chip time of a board that has no clock; the host's calendar when not given. */
  readonly hostTime?: () => Microseconds;
  /** An open line to a switch matrix between instrument and devices, and its channels. */
  readonly switchLine?: Transport | undefined;
  readonly channels?: ChannelMap | undefined;
  /** The most that a pulse may draw (1000). */
  readonly mostMicroamperes?: number | undefined;
  /** How long a measurement takes, in cycles of the mains (1). */
  readonly powerLineCycles?: number | undefined;
  /** Told of requests, retries and what the line damaged; no records are kept when not given. */
  readonly log?: Log | undefined;
}
