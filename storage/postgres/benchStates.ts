import type { ChipKey } from "../../src/chip/driver.ts";
import { type LeaseAnswer, type LeaseTimes, leaseFor } from "../../src/fleet/lease.ts";
import { MhoError } from "../../src/errors.ts";
import type { Queries, Server } from "./connection.ts";
import { lockChips, nowMs } from "./fleetRows.ts";

/** A bench as its worker goes by its name: nothing is done for a worker after another took the name. */
export interface BenchSession {
  readonly bench: number;
  readonly name: string;
  readonly session: string;
}

/** A chip in the config of a bench. */
export interface ChipAtBench {
  readonly nickname: string;
  readonly address: string;
  /** Undefined until it has identified itself. */
  readonly chip: ChipKey | undefined;
  /** How long ago it did, ms by the bench's steady clock. */
  readonly identifiedAgo: number | undefined;
  readonly description: { readonly sha256: string; readonly text: string } | undefined;
}

export interface Heartbeat {
  readonly chips: readonly ChipAtBench[];
  /** What it does just now, for people. */
  readonly doing: string;
  readonly diskFreeBytes: number | undefined;
}

/** What became of a chip's lease. */
export type LeaseOfChip = LeaseAnswer & { readonly nickname: string; readonly chipId: number };

/** From now on this worker goes by the bench's name. */
export async function beginSession(
  server: Server,
  bench: Pick<BenchSession, "bench" | "session">,
  { host, version }: { readonly host: string; readonly version: string },
): Promise<void> {
  await server.query(
    `INSERT INTO mho.bench_states (bench, session, host, version, heard_at) VALUES ($1, $2, $3, $4, clock_timestamp())
       ON CONFLICT (bench) DO UPDATE SET session = excluded.session, host = excluded.host, version = excluded.version,
         heard_at = excluded.heard_at, is_stopped = false`,
    [bench.bench, bench.session, host, version],
  );
}

/**
 * Says that the bench is there, what it has and does, and asks for the leases of its chips.
 *
 * @throws `interrupted` where another worker goes by its name now.
 */
export function heartbeat(
  server: Server,
  session: BenchSession,
  { chips, doing, diskFreeBytes }: Heartbeat,
  times?: LeaseTimes,
): Promise<readonly LeaseOfChip[]> {
  return server.together(async (queries) => {
    // A thousand benches say this every few seconds: a question less is a tenth of what it costs.
    const heard = await queries.query(
      `WITH heard AS (
         UPDATE mho.bench_states SET heard_at = clock_timestamp(), is_stopped = false, doing = $3, disk_free_bytes = $4
          WHERE bench = $1 AND session = $2 RETURNING bench),
       gone AS (
         DELETE FROM mho.bench_chips USING heard WHERE bench_chips.bench = heard.bench AND NOT nickname = ANY ($5))
       SELECT bench FROM heard`,
      [session.bench, session.session, doing, diskFreeBytes ?? null, chips.map(({ nickname }) => nickname)],
    );
    if (heard.length === 0) throw replaced(session);
    const known: { nickname: string; chipId: number }[] = [];
    for (const one of chips) {
      const found = one.chip === undefined ? null : await chipIdOf(queries, one.chip, one.description);
      // A chip that cannot be asked just now, as it is at work, is the one that it was.
      const [row] = await queries.query<{ chip: number | null }>(
        `INSERT INTO mho.bench_chips AS o (bench, nickname, address, chip, identified_at)
           VALUES ($1, $2, $3, $4, clock_timestamp() - $5::float8 * interval '1 millisecond')
           ON CONFLICT (bench, nickname) DO UPDATE SET address = excluded.address,
             chip = coalesce(excluded.chip, CASE WHEN o.address = excluded.address THEN o.chip END),
             identified_at = CASE WHEN o.address = excluded.address AND o.chip = coalesce(excluded.chip, o.chip)
                                  THEN greatest(o.identified_at, excluded.identified_at) ELSE excluded.identified_at END
           RETURNING chip`,
        [session.bench, one.nickname, one.address, found, one.identifiedAgo ?? null],
      );
      if (row!.chip !== null) known.push({ nickname: one.nickname, chipId: row!.chip });
    }
    return leases(queries, session, known, times);
  });
}

