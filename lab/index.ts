/** The library: what a lab does with its chips, from a script. docs/library.md tells of it. */
export { Bench, type BenchOptions, openBench, type RunDetails } from "./bench.ts";
export type { Advice, AdviseOptions, Choice } from "./advise.ts";
export type { Answer, QueryOptions, QueryValue } from "../lake/answer.ts";
export type { LakeCheck, LakeRunCheck } from "../lake/checkLake.ts";
export type { InLake, LakeOptions } from "./lake.ts";
export type { ArchiveOptions, Deleted, DeleteOptions } from "./archive.ts";
export type { Packed, PackOptions, Unpacked } from "./pack.ts";
export type { UnpackedRun } from "../storage/unpackRuns.ts";
export type { Calibrated, CalibrateOptions } from "./calibrate.ts";
export type { BenchEvent, Stamp, StampedEvent } from "./events.ts";
export type { Compared, CompareOptions } from "./compare.ts";
export type { Lot, LotOptions } from "./lot.ts";
export { type LotChip, type LotLaw, lotLaws, type LotRun } from "../src/results/lot.ts";
export type { LotSum } from "../src/results/lotSums.ts";
export type { ComparedRun, Comparison, Difference } from "../src/results/comparison.ts";
export type { CheckOptions } from "./check.ts";
export type { CheckChipOptions, CheckedChip } from "./checkChip/checkChip.ts";
export type { DevicePlace, Finding, Step, Verdict } from "./checkChip/findings.ts";
export type { RunCheck, WorkspaceCheck } from "../storage/checkWorkspace.ts";
export {
  type Experiment,
  type ExperimentOptions,
  type ExperimentSetting,
  loadExperiment,
} from "./experiment.ts";
export type { ExportModelOptions, ExportOptions, TableFormat } from "./export.ts";
export type { Fit, FitOptions } from "./fit.ts";
export type { ChipState, Fleet, FleetChip } from "./fleet/overview.ts";
export type { AgedFigures, RunAtBench, Unforeseen } from "../src/run/store.ts";
export type { Alarm } from "../src/fleet/alarms.ts";
export type { PulseAtRequest, PulseRequest } from "./handMethod.ts";
export type { PulsedByHand } from "./pulseByHand.ts";
export type { ReadOut, ReadOutOptions } from "./readOut.ts";
export type { BlockReadOut } from "../files/writeReadOut.ts";
export { type Amplitude, parseAmplitude } from "../src/chip/amplitude.ts";
export type { Imported, ImportOptions } from "./import.ts";
export type { LabelOptions } from "./labelOptions.ts";
export type { Noted, NoteOptions, TagOptions } from "./labels.ts";
export type { ListOptions, RunList } from "./listRuns.ts";
export type { AccuracyLimit, AccuracySpread, LimitOptions } from "./limit.ts";
export type { MeasureOptions } from "./measure.ts";
export type {
  Curves,
  Figure,
  FindingColumn,
  Findings,
  Measured,
  Procedure,
  Setting,
  Settings,
} from "../src/measure/procedure.ts";
export type { OptimizeOptions } from "./optimize.ts";
export type { AskedTranslation } from "./translation.ts";
export type { ModelDefinition } from "../src/model/definition.ts";
export type { Strategy, StrategyLayer } from "../src/optimize/strategy.ts";
export type { ProgramOptions } from "./program.ts";
export type { ReadOptions, StandbyOptions } from "./byHand.ts";
export type { AnswerOptions, AskOptions } from "./questions.ts";
export type { Question, QuestionId } from "../src/run/questions.ts";
export type { Registries } from "./registries.ts";
export type { BenchQueue } from "./benchQueue.ts";
export type { QueuedJob } from "./queue/changeQueue.ts";
export type { AddOptions, Hooks, MoveOptions, QueueListOptions, WorkOptions } from "./queue/queueOptions.ts";
export type { Worked } from "./queue/work.ts";
export type { Job, JobFile, JobId, JobRequest, JobState } from "../src/queue/job.ts";
export type { Wait } from "../src/queue/order.ts";
export type { ReportOptions } from "./report.ts";
export type { MatrixTargets } from "./targets.ts";
export type { Trimmed, TrimOptions } from "./trim.ts";
export type { WatchOptions } from "./watch.ts";

