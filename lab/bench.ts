import type { Reading } from "../src/chip/driver.ts";
import type { Block } from "../src/chip/geometry.ts";
import type { Config } from "../files/config.ts";
import { BenchQueue } from "./benchQueue.ts";
import type { WorkOptions } from "./queue/queueOptions.ts";
import type { Worked } from "./queue/work.ts";
import type { Strategy } from "../src/optimize/strategy.ts";
import type { Audit } from "../src/results/audit.ts";
import { type ForecastResult, forecastResults } from "../src/results/forecasts.ts";
import { judgeRun, type RunResult } from "../src/results/runResult.ts";
import { standingOf } from "../src/results/outcome.ts";
import { wholeReader } from "../src/results/wholeReader.ts";
import { type GroupId, isGroupName, networkOf } from "../src/run/groups.ts";
import { MhoError } from "../src/errors.ts";
import { type SweepTable, sweepTables } from "../src/results/sweepTable.ts";
import type { Estimate } from "../src/run/estimate.ts";
import type { RunNote } from "../src/run/journal.ts";
import type { ChipNote, RunLabels } from "../src/run/labels.ts";
import { recall } from "../src/run/recall.ts";
import type { Question, QuestionId } from "../src/run/questions.ts";
import type { RunPlan } from "../src/run/plan.ts";
import type {
  AgedFigures,
  ListedFigures,
  RunAtBench,
  RunId,
  RunStore,
  RunSummary,
} from "../src/run/store.ts";
import type { WorkspaceCheck } from "../storage/checkWorkspace.ts";
import type { Advice, AdviseOptions } from "./advise.ts";
import type { ArchiveOptions, Deleted, DeleteOptions } from "./archive.ts";
import type { Calibrated, CalibrateOptions } from "./calibrate.ts";
import type { CheckOptions } from "./check.ts";
import type { CheckChipOptions, CheckedChip } from "./checkChip/checkChip.ts";
import type { Experiment, ExperimentOptions } from "./experiment.ts";
import type { Compared, CompareOptions } from "./compare.ts";
import type { Lot, LotOptions } from "./lot.ts";
import { EventStream, type StampedEvent } from "./events.ts";
import type { exportModel, ExportModelOptions, exportMoments, ExportOptions } from "./export.ts";
import type { Fit, FitOptions } from "./fit.ts";
import type { ListedNetwork, NetworkDetails } from "./group/networkDetails.ts";
import type { GroupEstimate } from "./group/programGroup.ts";
import type { Imported, ImportOptions } from "./import.ts";
import type { Noted, NoteOptions, TagOptions } from "./labels.ts";
import type { Answer, QueryOptions } from "../lake/answer.ts";
import type { LakeCheck } from "../lake/checkLake.ts";
import type { InLake, LakeOptions } from "./lake.ts";
import type { ListOptions, RunList } from "./listRuns.ts";
import { withDefaults } from "./nicknames.ts";
import type { Findings } from "../src/measure/procedure.ts";
import type { MeasureOptions } from "./measure.ts";
import { lastAudit } from "./modelAudit.ts";
import type { AccuracyLimit, LimitOptions } from "./limit.ts";
import type { OptimizeOptions } from "./optimize.ts";
import { refuseUnknown } from "./optionNames.ts";
import { inOptionWords } from "./optionWords.ts";
import {
  estimate,
  isOfSeveral,
  program,
  type ProgramOptions,
  refuseSpares,
  resume,
  type ResumeOptions,
} from "./program.ts";
import type { Packed, PackOptions, Unpacked } from "./pack.ts";
import { read, type ReadOptions, standby, standbyOfNetwork, type StandbyOptions } from "./byHand.ts";
import type { PulseAtRequest, PulseRequest } from "./handMethod.ts";
import type { Fleet } from "./fleet/overview.ts";
import type { HandedOnRuns, HandOnOptions } from "./handOn.ts";
import type { PulsedByHand } from "./pulseByHand.ts";
import type { AnswerOptions, AskOptions } from "./questions.ts";
import type { ReadOut, ReadOutOptions } from "./readOut.ts";
import type { ReportOptions } from "./report.ts";
import { type ChainResult, chainResultOf } from "./runChain.ts";
import { runNamed, runOrGroupNamed, runsGiven } from "./runName.ts";
import { type MatrixTargets, refuseNoTargets } from "./targets.ts";
import type { SetUp } from "./setUpServer.ts";
import type { Trimmed, TrimOptions } from "./trim.ts";
import { wallTime } from "./wallTime.ts";
import { watch, type WatchOptions } from "./watch.ts";
import { configOf, Workplace, type WorkplaceOptions } from "./workplace.ts";

