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
