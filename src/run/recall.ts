import { emptyMemory, foldTurn, type TileMemory, tileOfEntry, type TurnRecord } from "./journal.ts";
import type { RunId, RunReader } from "./store.ts";

/** What the journal knows of every tile of a run, in the plan's order. */
export function recall(store: RunReader, run: RunId): Promise<TileMemory[]> {
  return recallPart(store, run, { perRow: (devices) => devices, turn: (record) => record });
}

/** Which devices of a block are of interest. */
export interface PartOfBlock {
  /** How many of a row. */
  perRow(devicesPerRow: number): number;
  /** A turn as if there were these alone. */
  turn(record: TurnRecord, rowStart: number, devicesPerRow: number): TurnRecord;
}

/** The same of a part of each tile's devices. */
export async function recallPart(store: RunReader, run: RunId, part: PartOfBlock): Promise<TileMemory[]> {
  const plan = await store.plan(run);
  const tiles = new Map(
    plan.tiles.map(({ block, targetsMicrosiemens }) => {
      const devicesPerRow = targetsMicrosiemens.length / block.rowCount;
      return [block.tile, { devicesPerRow, memory: emptyMemory(block, part.perRow(devicesPerRow)) }];
    }),
  );
  for await (const turn of store.turns(run)) {
    const { memory, devicesPerRow } = tileOfEntry(tiles, turn.tile, run);
    foldTurn(memory, part.turn(turn, memory.block.rowStart, devicesPerRow));
  }
  return Array.from(tiles.values(), ({ memory }) => memory);
}
