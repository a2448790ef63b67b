import { escaped } from "./page.ts";

/** A table whose cells hold one number or one word each. */
export interface Table {
  /** What stands over the names of the rows, and over each column: HTML. */
  readonly corner: string;
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
  /** Whether the last row is the one to look at. */
  readonly accent?: boolean;
}

export interface TableRow {
  /** HTML. */
  readonly name: string;
  /** One a column; text. */
  readonly cells: readonly string[];
}

/** On a phone each row is a block of its own, its cells under the names of their columns: nothing is cut off. */
export function tableOf({ corner, columns, rows, accent = false }: Table): string {
  const head = columns.map((column) => `<th scope="col">${column}</th>`).join("");
  const body = rows.map(({ name, cells }) => {
    const shown = cells.map((cell, k) => {
      const label = (columns[k] ?? "").replace(/<[^>]*>/g, "");
      return `<td data-label="${label}">${escaped(cell)}</td>`;
    });
    return `<tr><th scope="row">${name}</th>${shown.join("")}</tr>`;
  });
  return (
    `<div class="scroll"><table${accent ? ' class="accent"' : ""}><thead><tr><th scope="col">${corner}</th>${head}</tr></thead>` +
    `<tbody>${body.join("")}</tbody></table></div>`
  );
}

/** What stands behind a click; on paper it is open. `title` and `body` are HTML. */
export function onDemand(title: string, body: string): string {
  return `<details><summary>${title}</summary>${body}</details>`;
}
