import { harmless } from "../src/harmless.ts";

/** Text made safe to stand in HTML, in an attribute too, and to be read by a person. */
export function escaped(text: string): string {
  return harmless(text)
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;");
}
