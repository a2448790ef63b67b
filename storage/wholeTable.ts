import type { StatementSyncInstance } from "@photostructure/sqlite";
import {
  type ChainedTable,
  ChainReader,
  type Chains,
  ofWorkspace,
  type SummedRow,
  valuesOf,
} from "./chains.ts";
import { damaged } from "./failure.ts";
import { DamagedRecord } from "./records.ts";

/** What classes that keep one kind of record share of a workspace. */
export interface Tables {
  readonly prepare: (sql: string) => StatementSyncInstance;
  readonly chains: Chains;
  /** Its name for people. */
  readonly file: string;
}

/**
 * All rows of a table that belongs to the workspace and to no run, each checked as it is read. Throws `workspace-failed` with the place of
 * the first that is damaged.
 *
 * @param named  for people: of the questions.
 * @param of     what a row holds; throws `DamagedRecord` where it holds something else.
 */
export function wholeTable<T>(
  { prepare, chains, file }: Tables,
  table: ChainedTable,
  named: string,
  of: (row: SummedRow) => T,
): T[] {
  const failed = damageIn(file, named);
  const reader = new ChainReader(chains.get(ofWorkspace, table), 0, 0, failed);
  const rows = prepare(`SELECT * FROM ${table} ORDER BY id`).all() as SummedRow[];
  const found = rows.map((row, at) => {
    reader.take(valuesOf(table, row), row.sum);
    try {
      return of(row);
    } catch (error) {
      if (error instanceof DamagedRecord) throw failed(at, error.message);
      throw error;
    }
  });
  reader.end();
  return found;
}

/** Names a row of such a table, counted from 0, that is not as it was written. */
export function damageIn(file: string, named: string): (at: number, what: string) => Error {
  return (at, what) => damaged(file, `row ${at + 1} of ${named}: ${what}`);
}
