import { CellSolver } from "./cellSolver.ts";
import type { MomentTable } from "./momentTable.ts";
import { cellMoments, predict, type Prediction, pullOfRule, type TranslationProblem } from "./prediction.ts";
import type { WeightSizes } from "./weightSizes.ts";

/** Conductances against weight size; linear in between, mirrored for negative weights. */
export interface Curves {
  /** Ascending from 0 to the largest weight that is not clipped, software units. */
  readonly sizes: Float64Array;
  /** µS, row-major [size, device]: G+ and G− of each pair. */
  readonly conductances: Float64Array;
}

export interface Solution extends Prediction {
  readonly curves: Curves;
  readonly significance: readonly number[];
  readonly scaleMicrosiemensPerUnit: number;
  readonly rounds: number;
  readonly stopped: "compensation settled" | "error settled" | "rounds spent" | "nothing to program";
}

export interface SolverOptions {
  /** Sizes that are solved for, 0 and the largest included. */
  readonly gridPoints?: number;
  readonly maxRounds?: number;
}

/**
 * The best curves for given significances and scale. With α fixed the problem falls apart into one small problem a
 * weight size; α follows from the curves; the two alternate until α settles.
 *
 * @param scale  β, µS per unit of weight.
 */
export function solveStrategy(
  problem: TranslationProblem,
  significance: readonly number[],
  scale: number,
  { gridPoints = 33, maxRounds = 40 }: SolverOptions = {},
): Solution {
  const { table, timeWeights, weights, pairDriftCorrelation } = problem;
  const solver = new CellSolver(table, timeWeights, significance, pairDriftCorrelation);
  const devices = solver.devices;
  const sizes = sizeGrid(weights.clip, gridPoints);
  const conductances = new Float64Array(sizes.length * devices).fill(table.min);
  const curves = { sizes, conductances };
  const given = { curves, significance, scaleMicrosiemensPerUnit: scale };
  const predicted = (): Prediction =>
    predict(problem, onSizes(curves, devices, weights), significance, scale);
  if (weights.max === 0) return { ...predicted(), ...given, rounds: 0, stopped: "nothing to program" };
  let prediction: Prediction;
  let alpha = firstGuess(table);
  let whole = true;
  let settled = false;
  let rounds = 0;
  do {
    solver.compensate(alpha);
    let previous: Float64Array | undefined;
    for (let k = 0; k < sizes.length; k++) {
      const cell = conductances.subarray(k * devices, (k + 1) * devices);
      const wanted = scale * sizes[k]!;
      const found = whole ? solver.solve(wanted, previous) : solver.refine(wanted, cell);
      cell.set(found.conductances);
      previous = found.conductances;
    }
    prediction = predicted();
    rounds++;
    const moved = prediction.compensation.some((next, t) => Math.abs(next / alpha[t]! - 1) > settledWithin);
    // The whole box at first and again when α stands still; in between it is enough to go downhill.
    settled = !moved && whole && rounds > 1;
    whole = !moved;
    alpha = prediction.compensation;
  } while (rounds < maxRounds && !settled);
  return { ...prediction, ...given, rounds, stopped: settled ? "compensation settled" : "rounds spent" };
}

const settledWithin = 1e-4;

/**
 * Alternation stops where neither the cells nor α move; where the rule for α does not minimise the loss, that is not yet its least. Goes
 * on by the derivative of the whole loss, α following the cells, as long as that wins something.
 */
export function finish(problem: TranslationProblem, solution: Solution): Solution {
  const { table, timeWeights, weights, pairDriftCorrelation, rule } = problem;
  const { significance, scaleMicrosiemensPerUnit: scale } = solution;
  if (weights.max === 0) return solution;
  const solver = new CellSolver(table, timeWeights, significance, pairDriftCorrelation);
  const { devices } = solver;
  let best = solution;
  for (let round = 0; round < mostFinishingRounds; round++) {
    const { sizes } = best.curves;
    const cells = cellMoments(problem, onSizes(best.curves, devices, weights), significance);
    solver.follow(best.compensation, {
      rule,
      strength: pullOfRule(problem, cells, best.compensation, scale),
    });
    const aimed = best.curves.conductances.slice();
    for (let k = 0; k < sizes.length; k++) {
      const cell = aimed.subarray(k * devices, (k + 1) * devices);
      cell.set(solver.refine(scale * sizes[k]!, cell).conductances);
    }
    const before = best;
    // α follows only to first order: a step too long is taken in part.
    for (let part = 1; best === before && part > leastPart; part /= 2) {
      const conductances = aimed.map((g, i) => {
        const from = before.curves.conductances[i]!;
        return from + part * (g - from);
      });
      const curves = { sizes, conductances };
      const prediction = predict(problem, onSizes(curves, devices, weights), significance, scale);
      if (prediction.tnmse < before.tnmse)
        best = { ...before, ...prediction, curves, rounds: before.rounds + 1 };
    }
    if (1 - best.tnmse / before.tnmse < leastWon) break;
  }
  return { ...best, stopped: "error settled" };
}

const mostFinishingRounds = 40;
const leastPart = 1 / 16;
/** Of the error, a round. */
const leastWon = 1e-5;

/** Denser near zero, where most weights are and the curves bend most. */
function sizeGrid(largest: number, count: number): Float64Array {
  if (largest === 0) return Float64Array.of(0);
  return Float64Array.from({ length: count }, (_, k) => {
    const share = k / (count - 1);
    return largest * share * (0.5 + 0.5 * share);
  });
}

/** Conductances for every weight size, between the curves' points; beyond the last point, the last. */
export function onSizes(
  { sizes, conductances }: Curves,
  devices: number,
  weights: Pick<WeightSizes, "sizes">,
): Float64Array {
  const out = new Float64Array(weights.sizes.length * devices);
  if (sizes.length === 1) return out.map((_, i) => conductances[i % devices]!);
  let k = 0;
  weights.sizes.forEach((size, n) => {
    if (size < sizes[k]!) k = 0;
    while (k < sizes.length - 2 && size > sizes[k + 1]!) k++;
    const part = Math.min(1, (size - sizes[k]!) / (sizes[k + 1]! - sizes[k]!));
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
  table.valuesAt(middle);
  return table.mean[0].map((mean) => middle / mean);
}
