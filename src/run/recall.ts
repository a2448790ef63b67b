import { emptyMemory, foldTurn, type TileMemory, tileOfEntry, type TurnRecord } from "./journal.ts";
import type { RunPlan } from "./plan.ts";
import type { RunId, RunReader } from "./store.ts";

/** What the journal knows of every tile of a run, in the plan's order. */
export function recall(store: RunReader, run: RunId): Promise<TileMemory[]> {
  return recallPart(store, run, { has: () => true, perRow: (devices) => devices, turn: (record) => record });
}

/** The same of some of its tiles, with a plan that is at hand. */
export function recallTiles(
  store: Pick<RunReader, "turns">,
  run: RunId,
  plan: RunPlan,
  tiles: ReadonlySet<number>,
): Promise<TileMemory[]> {
  const known = {
    plan: () => Promise.resolve(plan),
    turns: (of: RunId, from?: number, wanted?: ReadonlySet<number>) => store.turns(of, from, wanted),
  };
  return recallPart(known, run, {
    tiles,
    has: (tile) => tiles.has(tile),
    perRow: (devices) => devices,
    turn: (record) => record,
  });
}

/** Which tiles and devices are of interest. */
export interface PartOfRun {
  has(tile: number): boolean;
  /** Those that it has; all where not given. */
  readonly tiles?: ReadonlySet<number> | undefined;
  /** How many devices of a row. */
  perRow(devicesPerRow: number): number;
  /** A turn as if there were these devices alone. */
  turn(record: TurnRecord, rowStart: number, devicesPerRow: number): TurnRecord;
}

/** The same of a part of a run: of so many tiles, and of so many devices of each, memory is taken. */
export async function recallPart(
  store: Pick<RunReader, "plan" | "turns">,
  run: RunId,
  part: PartOfRun,
): Promise<TileMemory[]> {
  const plan = await store.plan(run);
  const tiles = new Map(
    plan.tiles.map(({ block, targetsMicrosiemens }) => {
      const devicesPerRow = targetsMicrosiemens.length / block.rowCount;
      const memory = part.has(block.tile) ? emptyMemory(block, part.perRow(devicesPerRow)) : undefined;
      return [block.tile, { devicesPerRow, memory }];
    }),
  );
  for await (const turn of store.turns(run, 0, part.tiles)) {
    const { memory, devicesPerRow } = tileOfEntry(tiles, turn.tile, run);
    if (memory !== undefined) foldTurn(memory, part.turn(turn, memory.block.rowStart, devicesPerRow));
  }
  return Array.from(tiles.values(), ({ memory }) => memory).filter((memory) => memory !== undefined);
}
