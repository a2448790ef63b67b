import type { LawForm } from "./lawForms.ts";
import type { LeastSquaresProblem } from "./leastSquares.ts";

/** What devices of nearly one conductance say of a law. */
export interface LawPoint {
  /** µS. */
  readonly x: number;
  readonly count: number;
  /** Of a law of means: their mean. Of a law of spreads: the mean of their squares. */
  readonly seen: number;
  /** Of a law of means: the variance of one. Of a law of spreads: what measuring adds to the mean square. */
  readonly noise: number;
}

/** Whether a law says where devices lie, or how far they scatter. */
export type LawKind = "mean" | "spread";

/**
 * The negative log-likelihood of a law f_p, up to a constant, as a least-squares problem.
 *
 * Of means, y ~ N(f, noise/count):
 *
 *     F = Σ (y − f)²/2σ²,   r = (f − y)/σ,   σ² = noise/count
 *
 * Of spreads, y the mean of `count` squares of normal deviates of variance e = f² + noise:
 *
 *     F = Σ count/2 · (ln e + y/e),   r = (e − y)/σ,   σ² = 2 e²/count
 */
export function lawLikelihood(
  kind: LawKind,
  form: LawForm,
  points: readonly LawPoint[],
): LeastSquaresProblem {
  return kind === "mean" ? ofMeans(form, points) : ofSpreads(form, points);
}

function ofMeans(form: LawForm, points: readonly LawPoint[]): LeastSquaresProblem {
  const weights = Float64Array.from(points, ({ count, noise }) => Math.sqrt(count / noise));
  const gradient = new Float64Array(form.parameters);
  return {
    residuals: points.length,
    evaluate(p, out) {
      if (!form.allowed(p)) return Infinity;
      let cost = 0;
      for (let k = 0; k < points.length; k++) {
        const { x, seen } = points[k]!;
        const r = weights[k]! * (form.value(p, x) - seen);
        out[k] = r;
        cost += (r * r) / 2;
      }
      return cost;
    },
    jacobian(p, out) {
      for (let k = 0; k < points.length; k++) {
        form.gradient(p, points[k]!.x, gradient);
        writeRow(out, k, weights[k]!, gradient);
      }
    },
  };
}

function ofSpreads(form: LawForm, points: readonly LawPoint[]): LeastSquaresProblem {
  const gradient = new Float64Array(form.parameters);
  return {
    residuals: points.length,
    evaluate(p, out) {
      if (!form.allowed(p)) return Infinity;
      let cost = 0;
      for (let k = 0; k < points.length; k++) {
        const { x, count, seen, noise } = points[k]!;
        const value = form.value(p, x);
        const held = heldOffZero(value);
        const expected = held * held + noise;
        out[k] = (expected - seen) / (expected * Math.sqrt(2 / count));
        cost += (count / 2) * (Math.log(expected) + seen / expected);
        if (value < 0) cost += count * belowZero;
      }
      return cost;
    },
    jacobian(p, out) {
      for (let k = 0; k < points.length; k++) {
        const { x, count, noise } = points[k]!;
        const held = heldOffZero(form.value(p, x));
        form.gradient(p, x, gradient);
        writeRow(out, k, (2 * held) / ((held * held + noise) * Math.sqrt(2 / count)), gradient);
      }
    },
  };
}

/** A spread of nothing would have no slope. */
function heldOffZero(spread: number): number {
  return Math.max(Math.abs(spread), 1e-6);
}

/** What a device adds to F where a law gives it a negative spread: more than any data could outweigh. */
const belowZero = 1e3;

function writeRow(out: Float64Array, k: number, factor: number, row: Float64Array): void {
  const n = row.length;
  for (let a = 0; a < n; a++) out[k * n + a] = factor * row[a]!;
}
