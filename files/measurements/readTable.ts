import { delimiterOfCells, type Delimiter, eachRecord, sheetOf } from "../csvSheet.ts";
import { counted } from "../../src/counted.ts";
import { badFile } from "../readFile.ts";
import { isMissing, numberIn, secondsOfIso } from "./cells.ts";
import type { Collector } from "./collector.ts";
import { type Columns, columnsOf, headingsNamed, isNamed, type Quantity } from "./columns.ts";
import type { Mapping } from "./mapping.ts";
import { ReadsWatched } from "./readsWatched.ts";

/** What became of the lines of a table. */
export interface TableRead {
  readonly reads: number;
  /** Lines before the table's heading. */
  readonly before: number;
  /** Rows that the mapping leaves out. */
  readonly leftOut: number;
}

/**
 * Reads the table of one file.
 *
 * @param text    of the file.
 * @param device  the name that the file gives to its devices; undefined where it gives none.
 * @throws `bad-file` naming line and column of the first cell that cannot be read.
 */
export function readTable(
  text: string,
  path: string,
  mapping: Mapping,
  device: string | undefined,
  into: Collector,
): TableRead {
  const { delimiter, skipLines } = mapping.table;
  const given = delimiter === undefined ? delimiterOfCells : (): Delimiter => delimiterNamed[delimiter];
  const sheet = sheetOf(withoutLines(text, skipLines), path, given);
  const table = new Table(path, mapping, sheet.delimiter !== ",", device, into);
  into.begin(path);
  eachRecord(sheet, path, (cells, line) => table.add(cells, line));
  return table.end();
}

const delimiterNamed = { tab: "\t", semicolon: ";", comma: ",", blank: " " } as const;

/** Lines keep their numbers. */
function withoutLines(text: string, count: number): string {
  let at = 0;
  for (let n = 0; n < count && at >= 0; n++) at = text.indexOf("\n", at) + 1 || text.length;
  return "\n".repeat(count) + text.slice(at);
}

/** A heading stands among the first lines. */
const mostBefore = 50;

class Table {
  readonly #path: string;
  readonly #mapping: Mapping;
  readonly #comma: boolean;
  readonly #device: string | undefined;
  readonly #into: Collector;
  readonly #named: readonly string[];
  #columns: Columns | undefined;
  /** Before the heading was found: how many of its names the best line had, and which it lacks. */
  #missing: readonly string[];
  #before = 0;
  #leftOut = 0;
  #reads = 0;
  /** The line of the first number with that decimal sign. */
  readonly #signs: { [sign in "." | ","]?: number } = {};

  constructor(path: string, mapping: Mapping, comma: boolean, device: string | undefined, into: Collector) {
    this.#path = path;
    this.#mapping = mapping;
    this.#comma = comma;
    this.#device = device;
    this.#into = into;
    this.#named = headingsNamed(mapping);
    this.#missing = this.#named;
  }

  add(given: readonly string[], line: number): void {
    const cells = given.map((cell) => cell.trim());
    this.#columns ??= this.#begin(cells, line);
    if (this.#columns === undefined) return;
    this.#refuseOtherTable(cells, line);
    if (this.#headingLine === line) return;
    const columns = this.#columns;
    if (columns.rows.some(({ column, pattern }) => !pattern.test(cells[column] ?? ""))) {
      this.#leftOut++;
      return;
    }
    const time = this.#required(cells, columns.time, line, "a time");
    const since = columns.since && this.#required(cells, columns.since, line, "the time of a write");
    const device = this.#nameOf(cells, columns, line);
    const microsiemens = this.#optional(cells, columns.value, line, this.#what);
    this.#watched ??= new ReadsWatched(this.#path, columns, this.#mapping.chip.maxConductanceMicrosiemens);
    this.#watched.note(line, device, time - (since ?? 0), microsiemens);
    this.#into.add({
      line,
      device,
      timeMicroseconds: time - (since ?? 0),
      nominalMicroseconds: this.#optional(cells, columns.nominal, line, "a time"),
      microsiemens,
      averages: this.#averages(cells, columns, line),
      celsius: this.#celsius(cells, columns.celsius, this.#mapping.chipCelsius, line),
      writtenMicrosiemens: this.#optional(cells, columns.written, line, "what was written"),
      lowMicrosiemens: this.#optional(cells, columns.low, line, "a target"),
      highMicrosiemens: this.#optional(cells, columns.high, line, "a target"),
      bakeCelsius: this.#celsius(cells, columns.bake, this.#mapping.bakeCelsius, line),
    });
    this.#reads++;
  }

