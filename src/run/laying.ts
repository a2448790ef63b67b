import type { ChipGeometry } from "../chip/geometry.ts";
import { devicesPerRow } from "../chip/geometry.ts";
import { MhoError } from "../errors.ts";
import { interpolate } from "../model/definition.ts";
import type { StrategyLayer } from "../optimize/strategy.ts";
import type { LayerWeights } from "../weights/layer.ts";
import {
  placeLayers,
  type TilePlacement,
  type TilesAdvice,
  weightsOfPlacement,
} from "../weights/placement.ts";
import type { TileTargets } from "./plan.ts";

/** The layers of a strategy on the tiles of a chip, in order. */
export interface LaidStrategy {
  readonly placements: readonly TilePlacement[];
  readonly tiles: readonly TileTargets[];
}

/**
 * Looks every weight up on its layer's curves and lays the conductances on tiles.
 *
 * @param weights  of each layer of the strategy, in its order and of its shape.
 * @param advice   for whoever has too few tiles.
 * @throws `bad-argument` when the chip has too few tiles, or too few devices a cell.
 */
export function layStrategy(
  layers: readonly StrategyLayer[],
  weights: readonly LayerWeights[],
  geometry: ChipGeometry,
  advice?: TilesAdvice,
): LaidStrategy {
  for (const { name, significance } of layers) {
    if (2 * significance.length <= geometry.devicesPerCell) continue;
    throw new MhoError(
      "bad-argument",
      `Layer ${name} holds each weight in ${2 * significance.length} devices, and a cell of this chip has ` +
        `${geometry.devicesPerCell}. Optimise it with another --layout.`,
      { layer: name },
    );
  }
  const placements = placeLayers(weights, geometry, advice);
  const tiles = placements.map((placement) =>
    layTile(
      layers[placement.layer]!,
      weightsOfPlacement(weights[placement.layer]!, placement),
      placement,
      geometry,
    ),
  );
  return { placements, tiles };
}

function layTile(
  layer: StrategyLayer,
  weights: Float32Array,
  { block, inputCount, outputCount }: TilePlacement,
  geometry: ChipGeometry,
): TileTargets {
  const { devicesPerCell, columns } = geometry;
  const perRow = devicesPerRow(geometry);
  const pairs = layer.significance.length;
  const targetsMicrosiemens = new Float32Array(inputCount * perRow).fill(Number.NaN);
  const wantedMicrosiemens = new Float32Array(inputCount * columns).fill(Number.NaN);
  for (let input = 0; input < inputCount; input++) {
    for (let output = 0; output < outputCount; output++) {
      const weight = weights[input * outputCount + output]!;
      const held = Math.max(-layer.weightClip, Math.min(layer.weightClip, weight));
      const cell = input * columns + output;
      wantedMicrosiemens[cell] = held * layer.scaleMicrosiemensPerUnit;
      for (let pair = 0; pair < pairs; pair++) {
        const device = cell * devicesPerCell + 2 * pair;
        targetsMicrosiemens[device] = interpolate(layer.weights, layer.plus[pair]!, held);
        targetsMicrosiemens[device + 1] = interpolate(layer.weights, layer.minus[pair]!, held);
      }
    }
  }
  const factors = Array.from({ length: devicesPerCell }, (_, device) => {
    const pair = device >> 1;
    if (pair >= pairs) return 0;
    return device % 2 === 0 ? layer.significance[pair]! : -layer.significance[pair]!;
  });
  return { block, targetsMicrosiemens, cells: { devicesPerCell, factors, wantedMicrosiemens } };
}

/**
 * Conductances of a user's own on tiles: row after row of devices, `devicesPerRow` each, from tile 0 on.
 *
 * @param values  µS, NaN for "leave alone"; a whole number of rows.
 */
export function layMatrix(values: Float32Array, geometry: ChipGeometry): TileTargets[] {
  const perRow = devicesPerRow(geometry);
  const rows = values.length / perRow;
  const tiles: TileTargets[] = [];
  for (let first = 0; first < rows; first += geometry.rows) {
    const rowCount = Math.min(geometry.rows, rows - first);
    const targetsMicrosiemens = values.slice(first * perRow, (first + rowCount) * perRow);
    tiles.push({ block: { tile: tiles.length, rowStart: 0, rowCount }, targetsMicrosiemens });
  }
  return tiles;
}
