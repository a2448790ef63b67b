import type { RunGroup } from "../run/groups.ts";
import type { RunId, RunStore } from "../run/store.ts";
import type { Seconds } from "../units.ts";

/** At which ages a network over several chips was read as a whole, and at which only some of its runs were. */
export interface CommonAges {
  /** As asked for. */
  readonly common: ReadonlySet<Seconds>;
  /** Ascending. */
  readonly partly: readonly { readonly timeSeconds: Seconds; readonly missing: readonly RunId[] }[];
}

export async function commonAges(store: RunStore, { shares }: RunGroup): Promise<CommonAges> {
  const byRun = new Map<RunId, Set<Seconds>>();
  for (const { run } of shares) if (run !== undefined) byRun.set(run, await wholeAges(store, run));
  const all = new Set([...byRun.values()].flatMap((ages) => [...ages]));
  const partly: { timeSeconds: Seconds; missing: RunId[] }[] = [];
  for (const timeSeconds of [...all].sort((a, b) => a - b)) {
    const missing = [...byRun].filter(([, ages]) => !ages.has(timeSeconds)).map(([run]) => run);
    if (missing.length > 0) partly.push({ timeSeconds, missing });
  }
  const unread = new Set(partly.map(({ timeSeconds }) => timeSeconds));
  return { common: new Set([...all].filter((age) => !unread.has(age))), partly };
}

/** Ages at which all tiles of a run were read. */
async function wholeAges(store: RunStore, run: RunId): Promise<Set<Seconds>> {
  const { tiles } = await store.plan(run);
  const read = new Map<Seconds, Set<number>>();
  for await (const { tile, timeSeconds } of store.sweeps(run)) {
    const of = read.get(timeSeconds) ?? new Set<number>();
    read.set(timeSeconds, of.add(tile));
  }
  return new Set([...read].filter(([, of]) => of.size === tiles.length).map(([age]) => age));
}
