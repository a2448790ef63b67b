import { MhoError } from "../../src/errors.ts";
import { isInDoubt, isOver, retried, whyNotRetried } from "../../src/fleet/serverJob.ts";
import type { JobId } from "../../src/queue/job.ts";
import type { Queries, Server } from "./connection.ts";
import {
  chipIdsOf,
  jobsWhere,
  leasesOf,
  lockChips,
  numberOf,
  queueOf,
  type ServerJobRow,
  type ServerRequest,
  wakeBenches,
} from "./fleetRows.ts";
import { dropFilesOf, filesNeededBy, keepFile } from "./jobFileBytes.ts";

/** The server's queue, as people change it. Each change is one commit, with the chip's queue locked; then its benches are woken. */

export interface NewJob {
  readonly chipId: number;
  /** Of one that works on several. */
  readonly otherChipIds?: readonly number[] | undefined;
  readonly request: ServerRequest;
  readonly operator: string | undefined;
  readonly after: readonly JobId[];
  /** ISO 8601. */
  readonly notBefore: string | undefined;
  readonly files: readonly {
    readonly sha256: string;
    readonly bytes: number;
    readonly parts: () => AsyncIterable<Uint8Array>;
  }[];
}

/** Puts a job at the end of its chip's queue, or of the queues of all its chips. @returns its id. */
export function addServerJob(server: Server, job: NewJob): Promise<JobId> {
  return server.together(async (queries) => {
    // Files first: while they travel, the queue is open to others. Always in one order, so that no two wait for each other.
    const files = job.files.toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
    for (const file of files) await keepFile(queries, file, file.parts);
    const others = job.otherChipIds ?? [];
    const chips = [job.chipId, ...others];
    await lockChips(queries, chips);
    const [{ job: number }] = (await queries.query<{ job: number }>(
      "SELECT nextval(pg_get_serial_sequence('mho.jobs', 'job')) AS job",
    )) as [{ job: number }];
    const id = `j${number}`;
    for (const one of await jobsWhere(queries, "WHERE j.job = ANY ($1) FOR SHARE OF j", [
      job.after.map(numberOf),
    ]))
      if (one.job.state === "removed") throw gone(one.job.id);
    await queries.query(
      `INSERT INTO mho.jobs (job, chip, position, request, operator, not_before, after)
         VALUES ($1, $2, $1, $3, $4, $5, $6)`,
      [
        number,
        job.chipId,
        JSON.stringify(job.request),
        job.operator ?? null,
        job.notBefore ?? null,
        job.after.map(numberOf),
      ],
    );
    await queries.query(
      `INSERT INTO mho.chips_of_jobs (job, place, chip)
         SELECT $1, place, chip FROM unnest($2::int[]) WITH ORDINALITY AS o (chip, place)`,
      [number, others],
    );
    await filesNeededBy(queries, id, files);
    await wakeBenches(queries, chips);
    return id;
  });
}

function gone(id: JobId): MhoError {
  return new MhoError("bad-argument", `Job ${id} was removed, so nothing comes after it.`, { job: id });
}

/** Jobs chip by chip, in the order in which they are to be done. Those that are over are left out, unless all are asked for. */
export function serverJobs(queries: Queries, { all = false } = {}): Promise<readonly ServerJobRow[]> {
  return jobsWhere(
    queries,
    `${all ? "" : "WHERE j.state NOT IN ('done', 'removed')"} ORDER BY c.name, c.serial_number, j.position`,
    [],
  );
}

/** The server's own names of runs that jobs made, by bench and its name of the run; of those that were handed on. */
export async function runNames(
  queries: Queries,
  rows: readonly ServerJobRow[],
): Promise<ReadonlyMap<string, string>> {
  const made = rows.flatMap(({ job, runs }) =>
    runs.map((run) => [job.bench ?? "", Number(run.slice(1))] as const),
  );
  const found = await queries.query<{ id: number; name: string; run: number }>(
    `SELECT r.id, b.name, r.run FROM mho.runs r JOIN mho.benches b USING (bench)
       JOIN unnest($1::text[], $2::bigint[]) AS made (name, run) ON made.name = b.name AND made.run = r.run`,
    [made.map(([name]) => name), made.map(([, run]) => run)],
  );
  // A network is called by the first run that was begun for it.
  return new Map(
    found.flatMap(({ id, name, run }) =>
      ["r", "n"].map((kind) => [`${name} ${kind}${run}`, `${kind}${id}`] as const),
    ),
  );
}

