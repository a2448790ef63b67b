import { boundedLogarithm, type LawForm, linearSpline, polynomialForm, powerForm } from "./lawForms.ts";
import { inverseOf } from "./matrix.ts";
import type { Curve } from "../src/model/definition.ts";

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

export interface FittedLaw {
  readonly form: string;
  /** Every form that was tried, with its BIC less the best one's. */
  readonly tried: readonly { readonly form: string; readonly excess: number }[];
  /** The range that the data cover, µS. */
  readonly from: number;
  readonly to: number;
  value(x: number): number;
  /** Standard error of the value. */
  error(x: number): number;
  curve(max: number): Curve;
}

/**
 * Fits a law to points by maximum likelihood, in every form that could describe it, and keeps the one with the least BIC:
 * what a further parameter explains must be worth ln(devices).
 *
 * Of means: normal about the law. Of spreads: mean squares of normal deviates of variance law² + noise.
 */
export function fitLaw(kind: LawKind, points: readonly LawPoint[], max: number, mostKnots = 7): FittedLaw {
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
    last = consider(linearSpline(from, to, knots), withOneKnotMore(last, from, to, knots));
  }
  const bic = ({ loss, form }: Candidate): number => 2 * loss + form.parameters * Math.log(devices);
  candidates.sort((a, b) => bic(a) - bic(b));
  const best = candidates[0]!;
  const covariance = inverseOf(best.information, best.form.parameters);
  const { form, p } = best;
  const dispersion = dispersionOf(kind, best, points);
  const gradient = new Float64Array(form.parameters);
  return {
    form: form.name,
    tried: candidates.map((one) => ({ form: one.form.name, excess: bic(one) - bic(best) })),
    from,
    to,
    value: (x) => form.value(p, x),
    error(x) {
      if (covariance === undefined) return Number.NaN;
      form.gradient(p, x, gradient);
      return Math.sqrt(dispersion * Math.max(0, quadratic(covariance, gradient)));
    },
    curve: (ofMax) => form.curve(p, ofMax),
  };
}

/** By how much points scatter about the law beyond what they should: errors grow with it. At least 1. */
function dispersionOf(kind: LawKind, { form, p }: Candidate, points: readonly LawPoint[]): number {
  let sum = 0;
  for (const { x, count, seen, noise } of points) {
    const value = form.value(p, x);
    const expected = kind === "mean" ? value : value * value + noise;
    const variance = kind === "mean" ? noise / count : (2 * expected * expected) / count;
    sum += ((seen - expected) * (seen - expected)) / variance;
  }
  return Math.max(1, sum / Math.max(1, points.length - form.parameters));
}

interface Candidate {
  readonly form: LawForm;
  readonly p: Float64Array;
  readonly loss: number;
  readonly information: Float64Array;
}

/** A law's value that would fit one point alone. */
function roughValue(kind: LawKind, { seen, noise }: LawPoint): number {
  return kind === "mean" ? seen : Math.sqrt(Math.max(seen - noise, 0.04 * seen));
}

function bestOf(
  kind: LawKind,
  form: LawForm,
  points: readonly LawPoint[],
  starts: readonly Float64Array[],
): Candidate | undefined {
  let best: Candidate | undefined;
  for (const start of starts) {
    if (!form.allowed(start)) continue;
    const found = scored(kind, form, points, start);
    if (best === undefined || found.loss < best.loss) best = found;
  }
  return best;
}

/** Fisher scoring with Levenberg's damping, until a step gains nothing. */
function scored(kind: LawKind, form: LawForm, points: readonly LawPoint[], start: Float64Array): Candidate {
  let p = start;
  let here = evaluate(kind, form, points, p);
  let damping = 1e-3;
  for (let step = 0; step < 60 && damping < 1e8; step++) {
    const next = stepFrom(form, p, here, damping);
    const there = next === undefined ? undefined : evaluate(kind, form, points, next);
    if (next === undefined || there === undefined || !(there.loss < here.loss)) {
      damping *= 8;
      continue;
    }
    const gained = here.loss - there.loss;
    p = next;
    here = there;
    damping = Math.max(1e-9, damping / 5);
    if (gained < 1e-6) break;
  }
  return { form, p, loss: here.loss, information: here.information };
}

interface Evaluation {
  readonly loss: number;
  readonly score: Float64Array;
  readonly information: Float64Array;
}

