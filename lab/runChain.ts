import type { RunId, RunStore } from "../src/run/store.ts";

/** The run, and those that it corrects, the first one first. */
export async function chainOf(store: RunStore, run: RunId): Promise<RunId[]> {
  const { corrects } = await store.plan(run);
  return corrects === undefined ? [run] : [...(await chainOf(store, corrects)), run];
}
