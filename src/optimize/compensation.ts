/**
 * Drift compensation: the one factor α that brings a tile's outputs back to what they should be, by least
 * squares over its weights,
 *
 *     α = Σ w ŵ / Σ ŵ²,  the minimiser of Σ (α ŵ − w)².
 *
 * α is 1 for a tile that holds exactly what was meant. A tile of zeros gets 1.
 *
 * @param meant     n weights, software units.
 * @param readBack  n weights as the chip holds them.
 */
export function driftCompensation(meant: Float32Array, readBack: Float32Array): number {
  let cross = 0;
  let square = 0;
  for (let i = 0; i < meant.length; i++) {
    cross += meant[i]! * readBack[i]!;
    square += readBack[i]! * readBack[i]!;
  }
  return square > 0 && cross > 0 ? cross / square : 1;
}
