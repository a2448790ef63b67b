/**
 * Places of the devices that a pulse is for, ascending: those whose code is not 0. Late in a run few of a tile are left, and every turn
 * asks this several times, so that zeros are passed over many at a time.
 */
export function placesOfCodes(codes: Uint16Array): number[] {
  const places: number[] = [];
  const words = wordsOf(codes);
  let word = 0;
  for (; word + 8 <= words.length; word += 8) {
    const some =
      words[word]! |
      words[word + 1]! |
      words[word + 2]! |
      words[word + 3]! |
      words[word + 4]! |
      words[word + 5]! |
      words[word + 6]! |
      words[word + 7]!;
    if (some === 0) continue;
    for (let i = 2 * word; i < 2 * word + 16; i++) if (codes[i] !== 0) places.push(i);
  }
  for (let i = 2 * word; i < codes.length; i++) if (codes[i] !== 0) places.push(i);
  return places;
}

/** Two codes in each; none of codes that do not begin at a word, or that a script gave in another kind of list. */
function wordsOf(codes: Uint16Array): Uint32Array {
  if (!(codes instanceof Uint16Array) || codes.byteOffset % 4 !== 0) return noWords;
  return new Uint32Array(codes.buffer, codes.byteOffset, Math.floor(codes.length / 2));
}

const noWords = new Uint32Array(0);

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
