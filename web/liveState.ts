import type { ConvergenceKind } from "../src/results/convergence.ts";
import type { DoneWord } from "../src/results/doneWord.ts";
import type { RunAtBench, RunOutcome, RunRequest } from "../src/run/store.ts";

/** What the server tells the page, as JSON: numbers that are not known are null. */

/** A run in the list. */
export interface RunLine {
  readonly run: string;
  readonly title: string;
  readonly chip: string;
  readonly startedAt: string;
  readonly outcome: RunOutcome | "running";
  readonly tags: readonly string[];
  readonly archived: boolean;
  /** At a server: the bench that made it, and how that calls it. */
  readonly madeAt: RunAtBench | null;
}

/** A job of the queue. */
export interface JobLine {
  readonly job: string;
  /** In words: `program s.json --method verify`. */
  readonly text: string;
  readonly chip: string;
  /** The other chips that it works on, of a network over several. */
  readonly otherChips: readonly string[];
  /** Jobs of one place are done one after the other. */
  readonly place: string;
  /** `cut off` where its worker died; `stopped` where it was put back. */
  readonly state: "waiting" | "stopped" | "under way" | "cut off" | "failed";
  /** Whether a worker would begin with it. */
  readonly ready: boolean;
  /** Why it waits, or why it failed; null where nothing is to be said. */
  readonly why: string | null;
  readonly runs: readonly string[];
}

/** What a search found: runs by their ids, the oldest first, and how many more pass that are archived. */
export interface FoundRuns {
  readonly runs: readonly string[];
  readonly archivedLeftOut: number;
}

/** Runs beside the first of them, in words. */
export interface ComparedRuns {
  readonly titles: readonly { readonly run: string; readonly title: string }[];
  /** The names of the columns, then a row a run. */
  readonly rows: readonly (readonly string[])[];
  /** A sentence each. */
  readonly differences: readonly string[];
  /** At which errors are compared; null where the runs have no age in common. */
  readonly ageSeconds: number | null;
  /** How the intervals are found. */
  readonly method: string;
}

/** What people wrote on a run, or on its chip. */
export interface WrittenNote {
  readonly at: string;
  readonly of: "run" | "chip";
  readonly by: string | null;
  /** One line each: no text to the page has a line's end in it. */
  readonly lines: readonly string[];
}

/** A tile as one sweep read it. */
export interface Frame {
  /** The age at which it was read; null of a measurement. */
  readonly ageSeconds: number | null;
  /** Wall time, ISO 8601; empty where it is not known. */
  readonly takenAt: string;
}

/** A watch that ended has left sweeps that are still to be taken. */
export type Phase = "programming" | "reading" | "paused" | "watch ended" | RunOutcome;

/** All that is shown of one run. */
export interface RunState {
  readonly run: string;
  readonly title: string;
  readonly chip: string;
  /** Which share it holds of a network over several chips; `left` where a spare has the share now. Null for a run by itself. */
  readonly network: {
    readonly network: string;
    readonly share: number;
    readonly shares: number;
    readonly left: boolean;
  } | null;
  readonly method: string;
  /** Whether it is a measurement, which has findings and is not compared. */
  readonly measures: boolean;
  readonly doneWord: DoneWord;
  readonly startedAt: string;
  readonly madeAt: RunAtBench | null;
  readonly tags: readonly string[];
  readonly operator: string | null;
  readonly archived: boolean;
  /** Where its chip was cut from, as noted. */
  readonly wafer: string | null;
  readonly die: string | null;
  /** In the order in which they were written. */
  readonly notes: readonly WrittenNote[];
  readonly phase: Phase;
  /** What was asked of it and not yet done. */
  readonly asked: RunRequest | "resume" | null;
  /** Whether a process may be there to hear what is asked. */
  readonly hears: boolean;
  /** The command that goes on with it when its process has ended. */
  readonly goesOnWith: "resume" | "watch";
  /** Wall time of the newest turn, sweep or note, ISO 8601. */
  readonly heardAt: string | null;
  /** Devices with a target; those with a verdict; of these, those that were read back at the end, and those that were accepted. */
  readonly devices: number;
  readonly settled: number;
  readonly judged: number;
  readonly accepted: number;
  /** Devices with a verdict, and those that are where they should be and are still to be confirmed. */
  readonly done: number;
  readonly pulses: number;
  readonly turns: number;
  readonly sweeps: number;
  /** Of those that are still to be taken; null when nobody said. */
  readonly sweepsLeft: number | null;
  readonly devicesPerSecond: number | null;
  readonly pulsesPerSecond: number | null;
  /** Until all devices are in place. */
  readonly secondsLeft: number | null;
  readonly tiles: readonly TileLine[];
  /** In percent of the largest weight, or in µS, by its kind. */
  readonly convergence: {
    readonly kind: ConvergenceKind;
    readonly points: readonly {
      readonly turns: number;
      readonly rms: number | null;
      readonly pulsedPercent: number;
    }[];
  };
  readonly link: LinkState;
  readonly log: readonly LogLine[];
  readonly shown: ShownTile | null;
}

export interface TileLine {
  readonly tile: number;
  readonly devices: number;
  /** In place or accepted: without those that were given up. */
  readonly inPlace: number;
  readonly accepted: number;
}

export interface LinkState {
  readonly down: boolean;
  readonly losses: number;
  /** Rows of which nobody knows whether they fired, in words. */
  readonly uncertain: number;
}

export interface LogLine {
  readonly at: string;
  readonly text: string;
  readonly kind: "turn" | "sweep" | "note";
}

/** The tile whose devices are drawn; the numbers of its devices are fetched when `version` has changed. */
export interface ShownTile {
  readonly tile: number;
  readonly version: number;
  readonly rowStart: number;
  readonly rows: number;
  readonly devicesPerRow: number;
  readonly devicesPerCell: number;
  readonly maxConductanceMicrosiemens: number;
  /** Whether its rows and columns are no places on a chip, as of imported devices: these stand in the order of their tables. */
  readonly inOrder: boolean;
  /** The age that it was last read at; null before it was read after programming. */
  readonly ageSeconds: number | null;
  /** How many sweeps of it there are: the frames of its film. */
  readonly frames: number;
  readonly drift: readonly {
    readonly fromMicrosiemens: number;
    readonly toMicrosiemens: number;
    readonly devices: number;
    /** Median of what they read first. */
    readonly startMicrosiemens: number;
    readonly points: readonly {
      readonly ageSeconds: number;
      readonly quarter: number;
      readonly median: number;
      readonly threeQuarters: number;
      readonly expected: number | null;
    }[];
  }[];
}
