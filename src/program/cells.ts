import type { CellTask } from "./method.ts";

/** What a µS of a cell's column is worth in weight, over that of the column where it is worth most. */
export function outputScaleOf({ outputScales }: Pick<CellTask, "outputScales">, cell: number): number {
  return outputScales === undefined ? 1 : outputScales[cell % outputScales.length]!;
}

/** The largest |w| that cells are to hold, µS of the column that counts most: what errors are given in percent of. 1 where all are 0. */
export function largestWanted(cells: Pick<CellTask, "wantedMicrosiemens" | "outputScales">): number {
  const { wantedMicrosiemens } = cells;
  let largest = 0;
  for (let cell = 0; cell < wantedMicrosiemens.length; cell++) {
    const size = outputScaleOf(cells, cell) * Math.abs(wantedMicrosiemens[cell]!);
    if (size > largest) largest = size;
  }
  return largest === 0 ? 1 : largest;
}
