/** A column of a table that is written. */
export interface Column {
  readonly name: string;
  readonly type: "INT32" | "UINT16" | "UINT8" | "FLOAT" | "DOUBLE" | "STRING" | "TIMESTAMP";
  /** As in `µS`; empty for none. */
  readonly unit: string;
  readonly meaning: string;
  /** Whether cells may be empty. */
  readonly optional?: boolean;
  /** Of FLOAT and DOUBLE: whether all values are whole numbers, which need no decimal sign. */
  readonly whole?: boolean;
}

/** Some rows of a table. */
export interface Part {
  readonly count: number;
  /** A number, NaN for an empty cell; a text; of a TIMESTAMP ISO 8601. */
  value(row: number, column: string): number | string;
  /** All of a column at once, for Parquet: where it is known, its values are not asked for one by one. */
  column?(name: string): ColumnValues | undefined;
}

/** As they are written; null for an empty cell. */
export type ColumnValues = Int32Array | Float32Array | Float64Array | (number | string | null)[];
