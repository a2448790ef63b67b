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
  /** One a time: values and second derivatives at the knots. */
  readonly #mean: Spline[];
  readonly #variance: Spline[];
  #driftStd: Spline[] | undefined;
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
    this.#mean = times.map((time) => this.#spline((g) => model.mean(g, time)));
    this.#variance = times.map((time) => this.#spline((g) => model.variance(g, time)));
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
    const h = this.#step;
    const { i, b } = this.#place(conductance);
    for (let t = 0; t < this.times.length; t++) {
      evaluate(this.#mean[t]!, i, b, h, this.mean, t);
      evaluate(this.#variance[t]!, i, b, h, this.variance, t);
    }
  }

  /** Evaluates the spread of drift at one conductance, into `driftStd`. */
  driftAt(conductance: Microsiemens): void {
    const model = this.#model;
    this.#driftStd ??= this.times.map((time) =>
      this.#spline((g) => Math.sqrt(Math.max(0, model.varianceParts(g, time).drift))),
    );
    const { i, b } = this.#place(conductance);
    for (let t = 0; t < this.times.length; t++) {
      evaluate(this.#driftStd[t]!, i, b, this.#step, this.driftStd, t);
    }
  }

  #spline(value: (conductance: Microsiemens) => number): Spline {
    const knots = Float64Array.from({ length: this.#intervals + 1 }, (_, i) => this.min + i * this.#step);
    knots[this.#intervals] = this.max;
    return spline(knots.map(value), this.#step);
  }

  /** Interval and place inside it, 0 … 1. */
  #place(conductance: Microsiemens): { i: number; b: number } {
    const last = this.#intervals - 1;
    const steps = (conductance - this.min) / this.#step;
    const i = Math.min(last, Math.max(0, Math.floor(steps)));
    return { i, b: steps - i };
  }
}

interface Spline {
  readonly values: Float64Array;
  readonly curvatures: Float64Array;
}

function evaluate(
  { values, curvatures }: Spline,
  i: number,
  b: number,
  h: number,
  out: readonly [Float64Array, Float64Array, Float64Array],
  t: number,
): void {
  const a = 1 - b;
  const [y0, y1, c0, c1] = [values[i]!, values[i + 1]!, curvatures[i]!, curvatures[i + 1]!];
  out[0][t] = a * y0 + b * y1 + (((a * a * a - a) * c0 + (b * b * b - b) * c1) * h * h) / 6;
  out[1][t] = (y1 - y0) / h + (((3 * b * b - 1) * c1 - (3 * a * a - 1) * c0) * h) / 6;
  out[2][t] = a * c0 + b * c1;
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
