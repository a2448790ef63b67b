import { builtInDefinition } from "../../src/model/modelOf.ts";
import { readModel } from "../../files/model.ts";
import { MhoError } from "../../src/errors.ts";
import { groupNamed, wholeReader } from "../../src/results/wholeReader.ts";
import { isGroupName } from "../../src/run/groups.ts";
import type { RunId, RunStore } from "../../src/run/store.ts";
import { loadExperiment } from "../experiment.ts";
import { refuseImported } from "../imported.ts";
import { labelled } from "../labels.ts";
import { checkMeasure, measure, type MeasureOptions } from "../measure.ts";
import { withDefaults } from "../nicknames.ts";
import type { KnownCall } from "../optionNames.ts";
import { planGroup } from "../group/planGroup.ts";
import { programGroup } from "../group/programGroup.ts";
import { resumeGroup } from "../group/resumeGroup.ts";
import { goOnTrim, trimGroup } from "../group/trimGroup.ts";
import {
  checkProgram,
  isOfSeveral,
  program,
  type ProgramOptions,
  refuseSpares,
  resume,
  type ResumeOptions,
} from "../program.ts";
import { runsNamed } from "../runName.ts";
import { modelGiven, trim, type TrimOptions } from "../trim.ts";
import { checkWatch, watch, type WatchOptions } from "../watch.ts";
import type { Workplace } from "../workplace.ts";

/** A command that may stand in a queue: how it is checked when it is added, and done when its turn has come. */
export interface JobKind {
  readonly name: string;
  /** The library's call whose options it takes. */
  readonly call: KnownCall;
  /** Options of that call which make no sense at night. */
  readonly refused?: readonly string[];
  /** What it works on. Runs may be those of jobs, `j3`. */
  readonly subject: "file" | "name" | "run" | "runs";
  /** Whether its code is of a file, which a worker runs only where that was allowed. */
  readonly runsCode?: true;
  /** Whether its call takes what runs are found again by. */
  readonly labels?: true;
  /** Whether its run has a yield. */
  readonly judged?: true;
  /** Options that are files. */
  readonly files: (options: Options) => readonly string[];
  /** How many runs it begins, before the files are needed no more (0). */
  readonly begins?: (options: Options) => number;
  /** The options with the config's where they say nothing. */
  readonly usual: (place: Workplace, options: Options) => Options;
  /**
   * Throws what the call would throw before it pulses or reads.
   *
   * @param address  of the chip, by which its description is found.
   */
  readonly check: (place: Workplace, job: Work, address: string) => Promise<void>;
  /**
   * Does it, or goes on with the runs that it had begun.
   *
   * @returns the runs that it made, or worked on.
   */
  readonly act: (place: Workplace, job: Work, begun: Begun) => Promise<readonly RunId[]>;
}

type Options = Readonly<Record<string, unknown>>;

/** What a job is about, its runs by their names. A run that does not exist yet is left out. */
export interface Work {
  readonly subjects: readonly string[];
  readonly options: Options;
}

export interface Begun {
  readonly runs: readonly RunId[];
  /** Whether a worker had taken it up before. */
  readonly before: boolean;
  /** Whether it was put back by hand since, having begun no run. */
  readonly anew: boolean;
  /** Opens a bench for an experiment. */
  readonly bench: (place: Workplace) => unknown;
}

const noFiles = (): readonly string[] => [];
const asGiven = (_: Workplace, options: Options): Options => options;

/** A model that is named by its file. */
function modelFile({ model }: Options): readonly string[] {
  return typeof model === "string" && builtInDefinition(model) === undefined ? ["model"] : [];
}

