import type { RunOutcome } from "../src/run/store.ts";
import type { Phase, WrittenNote } from "./liveState.ts";

/** What the server tells the page of networks that are laid over several chips. */

/** A network in the list. */
export interface NetworkLine {
  readonly network: string;
  readonly title: string;
  readonly startedAt: string;
  readonly outcome: RunOutcome | "running";
  /** Those that hold its shares, in order; null where none does. */
  readonly runs: readonly (string | null)[];
  /** Its runs and those of chips that failed, the oldest first, but for runs of the network that it corrects. */
  readonly own: readonly string[];
  /** Whether all of its runs are archived. */
  readonly archived: boolean;
}

/** How a whole stands: as its runs do, and `not complete` where a share has no run, or one that failed. */
export type NetworkPhase = Phase | "not complete";

/** All that is shown of one network. */
export interface NetworkState {
  readonly network: string;
  readonly title: string;
  readonly startedAt: string;
  /** The network whose devices this one corrects, and the one that corrects this. */
  readonly corrects: string | null;
  readonly correctedBy: string | null;
  /** Tags and notes that all of its runs have. */
  readonly tags: readonly string[];
  readonly notes: readonly WrittenNote[];
  readonly operator: string | null;
  /** Whether all of its runs are archived. */
  readonly archived: boolean;
  /** Addresses of chips that wait to take the place of one that fails. */
  readonly spares: readonly string[];
  readonly phase: NetworkPhase;
  /** Whether a process may be there to hear what is asked of any of its runs. */
  readonly hears: boolean;
  /** Whether all runs that hear are in standby until they are resumed. */
  readonly paused: boolean;
  readonly heardAt: string | null;
  /** Over all of its runs, as of a run. */
  readonly devices: number;
  readonly settled: number;
  readonly judged: number;
  readonly accepted: number;
  readonly done: number;
  readonly pulses: number;
  readonly turns: number;
  readonly sweeps: number;
  readonly devicesPerSecond: number | null;
  /** Of the run that takes longest. */
  readonly secondsLeft: number | null;
  readonly shares: readonly ShareLine[];
}

/** What one chip holds of it. */
export interface ShareLine {
  /** From 1. */
  readonly share: number;
  readonly firstTile: number;
  readonly tiles: number;
  readonly address: string;
  /** Null where no run has begun on the chip; so is what follows. */
  readonly run: string | null;
  readonly chip: string | null;
  readonly phase: Phase | null;
  readonly devices: number;
  readonly settled: number;
  readonly judged: number;
  readonly accepted: number;
  readonly done: number;
  readonly linkDown: boolean;
  /** Chips that it was on before, and why it left them. */
  readonly before: readonly {
    readonly address: string;
    readonly run: string | null;
    readonly at: string;
    readonly why: string;
  }[];
}
