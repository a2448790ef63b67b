import type { RunNote } from "../run/journal.ts";
import { restOf } from "../run/rest.ts";
import type { RunReader, RunSummary } from "../run/store.ts";

/**
 * How a run stands. The last row that a full disk had room for is the note that the run failed; its end was never written, so the
 * store still says that it is running.
 */
export function outcomeBy(outcome: RunSummary["outcome"], notes: readonly RunNote[]): RunSummary["outcome"] {
  if (outcome !== "running") return outcome;
  return restOf(notes)?.what === "failed" ? "failed" : outcome;
}

/** The same of a run in a store, whose notes are read where they can tell. */
export async function standingOf(store: Pick<RunReader, "notes">, summary: RunSummary): Promise<RunSummary> {
  if (summary.outcome !== "running") return summary;
  return { ...summary, outcome: outcomeBy(summary.outcome, await store.notes(summary.id)) };
}
