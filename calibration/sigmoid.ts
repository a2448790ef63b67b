import { leastSquares, type LeastSquaresFit, type LeastSquaresProblem } from "./leastSquares.ts";

/** What the middle device of a bin gave. */
export interface Median {
  /** µA. */
  readonly amplitude: number;
  /** µS. */
  readonly g: number;
  /** Of the median, µS². */
  readonly variance: number;
}

/** G = bottom + (top − bottom)/(1 + e^((I − halfway)/slope)), µS and µA. */
export interface Sigmoid {
  readonly top: number;
  readonly bottom: number;
  readonly halfway: number;
  readonly slope: number;
  /** The amplitude for a conductance amid the nominal curve: the data tell it better than any parameter alone. */
  readonly atMiddle: number;
  readonly atMiddleError: number;
  /** How the fit ended. */
  readonly ended: Pick<LeastSquaresFit, "stopped" | "iterations">;
}

type Curve = Pick<Sigmoid, "top" | "bottom" | "halfway" | "slope">;

export function sigmoidAt({ top, bottom, halfway, slope }: Curve, amplitude: number): number {
  return bottom + (top - bottom) / (1 + Math.exp((amplitude - halfway) / slope));
}

/**
 * Fits a sigmoid to medians by least squares. Both ends are held near what the datasheet says, which matters where the data do
 * not reach them.
 *
 * @returns undefined where the medians do not tell a sigmoid.
 */
export function fitSigmoid(medians: readonly Median[], top: number, bottom: number): Sigmoid | undefined {
  const middle = (top + bottom) / 2;
  const nearest = medians.reduce((a, b) => (Math.abs(a.g - middle) <= Math.abs(b.g - middle) ? a : b));
  const start = Float64Array.of(top, bottom, nearest.amplitude, usualSlope);
  const ends = Float64Array.of(0.1 * top, 0.5 * bottom + 0.01);
  const { parameters, covariance, cost, stopped, iterations } = leastSquares(
    sigmoidProblem(medians, start, ends),
    start,
  );
  if (covariance === undefined) return undefined;
  // The curve is not quite a sigmoid: what it misses by is part of the error.
  const chi = Math.max(1, (2 * cost) / Math.max(1, medians.length - start.length));
  const [atMiddle, slopes] = amplitudeAt(parameters, middle);
  let variance = 0;
  for (let a = 0; a < 4; a++) {
    for (let b = 0; b < 4; b++) variance += slopes[a]! * slopes[b]! * covariance[4 * a + b]!;
  }
  return {
    ...named(parameters),
    atMiddle,
    atMiddleError: Math.sqrt(variance * chi),
    ended: { stopped, iterations },
  };
}

/** µA, for a start. */
const usualSlope = 25;
const leastSlope = 1;

/** @param ends  standard deviations of top and bottom about those of `start`. */
function sigmoidProblem(
  medians: readonly Median[],
  start: Float64Array,
  ends: Float64Array,
): LeastSquaresProblem {
  const errors = Float64Array.from(medians, ({ variance }) => Math.sqrt(variance));
  const residuals = medians.length + ends.length;
  return {
    residuals,
    evaluate(p, out) {
      if (!(p[3]! > leastSlope)) return Infinity;
      let cost = 0;
      for (let k = 0; k < residuals; k++) {
        const end = k - medians.length;
        const r =
          end >= 0
            ? (p[end]! - start[end]!) / ends[end]!
            : (valueAt(p, medians[k]!.amplitude) - medians[k]!.g) / errors[k]!;
        out[k] = r;
        cost += (r * r) / 2;
      }
      return cost;
    },
    jacobian(p, out) {
      out.fill(0);
      for (let k = 0; k < medians.length; k++) {
        const off = (medians[k]!.amplitude - p[2]!) / p[3]!;
        const share = 1 / (1 + Math.exp(off));
        const steep = ((p[0]! - p[1]!) * share * (1 - share)) / p[3]!;
        out[4 * k] = share / errors[k]!;
        out[4 * k + 1] = (1 - share) / errors[k]!;
        out[4 * k + 2] = steep / errors[k]!;
        out[4 * k + 3] = (steep * off) / errors[k]!;
      }
      for (let end = 0; end < ends.length; end++) out[4 * (medians.length + end) + end] = 1 / ends[end]!;
    },
  };
}

function valueAt(p: Float64Array, amplitude: number): number {
  return p[1]! + (p[0]! - p[1]!) / (1 + Math.exp((amplitude - p[2]!) / p[3]!));
}

/** The amplitude I = halfway + slope ln((top − G)/(G − bottom)), and its derivatives by the parameters. */
function amplitudeAt(p: Float64Array, g: number): [amplitude: number, slopes: readonly number[]] {
  const [top, bottom, halfway, slope] = [p[0]!, p[1]!, p[2]!, p[3]!];
  const logarithm = Math.log((top - g) / (g - bottom));
  return [halfway + slope * logarithm, [slope / (top - g), slope / (g - bottom), 1, logarithm]];
}

function named(p: Float64Array): Curve {
  return { top: p[0]!, bottom: p[1]!, halfway: p[2]!, slope: p[3]! };
}
