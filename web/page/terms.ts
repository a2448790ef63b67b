import type { Term } from "../../report/glossary.ts";
import { partsOf, termNames, termOf } from "../../report/terms.ts";

/** Everyday ones: explained where the page has them in its own words, and not in every sentence. */
const common = new Set(termNames.oncePerPage.flatMap((name) => termOf(name) ?? []));
const explained = new Set<Term>();

/** Writes a text whose terms explain themselves; leaves what is there alone where it says the same, so that its focus stays. */
export function say(place: HTMLElement, text: string): void {
  if (place.textContent === text) return;
  place.replaceChildren(...withTerms(text, common));
}

/** Lets the terms of what is written in the page explain themselves. */
export function explainAll(places: Iterable<Element>): void {
  for (const place of places) place.replaceChildren(...withTerms(place.textContent, explained));
}

function withTerms(text: string, onPage: Set<Term>): (Node | string)[] {
  return partsOf(text, new Set(), onPage).map(({ text: said, term }) => {
    if (term === undefined) return said;
    const span = document.createElement("span");
    span.className = "term";
    span.tabIndex = 0;
    span.textContent = said;
    span.dataset["term"] = term.names[0]!;
    span.dataset["says"] = term.meaning;
    span.setAttribute("aria-description", term.meaning);
    return span;
  });
}
