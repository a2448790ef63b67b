import { MhoError } from "../errors.ts";
import { driftCompensation } from "../optimize/compensation.ts";
import { type DualPairStrategy, weightsOf } from "../optimize/dualPair.ts";
import type { Seconds } from "../units.ts";
import { type LayerWeights, maxWeight } from "../weights/layer.ts";
import { putWeights, type TilePlacement, weightsOfPlacement } from "../weights/placement.ts";
import type { SweepRecord } from "./journal.ts";

/** How a network laid on tiles stood at one time after programming. */
export interface Assessment {
  readonly timeSeconds: Seconds;
  /** The layers as the chip held them, after drift compensation, row-major like `LayerWeights.values`. */
  readonly layers: readonly LayerWeights[];
  /** RMS over all weights of (α ŵ − w) / max|w| of its layer, in percent. */
  readonly rmsPercent: number;
  /** (α ŵ − w) / max|w| of every weight, layer after layer. */
  readonly relativeErrors: Float32Array;
  /** α of each placement. */
  readonly compensation: readonly number[];
}

/** A network's layers, where they lie and how their weights became conductances. */
export interface LaidNetwork {
  readonly layers: readonly LayerWeights[];
  readonly strategies: readonly DualPairStrategy[];
  readonly placements: readonly TilePlacement[];
  readonly columns: number;
}

/**
 * Turns the sweeps of one time back into weights and compares them with what was meant.
 * Throws `workspace-failed` when a tile's sweep is missing.
 */
export function assess(
  network: LaidNetwork,
  sweeps: readonly SweepRecord[],
  timeSeconds: Seconds,
): Assessment {
  const layers = network.layers.map((layer) => ({ ...layer, values: new Float32Array(layer.values.length) }));
  const compensation = network.placements.map((placement) => {
    const sweep = sweeps.find((s) => s.tile === placement.block.tile && s.timeSeconds === timeSeconds);
    if (sweep === undefined) {
      throw new MhoError(
        "workspace-failed",
        `The sweep of tile ${placement.block.tile} at ${timeSeconds} s is missing from the run. Run it again.`,
        { tile: placement.block.tile, timeSeconds },
      );
    }
    const layer = layers[placement.layer]!;
    const cells = cellsOf(sweep.conductanceMicrosiemens, placement, network.columns);
    const readBack = weightsOf(network.strategies[placement.layer]!, cells);
    const alpha = driftCompensation(
      weightsOfPlacement(network.layers[placement.layer]!, placement),
      readBack,
    );
    for (let i = 0; i < readBack.length; i++) readBack[i]! *= alpha;
    putWeights(layer.values, layer.outputs, placement, readBack);
    return alpha;
  });
  const relativeErrors = errorsOf(network.layers, layers);
  let square = 0;
  for (const error of relativeErrors) square += error * error;
  const rmsPercent = 100 * Math.sqrt(square / Math.max(1, relativeErrors.length));
  return { timeSeconds, layers, rmsPercent, relativeErrors, compensation };
}

/** The devices of a placement's cells alone, out of a reading of its whole rows. */
function cellsOf(conductance: Float32Array, placement: TilePlacement, columns: number): Float32Array {
  const perRow = conductance.length / placement.inputCount;
  const perCell = perRow / columns;
  const used = placement.outputCount * perCell;
  const cells = new Float32Array(placement.inputCount * used);
  for (let row = 0; row < placement.inputCount; row++) {
    cells.set(conductance.subarray(row * perRow, row * perRow + used), row * used);
  }
  return cells;
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

/** Targets of a placement's whole rows: NaN for columns that hold no weight. */
export function spreadTargets(
  cells: Float32Array,
  placement: TilePlacement,
  devicesPerRow: number,
): Float32Array {
  const targets = new Float32Array(placement.inputCount * devicesPerRow).fill(Number.NaN);
  const used = cells.length / placement.inputCount;
  for (let row = 0; row < placement.inputCount; row++) {
    targets.set(cells.subarray(row * used, (row + 1) * used), row * devicesPerRow);
  }
  return targets;
}
