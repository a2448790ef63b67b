import type { RunNote } from "../src/run/journal.ts";
import { placeOnWafer } from "../src/run/labels.ts";
import type { RunPlan } from "../src/run/plan.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import type { RunState, WrittenNote } from "./liveState.ts";

/** What people wrote on a run and on its chip. */
export type Written = Pick<RunState, "tags" | "operator" | "archived" | "wafer" | "die" | "notes">;

/** @param notes  of the run. */
export async function writtenOn(
  store: RunStore,
  run: RunId,
  { chipName: name, chipSerialNumber: serialNumber }: RunPlan,
  notes: readonly RunNote[],
): Promise<Written> {
  const { tags, operator, archived } = await store.labels(run);
  const ofChip = await store.chipNotes({ name, serialNumber });
  const { wafer, die } = placeOnWafer(ofChip);
  const written = [
    ...notes.flatMap(({ what, notedAt, by, text }) =>
      what === "note" ? noteOf("run", notedAt, by, text) : [],
    ),
    ...ofChip.flatMap(({ notedAt, by, text }) =>
      text === undefined ? [] : noteOf("chip", notedAt, by, text),
    ),
  ];
  return {
    tags,
    operator: operator ?? null,
    archived,
    wafer: wafer ?? null,
    die: die ?? null,
    notes: written.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)),
  };
}

export const nothingWritten: Written = {
  tags: [],
  operator: null,
  archived: false,
  wafer: null,
  die: null,
  notes: [],
};

function noteOf(of: WrittenNote["of"], at: string, by: string | undefined, text: string): WrittenNote {
  return { at, of, by: by ?? null, lines: text.split(/\r\n|\n|\r/) };
}
