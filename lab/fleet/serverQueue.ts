import { hostname } from "node:os";
import { resolve } from "node:path";
import { parseChipDescription } from "../../files/chipDescription.ts";
import { MhoError } from "../../src/errors.ts";
import { isInDoubt, isOver, type ServerJob } from "../../src/fleet/serverJob.ts";
import type { Job, JobId } from "../../src/queue/job.ts";
import { isGroupName } from "../../src/run/groups.ts";
import type { Wait } from "../../src/queue/order.ts";
import { openServer, type Server } from "../../storage/postgres/connection.ts";
import type { ServerJobRow, ServerRequest } from "../../storage/postgres/fleetRows.ts";
import {
  type BenchAtServer,
  benchesAt,
  chipsAt,
  type ChipAtServer,
  descriptionAt,
  serverTime,
} from "../../storage/postgres/fleetView.ts";
import { notAllowed, rightsAt } from "../../storage/postgres/schema.ts";
import {
  addServerJob,
  jobsDone,
  moveServerJob,
  removeServerJobs,
  retryServerJob,
  runNames,
  serverJob,
  serverJobs,
} from "../../storage/postgres/serverJobs.ts";
import { refuseOptions, subjectsOf, timing, withOperator } from "../queue/addJob.ts";
import { isJobName, isOfRun } from "../queue/jobNames.ts";
import type { QueuedJob } from "../queue/changeQueue.ts";
import { filesNow } from "../queue/jobFiles.ts";
import { type JobKind, jobKindNamed, plainOptions } from "../queue/jobKinds.ts";
import type { AddOptions, MoveOptions, QueueListOptions } from "../queue/queueOptions.ts";
import type { Workplace } from "../workplace.ts";
import { filesAgain, uploadsOf } from "./jobBytes.ts";
import { chipMeant, runsAtBenches } from "./serverChips.ts";
import { weightsOfStrategy } from "./strategyFiles.ts";

type Options = Readonly<Record<string, unknown>>;

/**
 * Opens the server that a workspace's address names, for one thing.
 *
 * @param deed  that takes a right: "add jobs to its queue"; undefined for looking.
 */
async function at<T>(
  place: Workplace,
  deed: string | undefined,
  act: (server: Server) => Promise<T>,
): Promise<T> {
  const server = await openServer(place.folder);
  try {
    const { operate } = await rightsAt(server);
    if (deed !== undefined && !operate) throw notAllowed(server, "operate", deed);
    return await act(server);
  } finally {
    await server.close();
  }
}

/** Checks a job as its call would, as far as that can be done here, and puts it at the end of its chip's queue at the server. */
export function addToServer(
  place: Workplace,
  command: string,
  given: string | readonly string[],
  options: Options,
  when: AddOptions,
): Promise<Job> {
  return at(place, "add jobs to its queue", async (server) => {
    const kind = jobKindNamed(command);
    refuseOptions(kind, options);
    if (when.minYieldPercent !== undefined && kind.judged !== true)
      throw new MhoError("bad-argument", `--min-yield: a job ${kind.name} has no yield. Leave it out.`);
    const subjects = subjectsOf(kind, typeof given === "string" ? [given] : given);
    refuseSeveral(place, subjects, options);
    const named = [...subjects, ...[when.after ?? []].flat()].filter(isJobName);
    const jobs: QueuedJob[] = [];
    for (const id of new Set(named)) jobs.push(await asQueued(server, await serverJob(server, id)));
    const { after, notBefore } = timing(when, jobs, subjects);
    const runsAt = isOfRun(kind)
      ? await runsAtBenches(
          server,
          subjects.filter((one) => !isJobName(one)),
        )
      : {};
    const chip = await chipMeant(server, when.chip ?? stringIn(options, "chip"), { jobs, runsAt });
    const by = when.operator ?? place.operator;
    const { chip: _, ...withoutChip } = { ...options, ...titleOf(kind, subjects[0]!, options) };
    const usual = kind.usual(place, kind.labels === true ? withOperator(withoutChip, by) : withoutChip);
    const isFile = kind.subject === "file";
    const full = plainOptions(isFile ? await weightsOfStrategy(kind, subjects[0]!, usual) : usual);
    const paths = kind.files(full);
    const absolute = Object.fromEntries(
      Object.entries(full).map(([name, value]) => [
        name,
        paths.includes(name) ? resolve(value as string) : value,
      ]),
    );
    const files = await filesNow([
      ...(isFile ? subjects : []),
      ...paths.map((name) => absolute[name] as string),
    ]);
    const request: ServerRequest = {
      command,
      subjects: isFile ? subjects.map((file) => resolve(file)) : subjects,
      options: absolute,
      chip: nameOf(chip),
      files,
      seed: place.seed,
      acceptUnknownWear: place.acceptUnknownWear,
      text: when.text ?? [command, ...subjects].join(" "),
      host: hostname(),
      runsAt: Object.fromEntries(
        Object.entries(runsAt).map(([run, { bench, run: there }]) => [run, { bench, run: there }]),
      ),
      ...(when.minYieldPercent !== undefined && { minYieldPercent: when.minYieldPercent }),
    };
    await check(place, kind, request, chip, await descriptionAt(server, chip.chipId));
    const id = await addServerJob(server, {
      chipId: chip.chipId,
      request,
      operator: by,
      after,
      notBefore,
      files: uploadsOf(files),
    });
    return asQueued(server, await serverJob(server, id));
  });
}

