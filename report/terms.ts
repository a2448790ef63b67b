import { glossary, type Term } from "./glossary.ts";

/** A stretch of text; with a term, which explains itself where it stands. */
export interface Part {
  readonly text: string;
  readonly term?: Term;
}

/** Names that need care. */
export const termNames = {
  /** Everyday words too: terms only where they stand alone, as in a row of verdicts. */
  alone: ["open", "weak", "link", "method", "watch", "fit", "code", "budget", "silent"],
  /** So common that one explanation a page is enough. */
  oncePerPage: [
    "device",
    "cell",
    "tile",
    "chip",
    "run",
    "model",
    "weight",
    "target",
    "conductance",
    "turn",
    "age",
    "pair",
    "bench",
    "wafer",
    "die",
  ],
  /** Everyday words on these pages. */
  never: [
    "address",
    "check",
    "clip",
    "picked",
    "event",
    "block",
    "curves",
    "scale",
    "w",
    "G",
    "birth",
    "mapping",
  ],
} as const;

/**
 * A text in parts, each term marked where it first stands.
 *
 * @param seen    names that are explained already in this part of the page; what is marked is added.
 * @param onPage  the same of the whole page, for common ones.
 */
export function partsOf(text: string, seen = new Set<Term>(), onPage = new Set<Term>()): Part[] {
  const alone = wordsAlone.exec(text);
  if (alone !== null) {
    const [, word = "", rest = ""] = alone;
    return [marked(word, seen, onPage), ...(rest === "" ? [] : [{ text: rest }])];
  }
  const parts: Part[] = [];
  let at = 0;
  for (const { 0: word, index } of text.matchAll(words)) {
    const part = marked(word, seen, onPage);
    if (part.term === undefined) continue;
    if (index > at) parts.push({ text: text.slice(at, index) });
    parts.push(part);
    at = index + word.length;
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return parts;
}

function marked(word: string, seen: Set<Term>, onPage: Set<Term>): Part {
  const term = termOf(word);
  if (term === undefined || seen.has(term) || onPage.has(term)) return { text: word };
  seen.add(term);
  if (term.names.some((name) => common.has(name))) onPage.add(term);
  return { text: word, term };
}

/** `sweeps` and `Sweep` are `sweep`; a symbol or an abbreviation is itself alone. */
export function termOf(word: string): Term | undefined {
  const small = word.charAt(0).toLowerCase() + word.slice(1);
  for (const name of [word, small, word.replace(/s$/, ""), small.replace(/s$/, "")]) {
    const found = byName.get(name);
    if (found !== undefined && (name.length > 2 || name === word)) return found;
  }
  return undefined;
}

const byName = new Map(glossary.flatMap((term) => term.names.map((name) => [name, term] as const)));
const common: ReadonlySet<string> = new Set(termNames.oncePerPage);
const careful: ReadonlySet<string> = new Set([...termNames.alone, ...termNames.never]);

/** Any of some names, the longest first; their first letter may be large, and they may be many. */
function anyOf(names: readonly string[]): string {
  const escaped = names
    .toSorted((a, b) => b.length - a.length)
    .map((name) => {
      const safe = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(" ", "[ \u00a0\u202f]");
      return name.length > 2 && /^[a-z]/.test(name)
        ? `[${name[0]!.toUpperCase()}${name[0]!}]${safe.slice(1)}s?`
        : `${safe}${name.length > 2 ? "s?" : ""}`;
    });
  return escaped.join("|");
}

const words = new RegExp(
  `(?<![\\p{L}\\p{N}_./&#°-])(?:${anyOf([...byName.keys()].filter((name) => !careful.has(name)))})(?![\\p{L}\\p{N}_-]|\\.\\p{L})`,
  "gu",
);
const wordsAlone = new RegExp(`^(${anyOf(termNames.alone)})(: [\\d,]+)?$`, "u");
