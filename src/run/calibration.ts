import type { Seconds } from "../units.ts";

/** The digital factors of a run's tiles, as they were found at one age. Kept with the run, as a note. */
export interface Calibration {
  /** What it was measured by: matrix–vector products of whole tiles, or reads of every device. */
  readonly by: "products" | "reads";
  /** Products of each tile, or reads that were averaged. */
  readonly count: number;
  readonly tiles: readonly TileFactors[];
}

/**
 * What the digital back end does to the outputs y of a tile, µS of each column's own scale, so that they come nearest to the products
 * of the weights as they were meant:
 *
 *     z_c = α_c y_c + o_c
 */
export interface TileFactors {
  readonly tile: number;
  /** Since the tile's last pulse, when it was measured. */
  readonly ageSeconds: Seconds;
  /** α, one for the whole tile. */
  readonly compensation: number;
  /** α_c, one a column of the tile; α where a column holds no weights. */
  readonly compensations: readonly number[];
  /** o_c, µS, one a column of the tile. */
  readonly offsetsMicrosiemens: readonly number[];
}
