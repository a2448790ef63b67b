import { type TurnColumn, turnColumns, type TurnTable, turnValue } from "../src/results/turnTable.ts";
import type { Column, Part } from "./tableColumn.ts";
import { type Header, writeCsv, writeParquet } from "./tableWriters.ts";

const types: Readonly<Record<TurnColumn, Column["type"]>> = {
  turn: "INT32",
  tile: "INT32",
  row: "INT32",
  line: "INT32",
  conductance_microsiemens: "FLOAT",
  verdict: "STRING",
  order: "INT32",
  ticket: "DOUBLE",
  kind: "STRING",
  code: "INT32",
  width_nanoseconds: "DOUBLE",
  trailing_nanoseconds: "DOUBLE",
  gate_code: "INT32",
  cycles: "INT32",
  fate: "STRING",
  fired_at_microseconds: "DOUBLE",
  decided_at: "TIMESTAMP",
};

const wholeNumbers: ReadonlySet<TurnColumn> = new Set(["ticket", "fired_at_microseconds"]);

const neverEmpty: ReadonlySet<TurnColumn> = new Set(["turn", "tile", "row", "line", "verdict"]);

/** One row a device and turn, and one more for each further pulse that it got in it. */
export const turnTableColumns: readonly Column[] = turnColumns.map(([name, unit, meaning]) => ({
  name,
  unit,
  meaning,
  type: types[name],
  optional: !neverEmpty.has(name),
  whole: wholeNumbers.has(name),
}));

type Write = (path: string, header: Header, tables: AsyncIterable<TurnTable>) => Promise<number>;

export const writeTurnsCsv: Write = (path, header, tables) =>
  writeCsv(path, header, turnTableColumns, partsOf(tables));

export const writeTurnsParquet: Write = (path, header, tables) =>
  writeParquet(path, header, turnTableColumns, partsOf(tables));

async function* partsOf(tables: AsyncIterable<TurnTable>): AsyncIterable<Part> {
  for await (const table of tables) {
    yield {
      count: table.entries.length,
      value: (row, column) => turnValue(table, row, column as TurnColumn),
    };
  }
}
