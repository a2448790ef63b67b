import { emptyMemory, foldTurn, type TileMemory, tileOfEntry } from "./journal.ts";
import type { RunId, RunReader } from "./store.ts";

/** What the journal knows of every tile of a run, in the plan's order. */
export async function recall(store: RunReader, run: RunId): Promise<TileMemory[]> {
  const plan = await store.plan(run);
  const memories = plan.tiles.map(({ block, targetsMicrosiemens }) =>
    emptyMemory(block, targetsMicrosiemens.length / block.rowCount),
  );
  const byTile = new Map(memories.map((memory) => [memory.block.tile, memory]));
  for await (const turn of store.turns(run)) foldTurn(tileOfEntry(byTile, turn.tile, run), turn);
  return memories;
}
