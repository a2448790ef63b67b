import { outputScaleOf } from "../src/program/cells.ts";
import type { TrimTask } from "./trimTask.ts";

/** What the error of every factor follows from: sums over the weights of each column, in µS² of the column that counts most. */
export interface ColumnSums {
  readonly columns: number;
  /** Σ E[Ŵ²] of what reads show, and Σ E[Ŵ] W, row-major [column, time]. */
  readonly square: Float64Array;
  readonly product: Float64Array;
  /** Σ W², one a column. */
  readonly wanted: Float64Array;
  readonly weights: number;
  /** The largest |W|, µS. */
  readonly largest: number;
}

/** @param mean,seen  of each device, µS, and the variance of what a read shows of it, µS²; row-major [device, time]. */
export function columnSums(
  task: TrimTask,
  columns: number,
  mean: Float64Array,
  seen: Float64Array,
): ColumnSums {
  const { cells, timesSeconds } = task;
  const { devicesPerCell, factors, wantedMicrosiemens } = cells;
  const times = timesSeconds.length;
  const square = new Float64Array(columns * times);
  const product = new Float64Array(columns * times);
  const wanted = new Float64Array(columns);
  let [weights, largest] = [0, 0];
  wantedMicrosiemens.forEach((weight, cell) => {
    if (Number.isNaN(weight)) return;
    const column = cell % columns;
    const scale = outputScaleOf(cells, cell);
    const w = scale * weight;
    weights++;
    largest = Math.max(largest, Math.abs(w));
    wanted[column]! += w * w;
    for (let t = 0; t < times; t++) {
      let [m, v] = [0, 0];
      factors.forEach((factor, d) => {
        if (factor === 0) return;
        const i = (cell * devicesPerCell + d) * times + t;
        m += factor * mean[i]!;
        v += factor * factor * seen[i]!;
      });
      if (Number.isNaN(m)) continue;
      square[column * times + t]! += scale * scale * (m * m + v);
      product[column * times + t]! += scale * m * w;
    }
  });
  return { columns, square, product, wanted, weights, largest };
}

/** Sum of squares at each time, with these factors: α_c² Σ E[Ŵ²] − 2 α_c Σ E[Ŵ] W + Σ W². */
export function squaresWith(sums: ColumnSums, times: number, factors: readonly number[]): Float64Array {
  return overColumns(sums, times, (column) => factors[column]!);
}

/** The same with the best factor of every column, or of the tile, at each time. */
export function leastSquaresOf(sums: ColumnSums, times: number, per: "column" | "tile"): Float64Array {
  const total = (ofColumns: Float64Array): Float64Array => {
    const all = new Float64Array(times);
    ofColumns.forEach((value, k) => (all[k % times]! += value));
    return all;
  };
  const { square, product } =
    per === "column" ? sums : { square: total(sums.square), product: total(sums.product) };
  return overColumns(sums, times, (column, t) => {
    const k = (per === "column" ? column * times : 0) + t;
    return product[k]! > 0 ? product[k]! / square[k]! : 1;
  });
}

function overColumns(
  { columns, square, product, wanted }: ColumnSums,
  times: number,
  alphaOf: (column: number, t: number) => number,
): Float64Array {
  return Float64Array.from({ length: times }, (_, t) => {
    let sum = 0;
    for (let column = 0; column < columns; column++) {
      const alpha = alphaOf(column, t);
      const k = column * times + t;
      sum += alpha * alpha * square[k]! - 2 * alpha * product[k]! + wanted[column]!;
    }
    return Math.max(0, sum);
  });
}
