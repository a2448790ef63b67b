import type { ListedFigures, RowCounts } from "../../src/run/store.ts";
import type { Queries } from "./connection.ts";
import { sumOf } from "../sums.ts";

/** A run that was handed on, and of which the server has no figures, or those of fewer rows. */
export interface RunWithoutFigures extends RowCounts {
  /** Its number at the bench. */
  readonly run: number;
}

/** Figures are made of rows that a bench handed on, and the bench has them at hand: so it makes them, and not whoever looks. */
export function runsWithoutFigures(queries: Queries, bench: number): Promise<RunWithoutFigures[]> {
  return queries.query<RunWithoutFigures>(
    `SELECT r.run, t.rows AS turns, s.rows AS sweeps
       FROM mho.runs r JOIN mho.chains t ON t.bench = r.bench AND t.run = r.run AND t.of = 'turns'
         JOIN mho.chains s ON s.bench = r.bench AND s.run = r.run AND s.of = 'sweeps'
         LEFT JOIN mho.figures f ON f.bench = r.bench AND f.run = r.run
      WHERE r.bench = $1 AND r.outcome NOT IN ('running', 'deleted')
        AND (f.run IS NULL OR f.turns <> t.rows OR f.sweeps <> s.rows OR f.figures NOT LIKE '%"aged"%')
      ORDER BY r.run DESC`,
    [bench],
  );
}

export async function keepFiguresAt(
  queries: Queries,
  bench: number,
  { run, turns, sweeps }: RunWithoutFigures,
  figures: ListedFigures,
): Promise<void> {
  const values = [run, turns, sweeps, JSON.stringify(figures)];
  await queries.query(
    `INSERT INTO mho.figures (bench, run, turns, sweeps, figures, sum) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (bench, run) DO UPDATE SET turns = excluded.turns, sweeps = excluded.sweeps, figures = excluded.figures,
         sum = excluded.sum`,
    [bench, ...values, sumOf(values)],
  );
}