export { emulate, type EmulateOptions, type Emulation } from "./emulate/emulate.ts";
export { findChips, type FoundPort } from "./findChips.ts";
export type { LabDialect } from "./dialects.ts";

/** What drivers of boards that speak a language of their own are made of: docs/new-board.md. */
export type { ChipAnswer, Dialect, DriverOptions, PortInfo, ProbeAnswer } from "../drivers/dialect.ts";
export type { Heard, Message } from "../drivers/heard.ts";
export { checkedHostTime, hostTime } from "../drivers/hostTime.ts";
export { inTime } from "../drivers/inTime.ts";
export { lacking, readsAndPulsesOnly } from "../drivers/lacking.ts";
export {
  refuseAdvance,
  refuseFates,
  refuseInputs,
  refuseOtherReadVolts,
  refuseOutsideLimits,
  refuseReadOutsideLimits,
  refuseVerifyOutsideLimits,
} from "../drivers/limits.ts";
export { type IsLast, type LineLanguage, LineQuestions } from "../drivers/lineQuestions.ts";
export { CutOff, lineGone } from "../drivers/linkErrors.ts";
export type { ConnectedDriver } from "../drivers/reconnectingDriver.ts";
export {
  blankConductances,
  blankReading,
  enterConductances,
  enterRow,
  refuseOtherChip,
  reportOfUnsent,
} from "../drivers/rows.ts";
export { linesOf, readLineTranscript } from "../drivers/textLines.ts";
export type { Transport } from "../drivers/transport.ts";

/** And what an emulated board that speaks it is made of. */
export type { Board, BoardRefusal } from "../emulator/board.ts";
export { Firmware } from "../emulator/firmware.ts";
export type { Preset } from "../emulator/presets.ts";
export type { Orientation } from "../files/orientation.ts";
export type { ConductanceUnit } from "../src/units.ts";
export { version } from "./version.ts";

export { type ErrorCode, MhoError } from "../src/errors.ts";
export { amplitudePerCode, type ChipDescription, type ChipLimits } from "../src/chip/description.ts";
export { averagesInParts } from "../src/chip/timing.ts";
export {
  blankReport,
  type ChipCapabilities,
  type ChipDriver,
  type ChipIdentity,
  noCode,
  type PulseOrder,
  type PulseReport,
  type Reading,
  readingFlags,
  rowFates,
  unknownFates,
} from "../src/chip/driver.ts";
export {
  type Block,
  type ChipGeometry,
  devicesOfBlock,
  devicesOfTile,
  devicesPerRow,
} from "../src/chip/geometry.ts";
export type { AmplitudeCurve, PulseKind } from "../src/chip/amplitudeCurve.ts";
export { type FullSetPulse, isPcm, type PcmPulses, pcmPulsesOf } from "../src/chip/technologies/pcm.ts";
export type { ChipPulses, Technology } from "../src/chip/technology.ts";
export {
  type BlockPulse,
  type BoardLoop,
  type CellTask,
  type Decision,
  firstVerdicts,
  type Look,
  type MethodCost,
  type ProgrammingMethod,
  type ProgrammingTask,
  type Seen,
  type StandingDevices,
  verdictNames,
  verdicts,
} from "../src/program/method.ts";
export type { RunResult } from "../src/results/runResult.ts";
export type { ListedRun } from "../src/results/runFilter.ts";
export { ageOf, type SweepTable } from "../src/results/sweepTable.ts";
export type { RunEvent } from "../src/run/events.ts";
export type { Calibration, TileFactors } from "../src/run/calibration.ts";
export type { RunPlan } from "../src/run/plan.ts";
export type { ChipNote, RunLabels } from "../src/run/labels.ts";
export type { ListedFigures, RunId, RunStore, RunSummary } from "../src/run/store.ts";
export type { TechnologyFile } from "../files/technologies/technologyFile.ts";
