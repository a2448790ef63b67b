import type { ChipKey } from "../../src/chip/driver.ts";
import {
  afterReport,
  isOver,
  type JobReport,
  jobsToTake,
  moreMayCome,
  takenBy,
} from "../../src/fleet/serverJob.ts";
import type { JobId } from "../../src/queue/job.ts";
import { type BenchSession, replaced } from "./benchStates.ts";
import type { Queries, Server } from "./connection.ts";
import { jobsWhere, lockChips, numberOf, type ServerJobRow, wakeBenches } from "./fleetRows.ts";
import { dropFilesOf } from "./jobFileBytes.ts";

/** How many jobs of one chip a bench has at once: enough to go on with while the server is away for an hour or two. */
export const jobsAhead = 4;

export interface Taken {
  readonly jobs: readonly ServerJobRow[];
  /** Whether jobs wait for its chips that will begin without a person: for a time, or for jobs elsewhere. */
  readonly moreMayCome: boolean;
}

/**
 * Takes jobs for the chips that the bench holds. They are the bench's then, however its process ends: `jobsOfBench` has them.
 *
 * @param most  of each chip, with those that it has already.
 */
export function takeJobs(server: Server, session: BenchSession, most = jobsAhead): Promise<Taken> {
  return server.together(async (queries) => {
    await refuseReplaced(queries, session);
    const held = await queries.query<{ chip: number }>(
      `SELECT c.chip FROM mho.fleet_chips c WHERE c.bench = $1 AND c.expires_at > clock_timestamp()
          AND EXISTS (SELECT FROM mho.jobs j WHERE j.chip = c.chip AND j.state = 'waiting')`,
      [session.bench],
    );
    const taken: ServerJobRow[] = [];
    let more = false;
    // A queue that a person changes just now is left alone: it wakes the bench when it is done.
    for (const { chipId, lease, now } of await lockChips(
      queries,
      held.map(({ chip }) => chip),
      true,
    )) {
      if (lease?.bench !== session.name || lease.expiresAt <= now) continue;
      const queue = await jobsWhere(
        queries,
        "WHERE j.chip = $1 AND j.state NOT IN ('done', 'removed') ORDER BY j.position LIMIT $2",
        [chipId, most + 1],
      );
      const done = await doneAmong(
        queries,
        queue.flatMap(({ job }) => job.after),
      );
      const next = jobsToTake(
        queue.map(({ job }) => job),
        lease,
        { most, now, isDone: (id) => done.has(id) },
      );
      for (const job of next) {
        const row = queue.find((one) => one.job.id === job.id)!;
        const now = takenBy(job, lease);
        await queries.query(
          "UPDATE mho.jobs SET state = $2, bench = $3, fence = $4, attempt = $5, why = NULL WHERE job = $1",
          [numberOf(job.id), now.state, session.bench, now.fence, now.attempt],
        );
        taken.push({ ...row, job: now });
      }
      more ||= moreMayCome(
        queue.map(({ job }) => job),
        lease,
      );
    }
    return { jobs: taken, moreMayCome: more };
  });
}

async function doneAmong(queries: Queries, jobs: readonly JobId[]): Promise<ReadonlySet<JobId>> {
  if (jobs.length === 0) return new Set();
  const rows = await queries.query<{ job: number }>(
    "SELECT job FROM mho.jobs WHERE job = ANY ($1) AND state = 'done'",
    [jobs.map(numberOf)],
  );
  return new Set(rows.map(({ job }) => `j${job}`));
}

/** The jobs that a bench has by the server's memory, and how those stand that it names. */
export function jobsOfBench(
  queries: Queries,
  { bench }: Pick<BenchSession, "bench">,
  named: readonly JobId[],
): Promise<readonly ServerJobRow[]> {
  return jobsWhere(
    queries,
    "WHERE (j.bench = $1 AND j.state IN ('taken', 'under way', 'failed')) OR j.job = ANY ($2) ORDER BY j.chip, j.position",
    [bench, named.map(numberOf)],
  );
}

/** What a bench says of a job, and what it made. */
export interface ReportedJob extends Omit<JobReport, "bench"> {
  readonly id: JobId;
  /** As the bench names them. */
  readonly runs: readonly string[];
  readonly why: { readonly code: string; readonly message: string } | undefined;
}

