import { MhoError } from "../src/errors.ts";
import type { Curve } from "../src/model/definition.ts";
import { boundedLogarithm, type LawForm, linearSpline, polynomialForm, powerForm } from "./lawForms.ts";
import { type LawKind, lawLikelihood, type LawPoint } from "./lawLikelihood.ts";
import { average, logarithmStarts, powerStart, withOneKnotMore } from "./lawStarts.ts";
import { leastSquares, type LeastSquaresFit } from "./leastSquares.ts";

export interface FittedLaw {
  readonly form: string;
  /** Every form that was tried, with its BIC less that of the one that was kept. */
  readonly tried: readonly { readonly form: string; readonly excess: number }[];
  /** The range that the data cover, µS. */
  readonly from: number;
  readonly to: number;
  /** How the fit of this form ended. */
  readonly ended: Pick<LeastSquaresFit, "stopped" | "iterations">;
  value(x: number): number;
  /** Standard error of the value. */
  error(x: number): number;
  curve(max: number): Curve;
}

/**
 * Fits a law to points by maximum likelihood, in every form that could describe it, and keeps the one with the least BIC:
 * what a further parameter explains must be worth ln(devices). A form whose parameters the data do not determine, as of a spline
 * with a knot too many, has no standard errors: it is kept only where there is no other.
 *
 * Of means: normal about the law. Of spreads: mean squares of normal deviates of variance law² + noise.
 *
 * @throws `bad-argument` where no form can be fitted, as to no points at all.
 */
export function fitLaw(kind: LawKind, points: readonly LawPoint[], max: number, mostKnots = 7): FittedLaw {
  if (points.length === 0) throw tooLittle();
  const from = points[0]!.x;
  const to = points.at(-1)!.x;
  const devices = points.reduce((sum, { count }) => sum + count, 0);
  const candidates: Candidate[] = [];
  const consider = (form: LawForm, starts: readonly Float64Array[]): Candidate | undefined => {
    const best = bestOf(kind, form, points, starts);
    if (best !== undefined) candidates.push(best);
    return best;
  };
  const rough = points.map((point) => roughValue(kind, point));
  for (const least of [false, true]) {
    for (const most of [false, true]) {
      const form = boundedLogarithm(max, { least, most });
      consider(form, logarithmStarts(form, points, rough, max, least, most));
    }
  }
  if (kind === "spread") {
    consider(powerForm(from, max), [powerStart(points, rough, max)]);
    consider(polynomialForm(2, from, to, max), [Float64Array.of(average(rough), 0, 0)]);
  }
  let last = consider(linearSpline(from, to, 2), [Float64Array.of(rough[0]!, rough.at(-1)!)]);
  for (let knots = 3; knots <= mostKnots && last !== undefined; knots++) {
    if (points.length < 3 * knots) break;
    last = consider(
      linearSpline(from, to, knots),
      withOneKnotMore(last.form, last.fit.parameters, from, to, knots),
    );
  }
  const bic = ({ fit, form }: Candidate): number => 2 * fit.cost + form.parameters * Math.log(devices);
  candidates.sort((a, b) => bic(a) - bic(b));
  const best = candidates.find(({ fit }) => fit.covariance !== undefined) ?? candidates[0];
  if (best === undefined) throw tooLittle();
  const { form } = best;
  const { parameters, covariance, dispersion, stopped, iterations } = best.fit;
  const gradient = new Float64Array(form.parameters);
  return {
    form: form.name,
    tried: candidates.map((one) => ({ form: one.form.name, excess: bic(one) - bic(best) })),
    from,
    to,
    ended: { stopped, iterations },
    value: (x) => form.value(parameters, x),
    error(x) {
      if (covariance === undefined) return Number.NaN;
      form.gradient(parameters, x, gradient);
      return Math.sqrt(overDispersion(dispersion) * Math.max(0, quadratic(covariance, gradient)));
    },
    curve: (ofMax) => form.curve(parameters, ofMax),
  };
}

function tooLittle(): MhoError {
  return new MhoError(
    "bad-argument",
    "Too few devices of these runs can be fitted: their reads do not tell how they drift. " +
      "Read them at ages far apart first, with mho watch RUN --until 1d --per-decade 6.",
  );
}

interface Candidate {
  readonly form: LawForm;
  readonly fit: LeastSquaresFit;
}

/** By how much points scatter about the law beyond what they should: errors grow with it. At least 1. */
function overDispersion(dispersion: number): number {
  return dispersion > 1 ? dispersion : 1;
}

/** A law's value that would fit one point alone. */
function roughValue(kind: LawKind, { seen, noise }: LawPoint): number {
  return kind === "mean" ? seen : Math.sqrt(Math.max(seen - noise, 0.04 * seen));
}

/** A change of the log-likelihood that is far beneath chance: a move of 0.0014 standard errors. */
const leastGain = 1e-6;
/** Of the parameters: at a kink of a spline, steps get ever shorter. */
const leastStep = 1e-7;
const mostIterations = 200;

function bestOf(
  kind: LawKind,
  form: LawForm,
  points: readonly LawPoint[],
  starts: readonly Float64Array[],
): Candidate | undefined {
  const problem = lawLikelihood(kind, form, points);
  let best: LeastSquaresFit | undefined;
  for (const start of starts) {
    if (!form.allowed(start)) continue;
    const fit = leastSquares(problem, start, {
      cost: leastGain,
      step: leastStep,
      iterations: mostIterations,
    });
    if (best === undefined || isBetter(fit, best)) best = fit;
  }
  return best === undefined ? undefined : { form, fit: best };
}

/** Whether parameters are determined goes before how well they fit. */
function isBetter(a: LeastSquaresFit, b: LeastSquaresFit): boolean {
  const determined = a.covariance !== undefined;
  return determined === (b.covariance !== undefined) ? a.cost < b.cost : determined;
}

function quadratic(matrix: Float64Array, vector: Float64Array): number {
  const n = vector.length;
  let sum = 0;
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < n; b++) sum += vector[a]! * matrix[a * n + b]! * vector[b]!;
  }
  return sum;
}
