import type { Microsiemens } from "../units.ts";
import { predict, type Prediction, type TranslationProblem } from "./prediction.ts";
import { fullScaleOf } from "./translate.ts";

/** A rule that people use today, at its own full range, predicted with the same model for the same weights. */
export interface Baseline extends Prediction {
  readonly name: string;
  readonly significance: readonly number[];
}

/** Every rule of today, for comparison with a strategy. */
export function baselinesOf(problem: TranslationProblem): Baseline[] {
  return rules.map(({ name, significance, fill }) => {
    const { table, weights } = problem;
    const scale = fullScaleOf(problem, significance);
    const devices = 2 * significance.length;
    const conductances = new Float64Array(weights.sizes.length * devices).fill(table.min);
    weights.sizes.forEach((size, k) => {
      const wanted = scale * Math.min(size, weights.clip);
      const steps = fill(wanted, significance, table.max - table.min);
      steps.forEach((step, pair) => (conductances[k * devices + 2 * pair]! += step));
    });
    return { name, significance, ...predict(problem, conductances, significance, scale) };
  });
}

interface Rule {
  readonly name: string;
  readonly significance: readonly number[];
  /** How far above rest each pair's plus device goes for a signed conductance ≥ 0, µS. */
  readonly fill: (wanted: Microsiemens, significance: readonly number[], span: Microsiemens) => number[];
}

const rules: readonly Rule[] = [
  { name: "single pair", significance: [1], fill: lastFirst },
  { name: "equal split", significance: [1, 1], fill: equally },
  ...[2, 3, 4].map((f) => ({ name: `MSP first, F = ${f}`, significance: [f, 1], fill: firstFirst })),
  ...[1, 2, 3, 4].map((f) => ({ name: `LSP first, F = ${f}`, significance: [f, 1], fill: lastFirst })),
];

/** The least significant pair carries what it can, the next one what is left. */
function lastFirst(wanted: Microsiemens, significance: readonly number[], span: Microsiemens): number[] {
  let left = wanted;
  return significance
    .toReversed()
    .map((factor) => {
      const step = Math.min(span, left / factor);
      left -= factor * step;
      return step;
    })
    .toReversed();
}

function firstFirst(wanted: Microsiemens, significance: readonly number[], span: Microsiemens): number[] {
  return lastFirst(wanted, significance.toReversed(), span).toReversed();
}

function equally(wanted: Microsiemens, significance: readonly number[]): number[] {
  const total = significance.reduce((sum, factor) => sum + factor, 0);
  return significance.map(() => wanted / total);
}
