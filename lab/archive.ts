import { MhoError } from "../src/errors.ts";
import { standingOf } from "../src/results/outcome.ts";
import { wearOf } from "../src/run/wear.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import { ownRunsNamed } from "./runName.ts";
import { wallTime } from "./wallTime.ts";
import type { Workplace } from "./workplace.ts";

export interface ArchiveOptions {
  /** Take the runs back out of the archive. */
  readonly undo?: boolean | undefined;
  readonly operator?: string | undefined;
}

/** Takes runs out of lists, or back into them. Nothing of them is lost. @returns the runs, each once. */
export async function archive(
  place: Workplace,
  given: readonly string[],
  { undo = false, operator = place.operator }: ArchiveOptions,
): Promise<readonly RunId[]> {
  const store = await place.existingStore();
  store.mustBeWritable();
  const runs = await ownRunsNamed(store, given);
  for (const run of runs) await refuseRunning(store, run, "archived");
  if (undo) for (const run of runs) await refuseSealed(store, run);
  for (const run of runs) {
    const { archived } = await store.labels(run);
    const by = operator === undefined ? {} : { by: operator };
    if (archived === undo) await store.appendLabel(run, { at: wallTime(), ...by, archived: !undo });
  }
  return runs;
}

async function refuseSealed(store: RunStore, run: RunId): Promise<void> {
  const { sealed } = await store.labels(run);
  if (!sealed) return;
  throw new MhoError(
    "bad-argument",
    `Run ${run} is sealed, because its journal is in a lake: it stays archived. mho show --archived lists it.`,
    { run },
  );
}

export interface DeleteOptions {
  readonly operator?: string | undefined;
}

/** What is gone, and what stays. */
export interface Deleted {
  readonly runs: readonly RunId[];
  /** Pulses of these runs, which the ledger of their chips keeps. */
  readonly pulsesKept: number;
}

/**
 * Deletes what archived runs measured: their turns, sweeps and notes. What they did to their devices stays in the pulse ledger. Throws
 * `bad-argument` where one of them is not archived, or another run corrects it; nothing is deleted then.
 */
export async function deleteRuns(
  place: Workplace,
  given: readonly string[],
  { operator = place.operator }: DeleteOptions,
): Promise<Deleted> {
  const store = await place.folderStore("what benches handed on to it is not deleted there");
  store.mustBeWritable();
  const runs = await ownRunsNamed(store, given);
  for (const run of runs) await refuseRunning(store, run, "deleted");
  const kept = [];
  for (const run of runs) if (!(await store.labels(run)).archived) kept.push(run);
  if (kept.length > 0) {
    const which = kept.length === 1 ? `Run ${kept[0]} is` : `Runs ${kept.join(", ")} are`;
    throw new MhoError(
      "bad-argument",
      `${which} not archived, and only archived runs are deleted. Deleting cannot be undone. mho archive ${kept.join(" ")} comes first.`,
      { run: kept[0]! },
    );
  }
  for (const { id, corrects } of await store.runs()) {
    if (corrects === undefined || runs.includes(id) || !runs.includes(corrects)) continue;
    throw new MhoError(
      "bad-argument",
      `Run ${id} corrects ${corrects} and is read with it. Archive and delete ${id} too, or keep both.`,
      { run: corrects },
    );
  }
  let pulsesKept = 0;
  for (const run of runs) {
    for (const { pulses } of await wearOf(store, run)) for (const count of pulses) pulsesKept += count;
    const by = operator === undefined ? {} : { by: operator };
    await store.deleteRun(run, { at: wallTime(), ...by, deleted: true });
  }
  await store.compact();
  return { runs, pulsesKept };
}

/** Throws `bad-argument` for a run that is going on. @param done  "archived". */
export async function refuseRunning(store: RunStore, run: RunId, done: string): Promise<void> {
  const { outcome } = await standingOf(store, await store.summary(run));
  if (outcome !== "running") return;
  throw new MhoError(
    "bad-argument",
    `Run ${run} is running, or its process died, so it cannot be ${done}. Wait until it ends; where its process died, mho resume ${run} goes on with it.`,
    { run },
  );
}
