import type { MhoError } from "../../src/errors.ts";
import { ChainReader, type SummedRow, valuesOf } from "../chains.ts";
import { DamagedRecord } from "../records.ts";
import type { Queries } from "./connection.ts";
import type { ServerChains } from "./serverChains.ts";
import { type RunKey, rowsInPages, rowsOfTiles, type ServerTable } from "./serverRows.ts";

/** Reads rows of chains, checks them as they are read, and names the first that is damaged. */
export class ServerReader {
  readonly #chains: ServerChains;
  readonly #damaged: (what: string, facts?: Record<string, string | number>) => MhoError;

  constructor(
    chains: ServerChains,
    damaged: (what: string, facts?: Record<string, string | number>) => MhoError,
  ) {
    this.#chains = chains;
    this.#damaged = damaged;
  }

  /** @param what  they are, for people. */
  async all<T>(
    queries: Queries,
    table: ServerTable,
    key: RunKey,
    what: string,
    of: (row: SummedRow) => T,
  ): Promise<T[]> {
    const found: T[] = [];
    for await (const one of this.rows(queries, table, key, what, of)) found.push(one);
    return found;
  }

  /** The same row by row; the first `skip` are left out. */
  async *rows<T>(
    queries: Queries,
    table: ServerTable,
    key: RunKey,
    what: string,
    of: (row: SummedRow) => T,
    skip = 0,
  ): AsyncIterable<T> {
    const failed = (at: number, why: string): MhoError =>
      this.#damaged(`row ${at + 1} of ${what}: ${why}`, { row: at + 1 });
    // Before the first row is read: rows that are appended meanwhile are more than it says, never fewer.
    const chain = await this.#chains.get(queries, key, table);
    const before = skip === 0 ? 0 : await sumAt(queries, table, key, skip - 1);
    const reader = new ChainReader(chain, skip, before, failed);
    const columns = table.replace("server_", "") as "notes";
    let place = skip;
    for await (const rows of rowsInPages(queries, table, key, skip)) {
      for (const row of rows) {
        reader.take(valuesOf(columns, row), row.sum);
        place++;
        yield readRow(
          () => of(row),
          (why) => failed(place - 1, why),
        );
      }
    }
    reader.end();
  }

  /** The rows of some tiles, each checked with what it says of the row before it. That none is missing their count tells. */
  async *ofTiles<T>(
    queries: Queries,
    table: "turns" | "sweeps",
    key: RunKey,
    what: string,
    of: (row: SummedRow) => T,
    skip: number,
    tiles: ReadonlySet<number>,
  ): AsyncIterable<T> {
    const failed = (at: number, why: string): MhoError =>
      this.#damaged(`row ${at + 1} of ${what}: ${why}`, { row: at + 1 });
    const chain = await this.#chains.get(queries, key, table);
    const [counted] = await queries.query<{ rows: number }>(
      `SELECT count(*) AS rows FROM mho.${table} WHERE bench = $1 AND run = $2`,
      [key.bench, key.run],
    );
    if (counted!.rows < chain.rows) throw failed(counted!.rows, "it is missing");
    for await (const rows of rowsOfTiles(queries, table, key, [skip, chain.rows], tiles)) {
      for (const row of rows) {
        const reader = new ChainReader(chain, row.seq, row.sum_before ?? 0, failed);
        reader.take(valuesOf(table, row), row.sum);
        yield readRow(
          () => of(row),
          (why) => failed(row.seq, why),
        );
      }
    }
  }
}

/** The checksum of a row; 0 where it has none. */
async function sumAt(
  queries: Queries,
  table: ServerTable,
  { bench, run }: RunKey,
  seq: number,
): Promise<number> {
  const isOfRun = run !== 0;
  const [row] = await queries.query<{ sum: number | null }>(
    `SELECT sum FROM mho.${table} WHERE bench = $1 AND seq = $2 ${isOfRun ? "AND run = $3" : ""}`,
    [bench, seq, ...(isOfRun ? [run] : [])],
  );
  return row?.sum ?? 0;
}

export function readRow<T>(read: () => T, failed: (why: string) => MhoError): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof DamagedRecord) throw failed(error.message);
    throw error;
  }
}
