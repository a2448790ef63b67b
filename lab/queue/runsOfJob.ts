import type { Job } from "../../src/queue/job.ts";
import type { RunId, RunStore } from "../../src/run/store.ts";

/**
 * The runs that a job has begun, the oldest first. Each says so itself, in the commit that began it: there is no moment at which a run is
 * there and its job does not know.
 */
export async function runsOfJob(
  store: RunStore,
  { id, attempts, runsBefore }: Pick<Job, "id" | "attempts" | "runsBefore">,
): Promise<readonly RunId[]> {
  if (attempts === 0) return [];
  const found: RunId[] = [];
  for (const { id: run } of await store.runs()) {
    if (numberOf(run) > runsBefore && (await store.labels(run)).job === id) found.push(run);
  }
  return found;
}

/** The number of the newest run; 0 for none. */
export async function newestRun(store: RunStore): Promise<number> {
  return numberOf((await store.runs()).at(-1)?.id ?? "r0");
}

function numberOf(run: RunId): number {
  return Number(run.slice(1));
}
