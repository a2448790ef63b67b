import type { Block } from "../chip/geometry.ts";
import type { CellTask } from "../program/method.ts";
import { ProductProbe } from "../program/productProbe.ts";
import { heldWeights } from "./cellErrors.ts";
import { folds, type ReferenceOutputs } from "./recalibration.ts";

/** Inputs by which a tile is calibrated: vectors at right angles to each other, each followed by its opposite. */
export interface ReferenceVectors {
  /** −127, 0 or 127, one entry a row of the tile. */
  readonly inputs: readonly Int8Array[];
  /** Share of the directions that weights can differ in which they show. */
  readonly shown: number;
}

/**
 * @param most  vectors, with their opposites; there are two for each row at most.
 * @returns     undefined for a block of so few rows that some cannot be held out.
 */
export function referenceVectors(tileRows: number, block: Block, most: number): ReferenceVectors | undefined {
  const all = new ProductProbe(block.rowCount, block.rowCount).inputs;
  const pairs = Math.min(all.length, most) >> 1;
  if (pairs < folds) return undefined;
  const inputs = all.slice(0, 2 * pairs).map((vector) => {
    const whole = new Int8Array(tileRows);
    whole.set(vector, block.rowStart);
    return whole;
  });
  return { inputs, shown: Math.min(1, pairs / block.rowCount) };
}

/** @param products  µS, one vector of lines for each of the inputs. */
export function outputsOfProducts(
  cells: CellTask,
  block: Block,
  { inputs, shown }: ReferenceVectors,
  products: readonly Float32Array[],
): ReferenceOutputs {
  const { devicesPerCell, factors, outputScales } = cells;
  const columns = columnsOf(cells, block);
  const wanted = wholeColumns(cells, columns);
  const pairs = inputs.length / 2;
  const [meant, seen, common] = [0, 0, 0].map(() => new Float64Array(pairs * columns)) as Triple;
  for (let m = 0; m < pairs; m++) {
    const input = inputs[2 * m]!;
    const [forth, back] = [products[2 * m]!, products[2 * m + 1]!];
    for (let c = 0; c < columns; c++) {
      let z = 0;
      for (let row = 0; row < block.rowCount; row++)
        z += (input[block.rowStart + row]! / 127) * wanted[row * columns + c]!;
      let [half, fixed] = [0, 0];
      factors.forEach((factor, d) => {
        if (factor === 0) return;
        const line = c * devicesPerCell + d;
        half += (factor * (forth[line]! - back[line]!)) / 2;
        fixed += (factor * (forth[line]! + back[line]!)) / 2;
      });
      meant[m * columns + c] = z;
      seen[m * columns + c] = half;
      common[m * columns + c] = fixed;
    }
  }
  return { columns, meant, seen, common, outputScales, shown };
}

type Triple = [Float64Array, Float64Array, Float64Array];

/** Every row of weights as the output for that row driven alone. @param conductance  µS, one a device of the block. */
export function outputsOfReads(cells: CellTask, block: Block, conductance: Float32Array): ReferenceOutputs {
  const columns = columnsOf(cells, block);
  const meant = wholeColumns(cells, columns);
  const held = heldWeights(cells, conductance);
  // A cell of which nothing could be read gives no current.
  const seen = Float64Array.from(held, (weight) => (Number.isNaN(weight) ? 0 : weight));
  return { columns, meant, seen, outputScales: cells.outputScales, shown: 0 };
}

function columnsOf({ wantedMicrosiemens }: CellTask, { rowCount }: Block): number {
  return wantedMicrosiemens.length / rowCount;
}

/** The weights that are wanted, NaN in columns of which some cells hold none: what these conduct is not known. */
function wholeColumns({ wantedMicrosiemens }: CellTask, columns: number): Float64Array {
  const wanted = Float64Array.from(wantedMicrosiemens);
  for (let c = 0; c < columns; c++) {
    let whole = true;
    for (let i = c; i < wanted.length; i += columns) whole &&= !Number.isNaN(wanted[i]!);
    if (!whole) for (let i = c; i < wanted.length; i += columns) wanted[i] = Number.NaN;
  }
  return wanted;
}
