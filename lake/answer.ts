/** Types of questions and answers, apart from DuckDB: a script that uses mho compiles without it. */

export interface QueryOptions {
  readonly lake: string;
  /** A file that ends in .csv or .parquet: all rows go there, and none come back. */
  readonly out?: string | undefined;
  /** What DuckDB may hold at once; beyond it, it uses a folder of its own for temporary files (2). */
  readonly memoryGigabytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Row by row, in the order of the columns; empty where the answer went into a file. */
  readonly rows: readonly (readonly QueryValue[])[];
  /** Whether there are more rows than come back at once. */
  readonly truncated: boolean;
  readonly out: string | undefined;
  /** Rows that were written to it, or that came back. */
  readonly count: number;
}

/** A list or a record of SQL comes as text of JSON. */
export type QueryValue = number | string | boolean | null;

/** Of a longer answer the rest goes into a file. */
export const mostRows = 10_000;