/** Those of some jobs that are done. */
export async function jobsDone(queries: Queries, ids: readonly JobId[]): Promise<ReadonlySet<JobId>> {
  if (ids.length === 0) return new Set();
  const rows = await queries.query<{ job: number }>(
    "SELECT job FROM mho.jobs WHERE job = ANY ($1) AND state = 'done'",
    [ids.map(numberOf)],
  );
  return new Set(rows.map(({ job }) => `j${job}`));
}

/** Throws `bad-argument` for a job that the server has not. */
export async function serverJob(queries: Queries, id: JobId): Promise<ServerJobRow> {
  const [found] = await jobsWhere(queries, "WHERE j.job = $1", [numberOf(id)]);
  if (found !== undefined) return found;
  throw new MhoError("bad-argument", `The server has no job ${id}. mho queue list --all lists them.`, {
    job: id,
  });
}

/** Does something about a job with the queues of its chips locked, and wakes the benches that have one of them. */
function withQueue<T>(
  server: Server,
  id: JobId,
  act: (queries: Queries, row: ServerJobRow, leases: ReturnType<typeof leasesOf>) => Promise<T>,
): Promise<T> {
  return server.together(async (queries) => {
    const ids = chipIdsOf(await serverJob(queries, id));
    const chips = await lockChips(queries, ids);
    const row = await serverJob(queries, id);
    const done = await act(queries, row, leasesOf(row, chips));
    await wakeBenches(queries, ids);
    return done;
  });
}

/** Moves a job that no bench has before another of its chip, to the first place, or to the end. */
export function moveServerJob(
  server: Server,
  id: JobId,
  { before, first = false }: { readonly before?: JobId | undefined; readonly first?: boolean | undefined },
): Promise<void> {
  return withQueue(server, id, async (queries, row) => {
    const waiting = (await queueOf(queries, row.chipId, mostMoved)).filter(
      ({ job }) => job.state === "waiting" && !job.begun,
    );
    // A job of several chips keeps its place: it is the same in the queues of all of them.
    const free = waiting.filter(({ job }) => job.others === undefined).map(placed);
    refuseUnlessFree(row, "moved");
    refuseOfSeveral(row, "moved");
    if (before !== undefined) {
      if (before === id) throw new MhoError("bad-argument", `Job ${id} cannot be moved before itself.`);
      const other = await serverJob(queries, before);
      if (other.chipId !== row.chipId)
        throw new MhoError(
          "bad-argument",
          `Job ${before} is of another chip: each chip has a queue of its own.`,
        );
      refuseUnlessFree(other, "passed");
      refuseOfSeveral(other, "passed");
    }
    const others = free.filter((one) => one.id !== id);
    const at =
      before === undefined ? (first ? 0 : others.length) : others.findIndex((one) => one.id === before);
    const next = others.toSpliced(
      at,
      0,
      free.find((one) => one.id === id)!,
    );
    const order = [
      ...next.map((one, k) => ({ ...one, position: free[k]!.position })),
      ...waiting.filter(({ job }) => job.others !== undefined).map(placed),
    ].sort((a, b) => a.position - b.position);
    const place = (job: JobId): number => order.findIndex((one) => one.id === job);
    const late = order.flatMap((one) =>
      one.after.filter((other) => place(other) > place(one.id)).map((other) => [one.id, other]),
    )[0];
    if (late !== undefined)
      throw new MhoError(
        "bad-argument",
        `Job ${id} cannot be moved there: ${late[0]} comes after ${late[1]}, and would stand before it.`,
        { job: id },
      );
    await queries.query(
      `UPDATE mho.jobs j SET position = o.position FROM unnest($1::bigint[], $2::bigint[]) AS o (job, position) WHERE j.job = o.job`,
      [next.map((one) => numberOf(one.id)), free.map(({ position }) => position)],
    );
  });
}

/** The end of a longer queue is not shown. */
const mostMoved = 100_000;

interface Placed {
  readonly id: JobId;
  readonly position: number;
  readonly after: readonly JobId[];
}

function placed({ job: { id, after }, position }: ServerJobRow): Placed {
  return { id, position, after };
}

