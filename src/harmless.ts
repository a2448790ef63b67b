/**
 * Text of strangers (a chip, a file, a file's name) that is about to be shown to a person: what would move a terminal's
 * cursor, change its title, turn the direction of writing or begin a new line becomes a question mark.
 *
 * @param longest  characters; what is longer is cut, and says so.
 */
export function harmless(text: string, longest = Infinity): string {
  const shown = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return shown.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "?");
}
