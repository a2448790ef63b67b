/**
 * Inputs whose products tell every weight of a tile apart: rows of a Hadamard matrix, each with its opposite, so that a
 * converter's offset drops out. Each row of devices keeps a sign of its own, that of a bent function (Rothaus 1976): against
 * every row of the matrix it is right as often as wrong but for a square root, so no input drives all the same way and
 * overruns the converter.
 *
 *     x_m,r = ± s_r H_m,r            G_r = s_r / 2N Σ_m H_m,r (y(x_m) − y(−x_m))
 *
 * Currents superpose in wires, so this is exact whatever the wires lose.
 */
export class ProductProbe {
  /** One entry a row of the tile, −127, 0 or 127. */
  readonly inputs: readonly Int8Array[];
  readonly #rows: number;
  readonly #order: number;
  readonly #signs: Int8Array;

  /** @param rows how many rows of the tile are probed, from the first on; the others are not driven. */
  constructor(tileRows: number, rows: number) {
    this.#rows = rows;
    this.#order = 1;
    while (this.#order < rows) this.#order *= 2;
    this.#signs = Int8Array.from({ length: rows }, (_, row) => hadamard(row & 0x5555, (row >> 1) & 0x5555));
    const inputs: Int8Array[] = [];
    for (let m = 0; m < this.#order; m++) {
      const vector = new Int8Array(tileRows);
      for (let row = 0; row < rows; row++) vector[row] = 127 * this.#signs[row]! * hadamard(m, row);
      inputs.push(
        vector,
        vector.map((input) => -input),
      );
    }
    this.inputs = inputs;
  }

  /** Adds what the products say that each device conducts, µS, row-major. */
  addTo(sums: Float32Array, products: readonly Float32Array[]): void {
    const lines = products[0]!.length;
    const difference = new Float32Array(lines);
    for (let m = 0; m < this.#order; m++) {
      const [forth, back] = [products[2 * m]!, products[2 * m + 1]!];
      for (let k = 0; k < lines; k++) difference[k] = (forth[k]! - back[k]!) / (2 * this.#order);
      for (let row = 0; row < this.#rows; row++) {
        const sign = this.#signs[row]! * hadamard(m, row);
        for (let k = 0; k < lines; k++) sums[row * lines + k]! += sign * difference[k]!;
      }
    }
  }
}

/** Sylvester's matrix: the sign of the number of ones that both indices share. */
function hadamard(m: number, row: number): 1 | -1 {
  let shared = m & row;
  let sign: 1 | -1 = 1;
  while (shared !== 0) {
    shared &= shared - 1;
    sign = sign === 1 ? -1 : 1;
  }
  return sign;
}
