import { withText } from "./page.ts";
import { say } from "./terms.ts";

/** A cell: a text, or something to press. */
export type Cell = string | Node;

/** Fills a table. On a phone each row is a block of its own, and its cells say what they are. The first of a row is its name. */
export function fillTable(
  table: HTMLElement,
  names: readonly string[],
  rows: readonly { readonly cells: readonly Cell[]; readonly className?: string }[],
): void {
  const head = document.createElement("tr");
  head.append(
    ...names.map((name) => {
      const cell = withText("th", "");
      cell.scope = "col";
      say(cell, name);
      return cell;
    }),
  );
  const body = rows.map(({ cells, className = "" }) => {
    const row = document.createElement("tr");
    row.className = className;
    row.append(
      ...cells.map((content, k) => {
        const cell = document.createElement(k === 0 ? "th" : "td");
        if (k === 0) cell.scope = "row";
        cell.dataset["name"] = names[k] ?? "";
        cell.append(content);
        return cell;
      }),
    );
    return row;
  });
  const [headed, filled] = [document.createElement("thead"), document.createElement("tbody")];
  headed.append(head);
  filled.append(...body);
  table.replaceChildren(...(rows.length === 0 ? [] : [headed, filled]));
}

/** A link to a run, which may have none. */
export function runLink(run: string | null): Cell {
  if (run === null) return "–";
  const link = withText("a", run);
  link.href = `#${run}`;
  return link;
}
