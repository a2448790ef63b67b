import type { ChipGeometry } from "../chip/geometry.ts";
import type { LayerWeights } from "../weights/layer.ts";
import { placeLayers, type TilePlacement, weightsOfPlacement } from "../weights/placement.ts";
import { outputScaleOf } from "../program/cells.ts";
import type { LaidNetwork } from "./assessment.ts";
import type { TileTargets } from "../run/plan.ts";

/** Which layers of a network a run's tiles hold. */
export interface LayersHeld extends LaidNetwork {
  /** The place of each of `layers` in the network. */
  readonly places: readonly number[];
}

/**
 * Finds a network's layers among a run's tiles by the weights that these are to hold: as `placeLayers` lays them, tile after
 * tile, but for one factor a tile and for the few weights that were clipped. A run may hold some of the layers, in any order.
 *
 * @returns no layers where none was found.
 */
export function layersHeld(
  network: readonly LayerWeights[],
  planned: readonly TileTargets[],
  geometry: ChipGeometry,
): LayersHeld {
  // Layers lie on tiles in ascending order, whatever order a plan works them in.
  const tiles = planned.toSorted((a, b) => a.block.tile - b.block.tile);
  const taken = new Set<number>();
  const places: number[] = [];
  const placements: TilePlacement[] = [];
  const microsiemensPerUnit: number[] = [];
  const held: TileTargets[] = [];
  network.forEach((layer, place) => {
    const parts = placeLayers([layer], { ...geometry, tiles: Number.POSITIVE_INFINITY });
    for (let first = 0; first + parts.length <= tiles.length; first++) {
      if (parts.some((_, k) => taken.has(first + k))) continue;
      const scales = parts.map((part, k) => scaleOf(tiles[first + k]!, part, layer, geometry.columns));
      if (scales.includes(undefined)) continue;
      parts.forEach((part, k) => {
        taken.add(first + k);
        placements.push({ ...part, layer: places.length, block: tiles[first + k]!.block });
        microsiemensPerUnit.push(scales[k]!);
        held.push(tiles[first + k]!);
      });
      places.push(place);
      return;
    }
  });
  return {
    places,
    layers: places.map((place) => network[place]!),
    placements,
    microsiemensPerUnit,
    tiles: held,
  };
}

/** Of what is meant by a tile, µS a unit of weight; undefined where it is not meant to hold that part of the layer. */
function scaleOf(
  { block, cells }: TileTargets,
  part: TilePlacement,
  layer: LayerWeights,
  columns: number,
): number | undefined {
  if (cells === undefined || block.rowStart !== 0 || block.rowCount !== part.inputCount) return undefined;
  const { wantedMicrosiemens: wanted } = cells;
  const weights = weightsOfPlacement(layer, part);
  const largest = weights.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
  const wantedOf = (k: number): number => {
    const cell = Math.floor(k / part.outputCount) * columns + (k % part.outputCount);
    return outputScaleOf(cells, cell) * wanted[cell]!;
  };
  const ratios: number[] = [];
  for (let k = 0; k < weights.length; k++) {
    if (Number.isNaN(wantedOf(k))) return undefined;
    if (Math.abs(weights[k]!) > smallShare * largest) ratios.push(wantedOf(k) / weights[k]!);
  }
  const cellsMeant = wanted.reduce((n, g) => n + (Number.isNaN(g) ? 0 : 1), 0);
  if (cellsMeant !== weights.length) return undefined;
  const scale = ratios.length === 0 ? 1 : ratios.sort((a, b) => a - b)[ratios.length >> 1]!;
  if (!(scale > 0)) return undefined;
  let alike = 0;
  for (let k = 0; k < weights.length; k++) {
    if (Math.abs(wantedOf(k) - scale * weights[k]!) <= tolerance * scale * largest) alike++;
  }
  return alike >= leastAlike * weights.length ? scale : undefined;
}

/** Ratios of smaller weights are mostly rounding. */
const smallShare = 0.01;
const tolerance = 1e-3;
/** The rest may have been clipped. */
const leastAlike = 0.8;
