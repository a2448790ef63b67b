import { judgeRun } from "../../src/results/runResult.ts";
import { MhoError } from "../../src/errors.ts";
import type { Job, JobChange, JobList } from "../../src/queue/job.ts";
import type { RunId, RunStore } from "../../src/run/store.ts";
import { isGroupName } from "../../src/run/groups.ts";
import { wholeReader } from "../../src/results/wholeReader.ts";
import type { BenchEvent } from "../events.ts";
import { loadExperiment } from "../experiment.ts";
import { wallTime } from "../wallTime.ts";
import type { Workplace } from "../workplace.ts";
import { runLeftBy } from "./addJob.ts";
import { isJobName } from "./jobNames.ts";
import { refuseChanged } from "./jobFiles.ts";
import { type JobKind, jobKindNamed } from "./jobKinds.ts";
import { RunLimit } from "./runLimit.ts";
import { runsOfJob } from "./runsOfJob.ts";

/** How a worker's turn at a job went. */
export interface JobEnd {
  readonly job: Job;
  /** `put back`: it was stopped with its worker, or its chip is in use elsewhere. */
  readonly outcome: "done" | "failed" | "put back";
  readonly runs: readonly RunId[];
  readonly seconds: number;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** Whether a chip of it did not confirm standby, so that its outputs may be on. */
  readonly unsafe: boolean;
}

export interface Doing {
  /** Opens a bench for an experiment. */
  readonly bench: (place: Workplace) => unknown;
  /** Whether jobs may run code of their own. */
  readonly allowRun: boolean;
  /** How long such code may take, s. */
  readonly runLimitSeconds: number;
  /** What a job comes to; the library's call where not given. */
  readonly act?:
    ((job: Job, runs: readonly RunId[], signal: AbortSignal) => Promise<readonly RunId[]>) | undefined;
  /** Aborted when the worker stops. */
  readonly signal: AbortSignal;
}

/**
 * Does a job that this worker has taken, and writes down how it ended. What the job itself comes to never throws; what keeps the queue
 * from being written does.
 *
 * @param jobs  as they are now, the job taken.
 */
export async function doJob(place: Workplace, jobs: JobList, job: Job, doing: Doing): Promise<JobEnd> {
  const store = await place.jobStore();
  store.mustBeWritable();
  const begunAt = performance.now();
  const before = await runsOfJob(store, job);
  place.emit({
    type: "job_started",
    job: job.id,
    text: job.text,
    chip: job.chip,
    other_chips: (job.others ?? []).map(({ chip }) => chip),
    resumes: before,
  });
  let [error, runs]: [unknown, readonly RunId[]] = [undefined, before];
  let unsafe = false;
  const onEvent = (event: BenchEvent): void => {
    if (event.type === "started") place.emit({ type: "job_run", job: job.id, run: event.run });
    unsafe ||= event.type === "standby_failed";
  };
  try {
    runs =
      (await doing.act?.(job, before, doing.signal)) ?? (await act(place, jobs, job, before, doing, onEvent));
    await refuseLowYield(store, job, runs);
  } catch (caught) {
    error = caught;
    unsafe ||= caught instanceof MhoError && caught.facts["standby"] === false;
  }
  // Those that it began, also where it then failed.
  const begun = await runsOfJob(store, job);
  const ended = {
    job,
    runs: [...new Set([...begun, ...runs])],
    seconds: (performance.now() - begunAt) / 1000,
    ...outcomeOf(doing, job, error),
    unsafe,
  };
  await store.changeJobs(() => [changeOf(ended)]);
  place.emit({
    type: "job_ended",
    job: job.id,
    text: job.text,
    chip: job.chip,
    outcome: ended.outcome === "put back" ? "put_back" : ended.outcome,
    runs: ended.runs,
    seconds: ended.seconds,
    error: ended.error ?? null,
  });
  return ended;
}

