/**
 * What a row of devices shows through wires that resist: the row's wire is a ladder that loses voltage from cell to
 * cell, and each device sees its own length of column wire in series. The transistors of the other rows are off.
 *
 * @param conductances  µS, from the driven end on; replaced by what the sense amplifiers see.
 * @param columnCells   cells of column wire between this row and the amplifiers.
 * @param ohms          of one cell's length of wire.
 */
export function throughWires(conductances: Float64Array, columnCells: number, ohms: number): void {
  if (ohms === 0) return;
  const count = conductances.length;
  // In units where one length of row wire conducts 1.
  const wire = 1e6 / ohms;
  const upper = new Float64Array(count);
  const right = new Float64Array(count);
  for (let c = 0; c < count; c++) {
    const g = conductances[c]! / (1 + (conductances[c]! * columnCells) / wire) / wire;
    conductances[c] = g * wire;
    // −V_(c−1) + (2 + g) V_c − V_(c+1) = 0, the last cell without a right neighbour, the first driven at 1.
    const diagonal = (c === count - 1 ? 1 : 2) + g;
    const pivot = c === 0 ? diagonal : diagonal - upper[c - 1]!;
    upper[c] = 1 / pivot;
    right[c] = (c === 0 ? 1 : right[c - 1]!) / pivot;
  }
  let voltage = 0;
  for (let c = count - 1; c >= 0; c--) {
    voltage = right[c]! + (c === count - 1 ? 0 : upper[c]! * voltage);
    conductances[c] = conductances[c]! * voltage;
  }
}

/**
 * The current that a line of devices gives when all rows are driven at once: their currents share the column's wire, which
 * loses voltage on the way to the amplifier, beyond the last row.
 *
 * @param conductances  µS, of one line, row after row.
 * @param inputs        voltage of each row, as a share of the read voltage.
 * @param ohms          of one cell's length of wire, > 0.
 * @param upper         room for as many numbers, overwritten.
 * @returns µS: current over the read voltage.
 */
export function throughColumn(
  conductances: Float64Array,
  inputs: Float64Array,
  ohms: number,
  upper: Float64Array,
): number {
  const count = conductances.length;
  const wire = 1e6 / ohms;
  // −V_(r−1) + (n + g) V_r − V_(r+1) = g x_r, in units of one length's conductance; n neighbours, the amplifier one of them.
  let right = 0;
  for (let r = 0; r < count; r++) {
    const g = conductances[r]! / wire;
    const diagonal = (r === 0 ? 1 : 2) + g;
    const pivot = r === 0 ? diagonal : diagonal - upper[r - 1]!;
    upper[r] = 1 / pivot;
    right = (g * inputs[r]! + right) / pivot;
  }
  return right * wire;
}