const programJob: JobKind = {
  name: "program",
  call: "program",
  labels: true,
  judged: true,
  subject: "file",
  files: (options) => [
    ...modelFile(options),
    ...["weights", "importance"].filter((name) => typeof options[name] === "string"),
  ],
  begins: (options) => (options["verifyShare"] === undefined ? 1 : 2),
  usual: (place, options) => withDefaults(place.config.defaults.program, options),
  async check(place, { subjects, options }, address) {
    const given = options as ProgramOptions;
    if (isOfSeveral(given)) await planGroup(place, subjects[0]!, given, true);
    else await checkProgram(place, address, subjects[0]!, given);
  },
  async act(place, { subjects, options }, { runs }) {
    const given = options as ProgramOptions;
    for (const run of runs) await goOn(place, run);
    if (runs.length >= programJob.begins!(options)) return runs;
    if (isOfSeveral(given)) return [await programGroup(place, subjects[0]!, given)];
    return [...runs, await program(place, subjects[0]!, given, runs[0])];
  },
};

const measureJob: JobKind = {
  name: "measure",
  call: "measure",
  labels: true,
  subject: "name",
  files: noFiles,
  usual: asGiven,
  check: (place, { subjects, options }, address) =>
    checkMeasure(place, address, subjects[0]!, options as MeasureOptions),
  async act(place, { subjects, options }, { runs }) {
    for (const run of runs) await resume(place, run, undefined);
    return runs.length > 0 ? runs : [await measure(place, subjects[0]!, options as MeasureOptions)];
  },
};

const resumeJob: JobKind = {
  name: "resume",
  call: "resume",
  judged: true,
  subject: "run",
  files: noFiles,
  usual: asGiven,
  async check(place, { subjects, options }) {
    for (const run of subjects) {
      const store = await place.existingStore();
      if (!isGroupName(run)) {
        refuseSpares(run, options as ResumeOptions);
        refuseImported(await store.plan(run), run, "resumed");
      }
      if (await isDone(store, run))
        throw new MhoError(
          "bad-argument",
          `${isGroupName(run) ? "Network" : "Run"} ${run} is done: there is nothing to resume.`,
          { run },
        );
    }
  },
  async act(place, { subjects, options }, { before }) {
    const { chip, spares } = options as ResumeOptions;
    const [run] = subjects as readonly [string];
    if (!isGroupName(run)) await resume(place, run, chip);
    // Its spares are the network's since it was first begun.
    else await resumeGroup(place, run, { spares: before ? await sparesLeft(place, run, spares) : spares });
    return subjects;
  },
};

const watchJob: JobKind = {
  name: "watch",
  call: "watch",
  labels: true,
  refused: ["onChipFailed"],
  subject: "runs",
  files: noFiles,
  usual: asGiven,
  async check(place, { subjects, options }) {
    checkWatch(place, options as WatchOptions);
    const whole = wholeReader(await place.existingStore());
    for (const run of subjects) refuseImported(await whole.plan(run), run, "watched");
  },
  async act(place, { subjects, options }, { before }) {
    const { note, ...others } = options as WatchOptions;
    await watch(place, subjects, before && (await hasNote(place, subjects, note)) ? others : options);
    return subjects;
  },
};

const trimJob: JobKind = {
  name: "trim",
  call: "trim",
  labels: true,
  judged: true,
  refused: ["dryRun"],
  subject: "run",
  files: modelFile,
  begins: () => 1,
  usual: (place, options) => withDefaults(place.config.defaults.trim, options),
  async check(place, { subjects, options }) {
    const { model } = options as TrimOptions;
    labelled(place, options);
    for (const run of subjects) {
      const plan = await wholeReader(await place.existingStore()).plan(run);
      refuseImported(plan, run, "trimmed");
      await modelGiven(model, plan);
    }
    if (typeof model === "string") await readModel(model);
  },
  async act(place, { subjects, options }, { runs }) {
    const [subject] = subjects as readonly [string];
    const given = options as TrimOptions;
    for (const run of runs) {
      if (isGroupName(run)) await goOnTrim(place, run, given);
      else await goOn(place, run);
    }
    if (runs.length > 0) return runs;
    const { run } = await (isGroupName(subject) ? trimGroup : trim)(place, subject, given);
    // Where nothing is worth a pulse, the run is as it was.
    return [run ?? subject];
  },
};

