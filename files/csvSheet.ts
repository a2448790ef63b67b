import { CsvError, parse } from "csv-parse/sync";
import { beginsWithErrorValue, isErrorValue, isGap, looksLikeErrorValue, numberOf } from "./csvCell.ts";
import { badFile } from "./readFile.ts";

/** What stands between the cells of a line. */
export type Delimiter = "\t" | ";" | "," | " ";

export const delimiters: readonly Delimiter[] = ["\t", ";", ",", " "];

/** The lines of a table, and how they fall into cells. */
export interface Sheet {
  /** With nothing on the lines of comments, so that all lines keep their numbers. */
  readonly lines: readonly string[];
  readonly delimiter: Delimiter;
  /** The line of an empty line between others: of a single column it could be a number that is missing. */
  readonly emptyLine: number | undefined;
}

/**
 * The lines of a text. Those that begin with `#` are comments.
 *
 * @param delimiterOf  finds what stands between the cells, where the file does not say `sep=`. Lines without content are left out.
 * @throws `bad-file` where the file says that something else stands there.
 */
export function sheetOf(
  text: string,
  path: string,
  delimiterOf: (lines: readonly string[]) => Delimiter = delimiterOfNumbers,
): Sheet {
  // Python's csv on Windows ends lines by \r\r\n.
  const lines = text.split(/\r*\n|\r/);
  const written: number[] = [];
  const empty: number[] = [];
  const comments = new Map<number, string>();
  lines.forEach((line, i) => {
    if (line.trim() === "" && !line.includes("\t")) empty.push(i);
    else if (!isComment(line)) written.push(i);
    else comments.set(i, line);
  });
  for (const i of [...empty, ...comments.keys()]) lines[i] = "";
  const first = written[0] ?? 0;
  const declared = /^\s*"?sep=(.)"?\s*$/i.exec(lines[first] ?? "")?.[1];
  if (declared !== undefined) {
    lines[first] = "";
    if (isDelimiter(declared)) return { lines, delimiter: declared, emptyLine: undefined };
    throw badFile(
      path,
      `line ${first + 1} says that "${declared}" stands between the numbers`,
      "Put semicolons there.",
    );
  }
  const last = written.at(-1) ?? 0;
  const between = empty.find((i) => i > first && i < last);
  const delimiter = delimiterOf(written.map((i) => lines[i]!));
  const width = cellsOf(lines[last] ?? "", delimiter).length;
  for (const [i, line] of comments) if (isRow(line, delimiter, width)) lines[i] = line;
  return {
    lines,
    delimiter,
    emptyLine: between === undefined ? undefined : between + 1,
  };
}

/** Calls back with the cells of each line that has any, and its number. Throws `bad-file` for a quotation mark out of place. */
export function eachRecord(
  { lines, delimiter }: Sheet,
  path: string,
  onRecord: (cells: string[], line: number) => void,
): void {
  const blanks = delimiter === " ";
  const content = blanks ? lines.map((line) => line.trim().replace(/[ \u00a0]+/g, " ")) : lines;
  try {
    parse(content.join("\n"), {
      delimiter,
      recordDelimiter: "\n",
      relaxColumnCount: true,
      skipEmptyLines: true,
      // A tab at an end is a cell without a number.
      trim: delimiter !== "\t",
      onRecord: (cells: string[], { lines: line }) => {
        onRecord(cells, line);
        return undefined;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // Of a mark that nothing closes, the parser names the last line.
    const open = lines.findIndex((text) => text.split('"').length % 2 === 0);
    throw badFile(
      path,
      `line ${open < 0 ? Number(error["lines"]) : open + 1} has a quotation mark that does not belong there`,
      "Correct that line.",
      error,
    );
  }
}

/** A heading may hold anything: the lines after it show what stands between the numbers. */
function delimiterOfNumbers(lines: readonly string[]): Delimiter {
  const plain = lines.map(unquoted);
  const among = (some: readonly string[]): Delimiter | undefined =>
    delimiters.find((one) => some.some((line) => (one === " " ? line.trim() : line).includes(one)));
  return among(plain.slice(1)) ?? among(plain.slice(0, 1)) ?? " ";
}

/** Cells may hold text: what stands equally often in nearly all lines is between them. */
export function delimiterOfCells(lines: readonly string[]): Delimiter {
  const sample = lines.slice(0, mostSampled).map(unquoted);
  const steady = delimiters.find((one) => {
    const counts = new Map<number, number>();
    for (const line of sample) {
      const count = (one === " " ? line.trim().split(/[ \u00a0]+/) : line.split(one)).length;
      counts.set(count, (counts.get(count) ?? 0) + 1);
    }
    return [...counts].some(([count, times]) => count > 1 && times >= 0.8 * sample.length);
  });
  return steady ?? delimiterOfNumbers(lines);
}

const mostSampled = 1000;

function unquoted(line: string): string {
  return line.includes('"') ? line.replace(/"[^"]*"/g, "") : line;
}

/** Whether a line with `#` in front has as many cells as the rows, all of them numbers but for what would be error values. */
function isRow(line: string, delimiter: Delimiter, width: number): boolean {
  const cells = cellsOf(line, delimiter);
  return (
    width > 1 &&
    cells.length === width &&
    looksLikeErrorValue(cells[0]!) &&
    cells.every(
      (cell) =>
        cell === "" || isGap(cell) || looksLikeErrorValue(cell) || isErrorValue(cell) || isNumber(cell),
    )
  );
}

function isNumber(cell: string): boolean {
  return numberOf(cell, ".") !== undefined || numberOf(cell, ",") !== undefined;
}

function cellsOf(line: string, delimiter: Delimiter): string[] {
  const cells = delimiter === " " ? line.trim().split(/[ \u00a0]+/) : line.split(delimiter);
  return cells.map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
}

function isComment(line: string): boolean {
  return /^\s*#/.test(line) && !beginsWithErrorValue(line);
}

function isDelimiter(text: string): text is Delimiter {
  return "\t;, ".includes(text);
}
