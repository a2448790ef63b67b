import { adviceOn, isGap, isWhole, numberOf } from "./csvCell.ts";
import {
  isHeading,
  listsPlaces,
  namesRows,
  numbersColumns,
  numbersRows,
  PlaceRows,
  type Sample,
} from "./csvHeading.ts";
import type { Delimiter } from "./csvSheet.ts";
import { badFile } from "./readFile.ts";
import type { Tensor } from "./tensor.ts";

/**
 * A table of numbers as its rows come in. With a tab or a semicolon between them, a comma is the decimal sign. All throws `bad-file` with
 * the line, and the column where it is one cell's fault.
 */
export class CsvTable {
  readonly #path: string;
  readonly #delimiter: Delimiter;
  readonly #withGaps: boolean;
  readonly #emptyLine: number | undefined;
  readonly #values: number[] = [];
  readonly #firstRows: { readonly line: number; readonly cells: readonly string[] }[] = [];
  readonly #firstColumn: string[] = [];
  #heading: { readonly line: number; readonly cells: readonly string[] } | undefined;
  /** Whether the first column names rows. */
  #indexed = false;
  /** Whether rows end by what else stands between numbers. */
  #trailing = false;
  #columns = 0;
  #rows = 0;
  #decimals = false;
  /** The line of the first number with that decimal sign. */
  readonly #signs: { [sign in "." | ","]?: number } = {};
  /** A number such as 57.000, and whether another shows that its point is no mark of thousands. */
  #grouped: { readonly line: number; readonly column: number; readonly cell: string } | undefined;
  #pointIsDecimal = false;
  readonly #pairs = new DecimalPairs();
  readonly #places = new PlaceRows();

  constructor(path: string, delimiter: Delimiter, withGaps: boolean, emptyLine: number | undefined) {
    this.#path = path;
    this.#delimiter = delimiter;
    this.#withGaps = withGaps;
    this.#emptyLine = emptyLine;
  }

  add(given: readonly string[], line: number): void {
    const cells = given.map((cell) => cell.trim());
    if (this.#rows === 0 && this.#heading === undefined && isHeading(cells)) {
      if (/^%%MatrixMarket/i.test(cells[0]!)) {
        throw this.#refusal(
          `line ${line} says that it is a MatrixMarket file`,
          "Write it as a matrix. In Python:\n  import numpy, scipy.io\n" +
            '  m = scipy.io.mmread("FILE"); numpy.save("weights.npy", m.toarray() if hasattr(m, "toarray") else m)',
        );
      }
      this.#heading = { line, cells };
      return;
    }
    const trailing = cells.length > 1 && cells.at(-1) === "";
    if (this.#rows === 0) this.#begin(cells, trailing);
    if (trailing && this.#trailing) cells.pop();
    if (this.#rows < 2) this.#firstRows.push({ line, cells });
    this.#firstColumn.push(cells[0]!);
    for (let column = this.#indexed ? 1 : 0; column < cells.length; column++)
      this.#values.push(this.#number(cells, column, line));
    if (cells.length !== this.#columns) {
      if (this.#trailing && cells.length === this.#columns + 1 && !trailing) {
        throw this.#refusal(
          `line ${this.#firstRows[0]!.line}, column ${cells.length} has "" where a number should be`,
          adviceOn("", this.#delimiter, this.#withGaps),
        );
      }
      throw this.#refusal(
        `line ${line} has ${cells.length} numbers and those before it ${this.#columns}`,
        "Give every line as many.",
      );
    }
    this.#pairs.add(cells);
    this.#places.add(cells);
    this.#rows++;
  }

  #begin(cells: readonly string[], trailing: boolean): void {
    this.#trailing = trailing;
    this.#columns = cells.length - (trailing ? 1 : 0);
    const { cells: names, line } = this.#heading ?? { cells: [], line: 0 };
    if (listsPlaces(names)) {
      throw this.#refusal(
        `line ${line} names ${names.slice(0, 3).join(", ")}: a list of places is not a matrix`,
        "Write it as a matrix (pandas: pivot).",
      );
    }
    const named = names.length - (names.length > 1 && names.at(-1) === "" ? 1 : 0);
    // R leaves the place above its row names out.
    this.#indexed = this.#columns > 1 && (names[0] === "" || (named > 1 && named === this.#columns - 1));
    if (this.#indexed || named <= 1 || named === this.#columns || this.#delimiter === " ") return;
    throw this.#refusal(
      `line ${line} names ${named} columns, and the next one has ${this.#columns} numbers`,
      this.#delimiter === ","
        ? "Give each column a name, and use a decimal point."
        : "Give each column a name.",
    );
  }

  #number(cells: readonly string[], column: number, line: number): number {
    const cell = cells[column]!;
    const comma = this.#delimiter === "\t" || this.#delimiter === ";";
    const value = numberOf(cell, comma ? "," : ".");
    // A number of the chip is a 32-bit float.
    if (value !== undefined && Math.abs(Math.fround(value)) !== Infinity) {
      if (cell.length > 1) this.#noteSpelling(cell, column, line);
      return value;
    }
    if (this.#withGaps && isGap(cell)) return Number.NaN;
    const what =
      value === undefined ? `has "${cell}" where a number should be` : `has ${cell}, too large a number`;
    throw this.#refusal(
      `line ${line}, column ${column + 1} ${what}`,
      adviceOn(cell, this.#delimiter, this.#withGaps),
    );
  }