async function act(
  place: Workplace,
  jobs: JobList,
  job: Job,
  runs: readonly RunId[],
  doing: Doing,
  onEvent: (event: BenchEvent) => void,
): Promise<readonly RunId[]> {
  const kind = jobKindNamed(job.command);
  if (runs.length < (kind.begins?.(job.options) ?? 1)) await refuseChanged(job);
  const subjects = job.subjects.map((subject) => (isJobName(subject) ? runLeftBy(jobs, subject) : subject));
  const { chip, seed, acceptUnknownWear } = job;
  const extensions = await extensionsOf(kind, job, doing);
  const limit = kind.runsCode === true ? new RunLimit(job, doing.runLimitSeconds) : undefined;
  const signal = limit === undefined ? doing.signal : AbortSignal.any([doing.signal, limit.signal]);
  const own = place.forJob(job.id, { chip, seed, acceptUnknownWear, extensions, signal }, onEvent);
  try {
    const begun = { runs, before: job.attempts > 1, anew: job.beginsAnew, bench: doing.bench };
    const acted = kind.act(own, { subjects, options: job.options }, begun);
    return await (limit?.hold(acted) ?? acted);
  } finally {
    await place.closeJob(own);
  }
}

/** Code that a workspace names is not run unasked: another may have put it there. */
async function extensionsOf({ runsCode }: JobKind, job: Job, { allowRun }: Doing) {
  if (runsCode !== true) return undefined;
  if (!allowRun) {
    throw new MhoError(
      "bad-argument",
      `Job ${job.id} runs code of ${job.subjects[0]}, and this worker was not told to. Start mho work --allow-run, and then ` +
        `mho queue retry ${job.id}.`,
      { job: job.id },
    );
  }
  return (await loadExperiment(job.subjects[0]!)).extensions;
}

async function refuseLowYield(
  store: RunStore,
  { minYieldPercent: least }: Job,
  runs: readonly RunId[],
): Promise<void> {
  const run = runs.at(-1);
  if (least === undefined || run === undefined) return;
  const { yieldPercent } = await judgeRun(wholeReader(store), run);
  if (yieldPercent !== undefined && yieldPercent >= least) return;
  const found = yieldPercent === undefined ? "has no yield" : `has a yield of ${yieldPercent.toFixed(2)} %`;
  throw new MhoError(
    "bad-argument",
    `${isGroupName(run) ? "Network" : "Run"} ${run} ${found}, and ${least} % was asked for.`,
    {
      run,
      yield: true,
    },
  );
}

/** A job that was stopped with its worker goes on with the next; every other end without success stops its chip's queue. */
function outcomeOf({ signal }: Doing, { command }: Job, error: unknown): Pick<JobEnd, "outcome" | "error"> {
  if (error === undefined) return { outcome: "done", error: undefined };
  if (!(error instanceof MhoError)) {
    // A mistake of ours: where it happened is all that helps.
    const stack = error instanceof Error ? error.stack : undefined;
    return { outcome: "failed", error: { code: "bug", message: stack ?? "something else than an error" } };
  }
  const { code, message, facts } = error;
  const told = { code: facts["yield"] === true ? "low-yield" : code, message };
  const stopped = code === "interrupted" && signal.aborted;
  // Another program has the chip: that is no fault of the job. Of what an experiment did before, nothing is known.
  const inUse =
    code === "port-failed" && facts["holder"] !== undefined && jobKindNamed(command).runsCode !== true;
  return { outcome: stopped || inUse ? "put back" : "failed", error: told };
}

function changeOf({ job, outcome, runs, error }: JobEnd): JobChange {
  const stamp = { job: job.id, at: wallTime() };
  if (outcome === "done") return { ...stamp, what: "done", runs };
  const why = { code: error!.code, message: error!.message };
  return outcome === "put back"
    ? { ...stamp, what: "put back", ...why }
    : { ...stamp, what: "failed", ...why, runs };
}
