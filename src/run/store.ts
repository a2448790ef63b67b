import type { ChipDocument } from "../chip/description.ts";
import type { ChipIdentity, ChipKey } from "../chip/driver.ts";
import type { Forecast } from "./forecast.ts";
import type { GroupChange, GroupId, RunGroup } from "./groups.ts";
import type { ChipNote, LabelChange, RunLabels } from "./labels.ts";
import type { Question, QuestionChange, QuestionId } from "./questions.ts";
import type { RunPlan } from "./plan.ts";
import type { RunId } from "./runId.ts";
import type { ClockMark, RunNote, SweepRecord, TileWear, TurnRecord, WatchSettings } from "./journal.ts";

/**
 * Where runs are kept. What a call has acknowledged survives a crash of the process or of the machine.
 * Every method throws `workspace-failed` when the store is full, locked or damaged.
 */
export interface RunStore {
  /**
   * Opens a run and returns its id; the plan's forecasts and labels are kept with it. `startedAt` is wall time, ISO 8601.
   *
   * @param description  of the chip, as it was then: a run must be understood without a file that may change.
   */
  beginRun(
    plan: RunPlan,
    identity: ChipIdentity,
    startedAt: string,
    description?: ChipDocument,
  ): Promise<RunId>;
  appendTurn(run: RunId, turn: TurnRecord): Promise<void>;
  /** Throws `bad-argument` for a run that is sealed, as `reopenRun` and `setWatch` do. */
  appendSweep(run: RunId, sweep: SweepRecord): Promise<void>;
  appendNote(run: RunId, note: RunNote): Promise<void>;
  appendLabel(run: RunId, change: LabelChange): Promise<void>;
  appendChipNote(chip: ChipKey, note: ChipNote): Promise<void>;
  /** A run goes on, with the chip as it is found now. Nothing is wanted of it any more. */
  reopenRun(run: RunId, identity: ChipIdentity): Promise<void>;
  /** Nothing is wanted of it any more. A store that keeps a file and a log beside it moves the log into the file. */
  endRun(run: RunId, outcome: RunOutcome): Promise<void>;
  /** Sets when a run is read after it is done, in place of what was set before. */
  setWatch(run: RunId, settings: WatchSettings): Promise<void>;
  markClock(mark: ClockMark): Promise<void>;
  /** Says what somebody wants of a run that may be going on elsewhere, in place of what was wanted; undefined for nothing. */
  setRequest(run: RunId, request: RunRequest | undefined): Promise<void>;
  /** Keeps what turns of runs add up to, so that it need not be folded again. */
  keepWear(worn: readonly RunWear[]): Promise<void>;
  /** Keeps by what a run is listed, so that it need not be judged again. @param counts  of its rows, when that began. */
  keepFigures(run: RunId, counts: RowCounts, figures: ListedFigures): Promise<void>;

  /** Books a ticket that the chip had fired and no run of this store had journalled. */
  bookForeignTicket(chip: ChipKey, ticket: number): Promise<void>;

  /** The highest ticket that any run has journalled for this chip, or that was booked as foreign; 0 when none. */
  newestTicket(chip: ChipKey): Promise<number>;

