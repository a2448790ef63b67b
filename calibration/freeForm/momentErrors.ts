import { solveByCholesky } from "../matrix.ts";
import { Place } from "./knots.ts";
import { type Moments, valueAt } from "./moments.ts";
import type { Readings } from "./readings.ts";

/** Moments and how well they are known: standard errors, [age, conductance]. */
export interface SureMoments extends Moments {
  /** µS. */
  readonly shiftError: Float64Array;
  /** µS². */
  readonly squareError: Float64Array;
  /** Sums of the squared weights of an entry, and of those of an entry with that of the next conductance, likewise. */
  readonly gram: Float64Array;
  readonly beside: Float64Array;
  /** How spreads were smoothed over conductance, one an age: what entries are of what was found, nG × nG; undefined where they were not. */
  readonly smoothers?: readonly (Float64Array | undefined)[];
}

/**
 * Standard errors of moments that were found by least squares, (Hᵀ H)⁻¹ Hᵀ y: by the sandwich
 *
 *     (Hᵀ H)⁻¹ (Σ_c s_c s_cᵀ) (Hᵀ H)⁻¹,   s_c = Σ h (y − ŷ) over the reads of a cluster c
 *
 * of rows, whose devices were pulsed and read together. So all reads of a device count together, whatever the law of their noise, and tails
 * count as they are. y is a read's deviation for the mean, its square about the mean for the spread.
 *
 * @param use  which devices the moments were found of.
 */
export function withErrors(readings: Readings, moments: Moments, use?: Uint8Array): SureMoments {
  const { start, logAge, deviation, written, count } = readings;
  const { knots, shift, square, factor } = moments;
  const [nG, nT] = [knots.conductance.length, knots.logAge.length];
  const n = nG * nT;
  const sums = [new Float64Array(n), new Float64Array(n)] as const;
  const errors = [new Float64Array(n), new Float64Array(n)] as const;
  const [gram, beside] = [new Float64Array(n), new Float64Array(n)];
  const solved = new Float64Array(n);
  const clusterOf = clusters(readings);
  const [g, t] = [new Place(), new Place()];
  let [last, ended] = [0, 0];
  const end = (): void => {
    ended++;
    sums.forEach((sum, k) => {
      solveByCholesky(factor, n, sum, solved);
      for (let at = 0; at < n; at++) errors[k]![at]! += solved[at]! * solved[at]!;
      sum.fill(0);
    });
  };
  for (let i = 0; i < count; i++) {
    if (use?.[i] === 0) continue;
    const cluster = clusterOf(i);
    if (cluster !== last && i > 0) end();
    last = cluster;
    g.of(knots.conductance, written[i]!);
    for (let k = start[i]!; k < start[i + 1]!; k++) {
      t.of(knots.logAge, logAge[k]!);
      const off = deviation[k]! - valueAt(shift, nG, g, t);
      const more = off * off - valueAt(square, nG, g, t);
      for (let a = 0; a < 4; a++) {
        const w = (a < 2 ? 1 - t.part : t.part) * (a % 2 === 0 ? 1 - g.part : g.part);
        if (w === 0) continue;
        const at = (t.low + (a >> 1)) * nG + g.low + (a & 1);
        sums[0][at]! += w * off;
        sums[1][at]! += w * more;
        gram[at]! += w * w;
        if (a % 2 === 0) beside[at]! += (w * w * g.part) / (1 - g.part);
      }
    }
  }
  end();
  const few = ended / Math.max(1, ended - 1);
  const rooted = (squares: Float64Array): Float64Array => squares.map((sum) => Math.sqrt(few * sum));
  return { ...moments, shiftError: rooted(errors[0]), squareError: rooted(errors[1]), gram, beside };
}

const fewestClusters = 32;
const mostClusters = 256;

/** Rows, a few together where there are many; runs of devices where rows are few. */
function clusters({ row, count }: Readings): (i: number) => number {
  const place = new Uint32Array(count);
  for (let i = 1; i < count; i++) place[i] = place[i - 1]! + (row[i] === row[i - 1] ? 0 : 1);
  const rows = count === 0 ? 0 : place[count - 1]! + 1;
  if (rows < fewestClusters) return (i) => Math.floor((i * mostClusters) / count);
  const together = Math.ceil(rows / mostClusters);
  return (i) => Math.floor(place[i]! / together);
}
