import type { ChipGeometry } from "../chip/geometry.ts";
import { devicesPerRow } from "../chip/geometry.ts";
import { assert, MhoError } from "../errors.ts";
import { interpolate } from "../model/definition.ts";
import { scaleOf, spanOf, type StrategyLayer } from "../optimize/strategy.ts";
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
 * @param title    of the strategy, for messages.
 * @param advice   for a chip with too few tiles.
 * @throws `bad-argument` when the chip has too few tiles, or too few devices a cell, or the curves hold no number for a weight.
 */
export function layStrategy(
  layers: readonly StrategyLayer[],
  weights: readonly LayerWeights[],
  geometry: ChipGeometry,
  { title = "the strategy", advice }: { title?: string; advice?: TilesAdvice | undefined } = {},
): LaidStrategy {
  assert(
    weights.length === layers.length &&
      weights.every(({ inputs, outputs, values }, k) => {
        const [rows, columns] = layers[k]!.shape;
        return inputs === rows && outputs === columns && values.length === rows * columns;
      }),
    "the weights are those of the strategy's layers",
  );
  refuseOtherCells(layers, geometry, title);
  const placements = placeLayers(weights, geometry, advice);
  const tiles = placements.map((placement) =>
    layTile(
      layers[placement.layer]!,
      weightsOfPlacement(weights[placement.layer]!, placement),
      placement,
      geometry,
      title,
    ),
  );
  return { placements, tiles };
}

/** Throws `bad-argument` when a layer holds its weights in more devices than a cell has. Devices that it does not need are spare. */
function refuseOtherCells(
  layers: readonly StrategyLayer[],
  { devicesPerCell }: ChipGeometry,
  title: string,
): void {
  const wide = layers.find(({ significance }) => 2 * significance.length > devicesPerCell);
  if (wide === undefined) return;
  const devices = 2 * wide.significance.length;
  const pairs = Math.floor(devicesPerCell / 2);
  const layout = ["", "single-pair", "dual-pair"][pairs] ?? `n-pair --pairs ${pairs}`;
  throw new MhoError(
    "bad-argument",
    `Cannot program ${title}: layer ${wide.name} holds each weight in ${devices} devices, and a cell of this chip has ` +
      `${devicesPerCell}. ${pairs > 0 ? `Optimise it with --layout ${layout}, or use` : "Use"} a chip with cells of ${devices}.`,
    { title, layer: wide.name, devices, devicesPerCell },
  );
}

function layTile(
  layer: StrategyLayer,
  weights: Float32Array,
  { block, inputCount, outputStart, outputCount }: TilePlacement,
  geometry: ChipGeometry,
  title: string,
): TileTargets {
  const { devicesPerCell, columns } = geometry;
  const perRow = devicesPerRow(geometry);
  const pairs = layer.significance.length;
  const scales = layer.scaleMicrosiemensPerUnit;
  const largest = layer.wantedMicrosiemens.at(-1)!;
  const targetsMicrosiemens = new Float32Array(inputCount * perRow).fill(Number.NaN);
  const wantedMicrosiemens = new Float32Array(inputCount * columns).fill(Number.NaN);
  for (let input = 0; input < inputCount; input++) {
    for (let output = 0; output < outputCount; output++) {
      const weight = weights[input * outputCount + output]!;
      const held = Math.max(-largest, Math.min(largest, weight * scaleOf(scales, outputStart + output)));
      const cell = input * columns + output;
      wantedMicrosiemens[cell] = held;
      for (let pair = 0; pair < pairs; pair++) {
        const device = cell * devicesPerCell + 2 * pair;
        targetsMicrosiemens[device] = interpolate(layer.wantedMicrosiemens, layer.plus[pair]!, held);
        targetsMicrosiemens[device + 1] = interpolate(layer.wantedMicrosiemens, layer.minus[pair]!, held);
        // A device without a target would be left alone, and the weight be another.
        if (Number.isNaN(targetsMicrosiemens[device]! + targetsMicrosiemens[device + 1]!)) {
          throw new MhoError(
            "bad-argument",
            `Cannot program ${title}: the curves of layer ${layer.name} have no conductance for the weight ${weight}. ` +
              "Optimise it again.",
            { title, layer: layer.name, weight },
          );
        }
      }
    }
  }
  const factors = Array.from({ length: devicesPerCell }, (_, device) => {
    const pair = device >> 1;
    if (pair >= pairs) return 0;
    return device % 2 === 0 ? layer.significance[pair]! : -layer.significance[pair]!;
  });
  const [least, most] = spanOf(scales);
  const outputScales = Array.from({ length: columns }, (_, output) =>
    output < outputCount ? least / scaleOf(scales, outputStart + output) : 1,
  );
  return {
    block,
    targetsMicrosiemens,
    cells: {
      devicesPerCell,
      factors,
      wantedMicrosiemens,
      ...(least < most && { outputScales }),
    },
  };
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
