import type { ChipIdentity } from "../src/chip/driver.ts";
import type { Microseconds, Nanoseconds } from "../src/units.ts";
import type { SelfDescription } from "./selfDescription.ts";
import type { After } from "./systemClock.ts";

/** What became of one try. A board that refuses says why; one that is silent or strange is told of as it is. */
export type Tried<T> =
  | { readonly kind: "answered"; readonly value: T; readonly milliseconds: number }
  | { readonly kind: "refused"; readonly why: Refused; readonly text: string }
  | { readonly kind: "silent" }
  /** Whole bytes that are no answer of this form; `what` is a part of a sentence. */
  | { readonly kind: "strange"; readonly what: string };

/** Why a board refused, in every dialect. */
export type Refused =
  "session" | "standby" | "limit" | "stale ticket" | "called off" | "unsupported" | "other";

export interface TriedRow {
  readonly codes: Uint16Array;
  readonly atMicroseconds: Microseconds;
}

export interface TriedPulse {
  /** 0 in dialects without tickets. */
  readonly ticket: number;
  readonly tile: number;
  readonly row: number;
  readonly kind: "reset" | "set";
  readonly widthNanoseconds: Nanoseconds;
  readonly trailingNanoseconds: Nanoseconds;
  readonly gateCode: number;
  readonly codes: Uint16Array;
}

export interface TriedFate {
  readonly fate: "not fired" | "fired" | "unknown";
  readonly atMicroseconds: Microseconds;
}

export interface CalledOff {
  readonly abort: Tried<unknown>;
  /** The pulse that the abort overtook; undefined where a dialect has one request in flight. */
  readonly late: Tried<TriedFate> | undefined;
}

/** How the same request was answered when it came again. */
export type Again = "the same" | "otherwise" | "silent";

/**
 * What `mho check-chip` tries on a board that may be wrong in any way: each request once as the page says it, past the driver, which
 * would refuse or mend. Nothing here throws for what a board does.
 */
export interface BoardTrials {
  /** What the page asks of a board in this dialect. */
  readonly promises: {
    readonly tickets: boolean;
    /** The page of the dialect, for remedies, and the heading under which it tells of a step; of a step without one, `usualSection`. */
    readonly page: string;
    readonly sections: Readonly<Record<string, string>>;
    readonly usualSection: string;
    /** How a request of a session that was never opened is to be refused. */
    readonly session: string;
  };

  /** How long reads and pulses take this board, as far as is known; a moment where it is not. */
  takes: { read(averages: number): Microseconds; pulse(): Microseconds };

  /** Opens a session and wakes the board. */
  open(): Promise<Tried<ChipIdentity>>;

  describe(): Promise<Tried<SelfDescription>>;

  time(): Promise<Tried<Microseconds>>;

  /** Only of boards whose time is virtual. */
  advance(duration: Microseconds): Promise<Tried<Microseconds>>;

  read(tile: number, row: number, averages: number): Promise<Tried<TriedRow>>;

  /**
   * The same read twice under one tag.
   *
   * @param between  requests between the two, as many as the board's window has room for; one where a dialect has one in flight.
   */
  readTwice(tile: number, row: number, between: number): Promise<Again>;

  pulse(pulse: TriedPulse): Promise<Tried<TriedFate>>;

  /** Only where `promises.tickets`. */
  fate(ticket: number): Promise<Tried<TriedFate>>;

  /** An abort, and after it a pulse that was sent before it, where the dialect can tell. */
  callOff(pulse: TriedPulse): Promise<CalledOff>;

  /** How errors came that were not addressed to their request, as the end of a sentence; undefined where none did. */
  readonly strayErrors?: string | undefined;

  /** A question after the time whose check is wrong. */
  damaged(): Promise<"answered" | "silent">;

  /** A question after the time, of a session that was never opened. */
  foreign(): Promise<Tried<unknown>>;

  standby(): Promise<Tried<unknown>>;

  close(): Promise<void>;
}

export interface TrialOptions {
  /** How long an answer may take. */
  readonly deadlineMilliseconds?: number | undefined;
  readonly after?: After | undefined;
  /** Link time, for how long answers took. */
  readonly now?: (() => Microseconds) | undefined;
}

/** Of a board of which nothing is known yet. */
export const takesAMoment: BoardTrials["takes"] = { read: () => 0, pulse: () => 0 };

/** How often a question is asked before a board is called silent. */
export const trialAttempts = 3;

/** Whether values are such as come of bytes in the other order, and not of these: none fits, and all would fit swapped. */
export function lookSwapped(values: Uint16Array, highest: number): boolean {
  const given = values.filter((value) => value !== 0xffff);
  const swapped = given.map((value) => ((value & 0xff) << 8) | (value >> 8));
  const beyond = given.filter((value) => value > highest).length;
  return beyond > given.length / 4 && swapped.every((value) => value <= highest);
}
