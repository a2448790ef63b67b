import type { DeviceModel } from "../model/deviceModel.ts";
import type { Microsiemens, Seconds } from "../units.ts";

/**
 * m(G, t) and v(G, t) of a model at a few times, as natural cubic splines over its conductances: however costly a
 * model is, the solver asks it only once, and gets slopes and curvatures for nothing.
 */
export class MomentTable {
  readonly times: readonly Seconds[];
  readonly min: Microsiemens;
  readonly max: Microsiemens;
  readonly #intervals: number;
  readonly #step: number;
  /** Splines of the means, and of the variances. */
  readonly #mean: Splines;
  readonly #variance: Splines;
  #driftStd: Splines | undefined;
  readonly #model: DeviceModel;
  /** Value, slope and curvature of the last `at`, one a time. */
  readonly mean: readonly [Float64Array, Float64Array, Float64Array];
  readonly variance: readonly [Float64Array, Float64Array, Float64Array];
  /** Likewise of the last `driftAt`: the square root of the variance's drift part, which two devices may share. */
  readonly driftStd: readonly [Float64Array, Float64Array, Float64Array];

  /** Throws RangeError when the model knows nothing of one of the times. */
  constructor(model: DeviceModel, times: readonly Seconds[], intervals = 400) {
    const { minConductanceMicrosiemens: min, maxConductanceMicrosiemens: max } = model;
    this.#model = model;
    this.times = times;
    this.min = min;
    this.max = max;
    this.#intervals = intervals;
    this.#step = (max - min) / intervals;
    this.#mean = this.#splines((g, time) => model.mean(g, time));
    this.#variance = this.#splines((g, time) => model.variance(g, time));
    const columns = (): [Float64Array, Float64Array, Float64Array] => [
      new Float64Array(times.length),
      new Float64Array(times.length),
      new Float64Array(times.length),
    ];
    this.mean = columns();
    this.variance = columns();
    this.driftStd = columns();
  }