const experimentJob: JobKind = {
  name: "run",
  call: "experiment",
  refused: ["say"],
  subject: "file",
  runsCode: true,
  files: noFiles,
  usual: asGiven,
  check: async (_, { subjects }) => {
    await loadExperiment(subjects[0]!);
  },
  async act(place, { subjects, options }, { runs, before, anew, bench }) {
    if (before && !anew) throw cutOff(runs);
    const { run } = await loadExperiment(subjects[0]!);
    const args = (options["args"] ?? []) as readonly string[];
    await run(bench(place), { args, say: () => {}, signal: place.signal });
    return [];
  },
};

/** Goes on with a run, or with all of a network over several chips. */
async function goOn(place: Workplace, run: RunId): Promise<void> {
  await (isGroupName(run) ? resumeGroup(place, run, {}) : resume(place, run, undefined));
}

async function isDone(store: RunStore, run: RunId): Promise<boolean> {
  if (!isGroupName(run)) return (await store.summary(run)).outcome === "done";
  const { shares } = await groupNamed(store, run);
  const done = await Promise.all(
    shares.map(async (share) => share.run !== undefined && isDone(store, share.run)),
  );
  return done.every(Boolean);
}

/** Spares that the network does not have yet: neither waiting nor in the place of a chip. */
async function sparesLeft(
  place: Workplace,
  network: RunId,
  given: readonly string[] = [],
): Promise<readonly string[]> {
  const { shares, spares } = await groupNamed(await place.existingStore(), network);
  const known = [
    ...spares,
    ...shares.flatMap(({ chip, before }) => [chip, ...before.map((left) => left.chip)]),
  ];
  return given.filter((spare) => !known.includes(spare));
}

/** An experiment begins at its beginning, and would pulse again what it has pulsed. */
function cutOff(runs: readonly RunId[]): MhoError {
  return new MhoError(
    "interrupted",
    runs.length === 0
      ? "The experiment was cut off, and would begin anew. It had begun no run."
      : `The experiment was cut off, and would begin anew. Its runs are ${runs.join(", ")}. Look at them, then remove the job or add it again.`,
  );
}

async function hasNote(place: Workplace, runs: readonly RunId[], text: string | undefined): Promise<boolean> {
  if (text === undefined) return false;
  const store = await place.existingStore();
  const notes = await Promise.all((await runsNamed(store, runs)).map((run) => store.notes(run)));
  return notes.every((ofRun) => ofRun.some((note) => note.text === text));
}

export const jobKinds: readonly JobKind[] = [
  programJob,
  measureJob,
  watchJob,
  trimJob,
  resumeJob,
  experimentJob,
];

/** Throws `bad-argument` for a command that no queue does. */
export function jobKindNamed(name: string): JobKind {
  const found = jobKinds.find((kind) => kind.name === name);
  if (found !== undefined) return found;
  throw new MhoError(
    "bad-argument",
    `A queue does not do ${name}. It does ${jobKinds.map((kind) => kind.name).join(", ")}.`,
    { command: name },
  );
}

/** Throws `bad-argument` for options that are no plain data: they are kept in the workspace. */
export function plainOptions(options: object): Options {
  const text = JSON.stringify(options, (_, value: unknown) => {
    const isOfClass =
      typeof value === "object" &&
      value !== null &&
      !Array.isArray(value) &&
      Object.getPrototypeOf(value) !== Object.prototype;
    if (!isOfClass && !["function", "bigint", "symbol"].includes(typeof value)) return value;
    throw new MhoError(
      "bad-argument",
      "A job is kept in the workspace, so its options are numbers, texts and lists alone.",
    );
  });
  return JSON.parse(text) as Options;
}
