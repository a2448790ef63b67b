/** One row of the tidy table beside a report. */
export interface TidyRow {
  readonly figure: string;
  readonly series: string;
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

/** Reads the tidy table as any reader of CSV would: comments out, quotes off, the empty as NaN. */
export function tidyRows(csv: string): TidyRow[] {
  const [columns, ...rows] = csv
    .trimEnd()
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .map(cells);
  const at = (row: readonly string[], column: string): string => row[columns!.indexOf(column)]!;
  const number = (text: string): number => (text === "" ? Number.NaN : Number(text));
  return rows.map((row) => ({
    figure: at(row, "figure"),
    series: at(row, "series"),
    x: number(at(row, "x")),
    y: number(at(row, "y")),
    low: number(at(row, "low")),
    high: number(at(row, "high")),
  }));
}

function cells(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!,
  );
}
