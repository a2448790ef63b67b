/**
 * Memory for small things side by side in large pieces: a piece each costs more than all else about a frame or a row of codes. Nothing is
 * given twice; a piece is freed when all that lies in it is gone.
 *
 * @returns zeroed, and begun at an even address.
 */
export function roomFor(bytes: number): Uint8Array {
  const even = bytes + (bytes % 2);
  if (piece.length - used < even) [piece, used] = [new Uint8Array(Math.max(pieceBytes, even)), 0];
  const from = used;
  used += even;
  return piece.subarray(from, from + bytes);
}

const pieceBytes = 65_536;
let piece = new Uint8Array(0);
let used = 0;