  #headingLine: number | undefined;
  #watched: ReadsWatched | undefined;

  end(): TableRead {
    if (this.#columns === undefined && this.#missing.length > 0) {
      throw badFile(
        this.#path,
        `none of its first lines has the heading${this.#missing.length > 1 ? "s" : ""} ${this.#missing.join(", ")}`,
        "Name the columns as the file does, or by number, in the mapping.",
      );
    }
    if (this.#reads === 0) {
      throw badFile(
        this.#path,
        this.#leftOut === 0
          ? "it has no rows"
          : `none of its ${this.#leftOut} rows is a read by this mapping`,
        "Use another file or another mapping.",
      );
    }
    this.#watched?.end();
    return { reads: this.#reads, before: this.#before, leftOut: this.#leftOut };
  }

  /** The columns, once they are known: by a heading, or from the first row on where no heading is named. */
  #begin(cells: readonly string[], line: number): Columns | undefined {
    if (this.#named.length === 0) {
      const columns = columnsOf(this.#mapping, this.#path, undefined);
      const texts = [columns.value, columns.time].every((quantity) => {
        const cell = this.#cellOf(cells, quantity);
        return cell !== undefined && !isMissing(cell) && this.#numberOf(cell, quantity, 0) === undefined;
      });
      if (!texts) return columns;
    } else {
      const missing = this.#named.filter((name) => !cells.some((cell) => isNamed(cell, name)));
      if (missing.length < this.#missing.length) this.#missing = missing;
      if (missing.length > 0) {
        this.#before++;
        if (this.#before > mostBefore) this.end();
        return undefined;
      }
    }
    this.#headingLine = line;
    return columnsOf(this.#mapping, this.#path, { cells, line });
  }

  /** A mapping that knows how wide its tables are is not for wider ones, whatever their columns may hold. */
  #refuseOtherTable(cells: readonly string[], line: number): void {
    const { columns } = this.#mapping.table;
    // A separator may stand behind the last cell.
    const found = cells.at(-1) === "" && cells.length === (columns ?? 0) + 1 ? columns : cells.length;
    if (columns === undefined || found === columns) return;
    throw badFile(
      this.#path,
      `line ${line} has ${counted(cells.length, "column")}, and tables of the mapping ${this.#mapping.name} have ${columns}`,
      "Use the mapping that is for this kind of table, or write one.",
    );
  }

  get #what(): string {
    return this.#mapping.resistance === undefined ? "a conductance" : "a resistance";
  }

  #nameOf(cells: readonly string[], columns: Columns, line: number): string {
    const { order } = this.#mapping.device;
    const parts = columns.device.map((column) => {
      const cell = cells[column];
      if (cell !== undefined && cell !== "") return cell.replace(/\s+/g, " ");
      throw badFile(
        this.#path,
        `line ${line}, column ${column + 1} is empty where the name of a device should be`,
        "Correct it, or name another column in the mapping.",
      );
    });
    if (this.#device !== undefined) parts.unshift(this.#device);
    if (order !== undefined) {
      const { devices, reads } = order as { devices?: number; reads?: number };
      parts.push(String(devices === undefined ? Math.floor(this.#reads / reads!) : this.#reads % devices));
    }
    return parts.join(" ");
  }

  #averages(cells: readonly string[], { averages }: Columns, line: number): number {
    if (averages === undefined) return this.#mapping.averages as number;
    const count = this.#required(cells, averages, line, "how many reads were averaged");
    if (Number.isInteger(count) && count > 0 && count <= 65_535) return count;
    throw this.#refusal(cells, averages, line, "how many reads were averaged");
  }

  #celsius(
    cells: readonly string[],
    quantity: Quantity | undefined,
    given: Mapping["chipCelsius"],
    line: number,
  ): number {
    if (typeof given === "number") return given;
    const celsius = this.#optional(cells, quantity, line, "a temperature");
    if (!(celsius < leastCelsius || celsius > mostCelsius)) return celsius;
    throw this.#refusal(
      cells,
      quantity!,
      line,
      "a temperature in °C",
      "Name the column of the temperature in the mapping.",
    );
  }

  #required(cells: readonly string[], quantity: Quantity, line: number, what: string): number {
    const value = this.#optional(cells, quantity, line, what);
    if (!Number.isNaN(value)) return value;
    throw this.#refusal(cells, quantity, line, what);
  }

  /** NaN where nothing is named, or the cell says that nothing was measured. */
  #optional(cells: readonly string[], quantity: Quantity | undefined, line: number, what: string): number {
    if (quantity === undefined) return Number.NaN;
    const cell = this.#cellOf(cells, quantity);
    if (cell === undefined) throw this.#refusal(cells, quantity, line, what);
    if (isMissing(cell)) return Number.NaN;
    const value = this.#numberOf(cell, quantity, line);
    // What is kept of a conductance is a 32-bit float.
    if (value !== undefined && Math.abs(Math.fround(value)) !== Infinity) return value;
    throw this.#refusal(cells, quantity, line, what);
  }