  /** The oldest first, without those that were deleted. */
  runs(): Promise<readonly RunSummary[]>;
  /** The runs of a chip, the oldest first; with those that were deleted, for their wear. */
  runsOfChip(chip: ChipKey): Promise<readonly RunId[]>;
  /** Of one run. */
  summary(run: RunId): Promise<RunSummary>;
  plan(run: RunId): Promise<RunPlan>;
  /** What was foretold of a run's weights when it began; none of runs that older layouts kept. */
  forecasts(run: RunId): Promise<readonly Forecast[]>;
  /** Undefined for runs that kept none. */
  description(run: RunId): Promise<ChipDocument | undefined>;
  /** The chip as the run found it, the last time that it began or went on. */
  identity(run: RunId): Promise<ChipIdentity>;
  /**
   * In the order in which they were appended; the first `skip` of them left out.
   *
   * @param tiles  of these alone, where a part of a large run is looked at; all where not given.
   */
  turns(run: RunId, skip?: number, tiles?: ReadonlySet<number>): AsyncIterable<TurnRecord>;
  sweeps(run: RunId, skip?: number, tiles?: ReadonlySet<number>): AsyncIterable<SweepRecord>;
  /** Which turn of a run is the newest: a number that grows with each; 0 for none. */
  newestTurn(run: RunId): Promise<number>;
  /** What was kept of a run, in the plan's order; undefined when it is none, or not of all turns that there are by now. */
  keptWear(run: RunId): Promise<readonly TileWear[] | undefined>;
  rowCounts(run: RunId): Promise<RowCounts>;
  /** What was kept of a run; undefined when it is nothing, or not of all rows that there are by now. */
  keptFigures(run: RunId): Promise<ListedFigures | undefined>;
  /** A text that is another after anything was written, by this program or another. Costs next to nothing. */
  stamp(): Promise<string>;
  /** Undefined for a run that nobody watches. */
  watch(run: RunId): Promise<WatchSettings | undefined>;
  /** What is wanted of a run; undefined for nothing. Read between any two turns, so it costs next to nothing. */
  request(run: RunId): Promise<RunRequest | undefined>;
  /** The last mark of a chip's clock; undefined when there is none. */
  newestMark(chip: ChipKey): Promise<ClockMark | undefined>;
  /** A run's labels as they are now; also of a run that was deleted. */
  labels(run: RunId): Promise<RunLabels>;
  /** What was noted of a chip, in order. */
  chipNotes(chip: ChipKey): Promise<readonly ChipNote[]>;
  /** A number that grows with every change of any run's labels. */
  newestLabel(): Promise<number>;
  /**
   * What lists read of the runs that are there: all of them as they stand now, where asking for one after the other would take long.
   *
   * @param options  `notes`: also those of runs that have ended.
   */
  forLists(options: { readonly notes: boolean }): Promise<ListReader>;
  /**
   * Asks, answers or closes a question. @returns the question's id.
   *
   * @throws `bad-argument` where the question to be answered or closed is no longer open.
   */
  appendQuestion(change: QuestionChange): Promise<QuestionId>;
  /** What programs asked, in order. */
  questions(): Promise<readonly Question[]>;
  /** What happened to a run, in order. */
  notes(run: RunId): Promise<RunNote[]>;
  /** Begins a group of runs, or changes one; that a run serves in it, `beginRun` keeps by its plan. @returns the group's id. */
  appendGroup(change: GroupChange): Promise<GroupId>;
  /** In the order in which they were begun. */
  groups(): Promise<readonly RunGroup[]>;
  close(): Promise<void>;
}

export type { RunId } from "./runId.ts";

/** What judging a run takes: of a store, or of several runs as one. */
export type RunReader = Pick<
  RunStore,
  "plan" | "summary" | "identity" | "turns" | "sweeps" | "notes" | "forecasts"
>;

/** What lists read of each run. */
export type ListReader = Pick<RunStore, "labels" | "notes" | "keptFigures" | "chipNotes">;

/** By what a run is told from others in a list. */
export interface ListedFigures {
  /** Devices that were given a target. */
  readonly devices: number;
  readonly pulses: number;
  /** Null where no device was read back at the end. */
  readonly yieldPercent: number | null;
  /** Root mean square weight error at the last age that the run was read at, % of the largest weight; null where it is not known. */
  readonly errorPercent: number | null;
  /** That age, s. */
  readonly errorAgeSeconds: number | null;
  /** Undefined until it was asked for: it takes more than a list needs. */
  readonly aged?: AgedFigures | undefined;
}

/** How a run aged, and whether it did as was foretold. */
export interface AgedFigures {
  /** The mean drift exponent ν of its devices; null where it was not read at three ages over a factor of ten. */
  readonly exponent: number | null;
  /** What was foretold and did not hold when it was read; empty where all held, or nothing was foretold. */
  readonly unforeseen: readonly Unforeseen[];
}

export interface Unforeseen {
  /** A forecast of a strategy or a trim that failed, or the run's model, which no longer holds. */
  readonly by: "strategy" | "trim" | "model";
  readonly model: string;
  /** At which age it showed, s. */
  readonly ageSeconds: number;
  /** For a person. */
  readonly message: string;
}

export interface RowCounts {
  readonly turns: number;
  readonly sweeps: number;
}

/** What a run's turns add up to. */
export interface RunWear {
  readonly run: RunId;
  /** The newest turn when the fold of them began. */
  readonly newestTurn: number;
  readonly tiles: readonly TileWear[];
}

/** A pause lasts until the request is taken back. */
export type RunRequest = "pause" | "stop";

export type RunOutcome = "done" | "interrupted" | "failed";

export interface RunSummary {
  readonly id: RunId;
  readonly title: string;
  readonly chipName: string;
  readonly chipSerialNumber: string;
  /** Where the chip was when the run began. */
  readonly chipAddress: string;
  readonly method: string;
  readonly modelName: string;
  /** The run whose devices this one corrects. */
  readonly corrects: RunId | undefined;
  readonly startedAt: string;
  readonly outcome: RunOutcome | "running";
  /** At a server: the bench that made it, and how that calls it; undefined of a run that was made where it is kept. */
  readonly madeAt?: RunAtBench | undefined;
}

/** A run as the bench calls it that made it. */
export interface RunAtBench {
  readonly bench: string;
  readonly run: RunId;
}
