import { isWhole, kindOf } from "./csvCell.ts";

/**
 * Whether a first line names columns: only when it cannot be numbers. A name makes a heading; column numbers may stand beside it, and
 * beside the empty cell that pandas leaves above its index.
 */
export function isHeading(cells: readonly string[]): boolean {
  const kinds = cells.map(kindOf);
  if (kinds.includes("other")) return false;
  const numbers = cells.filter((_, i) => kinds[i] === "number");
  if (numbers.length > 0 && countsFrom(numbers) === undefined) return false;
  return (
    kinds.includes("name") ||
    (kinds[0] === "empty" && numbers.length === cells.length - 1 && numbers.length > 0)
  );
}

/** 0 or 1 where cells are the whole numbers from there on. */
export function countsFrom(cells: readonly string[]): 0 | 1 | undefined {
  const from = cells[0] === "0" ? 0 : cells[0] === "1" ? 1 : undefined;
  return from !== undefined && cells.every((cell, i) => cell === String(i + from)) ? from : undefined;
}

/** Whether a column can be names of rows: words, or whole numbers that ascend. */
export function namesRows(column: readonly string[]): boolean {
  if (column.every((cell) => kindOf(cell) === "name" || kindOf(cell) === "neutral")) return true;
  return column.every((cell, i) => isWhole(cell) && (i === 0 || Number(cell) > Number(column[i - 1])));
}

/** Whether a heading says that its column counts rows. */
export function saysIndex(heading: string): boolean {
  return /^(?:index|id|idx|row|rows|no\.?|nr\.?|n|#|level_0|unnamed: \d+)$/i.test(heading);
}

/** Whether a heading tells of one value a line, with its place beside it. */
export function listsPlaces(names: readonly string[]): boolean {
  const has = (pattern: RegExp): boolean => names.some((name) => pattern.test(name));
  return has(/^(?:row|i)$/i) && has(/^(?:col|column|line|device|j)$/i);
}

/**
 * Whether rows of three numbers are places and a value each: whole numbers that ascend, as a list of a matrix' elements has them, and
 * a number with a decimal sign.
 */
export class PlaceRows {
  #possible = true;
  #decimals = false;
  #rows = 0;
  #before: readonly [number, number] | undefined;
  #byRows = true;
  #byColumns = true;

  add(cells: readonly string[]): void {
    if (!this.#possible) return;
    const [a = "", b = "", value = ""] = cells;
    this.#possible = cells.length === 3 && /^\d+$/.test(a) && /^\d+$/.test(b);
    if (!this.#possible) return;
    if (!isWhole(value)) this.#decimals = true;
    const [row, column] = [Number(a), Number(b)];
    if (this.#before !== undefined) {
      const [lastRow, lastColumn] = this.#before;
      this.#byRows &&= row > lastRow || (row === lastRow && column > lastColumn);
      this.#byColumns &&= column > lastColumn || (column === lastColumn && row > lastRow);
    }
    this.#before = [row, column];
    this.#possible = this.#byRows || this.#byColumns;
    this.#rows++;
  }

  get arePlaces(): boolean {
    return this.#possible && this.#decimals && this.#rows >= 4;
  }
}

export interface Sample {
  /** The first two rows of numbers, and the first column of all. */
  readonly rows: readonly (readonly string[])[];
  readonly firstColumn: readonly string[];
  /** Whether a number after the first row and the first column has a decimal sign or an exponent. */
  readonly decimals: boolean;
}

/** Whether the first row of a table without a heading is pandas' or a spreadsheet's numbers of columns. */
export function numbersColumns({ rows, decimals }: Sample): boolean {
  const [first = [], second] = rows;
  const from = countsFrom(first);
  if (from === undefined || second === undefined) return false;
  if (decimals) return first.length >= 2 + from;
  const goesOn = second.every((cell, i) => cell === String(first.length + i));
  return from === 0 && first.length >= 3 && !goesOn;
}

/** Whether the first column of a table is numbers of rows. */
export function numbersRows({ rows, firstColumn, decimals }: Sample, heading: string | undefined): boolean {
  if ((rows[0]?.length ?? 0) < 2) return false;
  if (heading !== undefined && /^unnamed: \d+$/i.test(heading)) return true;
  if (countsFrom(firstColumn) === undefined) return false;
  if (heading !== undefined && saysIndex(heading)) return true;
  return decimals && firstColumn.length >= 3;
}