/** A bench has the chips of a network at hand, and its own queue waits for all of them; that of a server hands out single chips. */
function refuseSeveral({ folder }: Workplace, subjects: readonly string[], options: Options): void {
  if (![options["chips"], options["spares"]].some(Array.isArray) && !subjects.some(isGroupName)) return;
  throw new MhoError(
    "bad-argument",
    `A job of the server ${folder} is for one chip. Queue work on several chips at the bench that has them: leave --workspace out there.`,
  );
}

/** A run is titled by its file, and at its bench that has another place. */
function titleOf({ subject, labels }: JobKind, file: string, { title }: Options): Options {
  return subject === "file" && labels === true ? { title: title ?? file.slice(-200) } : {};
}

/** What the job's call would say of the chip as its bench described it. Of runs, which are at a bench, nothing is looked at. */
async function check(
  place: Workplace,
  kind: JobKind,
  request: ServerRequest,
  chip: ChipAtServer,
  description: string | undefined,
): Promise<void> {
  const { seed, acceptUnknownWear, options, text } = request;
  if (isOfRun(kind)) return;
  const address = chip.nicknames[0]?.address;
  if (address === undefined || description === undefined) {
    return place.emit({
      type: "warning",
      code: "job_not_checked",
      message: `The server has no description of the chip ${nameOf(chip)}, so it is not known whether ${text} fits it.`,
      name: null,
      why: null,
    });
  }
  const own = place.forJob("j0", { chip: address, seed, acceptUnknownWear });
  try {
    const bytes = new TextEncoder().encode(description);
    const from = `the description of the chip ${nameOf(chip)} at the server`;
    own.takeAsDescribed(address, parseChipDescription(bytes, from, place.registries.technologies));
    await kind.check(own, { subjects: request.subjects, options }, address);
  } finally {
    await place.closeJob(own);
  }
}

export function listServer(
  place: Workplace,
  { all = false }: QueueListOptions,
): Promise<readonly QueuedJob[]> {
  return at(place, undefined, async (server) => {
    const rows = await serverJobs(server, { all });
    return queuedJobs(server, rows);
  });
}

export function moveAtServer(place: Workplace, id: JobId, { before, first }: MoveOptions): Promise<void> {
  return at(place, "move jobs of its queue", (server) => moveServerJob(server, id, { before, first }));
}

export function removeAtServer(place: Workplace, ids: readonly JobId[]): Promise<void> {
  return at(place, "remove jobs of its queue", async (server) => {
    if (ids.length === 0) throw new MhoError("bad-argument", "Name the jobs, such as mho queue remove j3.");
    const asked = await removeServerJobs(server, ids);
    if (asked.length === 0) return;
    place.emit({
      type: "warning",
      code: "job_at_bench",
      message: `${asked.join(", ")} ${asked.length === 1 ? "is" : "are"} at a bench already, and removed when the bench hears of it, unless it has begun by then.`,
      name: null,
      why: null,
    });
  });
}

