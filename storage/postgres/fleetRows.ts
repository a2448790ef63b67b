import type { ChipKey } from "../../src/chip/driver.ts";
import type { Lease } from "../../src/fleet/lease.ts";
import type { ServerJob, ServerJobState } from "../../src/fleet/serverJob.ts";
import type { JobRequest } from "../../src/queue/job.ts";
import type { Queries } from "./connection.ts";

/** What a server's job is to do. Paths of files and the chip's address are the bench's to fill in. */
export interface ServerRequest extends Omit<
  JobRequest,
  "place" | "others" | "after" | "notBefore" | "origin"
> {
  /** The machine where its files were when it was added. */
  readonly host: string;
  /** Runs of the server that it works on: which bench made each, and how that calls it. */
  readonly runsAt?: Readonly<Record<string, { readonly bench: string; readonly run: string }>> | undefined;
}

/** A job of the server as its row has it, and how it stands. */
export interface ServerJobRow {
  readonly job: ServerJob;
  readonly chipId: number;
  readonly chip: ChipKey;
  /** Of a job that works on several: the others, in the order of `job.others`. */
  readonly otherChips: readonly ChipKey[];
  readonly position: number;
  readonly request: ServerRequest;
  readonly operator: string | undefined;
  readonly addedAt: string;
  readonly begunAt: string | undefined;
  readonly endedAt: string | undefined;
  readonly notBefore: string | undefined;
  /** As its bench names them. */
  readonly runs: readonly string[];
  readonly why: { readonly code: string; readonly message: string } | undefined;
  /** Its bench was asked to remove it. */
  readonly isUnwanted: boolean;
  readonly lateReports: number;
}

interface Row {
  readonly job: number;
  readonly chip: number;
  readonly name: string;
  readonly serial_number: string;
  readonly position: number;
  readonly state: ServerJobState;
  readonly request: string;
  readonly operator: string | null;
  readonly added_at: string;
  readonly begun_at: string | null;
  readonly ended_at: string | null;
  readonly not_before: string | null;
  readonly not_before_ms: number | null;
  readonly after: string[];
  readonly bench_name: string | null;
  readonly fence: number;
  readonly attempt: number;
  readonly is_begun: boolean;
  readonly is_unwanted: boolean;
  readonly runs: string;
  readonly why: string | null;
  readonly late_reports: number;
  readonly others:
    | readonly {
        readonly id: number;
        readonly name: string;
        readonly serial: string;
        readonly fence: number;
      }[]
    | null;
}

const ms = (time: string): string => `(extract(epoch FROM ${time}) * 1000)::float8`;

/** The server's time, ms; also where a lock was waited for. */
export const nowMs = ms("clock_timestamp()");

