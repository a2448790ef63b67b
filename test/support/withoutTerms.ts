/** A report's HTML as if no term explained itself, and without the list of them. */
export function withoutTerms(html: string): string {
  return html
    .replace(/<span class="term"[^>]*>(.*?)<\/span>/gs, "$1")
    .replace(/<details class="terms">.*?<\/details>/gs, "");
}