export function retryAtServer(place: Workplace, id: JobId): Promise<void> {
  return at(place, "retry jobs of its queue", (server) =>
    retryServerJob(server, id, async (request) => {
      const files = await filesAgain(request.files, request.host);
      const changed = files.filter((one) => !request.files.some(({ sha256 }) => sha256 === one.sha256));
      return { request: { ...request, files }, files: uploadsOf(changed) };
    }),
  );
}

function nameOf({ chip: { name, serialNumber } }: Pick<ChipAtServer, "chip">): string {
  return `${name}/${serialNumber}`;
}

function stringIn(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === "string" ? value : undefined;
}

async function asQueued(server: Server, row: ServerJobRow): Promise<QueuedJob> {
  return (await queuedJobs(server, [row]))[0]!;
}

/**
 * Jobs of the server as `list` tells of them.
 *
 * @param known  what was asked for already.
 */
export async function queuedJobs(
  server: Server,
  rows: readonly ServerJobRow[],
  known?: { readonly benches: readonly BenchAtServer[]; readonly chips: readonly ChipAtServer[] },
): Promise<readonly QueuedJob[]> {
  if (rows.length === 0) return [];
  const benches = known?.benches ?? (await benchesAt(server));
  const chips = new Map((known?.chips ?? (await chipsAt(server))).map((one) => [one.chipId, one]));
  const online = new Set(benches.flatMap(({ name, state }) => (state === "online" ? [name] : [])));
  const names = await runNames(server, rows);
  const now = await serverTime(server);
  const done = await jobsDone(server, [...new Set(rows.flatMap(({ job }) => job.after))]);
  const queues = new Map<number, ServerJob[]>();
  for (const { chipId, job } of rows)
    if (!isOver(job)) queues.set(chipId, [...(queues.get(chipId) ?? []), job]);
  return rows.map((row): QueuedJob => {
    const { job, request, chip } = row;
    const at = chips.get(row.chipId)!;
    const lease = at.bench === undefined ? undefined : { bench: at.bench, fence: at.fence, expiresAt: 0 };
    const doubtful = isInDoubt(job, lease);
    const isOnline = job.bench !== undefined && online.has(job.bench);
    const name = `${chip.name}/${chip.serialNumber}`;
    return {
      ...request,
      id: job.id,
      state: job.state === "taken" ? "waiting" : job.state,
      place: name,
      chip: name,
      chipName: name,
      otherChips: [],
      bench: isOver(job) || job.state === "failed" ? undefined : job.bench,
      addedAt: row.addedAt,
      by: row.operator,
      begunAt: row.begunAt,
      endedAt: row.endedAt,
      beginsAnew: false,
      attempts: job.begun ? Math.max(1, job.attempt) : 0,
      runsBefore: 0,
      runs: row.runs.flatMap((run) => names.get(`${job.bench} ${run}`) ?? []),
      after: job.after,
      notBefore: row.notBefore,
      givenBack: false,
      why: doubtful ? inDoubt(job, at) : row.why,
      worked: job.state === "under way" && isOnline && !doubtful,
      wait: waitOf(row, queues.get(row.chipId) ?? [], { done, now }),
    };
  });
}

function inDoubt({ id, bench }: ServerJob, chip: ChipAtServer): { code: string; message: string } {
  return {
    code: "in-doubt",
    message:
      `Bench ${bench} has it, and its chip is at bench ${chip.bench} now. When ${bench} is heard again it says what became of it. ` +
      `mho queue retry ${id} lets ${chip.bench} do it anew, mho queue remove ${id} goes on without it.`,
  };
}

/** @param queue  jobs of its chip that are not over, in their order. */
function waitOf(
  { job, notBefore }: ServerJobRow,
  queue: readonly ServerJob[],
  { done, now }: { readonly done: ReadonlySet<JobId>; readonly now: number },
): Wait | undefined {
  if (job.state !== "waiting" && job.state !== "taken") return undefined;
  const failed = queue.find(({ state }) => state === "failed");
  if (failed !== undefined) return { for: "failed", job: failed.id };
  const first = queue[0];
  if (first !== undefined && first.id !== job.id) return { for: "turn", job: first.id };
  const missing = job.after.find((id) => !done.has(id));
  if (missing !== undefined) return { for: "job", job: missing };
  return notBefore !== undefined && job.notBefore! > now ? { for: "time", until: notBefore } : undefined;
}