const iso = (time: string): string => `to_char(${time} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const columns = `j.job, j.chip, c.name, c.serial_number, j.position, j.state, j.request, j.operator, ${iso("j.added_at")} AS added_at,
  ${iso("j.begun_at")} AS begun_at, ${iso("j.ended_at")} AS ended_at, ${iso("j.not_before")} AS not_before,
  ${ms("j.not_before")} AS not_before_ms, j.after::text[] AS after, b.name AS bench_name, j.fence, j.attempt, j.is_begun, j.is_unwanted,
  j.runs, j.why, j.late_reports,
  (SELECT json_agg(json_build_object('id', o.chip, 'name', oc.name, 'serial', oc.serial_number, 'fence', o.fence) ORDER BY o.place)
     FROM mho.chips_of_jobs o JOIN mho.fleet_chips oc USING (chip) WHERE o.job = j.job) AS others`;

/** @param rest  from `WHERE` on; `j` is the job. */
export async function jobsWhere(
  queries: Queries,
  rest: string,
  values: readonly unknown[],
): Promise<ServerJobRow[]> {
  const rows = await queries.query<Row>(
    `SELECT ${columns} FROM mho.jobs j JOIN mho.fleet_chips c USING (chip) LEFT JOIN mho.benches b ON b.bench = j.bench ${rest}`,
    values,
  );
  return rows.map(jobOf);
}

/** The jobs of a chip that are not over, in order, with those that work on other chips, too. */
export async function queueOf(queries: Queries, chip: number, most: number): Promise<ServerJobRow[]> {
  const pending = "j.state NOT IN ('done', 'removed')";
  const own = await jobsWhere(queries, `WHERE j.chip = $1 AND ${pending} ORDER BY j.position LIMIT $2`, [
    chip,
    most,
  ]);
  const shared = await jobsWhere(
    queries,
    `WHERE j.job IN (SELECT job FROM mho.chips_of_jobs WHERE chip = $1) AND ${pending} ORDER BY j.position LIMIT $2`,
    [chip, most],
  );
  if (shared.length === 0) return own;
  return [...own, ...shared].sort((a, b) => a.position - b.position).slice(0, most);
}

/** All chips of a job, the first before the others. */
export function chipIdsOf({ chipId, job }: Pick<ServerJobRow, "chipId" | "job">): readonly number[] {
  return [chipId, ...(job.others ?? []).map(({ id }) => id)];
}

function jobOf(row: Row): ServerJobRow {
  const others = row.others?.map(({ id, name, serial, fence }) => ({ id, chip: `${name}/${serial}`, fence }));
  return {
    job: {
      id: `j${row.job}`,
      state: row.state,
      bench: row.bench_name ?? undefined,
      fence: row.fence,
      attempt: row.attempt,
      begun: row.is_begun,
      after: row.after.map((id) => `j${id}`),
      notBefore: row.not_before_ms ?? undefined,
      ...(others !== undefined && { others }),
    },
    chipId: row.chip,
    chip: { name: row.name, serialNumber: row.serial_number },
    otherChips: (row.others ?? []).map(({ name, serial: serialNumber }) => ({ name, serialNumber })),
    position: row.position,
    request: JSON.parse(row.request) as ServerRequest,
    operator: row.operator ?? undefined,
    addedAt: row.added_at,
    begunAt: row.begun_at ?? undefined,
    endedAt: row.ended_at ?? undefined,
    notBefore: row.not_before ?? undefined,
    runs: JSON.parse(row.runs) as string[],
    why: row.why === null ? undefined : (JSON.parse(row.why) as { code: string; message: string }),
    isUnwanted: row.is_unwanted,
    lateReports: row.late_reports,
  };
}

/** The number of a job, for queries. */
export function numberOf(job: string): number {
  return Number(job.slice(1));
}

export interface ChipLease {
  readonly chipId: number;
  readonly lease: Lease | undefined;
  readonly now: number;
}

/**
 * Locks the queues of chips until the end of the commit, and reads who has each.
 *
 * @param skipLocked  leaves out those that another has locked.
 */
export async function lockChips(
  queries: Queries,
  chips: readonly number[],
  skipLocked = false,
): Promise<ChipLease[]> {
  const rows = await queries.query<{
    chip: number;
    bench: string | null;
    fence: number;
    expires_ms: number;
    now: number;
  }>(
    // Always in one order: no two wait for each other.
    `SELECT c.chip, b.name AS bench, c.fence, ${ms("c.expires_at")} AS expires_ms, ${nowMs} AS now
       FROM mho.fleet_chips c LEFT JOIN mho.benches b ON b.bench = c.bench
      WHERE c.chip = ANY ($1) ORDER BY c.chip FOR UPDATE OF c ${skipLocked ? "SKIP LOCKED" : ""}`,
    [chips],
  );
  return rows.map(({ chip, bench, fence, expires_ms: expiresAt, now }) => ({
    chipId: chip,
    lease: fence === 0 ? undefined : { bench: bench ?? undefined, fence, expiresAt },
    now,
  }));
}

/** The leases of all chips of a job, the first before the others. @param chips  locked, with those. */
export function leasesOf(
  row: Pick<ServerJobRow, "chipId" | "job">,
  chips: readonly ChipLease[],
): readonly (Lease | undefined)[] {
  return chipIdsOf(row).map((id) => chips.find(({ chipId }) => chipId === id)?.lease);
}

/** The channel on which a bench is woken. */
export function channelOf(bench: number): string {
  return `mho_bench_${bench}`;
}

/** Wakes the benches that have a chip, when the commit is done. */
export async function wakeBenches(queries: Queries, chips: readonly number[]): Promise<void> {
  if (chips.length === 0) return;
  await queries.query(
    `SELECT pg_notify('mho_bench_' || bench, '') FROM (SELECT DISTINCT bench FROM mho.bench_chips WHERE chip = ANY ($1)) b`,
    [chips],
  );
}
