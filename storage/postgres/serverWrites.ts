import type { ChipDocument } from "../../src/chip/description.ts";
import { type KeptWear, wearValuesOf } from "../rowValues.ts";
import type { RunRow } from "../runRows.ts";
import { sumOf } from "../sums.ts";
import type { Queries } from "./connection.ts";
import type { RunKey } from "./serverRows.ts";

/** The bench of what is written at the server itself. */
export const ownBench = 0;

/** Comes first in every commit that writes for a bench: the next waits for it. @returns  its `run_changes`. */
export async function countChange(
  queries: Queries,
  bench: number,
  { runs = 0, labels = 0 }: { readonly runs?: number; readonly labels?: number } = {},
): Promise<number> {
  const [row] = await queries.query<{ run_changes: number }>(
    `UPDATE mho.benches SET changes = changes + 1, run_changes = run_changes + $2, label_changes = label_changes + $3
       WHERE bench = $1 RETURNING run_changes`,
    [bench, runs, labels],
  );
  return row!.run_changes;
}

export async function keepDescription(queries: Queries, { sha256, text }: ChipDocument): Promise<void> {
  await queries.query(
    "INSERT INTO mho.chip_descriptions (sha256, text) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING",
    [sha256, text],
  );
}

/** @returns its number at the server. */
export async function insertRun(
  queries: Queries,
  bench: number,
  row: RunRow,
  chipName: string,
  changed: number,
): Promise<number> {
  const [inserted] = await queries.query<{ id: number }>(
    `INSERT INTO mho.runs (bench, run, chip_name, chip_serial_number, chip, plan, started_at, description, outcome, begun, sum, changed)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`,
    [
      bench,
      row.id,
      chipName,
      row.chip_serial_number,
      row.chip,
      row.plan,
      row.started_at,
      row.description,
      row.outcome,
      row.begun,
      row.sum,
      changed,
    ],
  );
  return inserted!.id;
}

export async function keepWatch(queries: Queries, { bench, run }: RunKey, settings: string): Promise<void> {
  await queries.query(
    `INSERT INTO mho.watches (bench, run, settings) VALUES ($1, $2, $3)
       ON CONFLICT (bench, run) DO UPDATE SET settings = excluded.settings`,
    [bench, run, settings],
  );
}

export async function keepWearRows(
  queries: Queries,
  bench: number,
  rows: readonly KeptWear[],
): Promise<void> {
  for (const row of rows) {
    const values = wearValuesOf(row);
    await queries.query(
      `INSERT INTO mho.wear (bench, run, place, newest_turn, block, pulses, uncertain_pulses, pulsed_at_microseconds, sum)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (bench, run, place) DO UPDATE SET newest_turn = excluded.newest_turn, block = excluded.block,
           pulses = excluded.pulses, uncertain_pulses = excluded.uncertain_pulses,
           pulsed_at_microseconds = excluded.pulsed_at_microseconds, sum = excluded.sum`,
      [bench, ...values, sumOf(values)],
    );
  }
}

/** What a bench wrote stays in its order; what was written at the server comes between by its time. */
export function laidTogether<T>(ofBench: readonly T[], ofServer: readonly T[], at: (one: T) => string): T[] {
  const all: T[] = [];
  let next = 0;
  for (const one of ofBench) {
    while (next < ofServer.length && at(ofServer[next]!) < at(one)) all.push(ofServer[next++]!);
    all.push(one);
  }
  return [...all, ...ofServer.slice(next)];
}
