/**
 * Places of the devices that a pulse is for, ascending: those whose code is not 0. Late in a run few of a tile are left, and every turn
 * asks this several times, so that zeros are passed over many at a time.
 */
export function placesOfCodes(codes: Uint16Array): number[] {
  const places: number[] = [];
  const words = wordsOf(codes);
  for (let from = 0; from < codes.length; from += codesAtOnce) {
    if (areZero(words, from / 2)) continue;
    const to = Math.min(from + codesAtOnce, codes.length);
    for (let i = from; i < to; i++) if (codes[i] !== 0) places.push(i);
  }
  return places;
}

const codesAtOnce = 16;

/** Whether these eight words are there, and all of them 0. */
function areZero(words: Uint32Array, from: number): boolean {
  if (from + 8 > words.length) return false;
  const some =
    words[from]! |
    words[from + 1]! |
    words[from + 2]! |
    words[from + 3]! |
    words[from + 4]! |
    words[from + 5]! |
    words[from + 6]! |
    words[from + 7]!;
  return some === 0;
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
