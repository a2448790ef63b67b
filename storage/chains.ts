import type { StatementSyncInstance } from "@photostructure/sqlite";
import { sumOf, type Value } from "./sums.ts";

/** The tables whose rows have checksums one after the other, and the columns that these cover, in their order. */
export const chained = {
  run_tiles: ["run", "place", "block", "targets", "cells", "wanted"],
  turns: [
    "run",
    "tile",
    "turn",
    "devices",
    "conductance_microsiemens",
    "verdicts",
    "codes",
    "first_ticket",
    "newest_ticket",
    "fired_row_times_microseconds",
    "row_fates",
    "orders",
    "pulses_given",
    "inside",
    "decided_at",
  ],
  sweeps: [
    "run",
    "tile",
    "time_seconds",
    "averages",
    "row_times_microseconds",
    "conductance_microsiemens",
    "flags",
    "codes",
    "reference_codes",
    "circumstances",
  ],
  notes: ["run", "noted_at", "note"],
  forecasts: ["run", "forecast"],
  labels: ["run", "label"],
  clock_marks: [
    "chip_name",
    "chip_serial_number",
    "boot",
    "chip_time_microseconds",
    "offset_microseconds",
    "marked_at",
  ],
  foreign_tickets: ["chip_name", "chip_serial_number", "ticket"],
  chip_notes: ["chip_name", "chip_serial_number", "note"],
  questions: ["change"],
  run_groups: ["change"],
  job_changes: ["change"],
  identity: ["id"],
} as const satisfies Record<string, readonly string[]>;

export type ChainedTable = keyof typeof chained;

/** Of them, those whose rows belong to a run. */
export type RunTable = "run_tiles" | "turns" | "sweeps" | "notes" | "forecasts" | "labels";

/** A row as SQLite gives it, with its checksum; that of a row which an older layout wrote is null. */
export type SummedRow = Readonly<Record<string, Value>> & { readonly sum: number | null };

export function valuesOf(table: ChainedTable, row: Readonly<Record<string, Value>>): Value[] {
  return chained[table].map((column) => row[column]!);
}

/** How far a chain of rows reaches. It is written in the same commit as the rows, so that rows which are missing at its end show, too. */
export interface Chain {
  /** Rows at its beginning that an older layout wrote, and that have no checksum. */
  readonly unchecked: number;
  readonly rows: number;
  /** The checksum of the last row; 0 when it has none. */
  readonly last: number;
  /** Of turns: the highest ticket of any; else 0. */
  readonly newestTicket: number;
}

export const emptyChain: Chain = { unchecked: 0, rows: 0, last: 0, newestTicket: 0 };

/** The run of chains that belong to the workspace as a whole. */
export const ofWorkspace = 0;

/** Where chains end, in the table `chains`. */
export class Chains {
  readonly #prepare: (sql: string) => StatementSyncInstance;
  readonly #damaged: (what: string) => Error;

  constructor(prepare: (sql: string) => StatementSyncInstance, damaged: (what: string) => Error) {
    this.#prepare = prepare;
    this.#damaged = damaged;
  }

  /** Undefined where there is none. */
  find(run: number, of: string): Chain | undefined {
    const row = this.#prepare("SELECT * FROM chains WHERE run = ? AND of = ?").get(run, of);
    return row === undefined ? undefined : this.#checked(row as unknown as ChainRow);
  }

  get(run: number, of: string): Chain {
    const chain = this.find(run, of);
    if (chain !== undefined) return chain;
    throw this.#damaged(`it does not say how many ${of}${run === ofWorkspace ? "" : ` run r${run}`} has`);
  }

  set(run: number, of: string, { unchecked, rows, last, newestTicket }: Chain): void {
    const values = [run, of, unchecked, rows, last, newestTicket] as const;
    this.#prepare(
      "INSERT OR REPLACE INTO chains (run, of, unchecked, rows, last, newest_ticket, sum) VALUES (?, ?, ?, ?, ?, ?, ?)",
    ).run(...values, sumOf(values));
  }

  /** All that there are, checked. */
  all(): { readonly run: number; readonly of: string; readonly chain: Chain }[] {
    const rows = this.#prepare("SELECT * FROM chains ORDER BY run").all() as unknown as ChainRow[];
    return rows.map((row) => ({ run: row.run, of: row.of, chain: this.#checked(row) }));
  }

  /** Those of all runs, by their numbers. */
  ofRuns(of: string): Map<number, Chain> {
    const rows = this.#prepare("SELECT * FROM chains WHERE of = ? AND run > 0").all(of);
    return new Map((rows as unknown as ChainRow[]).map((row) => [row.run, this.#checked(row)]));
  }

  /** Appends a row to a table and its chain. Belongs into a commit. */
  append(
    table: ChainedTable,
    values: readonly Value[],
    run: number,
    of: string = table,
    newestTicket = 0,
  ): void {
    const chain = this.find(run, of) ?? this.#begun(run, of);
    const sum = sumOf(values, chain.last);
    const places = ", ?".repeat(values.length);
    this.#prepare(`INSERT INTO ${table} (${chained[table].join(", ")}, sum) VALUES (?${places})`).run(
      ...values,
      sum,
    );
    this.set(run, of, {
      ...chain,
      rows: chain.rows + 1,
      last: sum,
      newestTicket: Math.max(chain.newestTicket, newestTicket),
    });
  }

  /** Chains of a run begin with it; those of a chip's marks with the first of them. */
  #begun(run: number, of: string): Chain {
    return run === ofWorkspace ? emptyChain : this.get(run, of);
  }

  #checked(row: ChainRow): Chain {
    const { run, of, unchecked, rows, last, newest_ticket: newestTicket, sum } = row;
    if (sumOf([run, of, unchecked, rows, last, newestTicket]) === sum)
      return { unchecked, rows, last, newestTicket };
    throw this.#damaged(`what it says of the ${of} of run r${run} has another checksum`);
  }
}

interface ChainRow {
  run: number;
  of: string;
  unchecked: number;
  rows: number;
  last: number;
  newest_ticket: number;
  sum: number;
}

/** Follows the rows of a chain as they are read. */
export class ChainReader {
  readonly #chain: Chain;
  readonly #damaged: (place: number, what: string) => Error;
  #place: number;
  #before: number;

  /**
   * @param chain    as it was before the first row is read: rows may be appended meanwhile.
   * @param skip     how many rows were read before.
   * @param before   the checksum of the last of them; 0 where it has none.
   * @param damaged  makes the error of a row, counted from 0, and of what is wrong.
   */
  constructor(chain: Chain, skip: number, before: number, damaged: (place: number, what: string) => Error) {
    this.#chain = chain;
    this.#place = skip;
    this.#before = before;
    this.#damaged = damaged;
  }

  /** Throws where a row is not what was written there. */
  take(values: readonly Value[], sum: number | null): void {
    const { unchecked, rows, last } = this.#chain;
    const place = this.#place++;
    if (place < unchecked) {
      if (sum !== null) throw this.#damaged(place, "rows before it are missing");
      return;
    }
    if (sum === null)
      throw this.#damaged(place, "it has no checksum, so this version of mho did not write it");
    const own = sumOf(values, this.#before);
    if (own !== sum || (place === rows - 1 && sum !== last)) {
      throw this.#damaged(place, "its checksum is another: it was changed, or a row beside it is missing");
    }
    this.#before = sum;
  }

  /** Throws where rows are missing at the end. */
  end(): void {
    const missing = this.#chain.rows - this.#place;
    if (missing > 0)
      throw this.#damaged(this.#place, `it is missing, and so are ${missing - 1} more after it`);
  }
}
