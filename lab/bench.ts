import type { Reading } from "../src/chip/driver.ts";
import type { Block } from "../src/chip/geometry.ts";
import type { Strategy } from "../src/optimize/strategy.ts";
import { judgeRun, type RunResult } from "../src/results/runResult.ts";
import { type SweepTable, sweepTables } from "../src/results/sweepTable.ts";
import type { Estimate } from "../src/run/estimate.ts";
import type { RunNote } from "../src/run/journal.ts";
import type { RunPlan } from "../src/run/plan.ts";
import type { RunId, RunStore, RunSummary } from "../src/run/store.ts";
import type { WorkspaceCheck } from "../storage/checkWorkspace.ts";
import { check, type CheckOptions } from "./check.ts";
import { EventStream, type StampedEvent } from "./events.ts";
import {
  exportModel,
  type ExportModelOptions,
  exportMoments,
  type ExportOptions,
  exportRun,
} from "./export.ts";
import { type Fit, fit, type FitOptions } from "./fit.ts";
import { optimize, type OptimizeOptions } from "./optimize.ts";
import { estimate, program, type ProgramOptions, resume } from "./program.ts";
import { read, type ReadOptions, standby, type StandbyOptions } from "./byHand.ts";
import type { PulseRequest } from "./handMethod.ts";
import { pulse } from "./pulseByHand.ts";
import { report, type ReportOptions } from "./report.ts";
import { runNamed } from "./runName.ts";
import type { MatrixTargets } from "./targets.ts";
import { trim, type Trimmed, type TrimOptions } from "./trim.ts";
import { wallTime } from "./wallTime.ts";
import { watch, type WatchOptions } from "./watch.ts";
import { Workplace, type WorkplaceOptions } from "./workplace.ts";

export interface BenchOptions extends WorkplaceOptions {
  readonly onEvent?: ((event: StampedEvent) => void) | undefined;
}

export interface RunDetails {
  readonly plan: RunPlan;
  readonly notes: readonly RunNote[];
  readonly result: RunResult;
}

/** Opens a bench: a workspace and a chip, each opened when it is first needed. Close it when done. */
export function openBench(options: BenchOptions = {}): Promise<Bench> {
  const listener = (options.onEvent ?? (() => {})) as ConstructorParameters<typeof EventStream>[0];
  return Promise.resolve(new Bench(new Workplace(options, new EventStream(listener, wallTime))));
}

/**
 * What a lab does with a chip. Every method throws an `MhoError` that says what happened and what to do; a run that was stopped
 * or cut off is resumable, and its chip in standby or the error says that it may not be.
 */
export class Bench {
  readonly #place: Workplace;

  constructor(place: Workplace) {
    this.#place = place;
  }

  /** The workspace's folder. */
  get workspace(): string {
    return this.#place.folder;
  }

  /** Programs a strategy file, a file of conductances, or conductances at hand. @returns the run, done. */
  program(targets: string | MatrixTargets, options: ProgramOptions = {}): Promise<RunId> {
    return program(this.#place, targets, options);
  }

  /** What programming would take: pulses, wear and time. Touches nothing. */
  estimate(
    targets: string | MatrixTargets,
    options: ProgramOptions = {},
  ): Promise<Estimate & { method: string }> {
    return estimate(this.#place, targets, options);
  }

  /** Goes on with a run after a stop, a crash or a pulled cable. @returns false for one that was done already. */
  resume(run: RunId, { chip }: { readonly chip?: string | undefined } = {}): Promise<boolean> {
    return resume(this.#place, run, chip);
  }

  /** Reads runs at log-spaced ages until the last of them, over minutes to months. */
  watch(runs: RunId | readonly RunId[], options: WatchOptions = {}): Promise<void> {
    return watch(this.#place, typeof runs === "string" ? [runs] : runs, options);
  }

  /** Fits a model to runs that were watched. Whether to believe it stands in its record. */
  fit(runs: readonly RunId[], options: FitOptions = {}): Promise<Fit> {
    return fit(this.#place, runs, options);
  }

  /** Corrects the weights of a run that its devices' measured drift says will go wrong. */
  trim(run: RunId, options: TrimOptions = {}): Promise<Trimmed> {
    return trim(this.#place, run, options);
  }

  /** Weights → the conductances that hold them best. */
  optimize(weights: string, options: OptimizeOptions): Promise<Strategy> {
    return optimize(weights, options, this.#place.emit);
  }

  /** Writes a run's readings as a table. */
  export(run: RunId, options: ExportOptions): Promise<{ readonly file: string; readonly readings: number }> {
    return exportRun(this.#place, run, options);
  }

  /** Writes a model as aihwkit's arguments, and a loader in Python beside them. */
  exportModel(model: string, options: ExportModelOptions = {}): ReturnType<typeof exportModel> {
    return exportModel(model, options);
  }

  /** A model's mean and standard deviation by target and time, for CrossSim. */
  exportMoments(model: string, options: ExportModelOptions = {}): ReturnType<typeof exportMoments> {
    return exportMoments(model, options);
  }

  /** Draws a run, a strategy or a fit on one HTML page, its numbers beside it. */
  report(
    what: string,
    options: ReportOptions,
  ): Promise<{ readonly report: string; readonly figures: string }> {
    return report(this.#place, what, options);
  }

  /** Reads devices without a pulse; the reading is yours and is not kept. */
  read(block: Block, options: ReadOptions = {}): Promise<Reading> {
    return read(this.#place, block, options);
  }

  /** One pulse by hand for some devices, within the chip's limits and budgets, journalled as a run. */
  pulse(request: PulseRequest): Promise<RunId> {
    return pulse(this.#place, request);
  }

  /** Puts the bench's chip into its safe state, now. */
  standby(options: StandbyOptions = {}): Promise<{ readonly name: string; readonly serialNumber: string }> {
    return standby(this.#place, options);
  }

  /** Reads the whole workspace, and says what is damaged; it mends nothing. */
  check(options: CheckOptions = {}): Promise<WorkspaceCheck> {
    return check(this.#place, options);
  }

  /** Every run of the workspace, the oldest first. */
  async runs(): Promise<readonly RunSummary[]> {
    return (await this.#place.existingStore()).runs();
  }

  /** How a run went: verdicts, yield and weight errors. */
  async result(run: RunId): Promise<RunResult> {
    const id = runNamed(run);
    return judgeRun(await this.#place.existingStore(), id);
  }

  /** What a run was to do, what happened to it, and how it went. */
  async run(run: RunId): Promise<RunDetails> {
    const id = runNamed(run);
    const store = await this.#place.existingStore();
    return { plan: await store.plan(id), notes: await store.notes(id), result: await judgeRun(store, id) };
  }

  /** A run's sweeps in the order in which they were taken, as typed arrays, with targets, verdicts and times of pulses. */
  async *sweeps(run: RunId): AsyncIterable<SweepTable> {
    const id = runNamed(run);
    const store = await this.#place.existingStore();
    yield* sweepTables(store, id, await store.plan(id));
  }

  /** The store of the workspace, for what the methods do not offer. */
  store(): Promise<RunStore & { readonly file: string }> {
    return this.#place.existingStore();
  }

  /** Frees ports and files. Chips are in standby already: every method leaves them so. */
  close(): Promise<void> {
    return this.#place.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

export type { Log, LogFields, LogLevel } from "../src/log.ts";
export { Workplace } from "./workplace.ts";
