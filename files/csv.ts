import { eachRecord, sheetOf } from "./csvSheet.ts";
import { CsvTable } from "./csvTable.ts";
import { readInputFile } from "./readFile.ts";
import type { Tensor } from "./tensor.ts";
import { textOf } from "./text.ts";

/**
 * Reads a matrix written as text: numbers apart by tabs, semicolons, commas or blanks. Lines that begin with `#` are comments, one
 * heading line may stand first, and a column of row names is left out where the heading shows that it is one. No other line is ever
 * left out: what is not a number is refused. Throws `bad-file` with line and column.
 */
export async function readCsv(path: string): Promise<Tensor> {
  return parseCsv(textOf(await readInputFile(path), path), path);
}

/** @param withGaps  whether `nan` may stand for a number that is not there. */
export function parseCsv(text: string, path: string, withGaps = false): CsvMatrix {
  const sheet = sheetOf(text, path);
  const table = new CsvTable(path, sheet.delimiter, withGaps, sheet.emptyLine);
  eachRecord(sheet, path, (cells, line) => table.add(cells, line));
  return { ...table.tensor(), heading: table.heading };
}

export interface CsvMatrix extends Tensor {
  /** The line that names columns, if there is one. */
  readonly heading: { readonly line: number; readonly cells: readonly string[] } | undefined;
}
