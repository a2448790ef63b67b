import { MhoError } from "../../src/errors.ts";
import type { Job, JobId, JobList, JobRequest } from "../../src/queue/job.ts";
import { isPending } from "../../src/queue/order.ts";
import { isGroupName } from "../../src/run/groups.ts";
import type { RunId } from "../../src/run/store.ts";
import { resolve } from "node:path";
import { refuseUnknown } from "../optionNames.ts";
import { isRunName, runOrGroupNamed } from "../runName.ts";
import { isOfSeveral, type ProgramOptions } from "../program.ts";
import { wallTime } from "../wallTime.ts";
import type { Workplace } from "../workplace.ts";
import { filesNow } from "./jobFiles.ts";
import { type JobKind, jobKindNamed, plainOptions } from "./jobKinds.ts";
import { chipsOf, withChips } from "./jobChips.ts";
import { isJobName, isOfRun, jobNamed } from "./jobNames.ts";
import type { AddOptions } from "./queueOptions.ts";
import { timeAfter, timeGiven } from "./jobTimes.ts";

type Options = Readonly<Record<string, unknown>>;

/** Checks a job as its call would, and puts it at the end of its chip's queue. */
export async function addJob(
  place: Workplace,
  command: string,
  given: string | readonly string[],
  options: Options,
  when: AddOptions,
): Promise<Job> {
  const store = await place.jobStore();
  store.mustBeWritable();
  const kind = jobKindNamed(command);
  refuseOptions(kind, options);
  if (when.minYieldPercent !== undefined && kind.judged !== true)
    throw new MhoError("bad-argument", `--min-yield: a job ${kind.name} has no yield. Leave it out.`);
  const subjects = subjectsOf(kind, typeof given === "string" ? [given] : given);
  const jobs = await store.jobs();
  const { after, notBefore } = timing(when, jobs, subjects);
  const address = when.chip ?? chipOption(options);
  const { chip, others } = await chipsOf(place, kind, subjects, options, jobs, address);
  const by = when.operator ?? place.operator;
  const addressed = withChips(place, options);
  const usual = plainOptions(
    kind.usual(place, kind.labels === true ? withOperator(addressed, by) : addressed),
  );
  const paths = kind.files(usual);
  const absolute = Object.fromEntries(
    Object.entries(usual).map(([name, value]) => [
      name,
      paths.includes(name) ? resolve(value as string) : value,
    ]),
  );
  const isFile = kind.subject === "file";
  const isMoved = isOfRun(kind) && address !== undefined;
  const request: JobRequest = {
    command,
    subjects: isFile ? subjects.map((file) => resolve(file)) : subjects,
    options: isMoved ? { ...absolute, chip: chip.address } : absolute,
    chip: chip.address,
    place: chip.place,
    ...(others.length > 0 && {
      others: others.map((other) => ({ chip: other.address, place: other.place })),
    }),
    files: await filesNow([
      ...(isFile ? subjects : []),
      ...paths.map((name) => usual[name] as string),
      ...[chip, ...others].flatMap(({ files }) => files),
    ]),
    after,
    seed: place.seed,
    acceptUnknownWear: place.acceptUnknownWear,
    text: when.text ?? [command, ...subjects].join(" "),
    ...(notBefore !== undefined && { notBefore }),
    ...(when.minYieldPercent !== undefined && { minYieldPercent: when.minYieldPercent }),
  };
  await check(place, kind, request);
  let job = "";
  const all = await store.changeJobs((before) => {
    refuseGone(before, after);
    job = `j${before.length + 1}`;
    return [{ job, at: wallTime(), ...(by !== undefined && { by }), what: "added", request }];
  });
  return jobNamed(all, job);
}

