import { counted } from "../counted.ts";
import { MhoError } from "../errors.ts";
import type { TileTargets } from "./plan.ts";

/** What one chip is to hold of the whole. */
export interface TileShare {
  /** The chip's place among those that were given. */
  readonly chip: number;
  /** Number of its first tile in the whole. */
  readonly firstTile: number;
  /** Numbered from 0, as on the chip. */
  readonly tiles: readonly TileTargets[];
}

/**
 * Lays tiles over chips in order: each takes as many as it has room for. A layer may begin on one chip and end on the next.
 *
 * @param tiles       of the whole, numbered from 0 in their order.
 * @param capacities  tiles of each chip.
 * @throws `bad-argument` where the chips have too few tiles, or one of them would hold nothing.
 */
export function splitTiles(tiles: readonly TileTargets[], capacities: readonly number[]): TileShare[] {
  const room = capacities.reduce((sum, capacity) => sum + capacity, 0);
  if (tiles.length > room) throw tooFewChips(tiles.length, capacities);
  const shares: TileShare[] = [];
  let firstTile = 0;
  for (const [chip, capacity] of capacities.entries()) {
    const own = tiles.slice(firstTile, firstTile + capacity);
    if (own.length === 0) throw unneeded(tiles.length, capacities.slice(0, chip));
    shares.push({
      chip,
      firstTile,
      tiles: own.map((tile, k) => ({ ...tile, block: { ...tile.block, tile: k } })),
    });
    firstTile += own.length;
  }
  return shares;
}

/** Says how many more chips it takes. */
export function tooFewChips(needed: number, capacities: readonly number[]): MhoError {
  const all = capacities.reduce((sum, tiles) => sum + tiles, 0);
  const last = capacities.at(-1)!;
  const missing = Math.ceil((needed - all) / last);
  const have = capacities.length === 1 ? `has ${all}` : `have ${all} together`;
  return new MhoError(
    "bad-argument",
    `The network needs ${counted(needed, "tile")}, and the ${counted(capacities.length, "chip")} ${have}. ` +
      `Name ${counted(missing, "more chip")} of ${counted(last, "tile")} with --chip.`,
    { needed, tiles: all, chips: missing },
  );
}

function unneeded(needed: number, full: readonly number[]): MhoError {
  return new MhoError(
    "bad-argument",
    `The network needs ${counted(needed, "tile")}, which ${full.length === 1 ? "the first chip alone holds" : `the first ${full.length} chips hold`}. ` +
      "Leave out the others, or give them with --spare.",
    { needed, chips: full.length },
  );
}