export interface BenchOptions extends WorkplaceOptions {
  readonly onEvent?: ((event: StampedEvent) => void) | undefined;
}

export interface RunDetails {
  readonly plan: RunPlan;
  readonly notes: readonly RunNote[];
  readonly result: RunResult;
  /** Of a trim: together with the runs that it corrects. */
  readonly chain: ChainResult | undefined;
  /** What was foretold of its weights, and how that came out. */
  readonly forecasts: readonly ForecastResult[];
  /** The network over several chips that it holds a share of, or held one. */
  readonly network: GroupId | undefined;
  /** How its model did at the last age that it was read at; undefined where it foresaw nothing of its devices. */
  readonly audit: Audit | undefined;
  readonly labels: RunLabels;
  /** What was noted of its chip, in order. */
  readonly chipNotes: readonly ChipNote[];
  /** At a server: the bench that made it, and how that calls it; undefined of a run that was made where it is kept. */
  readonly madeAt: RunAtBench | undefined;
}

/** Opens a bench: a workspace and a chip, each opened when it is first needed. Close it when done. */
export function openBench(options: BenchOptions = {}): Promise<Bench> {
  const listener = (options.onEvent ?? (() => {})) as ConstructorParameters<typeof EventStream>[0];
  return inScript(async () => {
    refuseUnknown("openBench", options);
    const config = await configOf(options);
    return new Bench(new Workplace(options, new EventStream(listener, wallTime), config), inScript);
  });
}

/** How a call of the bench tells its errors: as they are, or with a script's options in place of flags. */
type Telling = <T>(work: () => Promise<T>) => Promise<T>;

const asTheyAre: Telling = (work) => work();

const inScript: Telling = async (work) => {
  try {
    return await work();
  } catch (error) {
    throw inOptionWords(error);
  }
};

/**
 * What a lab does with a chip. Every method throws an `MhoError` that says what happened and what to do; a run that was stopped
 * or cut off is resumable, and its chip in standby or the error says that it may not be.
 */
export class Bench {
  readonly #open: Workplace;
  readonly #telling: Telling;
  #closed = false;
  /** Jobs of the workspace, for its chips. */
  readonly queue: BenchQueue;

  constructor(place: Workplace, telling: Telling = asTheyAre) {
    this.#open = place;
    this.#telling = telling;
    this.queue = new BenchQueue(() => this.#place, telling);
  }

  /** Throws `bad-argument` once the bench is closed. */
  get #place(): Workplace {
    if (!this.#closed) return this.#open;
    throw new MhoError("bad-argument", "This bench is closed. Open another with openBench.");
  }

  get #defaults(): Config["defaults"] {
    return this.#open.config.defaults;
  }

  /** Options with an address in place of a chip's nickname. */
  #chipIn<O extends { readonly chip?: string | undefined }>(options: O): O {
    return options.chip === undefined ? options : { ...options, chip: this.#open.addressOf(options.chip) };
  }

  /** The workspace's folder. */
  get workspace(): string {
    return this.#open.folder;
  }

