import type { Block, ChipGeometry } from "../chip/geometry.ts";
import { MhoError } from "../errors.ts";
import type { LayerWeights } from "./layer.ts";

/** The part of one layer that one tile holds, laid into the tile's upper left corner. */
export interface TilePlacement {
  readonly layer: number;
  readonly block: Block;
  readonly inputStart: number;
  readonly inputCount: number;
  readonly outputStart: number;
  readonly outputCount: number;
}

/** What to do about a chip with too few tiles; or the whole error, where it is not one chip. */
export type TilesAdvice = (tilesNeeded: number) => string | MhoError;

/** How large a layer is. */
export type LayerSize = Pick<LayerWeights, "inputs" | "outputs">;

/**
 * Lays layers on tiles in order: inputs on rows, outputs on columns, a new tile for every part.
 * Throws `bad-argument` with this advice when the chip has too few tiles.
 */
export function placeLayers(
  layers: readonly LayerSize[],
  geometry: ChipGeometry,
  advice?: TilesAdvice,
): TilePlacement[] {
  refuseTooFewTiles(layers, geometry, advice);
  const { rows, columns } = geometry;
  const placements: TilePlacement[] = [];
  layers.forEach(({ inputs, outputs }, layer) => {
    for (let inputStart = 0; inputStart < inputs; inputStart += rows) {
      for (let outputStart = 0; outputStart < outputs; outputStart += columns) {
        const inputCount = Math.min(rows, inputs - inputStart);
        const outputCount = Math.min(columns, outputs - outputStart);
        const block = { tile: placements.length, rowStart: 0, rowCount: inputCount };
        placements.push({ layer, block, inputStart, inputCount, outputStart, outputCount });
      }
    }
  });
  return placements;
}

/** Throws `bad-argument` with this advice when a chip has too few tiles for layers of these sizes; it makes no room for them. */
export function refuseTooFewTiles(
  layers: readonly LayerSize[],
  { rows, columns, tiles }: ChipGeometry,
  advice: TilesAdvice = (needed) => `Use a chip with more tiles, such as emulator:pcm-64?tiles=${needed}.`,
): void {
  const needed = layers.reduce(
    (sum, { inputs, outputs }) => sum + Math.ceil(inputs / rows) * Math.ceil(outputs / columns),
    0,
  );
  if (needed <= tiles) return;
  const advised = advice(needed);
  if (typeof advised !== "string") throw advised;
  throw new MhoError(
    "bad-argument",
    `The network needs ${needed} tiles of ${rows} × ${columns} cells, and the chip has ${tiles}. ${advised}`,
    { needed, tiles },
  );
}

/** The weights of a placement, row-major over its inputs and outputs. */
export function weightsOfPlacement(layer: LayerWeights, placement: TilePlacement): Float32Array {
  const { inputStart, inputCount, outputStart, outputCount } = placement;
  const part = new Float32Array(inputCount * outputCount);
  for (let input = 0; input < inputCount; input++) {
    const from = (inputStart + input) * layer.outputs + outputStart;
    part.set(layer.values.subarray(from, from + outputCount), input * outputCount);
  }
  return part;
}

/** Writes a placement's weights back where they stand in the layer's matrix. */
export function putWeights(
  matrix: Float32Array,
  outputs: number,
  placement: TilePlacement,
  part: Float32Array,
): void {
  const { inputStart, inputCount, outputStart, outputCount } = placement;
  for (let input = 0; input < inputCount; input++) {
    matrix.set(
      part.subarray(input * outputCount, (input + 1) * outputCount),
      (inputStart + input) * outputs + outputStart,
    );
  }
}