  #noteSpelling(cell: string, column: number, line: number): void {
    if (isWhole(cell)) {
      if (this.#delimiter !== "," || !/^[+-]?0\d/.test(cell)) return;
      throw this.#refusal(
        `line ${line}, column ${column + 1} has "${cell}", which looks like the end of a number with a decimal comma`,
        "Use a decimal point, or put semicolons between the numbers.",
      );
    }
    if (this.#rows > 0 && column > 0) this.#decimals = true;
    const sign = cell.includes(",") ? "," : cell.includes(".") ? "." : undefined;
    if (sign === undefined) return;
    if (sign === "." && /^[+-]?[1-9]\d{0,2}\.\d{3}$/.test(cell)) this.#grouped ??= { line, column, cell };
    else if (sign === ".") this.#pointIsDecimal = true;
    this.#signs[sign] ??= line;
    const other = this.#signs[sign === "," ? "." : ","];
    if (other === undefined) return;
    throw this.#refusal(
      `line ${line}, column ${column + 1} has "${cell}", and line ${other} the other decimal sign`,
      "Use one decimal sign, and nothing between thousands.",
    );
  }

  /** The line that names columns, if there is one. */
  get heading(): { readonly line: number; readonly cells: readonly string[] } | undefined {
    return this.#heading;
  }

  tensor(): Tensor {
    this.#checkWhole();
    return {
      shape: [this.#rows, this.#rows === 0 ? 0 : this.#values.length / this.#rows],
      values: Float32Array.from(this.#values),
    };
  }

  #checkWhole(): void {
    const [first] = this.#firstRows;
    if (first === undefined) return;
    const sample: Sample = {
      rows: this.#firstRows.map(({ cells }) => cells),
      firstColumn: this.#firstColumn,
      decimals: this.#decimals,
    };
    const heading = this.#heading?.cells[0];
    if (this.#places.arePlaces) {
      throw this.#refusal(
        `columns 1 and 2 are whole numbers that ascend, from line ${first.line} on: a list of places is not a matrix`,
        "Write it as a matrix (pandas: pivot).",
      );
    }
    if (this.#indexed && !namesRows(this.#firstColumn)) {
      throw this.#refusal(
        heading === ""
          ? `line ${this.#heading!.line} has no name for column 1, which does not count or name the rows either`
          : `line ${this.#heading!.line} names ${this.#columns - 1} columns, and the next one has ${this.#columns} numbers, of which the first ` +
              "does not count or name the rows",
        "Give each column a name, or remove the one without.",
      );
    }
    if (!this.#indexed && numbersRows(sample, heading)) {
      throw this.#refusal(
        `column 1${heading === undefined ? "" : ` (${heading})`} counts the rows: ${this.#firstColumn.slice(0, 3).join(", ")}, from line ` +
          `${first.line} on`,
        "Remove it (pandas: index=False). If it is meant, write its numbers with a decimal sign, such as 0.0.",
      );
    }
    if (this.#heading === undefined && numbersColumns(sample)) {
      throw this.#refusal(
        `line ${first.line} counts the columns: ${first.cells.slice(0, 3).join(", ")}`,
        "Remove it (pandas: header=False). If it is meant, write its numbers with a decimal sign, such as 0.0.",
      );
    }
    if (this.#delimiter === "," && !this.#decimals && this.#pairs.areDecimals) {
      throw this.#refusal(
        `line ${first.line} has "${first.cells.slice(0, 2).join(",")}", which looks like a number with a decimal comma`,
        "Use a decimal point, or put semicolons between the numbers.",
      );
    }
    const comma = this.#delimiter === "\t" || this.#delimiter === ";";
    if (comma && this.#grouped !== undefined && !this.#pointIsDecimal) {
      const { line, column, cell } = this.#grouped;
      throw this.#refusal(
        `line ${line}, column ${column + 1} has "${cell}", which is ${Number(cell)} or, where points stand between thousands, ` +
          `${Number(cell.replace(".", ""))}: every number with a point has three digits behind it`,
        `If it is ${Number(cell)}, put commas between the numbers, or write ${cell}0. If it is ${Number(cell.replace(".", ""))}, remove the points.`,
      );
    }
    if (this.#columns === 1 && this.#emptyLine !== undefined) {
      throw this.#refusal(
        `line ${this.#emptyLine} is empty, where a number of the only column may be missing`,
        "Write a number there, or remove the line.",
      );
    }
  }

  #refusal(what: string, advice: string): Error {
    return badFile(this.#path, what, advice);
  }
}

/** Whole numbers in pairs, as commas leave them that were decimal signs: 0,138,-0,065. */
class DecimalPairs {
  #possible = true;
  #some = false;

  add(cells: readonly string[]): void {
    if (!this.#possible) return;
    this.#possible =
      cells.length % 2 === 0 &&
      cells.every((cell, i) => (i % 2 === 0 ? /^[+-]?0$/.test(cell) : /^\d+$/.test(cell)));
    if (cells.some((cell) => Number(cell) !== 0)) this.#some = true;
  }

  get areDecimals(): boolean {
    return this.#some && this.#possible;
  }
}