  /**
   * Programs a strategy file, a file of conductances, or conductances at hand. With `chips`, they are laid over several chips.
   *
   * @returns the run, done; of several chips the network, such as n1, of which each chip's share is a run.
   */
  async program(targets: string | MatrixTargets, options: ProgramOptions = {}): Promise<RunId> {
    return this.#telling(async () => {
      refuseUnknown("program", options);
      refuseNoTargets(targets);
      const all = withDefaults(this.#defaults.program, options);
      if (!isOfSeveral(all)) return program(this.#place, targets, all);
      const { programGroup } = await import("./group/programGroup.ts");
      return programGroup(this.#place, targets, all);
    });
  }

  /**
   * Runs an experiment: a file that exports `run(bench)`. Methods of its own have to be handed to `openBench` (`loadExperiment`).
   *
   * @returns what its function returned.
   */
  async experiment(file: string | Experiment, options: ExperimentOptions = {}): Promise<unknown> {
    return this.#telling(async () => {
      refuseUnknown("experiment", options);
      const { args = [], say = () => {} } = options;
      const { loadExperiment } = await import("./experiment.ts");
      const { run } = typeof file === "string" ? await loadExperiment(file) : file;
      return run(this, { args, say, signal: this.#place.signal });
    });
  }

  /** Does the jobs of the queue until none is left that could begin, those of several chips at once. */
  async work(options: WorkOptions = {}): Promise<Worked> {
    return this.#telling(async () => {
      refuseUnknown("work", options);
      const bench = (place: Workplace): Bench => new Bench(place, this.#telling);
      const { server, bench: name, ...others } = options;
      if (server !== undefined) {
        const { workFromServer } = await import("./fleet/workFromServer.ts");
        return workFromServer(this.#place, { ...others, server, bench: name }, bench);
      }
      if (name !== undefined)
        throw new MhoError(
          "bad-argument",
          "--bench is the name of this bench at a server. Give --server too.",
        );
      const { work } = await import("./queue/work.ts");
      return work(this.#place, others, bench);
    });
  }

  /** What programming would take: pulses, wear and time. Touches nothing. */
  async estimate(
    targets: string | MatrixTargets,
    options: ProgramOptions = {},
  ): Promise<Estimate & { method: string }> {
    return this.#telling(() => {
      refuseUnknown("program", options);
      refuseNoTargets(targets);
      return estimate(this.#place, targets, withDefaults(this.#defaults.program, options));
    });
  }

  /** The same of several chips, chip by chip. */
  async estimateNetwork(
    targets: string | MatrixTargets,
    options: ProgramOptions = {},
  ): Promise<GroupEstimate> {
    return this.#telling(async () => {
      refuseUnknown("program", options);
      refuseNoTargets(targets);
      const { estimateGroup } = await import("./group/programGroup.ts");
      return estimateGroup(this.#place, targets, withDefaults(this.#defaults.program, options));
    });
  }

  /** Goes on with a run, or with a network over several chips, after a stop, a crash or a pulled cable. @returns false for one that was done already. */
  async resume(run: RunId, options: ResumeOptions = {}): Promise<boolean> {
    return this.#telling(async () => {
      refuseUnknown("resume", options);
      if (!isGroupName(run)) {
        refuseSpares(run, options);
        return resume(this.#place, run, this.#chipIn(options).chip);
      }
      const { resumeGroup } = await import("./group/resumeGroup.ts");
      return resumeGroup(this.#place, run, options);
    });
  }