/**
 * Books what a bench says of its jobs. Said twice it counts once; what is late is booked as such.
 *
 * @returns how many jobs are otherwise now, and those whose report was late.
 */
export function reportJobs(
  server: Server,
  { name }: Pick<BenchSession, "name">,
  reports: readonly ReportedJob[],
): Promise<{ readonly changed: number; readonly late: readonly JobId[] }> {
  return server.together(async (queries) => {
    const late: JobId[] = [];
    let changed = 0;
    const named = await queries.query<{ chip: number }>(
      "SELECT DISTINCT chip FROM mho.jobs WHERE job = ANY ($1)",
      [reports.map(({ id }) => numberOf(id))],
    );
    const chips = await lockChips(
      queries,
      named.map(({ chip }) => chip),
    );
    const rows = await jobsWhere(queries, "WHERE j.job = ANY ($1)", [reports.map(({ id }) => numberOf(id))]);
    for (const report of reports) {
      const row = rows.find(({ job }) => job.id === report.id);
      if (row === undefined) continue;
      const { lease } = chips.find(({ chipId }) => chipId === row.chipId)!;
      const after = afterReport(row.job, { ...report, bench: name }, lease);
      if (after.late) late.push(report.id);
      if (after.job !== row.job) changed++;
      await writeReport(queries, row, report, after);
      rows[rows.indexOf(row)] = { ...row, job: after.job };
    }
    const ended = rows.filter(({ job }) => isOver(job)).map(({ job }) => job.id);
    await dropFilesOf(queries, ended);
    await wakeWaiting(queries, ended);
    return { changed, late };
  });
}

async function writeReport(
  queries: Queries,
  { job: before }: ServerJobRow,
  { runs, why }: ReportedJob,
  { job, late }: ReturnType<typeof afterReport>,
): Promise<void> {
  if (job === before && !late) return;
  const changed = job !== before;
  await queries.query(
    `UPDATE mho.jobs SET state = $2, is_begun = $3, bench = CASE WHEN $4 THEN NULL ELSE bench END,
        begun_at = CASE WHEN $3 AND begun_at IS NULL THEN clock_timestamp() ELSE begun_at END,
        ended_at = CASE WHEN $2 IN ('done', 'failed', 'removed') THEN clock_timestamp() END,
        runs = CASE WHEN $5 THEN $6 ELSE runs END, why = CASE WHEN $5 THEN $7 ELSE why END,
        is_unwanted = is_unwanted AND $2 IN ('taken', 'waiting'), late_reports = late_reports + $8
      WHERE job = $1`,
    [
      numberOf(job.id),
      job.state,
      job.begun,
      job.bench === undefined,
      changed,
      JSON.stringify(runs),
      why === undefined ? null : JSON.stringify(why),
      late ? 1 : 0,
    ],
  );
}

/** Wakes the benches whose jobs wait for one that has ended. */
async function wakeWaiting(queries: Queries, ended: readonly JobId[]): Promise<void> {
  if (ended.length === 0) return;
  const rows = await queries.query<{ chip: number }>(
    "SELECT DISTINCT chip FROM mho.jobs WHERE state = 'waiting' AND after && $1::bigint[]",
    [ended.map(numberOf)],
  );
  await wakeBenches(
    queries,
    rows.map(({ chip }) => chip),
  );
}

/** Marks a run that its bench made under a lease that had passed on: its pulses are booked all the same. */
export async function markLateRun(
  server: Server,
  { bench }: Pick<BenchSession, "bench">,
  run: string,
  chip: ChipKey,
  fence: number,
): Promise<void> {
  await server.query(
    `INSERT INTO mho.late_runs (bench, run, chip, fence, newest_fence)
       SELECT $1, $2, chip, $5, fence FROM mho.fleet_chips WHERE name = $3 AND serial_number = $4 AND fence > $5 ON CONFLICT DO NOTHING`,
    [bench, Number(run.slice(1)), chip.name, chip.serialNumber, fence],
  );
}

async function refuseReplaced(queries: Queries, session: BenchSession): Promise<void> {
  const mine = await queries.query("SELECT FROM mho.bench_states WHERE bench = $1 AND session = $2", [
    session.bench,
    session.session,
  ]);
  if (mine.length === 0) throw replaced(session);
}
