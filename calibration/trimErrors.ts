import { outputScaleOf } from "../src/program/cells.ts";
import type { CellTask } from "../src/program/method.ts";
import type { TrimTask } from "./trimTask.ts";

/** α(t) by least squares over the cells, as a calibration on the bench would find it. */
export function compensationOf(
  { cells, timesSeconds }: TrimTask,
  mean: Float64Array,
  variance: Float64Array,
): Float64Array {
  const times = timesSeconds.length;
  return Float64Array.from(timesSeconds, (_, t) => {
    let product = 0;
    let square = 0;
    eachCell(cells, mean, variance, t, times, (m, v, wanted) => {
      product += m * wanted;
      square += m * m + v;
    });
    return product > 0 ? product / square : 1;
  });
}

/** At each time. */
export function expectedErrors(
  { cells, timesSeconds }: TrimTask,
  mean: Float64Array,
  variance: Float64Array,
  compensation: Float64Array,
): Float64Array {
  const times = timesSeconds.length;
  return Float64Array.from(timesSeconds, (_, t) => {
    const alpha = compensation[t]!;
    let sum = 0;
    let count = 0;
    let largest = 0;
    eachCell(cells, mean, variance, t, times, (m, v, wanted) => {
      const miss = alpha * m - wanted;
      sum += miss * miss + alpha * alpha * v;
      count++;
      if (Math.abs(wanted) > largest) largest = Math.abs(wanted);
    });
    return count === 0 || largest === 0 ? 0 : (100 * sum) / count / (largest * largest);
  });
}

/** Mean over the times, as they count. */
export function averaged(errors: Float64Array, weights: Float64Array): number {
  return errors.reduce((sum, error, t) => sum + weights[t]! * error, 0);
}

/** With moments and weights in µS of the column that counts most. */
function eachCell(
  cells: CellTask,
  mean: Float64Array,
  variance: Float64Array,
  t: number,
  times: number,
  use: (mean: number, variance: number, wanted: number) => void,
): void {
  const { devicesPerCell, factors, wantedMicrosiemens } = cells;
  for (let cell = 0; cell < wantedMicrosiemens.length; cell++) {
    const wanted = wantedMicrosiemens[cell]!;
    if (Number.isNaN(wanted)) continue;
    let m = 0;
    let v = 0;
    for (let d = 0; d < devicesPerCell; d++) {
      const i = (cell * devicesPerCell + d) * times + t;
      if (factors[d] === 0) continue;
      m += factors[d]! * mean[i]!;
      v += factors[d]! * factors[d]! * variance[i]!;
    }
    const scale = outputScaleOf(cells, cell);
    if (!Number.isNaN(m)) use(scale * m, scale * scale * v, scale * wanted);
  }
}
