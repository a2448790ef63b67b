import type { Block } from "../chip/geometry.ts";
import type { TileWear } from "./journal.ts";
import type { RunId, RunStore } from "./store.ts";
import { wearOf } from "./wear.ts";

/** A tile of a run that is no longer as that run left it. */
export interface ProgrammedAnew {
  readonly run: RunId;
  readonly tile: number;
  /** The newest run that pulsed devices of it. */
  readonly by: RunId;
}

export function describeAnew({ run, tile, by }: ProgrammedAnew): string {
  return `tile ${tile} of ${run} was programmed anew by ${by}: mho watch ${by} reads it now`;
}

/**
 * The tiles of runs of which a later run of the same chip has pulsed a device since. What is read there now is no drift of the
 * run's. A correction stands for what it corrects too, and is itself such a later run for that.
 */
export async function programmedAnew(store: RunStore, runs: readonly RunId[]): Promise<ProgrammedAnew[]> {
  const found: ProgrammedAnew[] = [];
  for (const run of runs) {
    const { chipName: name, chipSerialNumber: serialNumber } = await store.plan(run);
    const ofChip = await store.runsOfChip({ name, serialNumber });
    const later = ofChip.slice(ofChip.indexOf(run) + 1);
    if (later.length === 0) continue;
    const tiles = await heldBy(store, run);
    const newest = new Map<number, RunId>();
    for (const id of later.toReversed()) {
      if (newest.size === tiles.size) break;
      for (const wear of await wearOf(store, id)) {
        const { tile } = wear.block;
        const held = tiles.get(tile);
        if (held !== undefined && !newest.has(tile) && pulsedSince(held, wear)) newest.set(tile, id);
      }
    }
    for (const tile of tiles.keys()) {
      const by = newest.get(tile);
      if (by !== undefined) found.push({ run, tile, by });
    }
  }
  return found;
}

/** Devices of a block that a run answers for. */
interface Held {
  readonly block: Block;
  readonly devicesPerRow: number;
  /** Chip time of the last pulse; −∞ for a device that was in place without one, NaN for one that is not the run's. */
  readonly pulsedAtMicroseconds: Float64Array;
}

async function heldBy(store: RunStore, run: RunId): Promise<Map<number, Held>> {
  const plan = await store.plan(run);
  const { corrects } = plan;
  const tiles = corrects === undefined ? new Map<number, Held>() : await heldBy(store, corrects);
  const worn = await wearOf(store, run);
  plan.tiles.forEach(({ block, targetsMicrosiemens }, k) => {
    const before = tiles.get(block.tile)?.pulsedAtMicroseconds;
    const { devicesPerRow, pulsedAtMicroseconds: own } = worn[k]!;
    const pulsedAtMicroseconds = Float64Array.from(own, (at, i) => {
      if (!Number.isNaN(at)) return at;
      return before?.[i] ?? (Number.isNaN(targetsMicrosiemens[i]!) ? Number.NaN : -Infinity);
    });
    tiles.set(block.tile, { block, devicesPerRow, pulsedAtMicroseconds });
  });
  return tiles;
}

function pulsedSince({ block, devicesPerRow, pulsedAtMicroseconds }: Held, other: TileWear): boolean {
  const shift = (other.block.rowStart - block.rowStart) * devicesPerRow;
  return other.pulsedAtMicroseconds.some((at, i) => at > (pulsedAtMicroseconds[i + shift] ?? Number.NaN));
}
