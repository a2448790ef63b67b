import { createHash } from "node:crypto";
import type { ChipDocument } from "../src/chip/description.ts";

/** A description as a run keeps it: its JSON, whatever the order of its keys and its spaces were, and the SHA-256 of that. */
export function chipDocument(json: unknown): ChipDocument {
  const text = JSON.stringify(json, (_, value: unknown) => sorted(value));
  return { text, sha256: createHash("sha256").update(text).digest("hex") };
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
