import type { LawForm } from "./lawForms.ts";
import type { LawPoint } from "./lawLikelihood.ts";

/** The spline that was best with one knot less, and a new knot at each of many places. */
export function withOneKnotMore(
  form: LawForm,
  p: Float64Array,
  from: number,
  to: number,
  knots: number,
): Float64Array[] {
  const inner = [...p.subarray(knots - 1)];
  const places = 16;
  return Array.from({ length: places }, (_, k) => {
    const place = from + ((to - from) * (k + 1)) / (places + 1);
    const all = [...inner, place].sort((a, b) => a - b);
    const values = [from, ...all, to].map((x) => form.value(p, x));
    return Float64Array.from([...values, ...all]);
  });
}

export function logarithmStarts(
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

export function powerStart(points: readonly LawPoint[], rough: readonly number[], max: number): Float64Array {
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

export function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
