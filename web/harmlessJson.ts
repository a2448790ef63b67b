import { harmless } from "../src/harmless.ts";

/** A value as JSON for the page. Titles, notes and messages are made of what strangers wrote: every text comes out harmless. */
export function harmlessJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "string" ? harmless(part) : part));
}
