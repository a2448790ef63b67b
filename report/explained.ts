import { glossary, type Term } from "./glossary.ts";
import { escaped } from "./escaped.ts";
import { partsOf } from "./terms.ts";

/**
 * A page's body in which each term explains itself on hover, on focus and on a tap, where it first stands in each part; and a list of
 * them all at its end, which is what a printed page has. No script: the style shows what `data-says` says.
 *
 * @param body  HTML as this folder writes it: no `>` in attributes.
 */
export function explained(body: string): string {
  const [onPage, used] = [new Set<Term>(), new Set<Term>()];
  let seen = new Set<Term>();
  /** Tags within which words are no text to be explained. */
  let silent = 0;
  const html = body.split(/(<[^>]*>)/).map((piece) => {
    if (piece.startsWith("<")) {
      const [, end, name = ""] = /^<(\/?)([a-z\d]+)/i.exec(piece) ?? [];
      if (parts.has(name) && end === "") seen = new Set();
      if (quiet.has(name)) silent += end === "" ? 1 : -1;
      return piece;
    }
    if (silent > 0 || piece.trim() === "") return piece;
    return partsOf(piece, seen, onPage)
      .map(({ text, term }) => {
        if (term === undefined) return text;
        used.add(term);
        return marked(text, term);
      })
      .join("");
  });
  return html.join("") + listOf(used);
}

const parts: ReadonlySet<string> = new Set(["header", "section", "figure", "footer", "details"]);
const quiet: ReadonlySet<string> = new Set(["svg", "style", "code", "summary"]);

function marked(text: string, term: Term): string {
  const name = escaped(term.names[0]!);
  return (
    `<span class="term" tabindex="0" data-term="${name}" data-says="${escaped(term.meaning)}" ` +
    `aria-describedby="${idOf(term)}">${text}</span>`
  );
}

function listOf(used: ReadonlySet<Term>): string {
  if (used.size === 0) return "";
  const rows = glossary
    .filter((term) => used.has(term))
    .map(
      (term) =>
        `<div id="${idOf(term)}"><dt>${escaped(term.names.join(", "))}</dt><dd>${escaped(term.meaning)}</dd></div>`,
    );
  return `<details class="terms"><summary>Terms on this page</summary><dl>${rows.join("")}</dl></details>`;
}

function idOf(term: Term): string {
  return `term-${glossary.indexOf(term)}`;
}
