import { CsvError, parse } from "csv-parse/sync";
import { beginsWithErrorValue } from "./csvCell.ts";
import { CsvTable, type Delimiter } from "./csvTable.ts";
import { badFile, readInputFile } from "./readFile.ts";
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
export function parseCsv(text: string, path: string, withGaps = false): Tensor {
  const { lines, delimiter, emptyLine } = sheetOf(text, path);
  const table = new CsvTable(path, delimiter, withGaps, emptyLine);
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
        table.add(cells, line);
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
  return table.tensor();
}

interface Sheet {
  /** With nothing on the lines of comments, so that all lines keep their numbers. */
  readonly lines: readonly string[];
  readonly delimiter: Delimiter;
  /** A line with nothing on it, between others: of a single column it could be a number that is missing. */
  readonly emptyLine: number | undefined;
}

function sheetOf(text: string, path: string): Sheet {
  // Python's csv on Windows ends lines by \r\r\n.
  const lines = text.split(/\r*\n|\r/);
  const written: number[] = [];
  const empty: number[] = [];
  lines.forEach((line, i) => {
    if (line.trim() === "" && !line.includes("\t")) empty.push(i);
    else if (!isComment(line)) written.push(i);
    else lines[i] = "";
  });
  for (const i of empty) lines[i] = "";
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
  return {
    lines,
    delimiter: delimiterOf(written.map((i) => lines[i]!)),
    emptyLine: between === undefined ? undefined : between + 1,
  };
}

function isComment(line: string): boolean {
  return /^\s*#/.test(line) && !beginsWithErrorValue(line);
}

function isDelimiter(text: string): text is Delimiter {
  return "\t;, ".includes(text);
}

/** A heading may hold anything: the lines after it show what stands between the numbers. */
function delimiterOf(lines: readonly string[]): Delimiter {
  const plain = lines.map((line) => (line.includes('"') ? line.replace(/"[^"]*"/g, "") : line));
  const among = (some: readonly string[]): Delimiter | undefined =>
    delimiters.find((one) => some.some((line) => (one === " " ? line.trim() : line).includes(one)));
  return among(plain.slice(1)) ?? among(plain.slice(0, 1)) ?? " ";
}

const delimiters: readonly Delimiter[] = ["\t", ";", ",", " "];
