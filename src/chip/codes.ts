/**
 * Places of the devices that a pulse is for, ascending: those whose code is not 0. Late in a run few of a tile are left, and every turn
 * asks this several times, so that zeros are passed over eight bytes at a time.
 */
export function placesOfCodes(codes: Uint16Array): number[] {
  const places: number[] = [];
  const perWord = 8 / codes.BYTES_PER_ELEMENT;
  const isAligned = codes.byteOffset % 8 === 0;
  const words = isAligned
    ? new BigUint64Array(codes.buffer, codes.byteOffset, Math.floor(codes.length / perWord))
    : noWords;
  for (let word = 0; word < words.length; word++) {
    if (words[word] === 0n) continue;
    for (let i = word * perWord; i < (word + 1) * perWord; i++) if (codes[i] !== 0) places.push(i);
  }
  const first = isAligned ? words.length * perWord : 0;
  for (let i = first; i < codes.length; i++) if (codes[i] !== 0) places.push(i);
  return places;
}

const noWords = new BigUint64Array(0);

/** The rows of a block, ascending, in which a device has a code that is not 0. */
export function rowsOfCodes(codes: Uint16Array, rowCount: number): number[] {
  const perRow = codes.length / rowCount;
  const rows: number[] = [];
  for (const place of placesOfCodes(codes)) {
    const row = Math.floor(place / perRow);
    if (row !== rows.at(-1)) rows.push(row);
  }
  return rows;
}
