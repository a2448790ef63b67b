import { hostname } from "node:os";
import { resolve } from "node:path";
import { parseChipDescription } from "../../files/chipDescription.ts";
import { MhoError } from "../../src/errors.ts";
import { isInDoubt, isOver, type ServerJob } from "../../src/fleet/serverJob.ts";
import type { Job, JobId } from "../../src/queue/job.ts";
import type { Wait } from "../../src/queue/order.ts";
import { openServer, type Server } from "../../storage/postgres/connection.ts";
import { chipIdsOf, type ServerJobRow, type ServerRequest } from "../../storage/postgres/fleetRows.ts";
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
import { runsAtBenches } from "./serverChips.ts";
import { benchOfAll, chipsMeant, nameOf, placesText } from "./severalChips.ts";
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
    const asked = { given: when.chip ?? stringIn(options, "chip"), options, subjects, jobs, runsAt };
    const meant = await chipsMeant(server, place, asked);
    const [chip, ...others] = meant.all;
    const bench = others.length === 0 ? undefined : await benchOfAll(server, meant.all);
    const by = when.operator ?? place.operator;
    const { chip: _, ...withoutChip } = {
      ...options,
      ...meant.options,
      ...titleOf(kind, subjects[0]!, options),
    };
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
      chip: nameOf(chip!),
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
    await check(server, place, kind, request, meant.all, bench);
    const id = await addServerJob(server, {
      chipId: chip!.chipId,
      otherChipIds: others.map(({ chipId }) => chipId),
      request,
      operator: by,
      after,
      notBefore,
      files: uploadsOf(files),
    });
    return asQueued(server, await serverJob(server, id));
  });
}

/** A run is titled by its file, and at its bench that has another place. */
function titleOf({ subject, labels }: JobKind, file: string, { title }: Options): Options {
  return subject === "file" && labels === true ? { title: title ?? file.slice(-200) } : {};
}

/**
 * What the job's call would say of its chips as their bench described them. Of runs, which are at a bench, nothing is looked at.
 *
 * @param bench  of several chips, that which has them all.
 */
async function check(
  server: Server,
  place: Workplace,
  kind: JobKind,
  request: ServerRequest,
  chips: readonly ChipAtServer[],
  bench: string | undefined,
): Promise<void> {
  const { seed, acceptUnknownWear, options, text } = request;
  if (isOfRun(kind)) return;
  const described = new Map<string, { readonly address: string; readonly text: string }>();
  for (const chip of chips) {
    const at = chip.nicknames.find((one) => bench === undefined || one.bench === bench);
    const description = await descriptionAt(server, chip.chipId);
    if (at === undefined || description === undefined) {
      return place.emit({
        type: "warning",
        code: "job_not_checked",
        message: `The server has no description of the chip ${nameOf(chip)}, so it is not known whether ${text} fits it.`,
        name: null,
        why: null,
      });
    }
    described.set(nameOf(chip), { address: at.address, text: description });
  }
  const first = described.get(nameOf(chips[0]!))!.address;
  const own = place.forJob("j0", { chip: first, seed, acceptUnknownWear });
  const addresses = (names: unknown): unknown =>
    Array.isArray(names) ? names.map((name: string) => described.get(name)!.address) : names;
  try {
    for (const [name, { address, text: description }] of described) {
      const bytes = new TextEncoder().encode(description);
      const from = `the description of the chip ${name} at the server`;
      own.takeAsDescribed(address, parseChipDescription(bytes, from, place.registries.technologies));
    }
    const here = { ...options, chips: addresses(options["chips"]), spares: addresses(options["spares"]) };
    const work = { subjects: request.subjects, options: chips.length === 1 ? options : here };
    await kind.check(own, work, first);
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
  for (const row of rows.toSorted((a, b) => a.position - b.position))
    if (!isOver(row.job))
      for (const chip of chipIdsOf(row)) queues.set(chip, [...(queues.get(chip) ?? []), row.job]);
  return rows.map((row): QueuedJob => {
    const { job, request, chip } = row;
    const at = chipIdsOf(row).map((chipId) => chips.get(chipId)!);
    const doubtful = isInDoubt(job, ...at.map(({ bench, fence }) => ({ bench, fence, expiresAt: 0 })));
    const isOnline = job.bench !== undefined && online.has(job.bench);
    const name = `${chip.name}/${chip.serialNumber}`;
    return {
      ...request,
      id: job.id,
      state: job.state === "taken" ? "waiting" : job.state,
      place: name,
      chip: name,
      chipName: name,
      otherChips: row.otherChips.map((other) => `${other.name}/${other.serialNumber}`),
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
      why: doubtful ? inDoubt(job, at) : (chipsApart(job, at) ?? row.why),
      worked: job.state === "under way" && isOnline && !doubtful,
      wait: waitOf(
        row,
        chipIdsOf(row).map((chipId) => queues.get(chipId) ?? []),
        { done, now },
      ),
    };
  });
}

function inDoubt(
  { id, bench }: ServerJob,
  chips: readonly ChipAtServer[],
): { code: string; message: string } {
  const away = chips.filter((one) => one.bench !== undefined && one.bench !== bench);
  const begins = `Bench ${bench} has it, and `;
  if (chips.length === 1) {
    const now = away[0]!.bench;
    return {
      code: "in-doubt",
      message:
        `${begins}its chip is at bench ${now} now. When ${bench} is heard again it says what became of it. ` +
        `mho queue retry ${id} lets ${now} do it anew, mho queue remove ${id} goes on without it.`,
    };
  }
  const now = new Set(chips.flatMap((one) => one.bench ?? []));
  const where = away.map((one) => `${nameOf(one)} is at bench ${one.bench}`).join(", ");
  const anew =
    now.size === 1
      ? `mho queue retry ${id} lets ${[...now][0]} do it anew, `
      : "It can be done anew when all of its chips are at one bench; ";
  return {
    code: "in-doubt",
    message: `${begins}${where} now. When ${bench} is heard again it says what became of it. ${anew}mho queue remove ${id} goes on without it.`,
  };
}

/** Why no bench takes a job of several chips: since it was added, one of them was carried to another bench. */
function chipsApart(
  { id, state }: ServerJob,
  chips: readonly ChipAtServer[],
): { code: string; message: string } | undefined {
  if (state !== "waiting" || new Set(chips.flatMap(({ bench }) => bench ?? [])).size < 2) return undefined;
  return {
    code: "chips-apart",
    message: `Its chips are at several benches now: ${placesText(chips)}. Bring them to one, or mho queue remove ${id}.`,
  };
}

/** @param queues  of each of its chips, the jobs that are not over, in their order. */
function waitOf(
  { job, notBefore }: ServerJobRow,
  queues: readonly (readonly ServerJob[])[],
  { done, now }: { readonly done: ReadonlySet<JobId>; readonly now: number },
): Wait | undefined {
  if (job.state !== "waiting" && job.state !== "taken") return undefined;
  const failed = queues.flat().find(({ state }) => state === "failed");
  if (failed !== undefined) return { for: "failed", job: failed.id };
  const first = queues.flatMap((queue) => queue[0] ?? []).find(({ id }) => id !== job.id);
  if (first !== undefined) return { for: "turn", job: first.id };
  const missing = job.after.find((id) => !done.has(id));
  if (missing !== undefined) return { for: "job", job: missing };
  return notBefore !== undefined && job.notBefore! > now ? { for: "time", until: notBefore } : undefined;
}
