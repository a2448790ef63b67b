import type { TileWear } from "./journal.ts";
import { recall } from "./recall.ts";
import type { RunId, RunStore, RunWear } from "./store.ts";

/** Runs whose wear is kept at once: a commit each would take longer than the folding. */
const runsACommit = 200;

/** What a run did to the devices of its tiles, in the plan's order: as it was kept, or else folded from its turns and kept. */
export async function wearOf(store: RunStore, run: RunId): Promise<readonly TileWear[]> {
  let found: readonly TileWear[] = [];
  for await (const { tiles } of wearOfAll(store, [run])) found = tiles;
  return found;
}

/** The same of many runs, in their order. */
export async function* wearOfAll(
  store: RunStore,
  runs: readonly RunId[],
): AsyncIterable<{ readonly run: RunId; readonly tiles: readonly TileWear[] }> {
  let folded: RunWear[] = [];
  for (const run of runs) {
    const kept = await store.keptWear(run);
    if (kept !== undefined) {
      yield { run, tiles: kept };
      continue;
    }
    // Asked before the fold: a turn that is appended meanwhile makes what is kept too old, never too new.
    const newestTurn = await store.newestTurn(run);
    const tiles = await recall(store, run);
    yield { run, tiles };
    folded.push({ run, newestTurn, tiles });
    if (folded.length < runsACommit) continue;
    await keep(store, folded);
    folded = [];
  }
  if (folded.length > 0) await keep(store, folded);
}

/** What cannot be kept, as on a full disk, is folded again the next time: silence loses nothing. */
function keep(store: RunStore, worn: readonly RunWear[]): Promise<void> {
  return store.keepWear(worn).catch(() => undefined);
}
