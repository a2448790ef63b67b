import type { Column } from "../files/tableColumn.ts";
import type { Header } from "../files/tableWriters.ts";
import { writeWhole } from "../files/writeWhole.ts";

/** What a CSV file holds, beside it: whatever stands in the file itself is read as a row. */
export async function writeAbout(table: string, header: Header, columns: readonly Column[]): Promise<void> {
  const about = Object.fromEntries(columns.map(({ name, unit, meaning }) => [name, { unit, meaning }]));
  const text = JSON.stringify({ ...header, columns: about }, undefined, 2);
  await writeWhole(`${table.replace(/\.csv$/, "")}.about.json`, `${text}\n`, "Name another file with --out.");
}
