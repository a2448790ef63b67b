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

/** The same for JSON, which lets some characters pass that terminals and people trip over: they are escaped, and nothing is lost. */
export function harmlessLine(json: string): string {
  return json.replace(
    /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
