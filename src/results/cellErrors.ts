import { outputScaleOf } from "../program/cells.ts";
import type { CellTask } from "../program/method.ts";

/** How far the weights that a tile holds are from what is wanted. */
export interface CellErrors {
  /** The factor that brings the held weights nearest to the wanted ones, by least squares. */
  readonly compensation: number;
  /** Root mean square of compensation × held − wanted, µS of the column that counts most. */
  readonly rmsMicrosiemens: number;
  readonly cells: number;
}

/** @param conductance  µS, one a device. */
export function cellErrors(cells: CellTask, conductance: Float32Array, compensation?: number): CellErrors {
  const held = heldWeights(cells, conductance);
  const { wantedMicrosiemens } = cells;
  let product = 0;
  let square = 0;
  let count = 0;
  for (let cell = 0; cell < held.length; cell++) {
    const wanted = wantedMicrosiemens[cell]!;
    if (Number.isNaN(wanted) || Number.isNaN(held[cell]!)) continue;
    const scale = outputScaleOf(cells, cell);
    product += scale * scale * wanted * held[cell]!;
    square += scale * scale * held[cell]! * held[cell]!;
    count++;
  }
  const alpha = compensation ?? (square > 0 && product > 0 ? product / square : 1);
  let errors = 0;
  for (let cell = 0; cell < held.length; cell++) {
    const error = outputScaleOf(cells, cell) * (alpha * held[cell]! - wantedMicrosiemens[cell]!);
    if (!Number.isNaN(error)) errors += error * error;
  }
  return { compensation: alpha, rmsMicrosiemens: Math.sqrt(errors / Math.max(1, count)), cells: count };
}

/** The weight of every cell, µS. Devices without a share in it do not count, whatever they read. */
export function heldWeights({ devicesPerCell, factors }: CellTask, conductance: Float32Array): Float32Array {
  const held = new Float32Array(conductance.length / devicesPerCell);
  for (let cell = 0; cell < held.length; cell++) {
    for (let d = 0; d < devicesPerCell; d++) {
      const factor = factors[d]!;
      if (factor !== 0) held[cell]! += factor * conductance[cell * devicesPerCell + d]!;
    }
  }
  return held;
}