  /** Reads runs at log-spaced ages until the last of them, over minutes to months. */
  async watch(runs: RunId | readonly RunId[], options: WatchOptions = {}): Promise<void> {
    return this.#telling(() => {
      refuseUnknown("watch", options);
      return watch(this.#place, runsGiven(runs), this.#chipIn(options));
    });
  }

  /** Fits a model to runs that were watched. Whether to believe it stands in its record. */
  async fit(runs: RunId | readonly RunId[], options: FitOptions = {}): Promise<Fit> {
    return this.#telling(async () => {
      refuseUnknown("fit", options);
      const { fit } = await import("./fit.ts");
      return fit(this.#place, runsGiven(runs), options);
    });
  }

  /** Corrects the weights of a run, or of a network over several chips, that its devices' measured drift says will go wrong. */
  async trim(run: RunId, options: TrimOptions = {}): Promise<Trimmed> {
    return this.#telling(async () => {
      refuseUnknown("trim", options);
      if (isGroupName(run)) {
        const { trimGroup } = await import("./group/trimGroup.ts");
        return trimGroup(this.#place, run, withDefaults(this.#defaults.trim, options));
      }
      const { trim } = await import("./trim.ts");
      return trim(this.#place, run, withDefaults(this.#defaults.trim, this.#chipIn(options)));
    });
  }

  /** Finds the digital factors by which the outputs of a run, or of a network, come nearest to what was meant, at their present age. Fires no pulse. */
  async calibrate(run: RunId, options: CalibrateOptions = {}): Promise<Calibrated> {
    return this.#telling(async () => {
      refuseUnknown("calibrate", options);
      if (isGroupName(run)) {
        const { calibrateGroup } = await import("./group/calibrateGroup.ts");
        return calibrateGroup(this.#place, run, options);
      }
      const { calibrate } = await import("./calibrate.ts");
      return (await calibrate(this.#place, run, this.#chipIn(options))).calibrated;
    });
  }

  /** Compares what can be done about a run, or a network over several chips: nothing, a calibration, a trim, or programming it anew. Does none of it. */
  async advise(run: RunId, options: AdviseOptions = {}): Promise<Advice> {
    return this.#telling(async () => {
      refuseUnknown("advise", options);
      if (isGroupName(run)) {
        const { adviseGroup } = await import("./group/adviseGroup.ts");
        return adviseGroup(this.#place, run, options);
      }
      const { advise } = await import("./advise.ts");
      return advise(this.#place, run, this.#chipIn(options));
    });
  }

  /** Weights → the conductances that hold them best. With `out`, written to a strategy file, which `program` takes. */
  async optimize(weights: string, options: OptimizeOptions): Promise<Strategy> {
    return this.#telling(async () => {
      refuseUnknown("optimize", options);
      const { optimize } = await import("./optimize.ts");
      return optimize(weights, options, this.#place.emit);
    });
  }

  /**
   * Predicts the accuracy of a network over a strategy's times, with its spread over chips; beside it what perfect programming, no spread
   * of drift and no read noise would give each.
   *
   * @param strategy  or its file.
   */
  async limit(strategy: string | Strategy, options: LimitOptions): Promise<AccuracyLimit> {
    return this.#telling(async () => {
      refuseUnknown("limit", options);
      const { limit } = await import("./limit.ts");
      return limit(strategy, options, this.#place.seed);
    });
  }

  /** Makes a run of what another tester measured: files of a table each, and a mapping that says which column is what. */
  async importMeasurements(files: string | readonly string[], options: ImportOptions): Promise<Imported> {
    return this.#telling(async () => {
      refuseUnknown("importMeasurements", options);
      const { importMeasurements } = await import("./import.ts");
      return importMeasurements(this.#place, typeof files === "string" ? [files] : files, options);
    });
  }

  /** Writes a run's readings as a table. */
  async export(
    run: RunId,
    options: ExportOptions,
  ): Promise<{ readonly file: string; readonly readings: number }> {
    return this.#telling(async () => {
      refuseUnknown("export", options);
      const { exportRun } = await import("./export.ts");
      return exportRun(this.#place, run, options);
    });
  }

  /** Writes a model as aihwkit's arguments, and a loader in Python beside them. */
  exportModel(model: string, options: ExportModelOptions = {}): ReturnType<typeof exportModel> {
    return this.#telling(async () => {
      refuseUnknown("exportModel", options);
      const { exportModel } = await import("./export.ts");
      return exportModel(model, options);
    });
  }

  /** A model's mean and standard deviation by target and time, for CrossSim. */
  exportMoments(model: string, options: ExportModelOptions = {}): ReturnType<typeof exportMoments> {
    return this.#telling(async () => {
      refuseUnknown("exportMoments", options);
      const { exportMoments } = await import("./export.ts");
      return exportMoments(model, options);
    });
  }

  /** Draws a run, a strategy or a fit on one HTML page, its numbers beside it. */
  async report(
    what: string,
    options: ReportOptions,
  ): Promise<{ readonly report: string; readonly figures: string }> {
    return this.#telling(async () => {
      refuseUnknown("report", options);
      const { report } = await import("./report.ts");
      return report(this.#place, what, options);
    });
  }

  /** Compares runs with the first of them: yield, errors and pulses, with intervals; `out` draws them over one another. */
  async compare(runs: readonly RunId[], options: CompareOptions = {}): Promise<Compared> {
    return this.#telling(async () => {
      refuseUnknown("compare", options);
      const { compare } = await import("./compare.ts");
      return compare(this.#place, runsGiven(runs), options);
    });
  }

  /** The laws of a lot by runs of its chips: how devices, tiles, chips and wafers differ, and which chips are unlike the others. */
  async lot(runs: readonly RunId[], options: LotOptions = {}): Promise<Lot> {
    return this.#telling(async () => {
      refuseUnknown("lot", options);
      const { lot } = await import("./lot.ts");
      return lot(this.#place, runsGiven(runs), options);
    });
  }

  /** Reads devices without a pulse; the reading is yours and is not kept. */
  async read(block: Block, options: ReadOptions = {}): Promise<Reading> {
    return this.#telling(() => {
      refuseUnknown("read", options);
      return read(this.#place, block, options);
    });
  }

  /** Carries out a measurement of devices, such as `form`: a run like any other, with findings. @returns the run, done. */
  async measure(kind: string, options: MeasureOptions = {}): Promise<RunId> {
    return this.#telling(async () => {
      refuseUnknown("measure", options);
      const { measure } = await import("./measure.ts");
      return measure(this.#place, kind, options);
    });
  }

  /**
   * Asks the people at the bench, such as "needle down?", and waits: the answer comes from the live page, from `answer`, or from the
   * terminal of the command. Question and answer are kept.
   */
  async ask(text: string, options: AskOptions = {}): Promise<string> {
    return this.#telling(async () => {
      refuseUnknown("ask", options);
      const { ask } = await import("./questions.ts");
      return ask(this.#place, text, options);
    });
  }

  /** Questions that wait for an answer. */
  async questions(): Promise<readonly Question[]> {
    return this.#telling(async () => {
      const { questions } = await import("./questions.ts");
      return questions(this.#place);
    });
  }

  /** Answers a question, whatever program asked it. */
  async answer(question: QuestionId, text: string, options: AnswerOptions = {}): Promise<Question> {
    return this.#telling(async () => {
      refuseUnknown("answer", options);
      const { answer } = await import("./questions.ts");
      return answer(this.#place, question, text, options);
    });
  }

  /** Takes a question back: a program that still waits for its answer is stopped. */
  async withdraw(question: QuestionId, options: AnswerOptions = {}): Promise<void> {
    return this.#telling(async () => {
      refuseUnknown("answer", options);
      const { withdraw } = await import("./questions.ts");
      return withdraw(this.#place, question, options);
    });
  }

  /** What a measurement found, by its journal: figures with intervals, a number for each device, and curves. */
  async findings(run: RunId): Promise<Findings> {
    return this.#telling(async () => {
      const { findingsOf } = await import("./measure.ts");
      return findingsOf(this.#place, runNamed(run));
    });
  }

  /** Reads devices, rows, tiles or whole chips without a pulse, and writes the table where a file is named. */
  async readOut(options: ReadOutOptions = {}): Promise<ReadOut> {
    return this.#telling(async () => {
      refuseUnknown("readOut", options);
      const { readOut } = await import("./readOut.ts");
      return readOut(this.#place, options);
    });
  }

  /**
   * Says what is wrong of a chip's description, or of a board, which is tried without harm: reads, rows of zeros that touch no device, and
   * pulses at a device that is named. The board is left in standby.
   *
   * @param what  a file, an address, or a chip's nickname.
   */
  async checkChip(what: string, options: CheckChipOptions = {}): Promise<CheckedChip> {
    return this.#telling(async () => {
      refuseUnknown("checkChip", options);
      const { checkChip } = await import("./checkChip/checkChip.ts");
      return checkChip(this.#place, what, options);
    });
  }

  /** Pulses by hand for some devices, within the chip's limits and budgets, journalled as a run. */
  async pulse(request: PulseRequest | PulseAtRequest): Promise<RunId> {
    return this.#telling(async () => {
      refuseUnknown("codes" in request ? "pulse" : "pulseAt", request);
      const { pulse } = await import("./pulseByHand.ts");
      return pulse(this.#place, request);
    });
  }

  /** What pulses by hand did to each of their devices: readings before the first and after the last, where they were taken. */
  async pulsed(run: RunId): Promise<readonly PulsedByHand[]> {
    return this.#telling(async () => {
      const { pulsedBy } = await import("./pulseByHand.ts");
      return pulsedBy(this.#place, runNamed(run));
    });
  }

  /** Puts the bench's chip into its safe state, now. */
  async standby(
    options: StandbyOptions = {},
  ): Promise<{ readonly name: string; readonly serialNumber: string }> {
    return this.#telling(() => {
      refuseUnknown("standby", options);
      return standby(this.#place, options);
    });
  }

  /** The same of every chip of a network, at once. @returns one a share, in order. */
  async standbyNetwork(
    network: GroupId,
    options: StandbyOptions = {},
  ): Promise<readonly { readonly name: string; readonly serialNumber: string }[]> {
    return this.#telling(() => {
      refuseUnknown("standby", options);
      return standbyOfNetwork(this.#place, network, options);
    });
  }

  /** Reads the whole workspace, and says what is damaged; it mends nothing. */
  async check(options: CheckOptions = {}): Promise<WorkspaceCheck> {
    const { check } = await import("./check.ts");
    return check(this.#place, options);
  }

  /** Every run of the workspace, the oldest first. */
  async runs(): Promise<readonly RunSummary[]> {
    const store = await this.store();
    return Promise.all((await store.runs()).map((summary) => standingOf(store, summary)));
  }

  /** The runs that pass a filter, with their labels, yield and error. */
  async list(options: ListOptions = {}): Promise<RunList> {
    return this.#telling(async () => {
      refuseUnknown("list", options);
      const { listRuns } = await import("./listRuns.ts");
      return listRuns(this.#place, options);
    });
  }

  /** Writes a note on a run, or on a chip: its serial number, NAME/NUMBER, or the address at which a run began. */
  async note(subject: string, text: string | undefined, options: NoteOptions = {}): Promise<Noted> {
    return this.#telling(async () => {
      refuseUnknown("note", options);
      const { note } = await import("./labels.ts");
      return note(this.#place, subject, text, options);
    });
  }

  /** Puts tags on a run, or takes them away. */
  async tag(run: RunId, tags: readonly string[], options: TagOptions = {}): Promise<RunLabels> {
    return this.#telling(async () => {
      refuseUnknown("tag", options);
      const { tag } = await import("./labels.ts");
      return tag(this.#place, run, tags, options);
    });
  }

  /** Takes runs out of lists, or back into them with `undo`. */
  async archive(runs: RunId | readonly RunId[], options: ArchiveOptions = {}): Promise<readonly RunId[]> {
    return this.#telling(async () => {
      refuseUnknown("archive", options);
      const { archive } = await import("./archive.ts");
      return archive(this.#place, runsGiven(runs), options);
    });
  }

  /** Archives and seals runs, and writes them as Parquet into a lake: a folder that is only ever added to. */
  async archiveToLake(runs: RunId | readonly RunId[], options: LakeOptions): Promise<readonly InLake[]> {
    return this.#telling(async () => {
      refuseUnknown("archiveToLake", options);
      const { archiveToLake } = await import("./lake.ts");
      return archiveToLake(this.#place, runsGiven(runs), options);
    });
  }

  /** Reads every file of a lake, and says what is damaged. */
  async checkLake(lake: string): Promise<LakeCheck> {
    return this.#telling(async () => {
      const { checkLake } = await import("../lake/checkLake.ts");
      return checkLake(lake);
    });
  }

  /** Asks a lake in SQL, by DuckDB, which has to be installed beside mho: `npm install @duckdb/node-api`. */
  async query(sql: string, options: QueryOptions): Promise<Answer> {
    return this.#telling(async () => {
      refuseUnknown("query", options);
      const { query } = await import("../lake/query.ts");
      return query(sql, { signal: this.#place.signal, ...options });
    });
  }

  /** Deletes what archived runs measured; what they did to their devices stays in the pulse ledger. */
  async delete(runs: RunId | readonly RunId[], options: DeleteOptions = {}): Promise<Deleted> {
    return this.#telling(async () => {
      refuseUnknown("delete", options);
      const { deleteRuns } = await import("./archive.ts");
      return deleteRuns(this.#place, runsGiven(runs), options);
    });
  }

  /** Writes runs into one file, for another bench. */
  async pack(runs: RunId | readonly RunId[], options: PackOptions): Promise<Packed> {
    return this.#telling(async () => {
      refuseUnknown("pack", options);
      const { pack } = await import("./pack.ts");
      return pack(this.#place, runsGiven(runs), options);
    });
  }

  /** Copies to a server what it has not of the workspace: in order, and exactly once. */
  async handOn(options: HandOnOptions): Promise<HandedOnRuns> {
    return this.#telling(async () => {
      refuseUnknown("handOn", options);
      const { handOn } = await import("./handOn.ts");
      return handOn(this.#place, options);
    });
  }

  /** The benches of a server, their chips, the queue, and what has to be looked after. */
  async fleet(): Promise<Fleet> {
    return this.#telling(async () => {
      const { fleet } = await import("./fleet/overview.ts");
      return fleet(this.#place);
    });
  }

  /** Sets a PostgreSQL server up for the runs of many benches, as its administrator; or lifts it to today's layout. */
  async setUpServer(address: string): Promise<SetUp> {
    return this.#telling(async () => {
      const { setUpServer } = await import("./setUpServer.ts");
      return setUpServer(address);
    });
  }

  /** Reads a pack into the workspace. */
  async unpack(file: string): Promise<Unpacked> {
    return this.#telling(async () => {
      const { unpack } = await import("./pack.ts");
      return unpack(this.#place, file);
    });
  }

  /** By what a run is told from others, how it aged, and what of it was foretold and did not hold. Kept when it was made once. */
  async figures(run: RunId): Promise<ListedFigures & { readonly aged: AgedFigures }> {
    return this.#telling(async () => {
      const { agedFiguresOf } = await import("./agedFigures.ts");
      return agedFiguresOf(await this.store(), runNamed(run), this.#place.registries.methods);
    });
  }

  /** How a run went: verdicts, yield and weight errors. */
  async result(run: RunId): Promise<RunResult> {
    return this.#telling(async () => judgeRun(wholeReader(await this.store()), runOrGroupNamed(run)));
  }

  /** What a network over several chips consists of, and how it went as a whole. */
  async network(id: GroupId): Promise<NetworkDetails> {
    return this.#telling(async () => {
      const { networkDetails } = await import("./group/networkDetails.ts");
      return networkDetails(await this.store(), id);
    });
  }

  /** Every network over several chips, the oldest first. */
  async networks(): Promise<readonly ListedNetwork[]> {
    return this.#telling(async () => {
      const { listNetworks } = await import("./group/networkDetails.ts");
      return listNetworks(await this.store());
    });
  }

  /** What a run was to do, what happened to it, and how it went. */
  async run(run: RunId): Promise<RunDetails> {
    return this.#telling(async () => {
      const id = runNamed(run);
      const store = await this.store();
      const memories = await recall(store, id);
      const plan = await store.plan(id);
      const chip = { name: plan.chipName, serialNumber: plan.chipSerialNumber };
      return {
        plan,
        network: networkOf(await store.groups(), id),
        labels: await store.labels(id),
        chipNotes: await store.chipNotes(chip),
        notes: await store.notes(id),
        result: await judgeRun(store, id, memories),
        chain: await chainResultOf(store, id),
        forecasts: await forecastResults(store, id, memories),
        audit: await lastAudit(store, id, this.#place.registries.methods, memories),
        madeAt: (await store.summary(id)).madeAt,
      };
    });
  }

  /** A run's sweeps in the order in which they were taken, as typed arrays, with targets, verdicts and times of pulses. */
  async *sweeps(run: RunId): AsyncIterable<SweepTable> {
    const id = runNamed(run);
    const store = await this.store();
    yield* sweepTables(store, id, await store.plan(id));
  }

  /** The store of the workspace, for what the methods do not offer. */
  async store(): Promise<RunStore & { readonly file: string }> {
    return this.#telling(() => this.#place.existingStore());
  }

  /** Frees ports and files. Chips are in standby already: every method leaves them so. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#open.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

export type { Log, LogFields, LogLevel } from "../src/log.ts";
export { configOf, Workplace } from "./workplace.ts";
