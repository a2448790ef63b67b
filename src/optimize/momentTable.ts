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
  readonly #step: number;
  /** One a time: values and second derivatives at the knots. */
  readonly #mean: Spline[];
  readonly #variance: Spline[];
  /** Value, slope and curvature of the last `at`, one a time. */
  readonly mean: readonly [Float64Array, Float64Array, Float64Array];
  readonly variance: readonly [Float64Array, Float64Array, Float64Array];

  /** Throws RangeError when the model knows nothing of one of the times. */
  constructor(model: DeviceModel, times: readonly Seconds[], intervals = 400) {
    const { minConductanceMicrosiemens: min, maxConductanceMicrosiemens: max } = model;
    const knots = Float64Array.from({ length: intervals + 1 }, (_, i) => min + ((max - min) * i) / intervals);
    this.times = times;
    this.min = min;
    this.max = max;
    this.#step = (max - min) / intervals;
    this.#mean = times.map((time) =>
      spline(
        knots.map((g) => model.mean(g, time)),
        this.#step,
      ),
    );
    this.#variance = times.map((time) =>
      spline(
        knots.map((g) => model.variance(g, time)),
        this.#step,
      ),
    );
    const columns = (): [Float64Array, Float64Array, Float64Array] => [
      new Float64Array(times.length),
      new Float64Array(times.length),
      new Float64Array(times.length),
    ];
    this.mean = columns();
    this.variance = columns();
  }

  /** Evaluates everything at one conductance, min … max, into `mean` and `variance`. */
  at(conductance: Microsiemens): void {
    const h = this.#step;
    const last = this.#mean[0]!.values.length - 2;
    const i = Math.min(last, Math.max(0, Math.floor((conductance - this.min) / h)));
    const b = (conductance - this.min) / h - i;
    for (let t = 0; t < this.times.length; t++) {
      evaluate(this.#mean[t]!, i, b, h, this.mean, t);
      evaluate(this.#variance[t]!, i, b, h, this.variance, t);
    }
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
