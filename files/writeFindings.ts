import type { Findings } from "../src/measure/procedure.ts";
import type { Column, Part } from "./tableColumn.ts";
import { type Header, writeCsv, writeParquet } from "./tableWriters.ts";

/** One row a device, with what was found of it. */
export function findingColumns({ columns }: Findings): readonly Column[] {
  return [
    { name: "tile", type: "INT32", unit: "", meaning: "" },
    { name: "row", type: "INT32", unit: "", meaning: "of cells, in the tile" },
    { name: "line", type: "INT32", unit: "", meaning: "device of the row: column × devices a cell + device" },
    ...columns.map(({ name, unit, meaning }): Column => ({
      name,
      type: "DOUBLE",
      unit,
      meaning,
      optional: true,
    })),
  ];
}

/** @returns rows written. */
export function writeFindings(
  path: string,
  to: "csv" | "parquet",
  header: Header,
  findings: Findings,
): Promise<number> {
  const { places, columns } = findings;
  const named = new Map(columns.map(({ name, values }) => [name, values]));
  const value = (row: number, column: string): number => {
    const { tile, row: line, device } = places[row]!;
    if (column === "tile") return tile;
    if (column === "row") return line;
    return column === "line" ? device : Number(named.get(column)![row]!.toPrecision(9));
  };
  const parts = async function* (): AsyncIterable<Part> {
    yield await Promise.resolve({ count: places.length, value });
  };
  return (to === "csv" ? writeCsv : writeParquet)(path, header, findingColumns(findings), parts());
}