  /** The part of the cell that is read; undefined where there is none. */
  #cellOf(cells: readonly string[], { column, pattern }: Quantity): string | undefined {
    const cell = cells[column];
    if (pattern === undefined || cell === undefined) return cell;
    const match = pattern.exec(cell);
    return match === null ? undefined : (match[1] ?? match[0]);
  }

  #numberOf(cell: string, { conversion, isIso, times, plus }: Quantity, line: number): number | undefined {
    const { power, factor, isResistance } = conversion;
    if (isIso) {
      const seconds = secondsOfIso(cell);
      return seconds === undefined ? undefined : seconds * 1e6;
    }
    this.#noteSign(cell, line);
    const isPlain = times === undefined && plus === undefined;
    const number = numberIn(cell, this.#comma, isPlain ? power : 0);
    if (number === undefined) return undefined;
    const scaled = isPlain
      ? number * factor
      : (number * (times ?? 1) + (plus ?? 0)) * Number(`1e${power}`) * factor;
    return isResistance ? 1e6 / scaled : scaled;
  }

  /** A number that has one sign for its decimals stands in no table whose other numbers have the other. */
  #noteSign(cell: string, line: number): void {
    const sign = cell.includes(",") ? "," : cell.includes(".") ? "." : undefined;
    if (sign === undefined || line === 0) return;
    this.#signs[sign] ??= line;
    const other = this.#signs[sign === "," ? "." : ","];
    if (other === undefined) return;
    throw badFile(
      this.#path,
      `line ${line} has "${shown(cell)}", and line ${other} the other decimal sign`,
      "Use one decimal sign, and nothing between thousands.",
    );
  }

  #refusal(
    cells: readonly string[],
    { column, name }: Quantity,
    line: number,
    what: string,
    advice = "Correct it; write nan for a read that is missing.",
  ): Error {
    const cell = cells[column];
    if (cell === undefined) {
      return badFile(
        this.#path,
        `line ${line} has ${cells.length} columns, and ${what} should be in column ${column + 1}`,
        "Correct the line, or the mapping.",
      );
    }
    return badFile(this.#path, `line ${line}, ${name} has "${shown(cell)}" where ${what} should be`, advice);
  }
}

/** Absolute zero; and what melts any chip. */
const leastCelsius = -273.15;
const mostCelsius = 2000;

/** A cell is told of in a sentence. */
function shown(cell: string): string {
  return cell.length <= 60 ? cell : `${cell.slice(0, 57)}…`;
}
