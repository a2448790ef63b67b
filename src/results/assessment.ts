import { MhoError } from "../errors.ts";
import type { Seconds } from "../units.ts";
import { type LayerWeights, maxWeight } from "../weights/layer.ts";
import { putWeights, type TilePlacement } from "../weights/placement.ts";
import { outputScaleOf } from "../program/cells.ts";
import { cellErrors, heldWeights } from "./cellErrors.ts";
import type { SweepRecord } from "../run/journal.ts";
import type { TileTargets } from "../run/plan.ts";

/** How a network laid on tiles stood at one time after programming. */
export interface Assessment {
  /** The layers as the chip held them, after drift compensation, row-major like `LayerWeights.values`. */
  readonly layers: readonly LayerWeights[];
  /** RMS over all weights of (α ŵ − w) / max|w| of its layer, in percent. */
  readonly rmsPercent: number;
  /** (α ŵ − w) / max|w| of every weight, layer after layer. */
  readonly relativeErrors: Float32Array;
}

/** A network's layers, where they lie and how their weights became conductances. */
export interface LaidNetwork {
  readonly layers: readonly LayerWeights[];
  /** β, one a placement: of the column that counts most. */
  readonly microsiemensPerUnit: readonly number[];
  readonly placements: readonly TilePlacement[];
  /** One a placement, with its cells. */
  readonly tiles: readonly TileTargets[];
}

/** What a tile read at an age: one read a device, row by row, µS. */
export type TileSweep = Pick<SweepRecord, "tile" | "timeSeconds" | "conductanceMicrosiemens">;

/**
 * Turns sweeps back into weights and compares them with what was meant. α is one factor a tile, by least squares. A cell of
 * which nothing could be read, such as one of a dead row, gives no current: it holds no weight.
 *
 * @param asked  the age that the sweeps were taken for.
 * @throws `workspace-failed` when a tile's sweep is missing.
 */
export function assess(network: LaidNetwork, sweeps: readonly TileSweep[], asked: Seconds): Assessment {
  const layers = network.layers.map((layer) => ({ ...layer, values: new Float32Array(layer.values.length) }));
  network.placements.forEach((placement, k) => {
    const { block, cells } = network.tiles[k]!;
    const sweep = sweeps.findLast((s) => s.tile === block.tile && s.timeSeconds === asked);
    if (sweep === undefined) {
      throw new MhoError(
        "workspace-failed",
        `The sweep of tile ${block.tile} at ${asked} s is missing from the run. Run it again.`,
        { tile: block.tile, timeSeconds: asked },
      );
    }
    const { compensation } = cellErrors(cells!, sweep.conductanceMicrosiemens);
    const held = heldWeights(cells!, sweep.conductanceMicrosiemens);
    const columns = held.length / placement.inputCount;
    const perUnit = compensation / network.microsiemensPerUnit[k]!;
    const part = new Float32Array(placement.inputCount * placement.outputCount);
    for (let i = 0; i < part.length; i++) {
      const row = Math.floor(i / placement.outputCount);
      const cell = row * columns + (i % placement.outputCount);
      part[i] = Number.isNaN(held[cell]!) ? 0 : perUnit * outputScaleOf(cells!, cell) * held[cell]!;
    }
    const layer = layers[placement.layer]!;
    putWeights(layer.values, layer.outputs, placement, part);
  });
  const relativeErrors = errorsOf(network.layers, layers);
  let square = 0;
  for (const error of relativeErrors) square += error * error;
  const rmsPercent = 100 * Math.sqrt(square / Math.max(1, relativeErrors.length));
  return { layers, rmsPercent, relativeErrors };
}

function errorsOf(meant: readonly LayerWeights[], held: readonly LayerWeights[]): Float32Array {
  const errors = new Float32Array(meant.reduce((sum, layer) => sum + layer.values.length, 0));
  let k = 0;
  meant.forEach((layer, l) => {
    const scale = maxWeight(layer) || 1;
    for (let i = 0; i < layer.values.length; i++) {
      errors[k++] = (held[l]!.values[i]! - layer.values[i]!) / scale;
    }
  });
  return errors;
}

/** Values of a placement's cells over its whole rows: NaN for columns that hold no weight. */
export function spreadTargets(
  cells: Float32Array,
  { inputCount }: TilePlacement,
  perRow: number,
): Float32Array {
  const targets = new Float32Array(inputCount * perRow).fill(Number.NaN);
  const used = cells.length / inputCount;
  for (let row = 0; row < inputCount; row++) {
    targets.set(cells.subarray(row * used, (row + 1) * used), row * perRow);
  }
  return targets;
}
