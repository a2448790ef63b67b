import { type SweepColumn, sweepColumns, type SweepTable, sweepValue } from "../src/results/sweepTable.ts";
import type { Column, Part } from "./tableColumn.ts";
import { type Header, writeCsv, writeParquet } from "./tableWriters.ts";

type Write = (path: string, header: Header, tables: AsyncIterable<SweepTable>) => Promise<number>;

const types: Readonly<Record<SweepColumn, Column["type"]>> = {
  sweep: "INT32",
  tile: "INT32",
  row: "INT32",
  line: "INT32",
  asked_age_seconds: "DOUBLE",
  age_seconds: "DOUBLE",
  conductance_microsiemens: "FLOAT",
  code: "INT32",
  flag: "INT32",
  averages: "INT32",
  target_microsiemens: "FLOAT",
  verdict: "STRING",
  weight_row: "INT32",
  weight_column: "INT32",
  sign: "INT32",
  significance: "DOUBLE",
  celsius: "DOUBLE",
  taken_at: "TIMESTAMP",
  device: "STRING",
};

const mayBeEmpty: ReadonlySet<SweepColumn> = new Set([
  "age_seconds",
  "conductance_microsiemens",
  "code",
  "target_microsiemens",
  "weight_row",
  "weight_column",
  "sign",
  "significance",
  "celsius",
  "taken_at",
  "device",
]);

/** One row a device and sweep. */
export const sweepTableColumns: readonly Column[] = sweepColumns.map(([name, unit, meaning]) => ({
  name,
  unit,
  meaning,
  type: types[name],
  optional: mayBeEmpty.has(name),
}));

export const writeSweepsCsv: Write = (path, header, tables) =>
  writeCsv(path, header, sweepTableColumns, partsOf(tables));

export const writeSweepsParquet: Write = (path, header, tables) =>
  writeParquet(path, header, sweepTableColumns, partsOf(tables));

async function* partsOf(tables: AsyncIterable<SweepTable>): AsyncIterable<Part> {
  for await (const table of tables) {
    yield {
      count: table.sweep.flags.length,
      value: (row, column) => sweepValue(table, row, column as SweepColumn),
    };
  }
}
