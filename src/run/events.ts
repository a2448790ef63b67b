import type { RunId, RunOutcome } from "./store.ts";
import type { RowsRead } from "./longRead.ts";
import type { Seconds } from "../units.ts";

/**
 * What a run, a watch or the link tells while it goes on. Events leave the program as they are, as lines of JSON, so their names
 * are those of files: snake_case, with units. docs/events.md lists them.
 */
export type RunEvent = ProgramEvent | WatchEvent | PauseEvent | LinkEvent | StandbyEvent | WearEvent;

/** In this order: one `started`, any number of those between, one `ended`. */
export type ProgramEvent =
  | {
      readonly type: "started";
      readonly run: RunId;
      readonly title: string;
      readonly method: string;
      readonly chip: string;
      readonly serial_number: string;
      readonly firmware: string;
      readonly boot: number;
      readonly devices: number;
      readonly resumed: boolean;
      /** The network that it holds a share of; null for a run by itself. */
      readonly network: string | null;
    }
  | {
      readonly type: "turn";
      readonly run: RunId;
      readonly tile: number;
      readonly turn: number;
      /** Whether the tile is done with this turn. */
      readonly tile_done: boolean;
      readonly devices: number;
      /** Devices with a final verdict, and those of them that were accepted. */
      readonly devices_done: number;
      readonly accepted: number;
      /** Devices inside their margins that are still to be confirmed. */
      readonly inside: number;
      readonly pulses: number;
    }
  /** Whether these rows of a turn fired is unknown; they are read before anything else is decided. */
  | {
      readonly type: "uncertain";
      readonly run: RunId;
      readonly tile: number;
      readonly turn: number;
      readonly rows: number;
    }
  /** The run waits until it may look at what it pulsed, on a chip whose time goes by itself. */
  | {
      readonly type: "next_look";
      readonly run: RunId;
      readonly tile: number;
      /** Age of the tile's last pulse then. */
      readonly time_seconds: Seconds;
      readonly due_in_seconds: Seconds;
    }
  | NextSweepEvent
  | RowsReadEvent
  | SweepEvent
  | {
      readonly type: "ended";
      readonly run: RunId;
      readonly outcome: RunOutcome;
      /** Whether the chip confirmed that it is in standby. */
      readonly standby: boolean;
    };

/** A tile was read. */
export interface SweepEvent {
  readonly type: "sweep";
  readonly run: RunId;
  readonly tile: number;
  /** The age that was asked for, and how much later than that the tile was read. */
  readonly time_seconds: Seconds;
  readonly late_seconds: Seconds;
  /** Null where the board does not measure its temperature. */
  readonly celsius: number | null;
  /** Sweeps of this command that are still to come; null where it is not known. */
  readonly left: number | null;
}

export type WatchEvent =
  | { readonly type: "watching"; readonly runs: readonly RunId[]; readonly sweeps: number }
  /** A later run pulsed devices of the tile, so it is no longer as this run left it. */
  | { readonly type: "left_out"; readonly run: RunId; readonly tile: number; readonly by: RunId }
  | NextSweepEvent
  | RowsReadEvent
  | SweepEvent;

/** A watch, or a run whose pulses are done, waits for this read. */
export interface NextSweepEvent {
  readonly type: "next_sweep";
  readonly run: RunId;
  readonly tile: number;
  readonly time_seconds: Seconds;
  readonly due_in_seconds: Seconds;
}

/** A tile of a slow board is read a few rows at a time. */
export interface RowsReadEvent {
  readonly type: "rows_read";
  /** Null where a chip is read for no run. */
  readonly run: RunId | null;
  readonly tile: number;
  readonly rows: number;
  /** Rows that are to be read. */
  readonly of: number;
  /** By what the chip's description says of a row. */
  readonly left_seconds: Seconds;
}

/** The event of how far a read is. */
export function rowsRead(
  run: RunId | null,
  tile: number,
  { read: rows, of, leftSeconds: left_seconds }: RowsRead,
): RowsReadEvent {
  return { type: "rows_read", run, tile, rows, of, left_seconds };
}

export type PauseEvent =
  { readonly type: "paused"; readonly run: RunId } | { readonly type: "unpaused"; readonly run: RunId };

export type LinkEvent =
  | {
      readonly type: "link_lost";
      /** Of the chip. */
      readonly address: string;
      readonly reason: string;
      /** How long the chip is looked for before the work is given up. */
      readonly patience_milliseconds: number;
    }
  | {
      readonly type: "link_back";
      readonly address: string;
      readonly port: string;
      readonly after_milliseconds: number;
    }
  /** The host was silent for so long that the chip went into standby by itself; it was woken, and the work goes on. */
  | { readonly type: "woken"; readonly address: string; readonly after_milliseconds: number };

/** The chip did not confirm that it is in standby: its outputs may be on. */
export interface StandbyEvent {
  readonly type: "standby_failed";
  /** Of the chip. */
  readonly address: string;
  readonly reason: string;
}

/** The chip had fired pulses that this workspace did not book: its devices are worn by more than any budget counts. */
export interface WearEvent {
  readonly type: "unknown_wear";
  readonly run: RunId;
  readonly newest_ticket: number;
}
