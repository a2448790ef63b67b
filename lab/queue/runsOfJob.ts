import type { Job } from "../../src/queue/job.ts";
import type { RunId, RunStore } from "../../src/run/store.ts";

/**
 * The runs that a job has begun, the oldest first; a network over several chips stands for its own. Each says so itself, in the commit that began it: there is no moment at which a run is
 * there and its job does not know.
 */
export async function runsOfJob(
  store: RunStore,
  { id, attempts, runsBefore }: Pick<Job, "id" | "attempts" | "runsBefore">,
): Promise<readonly RunId[]> {
  if (attempts === 0) return [];
  const networks = (await store.groups()).filter(({ job }) => job === id);
  const shares = networks.flatMap((group) => group.shares);
  const ofNetwork = new Set(shares.flatMap(({ run, before }) => [run, ...before.map((left) => left.run)]));
  const found: RunId[] = networks.map((group) => group.id);
  for (const { id: run } of await store.runs()) {
    if (numberOf(run) <= runsBefore || ofNetwork.has(run)) continue;
    if ((await store.labels(run)).job === id) found.push(run);
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