async function leases(
  queries: Queries,
  { bench, name }: BenchSession,
  known: readonly { readonly nickname: string; readonly chipId: number }[],
  times: LeaseTimes | undefined,
): Promise<readonly LeaseOfChip[]> {
  const answers: LeaseOfChip[] = [];
  const chips = [...new Set(known.map(({ chipId }) => chipId))];
  for (const { chipId, lease, now } of await lockChips(queries, chips)) {
    const [seen] = await queries.query<{ here: number | null; elsewhere: number | null; heard: number }>(
      `SELECT (extract(epoch FROM max(identified_at) FILTER (WHERE bench = $2)) * 1000)::float8 AS here,
              (extract(epoch FROM max(identified_at) FILTER (WHERE bench <> $2)) * 1000)::float8 AS elsewhere, ${nowMs} AS heard
         FROM mho.bench_chips WHERE chip = $1`,
      [chipId, bench],
    );
    const answer = leaseFor(
      {
        bench: name,
        now,
        lastHeardAt: seen!.heard,
        identifiedAt: seen!.here ?? undefined,
        seenElsewhereAt: seen!.elsewhere ?? undefined,
        lease,
      },
      times,
    );
    const { nickname } = known.find((one) => one.chipId === chipId)!;
    answers.push({ ...answer, nickname, chipId });
    if (!answer.granted) continue;
    await queries.query(
      "UPDATE mho.fleet_chips SET bench = $2, fence = $3, expires_at = to_timestamp($4::float8 / 1000) WHERE chip = $1",
      [chipId, bench, answer.lease.fence, answer.lease.expiresAt],
    );
    if (answer.isNew)
      await queries.query("INSERT INTO mho.leases (chip, fence, bench) VALUES ($1, $2, $3)", [
        chipId,
        answer.lease.fence,
        bench,
      ]);
  }
  return answers;
}

async function chipIdOf(
  queries: Queries,
  { name, serialNumber }: ChipKey,
  description: ChipAtBench["description"],
): Promise<number> {
  const values = [name, serialNumber, description?.sha256 ?? null];
  const [known] = await queries.query<{ chip: number; same: boolean }>(
    "SELECT chip, description IS NOT DISTINCT FROM $3 AS same FROM mho.fleet_chips WHERE name = $1 AND serial_number = $2",
    values,
  );
  if (known?.same === true) return known.chip;
  if (description !== undefined)
    await queries.query(
      "INSERT INTO mho.chip_descriptions (sha256, text) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      [description.sha256, description.text],
    );
  const [row] = await queries.query<{ chip: number }>(
    `INSERT INTO mho.fleet_chips (name, serial_number, description) VALUES ($1, $2, $3)
       ON CONFLICT (name, serial_number) DO UPDATE SET description = coalesce(excluded.description, mho.fleet_chips.description)
       RETURNING chip`,
    values,
  );
  return row!.chip;
}

/**
 * The bench ends, in order: its chips are free for others, but for those whose work it has begun.
 *
 * @param kept  chips that it goes on with when it is back.
 */
export async function endSession(
  server: Server,
  { bench, session }: BenchSession,
  kept: readonly number[],
): Promise<void> {
  await server.together(async (queries) => {
    const mine = await queries.query(
      "UPDATE mho.bench_states SET is_stopped = true, doing = '', heard_at = clock_timestamp() WHERE bench = $1 AND session = $2 RETURNING bench",
      [bench, session],
    );
    if (mine.length === 0) return;
    await queries.query("UPDATE mho.fleet_chips SET bench = NULL WHERE bench = $1 AND NOT chip = ANY ($2)", [
      bench,
      kept,
    ]);
  });
}

export function replaced({ name }: Pick<BenchSession, "name">): MhoError {
  return new MhoError(
    "interrupted",
    `Another mho work began by the name ${name}, and does this bench's jobs from now on. Each bench needs a name of its own: mho work --bench NAME.`,
    { bench: name, replaced: true },
  );
}
