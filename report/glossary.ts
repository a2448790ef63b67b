import { glossaryText } from "./glossaryText.ts";

/** An entry of docs/glossary.md: what a term is called, and what it means. */
export interface Term {
  readonly names: readonly string[];
  readonly meaning: string;
}

/** All entries, in the order of the page. */
export const glossary: readonly Term[] = glossaryText
  .trim()
  .split("\n")
  .map((row) => {
    const [names, ...meaning] = row.split(": ");
    return { names: names!.split(", "), meaning: meaning.join(": ") };
  });