function refuseOfSeveral({ job: { id, others } }: ServerJobRow, done: string): void {
  if (others === undefined) return;
  throw new MhoError(
    "bad-argument",
    `Job ${id} cannot be ${done}: it works on several chips, and has one place in the queues of all of them. Remove it, and add it again at the end.`,
    { job: id },
  );
}

function refuseUnlessFree({ job }: ServerJobRow, done: string): void {
  const { id, state, begun, bench } = job;
  if (state === "waiting" && !begun) return;
  const why =
    state === "failed"
      ? `it failed; mho queue retry ${id} or mho queue remove ${id} comes first`
      : isOver(job)
        ? `it is ${state}`
        : begun
          ? "it was begun, and goes on first"
          : `bench ${bench} has taken it already`;
  throw new MhoError("bad-argument", `Job ${id} cannot be ${done}: ${why}.`, { job: id });
}

/**
 * Takes jobs out of the queue; what their runs did stays. One that a bench has taken and not begun goes when its bench hears of it.
 *
 * @returns those that their benches are asked to remove.
 */
export async function removeServerJobs(server: Server, ids: readonly JobId[]): Promise<readonly JobId[]> {
  return server.together(async (queries) => {
    const asked: JobId[] = [];
    const known: ServerJobRow[] = [];
    for (const id of ids) known.push(await serverJob(queries, id));
    const chips = await lockChips(queries, [...new Set(known.flatMap(chipIdsOf))]);
    for (const id of ids) {
      const row = await serverJob(queries, id);
      const { job } = row;
      if (isOver(job)) throw new MhoError("bad-argument", `Job ${id} is ${job.state} already.`, { job: id });
      const isDoubtful = isInDoubt(job, ...leasesOf(row, chips));
      if (job.state === "under way" && !isDoubtful)
        throw new MhoError(
          "bad-argument",
          `Job ${id} is under way at bench ${job.bench}. Stop it there first, by Ctrl-C or on the live page.`,
          { job: id },
        );
      const behind = await jobsWhere(
        queries,
        "WHERE j.state = 'waiting' AND j.after @> $1 AND NOT j.job = ANY ($2)",
        [[numberOf(id)], ids.map(numberOf)],
      );
      if (behind.length > 0) {
        const names = behind.map((one) => one.job.id);
        throw new MhoError(
          "bad-argument",
          `${names.join(", ")} would wait for job ${id} for ever. Remove them too: mho queue remove ${[...ids, ...names].join(" ")}.`,
          { job: id },
        );
      }
      if (job.state === "taken" && !isDoubtful) {
        await queries.query("UPDATE mho.jobs SET is_unwanted = true WHERE job = $1", [numberOf(id)]);
        asked.push(id);
      } else {
        await queries.query(
          "UPDATE mho.jobs SET state = 'removed', ended_at = clock_timestamp() WHERE job = $1",
          [numberOf(id)],
        );
      }
    }
    await dropFilesOf(
      queries,
      ids.filter((id) => !asked.includes(id)),
    );
    await wakeBenches(
      queries,
      chips.map(({ chipId }) => chipId),
    );
    return asked;
  });
}

/** Lets a job that failed be done again, or one whose bench no longer has its chip be done by the bench that has. */
export function retryServerJob(
  server: Server,
  id: JobId,
  request: (
    now: ServerRequest,
  ) => Promise<{ readonly request: ServerRequest; readonly files: NewJob["files"] }>,
): Promise<void> {
  return withQueue(server, id, async (queries, row, leases) => {
    const why = whyNotRetried(row.job, ...leases);
    if (why !== undefined)
      throw new MhoError("bad-argument", `Job ${id} is not to be retried: ${why}.`, { job: id });
    const next = retried(row.job, ...leases);
    const { request: now, files } = await request(row.request);
    for (const file of files) await keepFile(queries, file, file.parts);
    await filesNeededBy(queries, id, files);
    await queries.query(
      `UPDATE mho.jobs SET state = $2, is_begun = $3, bench = CASE WHEN $4 THEN NULL ELSE bench END, request = $5, ended_at = NULL
        WHERE job = $1`,
      [numberOf(id), next.state, next.begun, next.bench === undefined, JSON.stringify(now)],
    );
  });
}