  /** Evaluates everything at one conductance, min … max, into `mean` and `variance`. */
  at(conductance: Microsiemens): void {
    const i = this.#interval(conductance);
    const b = this.#steps(conductance) - i;
    evaluate(this.#mean, i, b, this.#step, this.mean);
    evaluate(this.#variance, i, b, this.#step, this.variance);
  }

  /** Evaluates no slopes and curvatures: into the first of `mean` and of `variance`. */
  valuesAt(conductance: Microsiemens): void {
    const i = this.#interval(conductance);
    const b = this.#steps(conductance) - i;
    evaluateValues(this.#mean, i, b, this.#step, this.mean[0]);
    evaluateValues(this.#variance, i, b, this.#step, this.variance[0]);
  }

  /** The same as `at` for one device of a cell: adds its signed values to the cell's, and writes its signed derivatives. */
  addTo(cell: SignedMoments, device: number, factor: number, conductance: Microsiemens): void {
    const { totalMean, totalVariance, mean, variance, pull, bend } = cell;
    const means = this.#mean;
    const variances = this.#variance;
    const h = this.#step;
    const square = factor * factor;
    const times = totalMean.length;
    const i = this.#interval(conductance);
    const b = this.#steps(conductance) - i;
    const a = 1 - b;
    const aThird = a * a * a - a;
    const bThird = b * b * b - b;
    const aSecond = 3 * a * a - 1;
    const bSecond = 3 * b * b - 1;
    const next = 3 * times;
    for (let t = 0, k = device * times, at = i * next; t < times; t++, k++, at += 3) {
      let c0 = means[at + 1]!;
      let c1 = means[at + next + 1]!;
      totalMean[t]! +=
        factor * (a * means[at]! + b * means[at + next]! + ((aThird * c0 + bThird * c1) * h * h) / 6);
      mean[k] = factor * (means[at + 2]! + ((bSecond * c1 - aSecond * c0) * h) / 6);
      pull[k] = factor * (a * c0 + b * c1);
      c0 = variances[at + 1]!;
      c1 = variances[at + next + 1]!;
      totalVariance[t]! +=
        square * (a * variances[at]! + b * variances[at + next]! + ((aThird * c0 + bThird * c1) * h * h) / 6);
      variance[k] = square * (variances[at + 2]! + ((bSecond * c1 - aSecond * c0) * h) / 6);
      bend[k] = square * (a * c0 + b * c1);
    }
  }

  /** Evaluates the spread of drift at one conductance, into `driftStd`. */
  driftAt(conductance: Microsiemens): void {
    const model = this.#model;
    this.#driftStd ??= this.#splines((g, time) => Math.sqrt(Math.max(0, model.varianceParts(g, time).drift)));
    const i = this.#interval(conductance);
    evaluate(this.#driftStd, i, this.#steps(conductance) - i, this.#step, this.driftStd);
  }

  #splines(value: (conductance: Microsiemens, time: Seconds) => number): Splines {
    const knots = Float64Array.from({ length: this.#intervals + 1 }, (_, i) => this.min + i * this.#step);
    knots[this.#intervals] = this.max;
    const { times } = this;
    const splines = new Float64Array(3 * knots.length * times.length);
    for (const [t, time] of times.entries()) {
      const { values, curvatures } = spline(
        knots.map((g) => value(g, time)),
        this.#step,
      );
      for (let k = 0; k < knots.length; k++) {
        const at = 3 * (k * times.length + t);
        splines[at] = values[k]!;
        splines[at + 1] = curvatures[k]!;
        splines[at + 2] = k === this.#intervals ? 0 : (values[k + 1]! - values[k]!) / this.#step;
      }
    }
    return splines;
  }

  #steps(conductance: Microsiemens): number {
    return (conductance - this.min) / this.#step;
  }

  #interval(conductance: Microsiemens): number {
    return Math.min(this.#intervals - 1, Math.max(0, Math.floor(this.#steps(conductance))));
  }
}

/** Moments of a cell's signed conductance, by time, and their derivatives by each device's conductance, row-major [device, time]. */
export interface SignedMoments {
  readonly totalMean: Float64Array;
  readonly totalVariance: Float64Array;
  /** First derivatives. */
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  /** Second derivatives, likewise. */
  readonly pull: Float64Array;
  readonly bend: Float64Array;
}

/** Value and second derivative at each knot and time, and how steep the line to the next knot is, row-major [knot, time, 3]. */
type Splines = Float64Array;

interface Spline {
  readonly values: Float64Array;
  readonly curvatures: Float64Array;
}

/** @param b  place inside the interval i, 0 … 1. */
function evaluate(
  splines: Splines,
  i: number,
  b: number,
  h: number,
  [value, slope, curvature]: readonly [Float64Array, Float64Array, Float64Array],
): void {
  const times = value.length;
  const a = 1 - b;
  const aThird = a * a * a - a;
  const bThird = b * b * b - b;
  const aSecond = 3 * a * a - 1;
  const bSecond = 3 * b * b - 1;
  for (let t = 0, k = 3 * i * times; t < times; t++, k += 3) {
    const c0 = splines[k + 1]!;
    const c1 = splines[k + 3 * times + 1]!;
    value[t] = a * splines[k]! + b * splines[k + 3 * times]! + ((aThird * c0 + bThird * c1) * h * h) / 6;
    slope[t] = splines[k + 2]! + ((bSecond * c1 - aSecond * c0) * h) / 6;
    curvature[t] = a * c0 + b * c1;
  }
}

function evaluateValues(splines: Splines, i: number, b: number, h: number, value: Float64Array): void {
  const times = value.length;
  const a = 1 - b;
  const aThird = a * a * a - a;
  const bThird = b * b * b - b;
  for (let t = 0, k = 3 * i * times; t < times; t++, k += 3) {
    const c0 = splines[k + 1]!;
    const c1 = splines[k + 3 * times + 1]!;
    value[t] = a * splines[k]! + b * splines[k + 3 * times]! + ((aThird * c0 + bThird * c1) * h * h) / 6;
  }
}

/** The second derivatives of a natural cubic spline through equally spaced values (Thomas' algorithm). */
function spline(values: Float64Array, h: number): Spline {
  const n = values.length;
  const curvatures = new Float64Array(n);
  const upper = new Float64Array(n);
  for (let i = 1; i < n - 1; i++) {
    const right = (6 * (values[i + 1]! - 2 * values[i]! + values[i - 1]!)) / (h * h);
    const pivot = 4 - upper[i - 1]!;
    upper[i] = 1 / pivot;
    curvatures[i] = (right - curvatures[i - 1]!) / pivot;
  }
  for (let i = n - 2; i > 0; i--) curvatures[i]! -= upper[i]! * curvatures[i + 1]!;
  return { values, curvatures };
}
