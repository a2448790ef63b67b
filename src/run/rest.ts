import type { RunNote } from "./journal.ts";

/** How work on a run came to rest, as its notes tell; undefined when nothing of the kind was noted since it last went on. */
export function restOf(notes: readonly RunNote[]): RunNote | undefined {
  const last = notes.findLast(({ what }) => what === "resumed" || rests.has(what));
  return last?.what === "resumed" ? undefined : last;
}

const rests: ReadonlySet<RunNote["what"]> = new Set(["paused", "stopped", "failed"]);
