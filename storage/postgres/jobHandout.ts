import type { ChipKey } from "../../src/chip/driver.ts";
import type { Lease } from "../../src/fleet/lease.ts";
import {
  afterReport,
  type ChipQueue,
  isOver,
  type JobReport,
  jobsToTakeTogether,
  moreMayCome,
  type ServerJob,
  takenBy,
} from "../../src/fleet/serverJob.ts";
import type { JobId } from "../../src/queue/job.ts";
import { type BenchSession, replaced } from "./benchStates.ts";
import type { Queries, Server } from "./connection.ts";
import {
  chipIdsOf,
  jobsWhere,
  leasesOf,
  lockChips,
  numberOf,
  queueOf,
  type ServerJobRow,
  wakeBenches,
} from "./fleetRows.ts";
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
          AND (EXISTS (SELECT FROM mho.jobs j WHERE j.chip = c.chip AND j.state = 'waiting')
            OR EXISTS (SELECT FROM mho.chips_of_jobs o JOIN mho.jobs j USING (job) WHERE o.chip = c.chip AND j.state = 'waiting'))`,
      [session.bench],
    );
    const rows = new Map<JobId, ServerJobRow>();
    const queues: ChipQueue[] = [];
    let now = 0;
    // A queue that a person changes just now is left alone: it wakes the bench when it is done.
    for (const chip of await lockChips(
      queries,
      held.map(({ chip }) => chip),
      true,
    )) {
      const { chipId, lease } = chip;
      if (lease?.bench !== session.name || lease.expiresAt <= chip.now) continue;
      now = Math.max(now, chip.now);
      const queue = await queueOf(queries, chipId, most + 1);
      for (const row of queue) rows.set(row.job.id, row);
      queues.push({ chip: chipId, lease, queue: queue.map(({ job }) => job) });
    }
    const done = await doneAmong(
      queries,
      [...rows.values()].flatMap(({ job }) => job.after),
    );
    const next = jobsToTakeTogether(queues, { most, now, isDone: (id) => done.has(id) });
    const leaseOf = (chip: number): Lease => queues.find((one) => one.chip === chip)!.lease;
    const taken: ServerJobRow[] = [];
    for (const job of next) {
      const row = rows.get(job.id)!;
      const [first, ...others] = chipIdsOf(row).map(leaseOf);
      const own = takenBy(job, first!, others);
      await queries.query(
        "UPDATE mho.jobs SET state = $2, bench = $3, fence = $4, attempt = $5, why = NULL WHERE job = $1",
        [numberOf(job.id), own.state, session.bench, own.fence, own.attempt],
      );
      for (const { id, fence } of own.others ?? [])
        await queries.query("UPDATE mho.chips_of_jobs SET fence = $3 WHERE job = $1 AND chip = $2", [
          numberOf(job.id),
          id,
          fence,
        ]);
      taken.push({ ...row, job: own });
    }
    // In one order for all chips: the bench's own queue has a job of several chips once.
    taken.sort((a, b) => a.position - b.position);
    const mine = new Set(await chipsHeldBy(queries, session));
    const isApart = ({ others = [] }: ServerJob): boolean => others.some(({ id }) => !mine.has(id));
    const isFirstElsewhere = ({ id }: ServerJob): boolean => !mine.has(rows.get(id)!.chipId);
    const more = queues.some(({ queue, lease }) =>
      moreMayCome(queue, lease, (job) => isApart(job) || isFirstElsewhere(job)),
    );
    return { jobs: taken, moreMayCome: more };
  });
}

/** Whether the server has anything for a bench: jobs that it took, or that wait for chips that it holds. A bench asks this far more often. */
export async function hasJobsFor(
  queries: Queries,
  { bench }: Pick<BenchSession, "bench">,
  chips: readonly number[],
): Promise<boolean> {
  const [row] = await queries.query<{ some: boolean }>(
    `SELECT EXISTS (SELECT FROM mho.jobs WHERE bench = $1 AND state IN ('taken', 'under way', 'failed'))
         OR EXISTS (SELECT FROM mho.jobs WHERE chip = ANY ($2) AND state = 'waiting')
         OR EXISTS (SELECT FROM mho.chips_of_jobs o JOIN mho.jobs j USING (job) WHERE o.chip = ANY ($2) AND j.state = 'waiting') AS some`,
    [bench, chips],
  );
  return row!.some;
}

/** The chips that a bench has. */
async function chipsHeldBy(queries: Queries, { bench }: Pick<BenchSession, "bench">): Promise<number[]> {
  const rows = await queries.query<{ chip: number }>("SELECT chip FROM mho.fleet_chips WHERE bench = $1", [
    bench,
  ]);
  return rows.map(({ chip }) => chip);
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
    "WHERE (j.bench = $1 AND j.state IN ('taken', 'under way', 'failed')) OR j.job = ANY ($2) ORDER BY j.position",
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
      "SELECT chip FROM mho.jobs WHERE job = ANY ($1) UNION SELECT chip FROM mho.chips_of_jobs WHERE job = ANY ($1)",
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
      const [lease, ...others] = leasesOf(row, chips);
      const after = afterReport(row.job, { ...report, bench: name }, lease, others);
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
    `SELECT chip FROM mho.jobs WHERE state = 'waiting' AND after && $1::bigint[]
       UNION SELECT o.chip FROM mho.chips_of_jobs o JOIN mho.jobs j USING (job) WHERE j.state = 'waiting' AND j.after && $1::bigint[]`,
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