/** What the job's call would say before it pulses or reads. A board that does not say which chip it is is asked, where it can be. */
async function check(place: Workplace, kind: JobKind, request: JobRequest): Promise<void> {
  const { chip, others = [], seed, acceptUnknownWear, subjects, options, text } = request;
  const own = place.forJob("j0", { chip, seed, acceptUnknownWear });
  try {
    const needsNoChip = isOfRun(kind) || kind.runsCode === true;
    const work = { subjects: subjects.filter((one) => !isJobName(one)), options };
    if (needsNoChip) return await kind.check(own, work, chip);
    const isChecked = async (): Promise<boolean> => {
      // Of several chips, each is asked when the network is laid over them.
      await kind.check(own, work, isOfSeveral(options as ProgramOptions) ? chip : await own.chipNamed());
      return true;
    };
    if ((await isChecked().catch(unlessSilent)) === true) return;
    place.emit({
      type: "warning",
      code: "job_not_checked",
      message:
        others.length === 0
          ? `The board at ${chip} is in use or does not answer, and its address does not say which chip it is, so it is not known ` +
            `whether ${text} fits it. Give ?chip=NAME or ?chip=FILE.json.`
          : `One of the boards at ${[chip, ...others.map((other) => other.chip)].join(", ")} is in use or does not answer, and its ` +
            `address does not say which chip it is, so it is not known whether ${text} fits them. Give ?chip=NAME or ?chip=FILE.json.`,
      name: null,
      why: null,
    });
  } finally {
    await place.closeJob(own);
  }
}

/** Undefined for a board that cannot be asked just now. */
function unlessSilent(error: unknown): undefined {
  if (error instanceof MhoError && ["port-failed", "link-lost"].includes(error.code)) return undefined;
  throw error;
}

export function refuseOptions({ call, refused = [], name }: JobKind, options: Options): void {
  refuseUnknown(call, options);
  const strange = refused.find((one) => options[one] !== undefined);
  if (strange !== undefined)
    throw new MhoError("bad-argument", `A job ${name} takes no option ${strange}.`, { option: strange });
}

export function subjectsOf({ name, subject }: JobKind, given: readonly string[]): readonly string[] {
  if (given.length === 0 || (given.length > 1 && subject !== "runs"))
    throw new MhoError(
      "bad-argument",
      `A job ${name} works on one ${subject === "runs" ? "run or more" : subject}.`,
    );
  return isOfRun({ subject })
    ? [...new Set(given.map((one) => (isJobName(one) ? one : runOrGroupNamed(one))))]
    : given;
}

/** When it may begin. The run of a job is there when that job is done. */
export function timing(
  { at, after = [] }: AddOptions,
  jobs: JobList,
  subjects: readonly string[],
): { readonly after: readonly JobId[]; readonly notBefore: string | undefined } {
  const given = typeof after === "string" ? [after] : after;
  const named = given.filter(isJobName);
  const now = new Date();
  const times = given
    .filter((one) => !isJobName(one))
    .map((text) => {
      const time = timeAfter(text, now);
      if (time !== undefined) return time;
      throw new MhoError(
        "bad-argument",
        `--after ${text}: give a job such as j3, or a time from now such as 2h.`,
      );
    });
  if (at !== undefined) times.push(timeGiven(at, now));
  if (times.length > 1)
    throw new MhoError(
      "bad-argument",
      "A job begins at one time: give --at, or one --after with a duration.",
    );
  const ids = [...new Set([...named, ...subjects.filter(isJobName)])];
  refuseGone(jobs, ids);
  return { after: ids, notBefore: times[0] };
}

function refuseGone(jobs: JobList, ids: readonly JobId[]): void {
  for (const id of ids) {
    if (jobNamed(jobs, id).state === "removed")
      throw new MhoError("bad-argument", `Job ${id} was removed, so nothing comes after it.`, { job: id });
  }
}

export function chipOption({ chip }: Options): string | undefined {
  return typeof chip === "string" ? chip : undefined;
}

/** Who adds a job begins its runs. */
export function withOperator(options: Options, operator: string | undefined): Options {
  const own = options;
  return operator === undefined || own["operator"] !== undefined ? own : { ...own, operator };
}

/** The run that a job left, for jobs that name it. Throws `bad-argument` where it left none. */
export function runLeftBy(jobs: JobList, id: JobId): RunId {
  const { runs, state } = jobNamed(jobs, id);
  const run = runs.at(-1);
  if (run !== undefined && (isRunName(run) || isGroupName(run))) return run;
  const why = state === "done" ? "made no run" : "is not done";
  throw new MhoError("bad-argument", `Job ${id} ${why}, so there is no run to go on with.`, { job: id });
}

/** Jobs that wait for others. */
export function waitingFor(jobs: JobList, id: JobId): readonly JobId[] {
  return jobs
    .filter((job) => isPending(job) && job.attempts === 0 && job.after.includes(id))
    .map((job) => job.id);
}