function evaluate(kind: LawKind, form: LawForm, points: readonly LawPoint[], p: Float64Array): Evaluation {
  const n = form.parameters;
  const score = new Float64Array(n);
  const information = new Float64Array(n * n);
  const gradient = new Float64Array(n);
  let loss = 0;
  for (const { x, count, seen, noise } of points) {
    const value = form.value(p, x);
    form.gradient(p, x, gradient);
    let slope: number;
    let weight: number;
    if (kind === "mean") {
      weight = count / noise;
      slope = weight * (seen - value);
      loss += (weight * (seen - value) * (seen - value)) / 2;
    } else {
      const held = Math.max(Math.abs(value), 1e-6);
      const expected = held * held + noise;
      loss += (count / 2) * (Math.log(expected) + seen / expected);
      slope = (count * held * (seen - expected)) / (expected * expected);
      weight = (2 * count * held * held) / (expected * expected);
      if (value < 0) loss += count * 1e3;
    }
    for (let a = 0; a < n; a++) {
      score[a]! += slope * gradient[a]!;
      for (let b = 0; b < n; b++) information[a * n + b]! += weight * gradient[a]! * gradient[b]!;
    }
  }
  return { loss, score, information };
}

function stepFrom(
  form: LawForm,
  p: Float64Array,
  { score, information }: Evaluation,
  damping: number,
): Float64Array | undefined {
  const n = form.parameters;
  const damped = information.slice();
  for (let a = 0; a < n; a++) damped[a * n + a]! += damping * information[a * n + a]! + 1e-12;
  const inverse = inverseOf(damped, n);
  if (inverse === undefined) return undefined;
  const next = p.map((value, a) => {
    let step = 0;
    for (let b = 0; b < n; b++) step += inverse[a * n + b]! * score[b]!;
    return value + step;
  });
  return form.allowed(next) && next.every(Number.isFinite) ? next : undefined;
}

/** The spline that was best with one knot less, and a new knot at each of many places. */
function withOneKnotMore({ form, p }: Candidate, from: number, to: number, knots: number): Float64Array[] {
  const inner = [...p.subarray(knots - 1)];
  const places = 16;
  return Array.from({ length: places }, (_, k) => {
    const place = from + ((to - from) * (k + 1)) / (places + 1);
    const all = [...inner, place].sort((a, b) => a - b);
    const values = [from, ...all, to].map((x) => form.value(p, x));
    return Float64Array.from([...values, ...all]);
  });
}

function logarithmStarts(
  form: LawForm,
  points: readonly LawPoint[],
  rough: readonly number[],
  max: number,
  least: boolean,
  most: boolean,
): Float64Array[] {
  // A straight line in ln r through the middle half, the bounds at what the outer points show.
  const logs = points.map(({ x }) => Math.log(Math.max(x / max, 1e-7)));
  const { slope, intercept } = straightLine(logs, rough);
  const lowest = Math.min(...rough);
  const highest = Math.max(...rough);
  const bounds = [...(least ? [lowest * 1.1 + 1e-4] : []), ...(most ? [highest * 0.95] : [])];
  const starts = [Float64Array.from([slope, intercept, ...bounds])];
  if (least || most) starts.push(Float64Array.from([1.5 * slope, intercept, ...bounds]));
  return starts.filter((start) => start.length === form.parameters);
}

function powerStart(points: readonly LawPoint[], rough: readonly number[], max: number): Float64Array {
  const logs = points.map(({ x }) => Math.log(x / max));
  const { slope, intercept } = straightLine(
    logs,
    rough.map((value) => Math.log(Math.max(value, 1e-6))),
  );
  return Float64Array.of(intercept, slope);
}

function straightLine(x: readonly number[], y: readonly number[]): { slope: number; intercept: number } {
  const [meanX, meanY] = [average(x), average(y)];
  let product = 0;
  let square = 0;
  x.forEach((value, k) => {
    product += (value - meanX) * (y[k]! - meanY);
    square += (value - meanX) * (value - meanX);
  });
  const slope = square > 0 ? product / square : 0;
  return { slope, intercept: meanY - slope * meanX };
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function quadratic(matrix: Float64Array, vector: Float64Array): number {
  const n = vector.length;
  let sum = 0;
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < n; b++) sum += vector[a]! * matrix[a * n + b]! * vector[b]!;
  }
  return sum;
}
