import { linearPieces } from "../src/model/definition.ts";
import type { FittedLaw } from "./lawFit.ts";
import type { LawPoint } from "./lawLikelihood.ts";
import { leastSquares, type LeastSquaresFit, type LeastSquaresProblem } from "./leastSquares.ts";
import { cholesky } from "./matrix.ts";

/**
 * A law of spreads whose form is not known: straight between knots at even distances, its logarithm θ smooth,
 *
 *     θ_(k−1) − 2 θ_k + θ_(k+1) ~ N(0, τ²)
 *
 * How smooth, the points tell themselves: the fits for a row of τ are averaged, each weighed by its evidence (Laplace's approximation of
 * ∫ e^−F dθ). So the standard error holds what a smooth curve cannot follow, too: forms chosen by an information criterion state errors as
 * if the form were true, and those cover too little. Such bands cover their share on the average over the range (Wahba 1983, J. R. Stat. Soc.
 * B 45, 133; Nychka 1988, J. Am. Stat. Assoc. 83, 1134).
 *
 * @param points  mean squares, as of a law of spreads; ascending.
 */
export function smoothSpread(points: readonly LawPoint[]): FittedLaw {
  const [from, to] = [points[0]!.x, points.at(-1)!.x];
  const places = Float64Array.from({ length: knots }, (_, k) => from + ((to - from) * k) / (knots - 1));
  const hats = points.map(({ x }) => hatsAt(places, x));
  const level = Math.log(Math.max(leastSpread, averageSpread(points)));
  const tried: { fit: LeastSquaresFit; evidence: number; roughness: number }[] = [];
  let start = new Float64Array(knots).fill(level);
  for (const roughness of roughnesses) {
    const fit = leastSquares(problemOf(points, hats, level, roughness), start, tolerances);
    const evidence = evidenceOf(fit, roughness);
    if (evidence === undefined) continue;
    tried.push({ fit, evidence, roughness });
    start = fit.parameters.slice();
  }
  const most = Math.max(...tried.map(({ evidence }) => evidence));
  const weights = tried.map(({ evidence }) => Math.exp(evidence - most));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const heaviest = tried[weights.indexOf(Math.max(...weights))]!;
  const values = tried.map(({ fit }) => fit.parameters.map((theta) => Math.exp(theta)));
  const mean = places.map((_, k) => weights.reduce((sum, w, n) => sum + w * values[n]![k]!, 0) / all);
  const valueOf = (at: Hats, spreads: Float64Array): number =>
    (1 - at.part) * spreads[at.low]! + at.part * spreads[at.low + 1]!;
  return {
    form: "a smooth curve",
    tried: tried.map(({ evidence, roughness }) => ({
      form: `a smooth curve, bends of ${roughness}`,
      excess: 2 * (most - evidence),
    })),
    from,
    to,
    ended: { stopped: heaviest.fit.stopped, iterations: heaviest.fit.iterations },
    value: (x) => valueOf(hatsAt(places, x), mean),
    error(x) {
      const at = hatsAt(places, x);
      const centre = valueOf(at, mean);
      let variance = 0;
      tried.forEach(({ fit }, n) => {
        const [a, b] = [(1 - at.part) * values[n]![at.low]!, at.part * values[n]![at.low + 1]!];
        const c = fit.covariance!;
        const [p, q] = [at.low * knots + at.low, (at.low + 1) * knots + at.low + 1];
        const own = a * a * c[p]! + 2 * a * b * c[p + 1]! + b * b * c[q]!;
        const off = valueOf(at, values[n]!) - centre;
        variance += (weights[n]! / all) * (own + off * off);
      });
      return Math.sqrt(variance);
    },
    curve: (max) =>
      linearPieces(
        [...places].map((x) => x / max),
        [...mean],
      ),
  };
}

const knots = 25;
/** τ: from curves that are hardly bent to such that follow every bin. */
const roughnesses = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256] as const;
const leastSpread = 1e-6;
/** θ lies within so much of its average, as a standard deviation: all but nothing, and it ends what data without a spread would not. */
const range = 5;
const tolerances = { cost: 1e-6, step: 1e-7, iterations: 200 };

interface Hats {
  readonly low: number;
  /** Weight of the knot above; level beyond the outer ones. */
  readonly part: number;
}

function hatsAt(places: Float64Array, x: number): Hats {
  const [from, to] = [places[0]!, places.at(-1)!];
  const place = to > from ? ((Math.min(to, Math.max(from, x)) - from) * (knots - 1)) / (to - from) : 0;
  const low = Math.min(knots - 2, Math.floor(place));
  return { low, part: place - low };
}

function averageSpread(points: readonly LawPoint[]): number {
  let [sum, count] = [0, 0];
  for (const { seen, noise, count: n } of points) {
    sum += n * Math.max(0.04 * seen, seen - noise);
    count += n;
  }
  return Math.sqrt(sum / count);
}

/** The likelihood of mean squares, as in `lawLikelihood`, and the prior as further residuals. */
function problemOf(
  points: readonly LawPoint[],
  hats: readonly Hats[],
  level: number,
  roughness: number,
): LeastSquaresProblem {
  const n = points.length;
  const expectedAt = (theta: Float64Array, k: number): { spread: number; below: number; above: number } => {
    const { low, part } = hats[k]!;
    const [below, above] = [(1 - part) * Math.exp(theta[low]!), part * Math.exp(theta[low + 1]!)];
    return { spread: below + above, below, above };
  };
  return {
    residuals: n + 2 * knots - 2,
    evaluate(theta, out) {
      let cost = 0;
      for (let k = 0; k < n; k++) {
        const { count, seen, noise } = points[k]!;
        const { spread } = expectedAt(theta, k);
        const expected = spread * spread + noise;
        out[k] = (expected - seen) / (expected * Math.sqrt(2 / count));
        cost += (count / 2) * (Math.log(expected) + seen / expected);
      }
      for (let k = 1; k < knots - 1; k++) {
        const bend = (theta[k - 1]! - 2 * theta[k]! + theta[k + 1]!) / roughness;
        out[n + k - 1] = bend;
        cost += (bend * bend) / 2;
      }
      for (let k = 0; k < knots; k++) {
        const off = (theta[k]! - level) / range;
        out[n + knots - 2 + k] = off;
        cost += (off * off) / 2;
      }
      return cost;
    },
    jacobian(theta, out) {
      out.fill(0);
      for (let k = 0; k < n; k++) {
        const { count, noise } = points[k]!;
        const { spread, below, above } = expectedAt(theta, k);
        const factor = (2 * spread) / ((spread * spread + noise) * Math.sqrt(2 / count));
        out[k * knots + hats[k]!.low] = factor * below;
        out[k * knots + hats[k]!.low + 1] = factor * above;
      }
      for (let k = 1; k < knots - 1; k++) {
        const row = (n + k - 1) * knots;
        out[row + k - 1] = 1 / roughness;
        out[row + k] = -2 / roughness;
        out[row + k + 1] = 1 / roughness;
      }
      for (let k = 0; k < knots; k++) out[(n + knots - 2 + k) * knots + k] = 1 / range;
    },
  };
}

/** ln ∫ e^−F dθ by Laplace's approximation, up to a constant; undefined where the fit has no covariance. */
function evidenceOf({ cost, covariance }: LeastSquaresFit, roughness: number): number | undefined {
  const factor = covariance === undefined ? undefined : cholesky(covariance, knots);
  if (factor === undefined) return undefined;
  let evidence = -cost - (knots - 2) * Math.log(roughness);
  for (let k = 0; k < knots; k++) evidence += Math.log(factor[k * knots + k]!);
  return evidence;
}
