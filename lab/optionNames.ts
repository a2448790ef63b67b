import { MhoError } from "../src/errors.ts";
import type { AdviseOptions } from "./advise.ts";
import type { ArchiveOptions, DeleteOptions } from "./archive.ts";
import type { ReadOptions, StandbyOptions } from "./byHand.ts";
import type { CalibrateOptions } from "./calibrate.ts";
import type { ExperimentOptions } from "./experiment.ts";
import type { CheckChipOptions } from "./checkChip/checkChip.ts";
import type { CompareOptions } from "./compare.ts";
import type { LotOptions } from "./lot.ts";
import type { ExportModelOptions, ExportOptions } from "./export.ts";
import type { FitOptions } from "./fit.ts";
import type { HandOnOptions } from "./handOn.ts";
import type { PulseAtRequest, PulseRequest } from "./handMethod.ts";
import type { ImportOptions } from "./import.ts";
import type { LabelOptions } from "./labelOptions.ts";
import type { NoteOptions, TagOptions } from "./labels.ts";
import type { QueryOptions } from "../lake/answer.ts";
import type { LakeOptions } from "./lake.ts";
import type { LimitOptions } from "./limit.ts";
import type { ListOptions } from "./listRuns.ts";
import type { OptimizeOptions } from "./optimize.ts";
import type { PackOptions } from "./pack.ts";
import type { ProgramOptions, ResumeOptions } from "./program.ts";
import type { MeasureOptions } from "./measure.ts";
import type { AnswerOptions, AskOptions } from "./questions.ts";
import { type OfListedKinds, refuseOtherKinds } from "./optionKinds.ts";
import type { AddOptions, MoveOptions, QueueListOptions, WorkOptions } from "./queue/queueOptions.ts";
import type { ReadOutOptions } from "./readOut.ts";
import type { ReportOptions } from "./report.ts";
import type { TrimOptions } from "./trim.ts";
import type { WatchOptions } from "./watch.ts";
import type { WorkplaceOptions } from "./workplace.ts";

/** Of every call that begins a run. */
const labels: Record<keyof LabelOptions, 1> = { title: 1, note: 1, tags: 1, operator: 1 };

