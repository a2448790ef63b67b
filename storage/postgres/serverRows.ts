import { chained, type ChainedTable } from "../chains.ts";
import type { SummedRow } from "../chains.ts";
import type { Value } from "../sums.ts";
import type { Queries } from "./connection.ts";

/** Tables of rows in chains: those of a workspace, and beside them what is written at the server on runs that benches handed on. */
export type ServerTable = Exclude<ChainedTable, "job_changes"> | "server_notes" | "server_labels";

/** A run by its bench and its number there; run 0 for what is of the bench as a whole. */
export interface RunKey {
  readonly bench: number;
  readonly run: number;
}

/** A row's values, in the order of `columnsOf`, and its checksum. */
export interface WrittenRow {
  readonly values: readonly Value[];
  readonly sum: number | null;
}

export function columnsOf(table: ServerTable): readonly string[] {
  if (table === "server_notes") return chained.notes;
  return table === "server_labels" ? chained.labels : chained[table];
}

/** Adds rows to a table, in as few requests as their size allows. Belongs into a commit. @param seq  the place of the first. */
export async function insertRows(
  queries: Queries,
  table: ServerTable,
  bench: number,
  seq: number,
  rows: readonly WrittenRow[],
): Promise<void> {
  const columns = ["bench", "seq", ...columnsOf(table), "sum"];
  const most = Math.floor(mostParameters / columns.length);
  for (let from = 0; from < rows.length;) {
    let [to, bytes] = [from, 0];
    while (to < rows.length && to - from < most && (to === from || bytes < requestBytes))
      bytes += bytesOf(rows[to++]!.values);
    const values = rows
      .slice(from, to)
      .flatMap((row, at): Value[] => [bench, seq + from + at, ...row.values, row.sum]);
    const places = Array.from({ length: to - from }, (_, at) => {
      const first = at * columns.length;
      return `(${columns.map((_column, k) => `$${first + k + 1}`).join(", ")})`;
    });
    await queries.query(
      `INSERT INTO mho.${table} (${columns.join(", ")}) VALUES ${places.join(", ")}`,
      values,
    );
    from = to;
  }
}

/** The protocol counts parameters in 16 bits. */
const mostParameters = 65_535;
const requestBytes = 2 ** 23;

/** A run's rows in their order, some at a time: as many as take little memory. */
export async function* rowsInPages(
  queries: Queries,
  table: ServerTable,
  { bench, run }: RunKey,
  skip = 0,
): AsyncIterable<readonly SummedRow[]> {
  const columns = [...columnsOf(table), "sum"].join(", ");
  const isOfRun = columnsOf(table).includes("run");
  const sql = `SELECT ${columns} FROM mho.${table} WHERE bench = $1 ${isOfRun ? "AND run = $4" : ""} AND seq >= $2 ORDER BY seq LIMIT $3`;
  let next = skip;
  yield* inPages(async (most) => {
    const rows = await queries.query<SummedRow>(sql, [bench, next, most, ...(isOfRun ? [run] : [])]);
    next += rows.length;
    return rows;
  });
}

/** A row, its place in its chain, and the checksum of the row before it there. */
export type PlacedRow = SummedRow & { readonly seq: number; readonly sum_before: number | null };

/** The same of the rows of some tiles, whose readings alone are read. @param end  the place after the last. */
export async function* rowsOfTiles(
  queries: Queries,
  table: "turns" | "sweeps",
  { bench, run }: RunKey,
  [skip, end]: readonly [number, number],
  tiles: ReadonlySet<number>,
): AsyncIterable<readonly PlacedRow[]> {
  const columns = [...columnsOf(table), "sum"].map((column) => `own.${column}`).join(", ");
  const sql =
    `SELECT ${columns}, own.seq, before.sum AS sum_before FROM mho.${table} own ` +
    `LEFT JOIN mho.${table} before ON before.bench = own.bench AND before.run = own.run AND before.seq = own.seq - 1 ` +
    "WHERE own.bench = $1 AND own.run = $2 AND own.seq >= $3 AND own.seq < $4 AND own.tile = ANY($5) " +
    "ORDER BY own.seq LIMIT $6";
  let next = skip;
  yield* inPages(async (most) => {
    const rows = await queries.query<PlacedRow>(sql, [bench, run, next, end, [...tiles], most]);
    next = (rows.at(-1)?.seq ?? end) + 1;
    return rows;
  });
}

/** Asks for so many rows at most as take little memory, until fewer come. */
async function* inPages<Row extends SummedRow>(
  ask: (most: number) => Promise<readonly Row[]>,
): AsyncIterable<readonly Row[]> {
  for (let most = 1; ;) {
    const rows = await ask(most);
    if (rows.length > 0) yield rows;
    if (rows.length < most) return;
    const bytes = rows.reduce((sum, row) => sum + bytesOf(Object.values(row)), 0) / rows.length;
    most = Math.max(1, Math.min(1000, 4 * most, Math.floor(requestBytes / Math.max(1, bytes))));
  }
}

export function bytesOf(values: readonly (Value | undefined)[]): number {
  return values.reduce<number>(
    (sum, value) => sum + (typeof value === "string" || value instanceof Uint8Array ? value.length : 8),
    0,
  );
}
