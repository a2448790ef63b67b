import { CellSolver } from "./cellSolver.ts";
import type { MomentTable } from "./momentTable.ts";
import { type CompensationRule, predict, type Prediction, type WeightSizes } from "./prediction.ts";

/** Conductances against weight size; linear in between, mirrored for negative weights. */
export interface Curves {
  /** Ascending from 0 to the largest weight, software units. */
  readonly sizes: Float64Array;
  /** µS, row-major [size, device]: G+ and G− of each pair. */
  readonly conductances: Float64Array;
}

export interface Solution extends Prediction {
  readonly curves: Curves;
  readonly significance: readonly number[];
  readonly scaleMicrosiemensPerUnit: number;
  readonly rounds: number;
  readonly stopped: "compensation settled" | "rounds spent";
}

/**
 * The best curves for given significances and scale. With α fixed the problem falls apart into one small problem a
 * weight size; α follows from the curves; the two alternate until α settles.
 *
 * @param gridPoints  sizes that are solved for, 0 and the largest included.
 */
export function solveStrategy(
  table: MomentTable,
  timeWeights: Float64Array,
  rule: CompensationRule,
  weights: WeightSizes,
  significance: readonly number[],
  scale: number,
  gridPoints = 33,
): Solution {
  const solver = new CellSolver(table, timeWeights, significance);
  const devices = solver.devices;
  const sizes = Float64Array.from({ length: gridPoints }, (_, k) => (weights.max * k) / (gridPoints - 1));
  const conductances = new Float64Array(gridPoints * devices);
  const curves = { sizes, conductances };
  let prediction: Prediction | undefined;
  let settled = false;
  let rounds = 0;
  while (rounds < maxRounds && !settled) {
    const before = prediction?.compensation ?? firstGuess(table);
    solver.compensate(before);
    // The whole box at first and again once α has nearly settled; in between it is enough to go downhill.
    const whole = rounds % wholeEvery === 0;
    let previous: Float64Array | undefined;
    for (let k = 0; k < gridPoints; k++) {
      const cell = conductances.subarray(k * devices, (k + 1) * devices);
      const wanted = scale * sizes[k]!;
      const found = whole ? solver.solve(wanted, previous) : solver.refine(wanted, cell);
      cell.set(found.conductances);
      previous = found.conductances;
    }
    prediction = predict(
      table,
      timeWeights,
      rule,
      weights,
      onSizes(curves, devices, weights),
      significance,
      scale,
    );
    rounds++;
    settled =
      rounds > 1 &&
      prediction.compensation.every((alpha, t) => Math.abs(alpha / before[t]! - 1) < settledWithin);
  }
  return {
    ...prediction!,
    curves,
    significance,
    scaleMicrosiemensPerUnit: scale,
    rounds,
    stopped: settled ? "compensation settled" : "rounds spent",
  };
}

const maxRounds = 12;
const wholeEvery = 4;
const settledWithin = 1e-4;

/** Conductances for every weight size, between the curves' points. */
export function onSizes(
  { sizes, conductances }: Curves,
  devices: number,
  weights: WeightSizes,
): Float64Array {
  const out = new Float64Array(weights.sizes.length * devices);
  const last = sizes.length - 2;
  const step = sizes[1]! - sizes[0]!;
  weights.sizes.forEach((size, n) => {
    const k = Math.min(last, Math.floor(size / step));
    const part = Math.min(1, size / step - k);
    for (let d = 0; d < devices; d++) {
      const low = conductances[k * devices + d]!;
      out[n * devices + d] = low + part * (conductances[(k + 1) * devices + d]! - low);
    }
  });
  return out;
}

/** α for devices in the middle of their range. */
function firstGuess(table: MomentTable): Float64Array {
  const middle = (table.min + table.max) / 2;
  table.at(middle);
  return table.mean[0].map((mean) => middle / mean);
}