/** The options of each call, by name. The compiler holds the lists to their types. */
const known = {
  openBench: names<WorkplaceOptions & { readonly onEvent?: (...given: never[]) => unknown }>()({
    workspace: 1,
    chip: 1,
    config: 1,
    seed: 1,
    signal: 1,
    acceptUnknownWear: 1,
    extensions: 1,
    transcript: 1,
    log: 1,
    logLevel: 1,
    onEvent: 1,
  }),
  program: names<ProgramOptions>()({
    method: 1,
    model: 1,
    believe: 1,
    weights: 1,
    unit: 1,
    sweepTimesSeconds: 1,
    pulsesPerDevice: 1,
    importance: 1,
    verifyShare: 1,
    chips: 1,
    spares: 1,
    ...labels,
  }),
  resume: names<ResumeOptions>()({ chip: 1, spares: 1 }),
  watch: names<WatchOptions>()({
    tags: 1,
    note: 1,
    operator: 1,
    until: 1,
    perDecade: 1,
    averages: 1,
    chip: 1,
    onChipFailed: 1,
  }),
  fit: names<FitOptions>()({ out: 1, model: 1, name: 1 }),
  trim: names<TrimOptions>()({
    model: 1,
    believe: 1,
    timesSeconds: 1,
    pulsesPerDevice: 1,
    dryRun: 1,
    chip: 1,
    reads: 1,
    ...labels,
  }),
  calibrate: names<CalibrateOptions>()({ vectors: 1, out: 1, chip: 1 }),
  advise: names<AdviseOptions>()({ model: 1, believe: 1, timesSeconds: 1, chip: 1 }),
  optimize: names<OptimizeOptions>()({
    model: 1,
    believe: 1,
    tensors: 1,
    orientation: 1,
    translation: 1,
    per: 1,
    tileShape: 1,
    importance: 1,
    reads: 1,
    out: 1,
  }),
  limit: names<LimitOptions>()({
    network: 1,
    onnx: 1,
    images: 1,
    labels: 1,
    inputs: 1,
    output: 1,
    draws: 1,
    tileShape: 1,
  }),
  importMeasurements: names<ImportOptions>()({
    as: 1,
    chipName: 1,
    technology: 1,
    maxConductanceMicrosiemens: 1,
    ...labels,
  }),
  export: names<ExportOptions>()({ to: 1, out: 1, turns: 1, findings: 1 }),
  exportModel: names<ExportModelOptions>()({ out: 1, timesSeconds: 1 }),
  exportMoments: names<ExportModelOptions>()({ out: 1, timesSeconds: 1 }),
  report: names<ReportOptions>()({
    out: 1,
    model: 1,
    strategy: 1,
    network: 1,
    onnx: 1,
    images: 1,
    labels: 1,
    inputs: 1,
    output: 1,
  }),
  experiment: names<ExperimentOptions>()({ args: 1, say: 1 }),
  ask: names<AskOptions>()({ answers: 1, deadline: 1, otherwise: 1, standby: 1, run: 1 }),
  answer: names<AnswerOptions>()({ operator: 1 }),
  list: names<ListOptions>()({ where: 1, archived: 1 }),
  note: names<NoteOptions>()({ operator: 1, wafer: 1, die: 1 }),
  tag: names<TagOptions>()({ remove: 1, operator: 1 }),
  archive: names<ArchiveOptions>()({ undo: 1, operator: 1 }),
  archiveToLake: names<LakeOptions>()({ lake: 1, operator: 1 }),
  query: names<QueryOptions>()({ lake: 1, out: 1, memoryGigabytes: 1, signal: 1 }),
  delete: names<DeleteOptions>()({ operator: 1 }),
  pack: names<PackOptions>()({ out: 1 }),
  handOn: names<HandOnOptions>()({ to: 1, bench: 1, follow: 1, restored: 1 }),
  read: names<ReadOptions>()({ averages: 1, readVolts: 1, chip: 1 }),
  measure: names<MeasureOptions>()({
    tile: 1,
    row: 1,
    rows: 1,
    devices: 1,
    settings: 1,
    pulsesPerDevice: 1,
    ...labels,
  }),
  readOut: names<ReadOutOptions>()({
    chips: 1,
    tile: 1,
    row: 1,
    device: 1,
    averages: 1,
    readVolts: 1,
    out: 1,
  }),
  checkChip: names<CheckChipOptions>()({ pulseDevice: 1, sacrifice: 1, watchdog: 1, onFinding: 1 }),
  compare: names<CompareOptions>()({ age: 1, out: 1 }),
  lot: names<LotOptions>()({ out: 1 }),
  pulse: names<PulseRequest>()({
    block: 1,
    kind: 1,
    codes: 1,
    widthNanoseconds: 1,
    trailingNanoseconds: 1,
    gateCode: 1,
    count: 1,
    averages: 1,
    ...labels,
  }),
  pulseAt: names<PulseAtRequest>()({
    tile: 1,
    row: 1,
    devices: 1,
    amplitude: 1,
    kind: 1,
    widthNanoseconds: 1,
    trailingNanoseconds: 1,
    gateCode: 1,
    count: 1,
    averages: 1,
    ...labels,
  }),
  standby: names<StandbyOptions>()({ onHolder: 1 }),
  queueAdd: names<AddOptions>()({ chip: 1, at: 1, after: 1, minYieldPercent: 1, operator: 1, text: 1 }),
  queueList: names<QueueListOptions>()({ all: 1 }),
  queueMove: names<MoveOptions>()({ before: 1, first: 1 }),
  work: names<WorkOptions>()({
    keep: 1,
    allowRun: 1,
    runLimitSeconds: 1,
    server: 1,
    bench: 1,
    onEnd: 1,
    webhook: 1,
  }),
} as const;

/** A call whose options are known. */
export type KnownCall = keyof typeof known;

function names<Options extends Partial<OfListedKinds<Options>>>() {
  return (all: Record<keyof Options, 1>): readonly string[] => Object.keys(all);
}

/** Calls that a script knows by another name. */
const calledOtherwise: Partial<Record<KnownCall, string>> = {
  pulseAt: "pulse",
  queueAdd: "queue.add",
  queueList: "queue.list",
  queueMove: "queue.move",
};

/** Throws `bad-argument` for an option that a call does not have: a misspelt one would be read past, and the usual value taken. */
export function refuseUnknown(call: KnownCall, options: object): void {
  const all = known[call];
  const name = calledOtherwise[call] ?? call;
  if (typeof options !== "object" || options === null) {
    const is = options === null ? "null" : typeof options;
    throw new MhoError(
      "bad-argument",
      `${name} takes its options as an object, such as { ${all[0]}: … }, and was given ${is}.`,
    );
  }
  const strange = Object.keys(options).find((one) => !all.includes(one));
  if (strange === undefined) {
    refuseOtherKinds(name, options);
    return;
  }
  throw new MhoError("bad-argument", `${name} has no option ${strange}. It has ${all.join(", ")}.`, {
    option: strange,
  });
}
