import type { DeviceModel } from "../model/deviceModel.ts";
import type { TileTargets } from "../run/plan.ts";
import { outputScaleOf } from "./cells.ts";

/**
 * Which cells of some tiles to verify, where only a share of them is: those where the error of programming does most harm,
 *
 *     importance × (scale of the column)² × Σ F² σ_p²(G).
 *
 * @param importance  of each cell of each tile; all the same where nothing is said.
 * @param share       of the cells that hold a weight, 0 … 1.
 * @returns 1 for the cells to verify, one list a tile.
 */
export function cellsToVerify(
  tiles: readonly TileTargets[],
  model: DeviceModel,
  share: number,
  importance?: readonly Float32Array[],
): Uint8Array[] {
  const harm = tiles.map((tile, k) => harmOf(tile, model, importance?.[k]));
  const all = harm.flatMap((ofTile) => [...ofTile].filter((value) => !Number.isNaN(value)));
  // Neither kind is empty.
  const count = Math.max(1, Math.min(all.length - 1, Math.round(share * all.length)));
  const least = all.sort((a, b) => b - a)[count - 1]!;
  let left = count;
  return harm.map((ofTile) =>
    Uint8Array.from(ofTile, (value) => {
      if (!(value >= least) || left === 0) return 0;
      left--;
      return 1;
    }),
  );
}

/** NaN for a cell without a weight. */
function harmOf(
  { targetsMicrosiemens, cells }: TileTargets,
  model: DeviceModel,
  importance?: Float32Array,
): Float64Array {
  const { devicesPerCell, factors, wantedMicrosiemens } = cells!;
  return Float64Array.from(wantedMicrosiemens, (wanted, cell) => {
    if (Number.isNaN(wanted)) return Number.NaN;
    const scale = outputScaleOf(cells!, cell);
    let variance = 0;
    for (let d = 0; d < devicesPerCell; d++) {
      const target = targetsMicrosiemens[cell * devicesPerCell + d]!;
      if (factors[d] === 0 || Number.isNaN(target)) continue;
      const std = factors[d]! * model.programmingStd(target);
      variance += std * std;
    }
    return (importance?.[cell] ?? 1) * scale * scale * variance;
  });
}

/** The targets of a tile for the cells of one kind; the devices of the others are left alone. */
export function onlyCells(tile: TileTargets, chosen: Uint8Array, kind: 0 | 1): TileTargets {
  const { devicesPerCell } = tile.cells!;
  return {
    ...tile,
    targetsMicrosiemens: tile.targetsMicrosiemens.map((target, i) =>
      chosen[Math.floor(i / devicesPerCell)] === kind ? target : Number.NaN,
    ),
  };
}
