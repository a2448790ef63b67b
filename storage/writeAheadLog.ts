import { closeSync, openSync, readSync } from "node:fs";
import { lastIndexed } from "./logIndex.ts";

/**
 * What is wrong with SQLite's write-ahead log, which SQLite itself does not say: it takes the log to end before the first frame whose
 * checksum is wrong, and all commits behind that are gone in silence. A commit behind a wrong frame tells that the log was whole once.
 * A process that is killed, or a machine that loses its power, leaves frames without their commit at the end: that is no damage. One that
 * was killed behind its commit and before SQLite's index told of it leaves a commit that nobody was told of. Where another process then
 * writes over the first of its frames, the others stand behind the index's end: that is no damage, either.
 *
 * Format: https://sqlite.org/fileformat2.html#the_write_ahead_log. To be called while no program writes.
 *
 * @param index  that belongs to the log.
 * @returns      a clause; undefined where nothing is wrong, or there is no log.
 */
export function faultOfLog(file: string, index = file.replace(/-wal$/, "-shm")): string | undefined {
  let log: number;
  try {
    log = openSync(file, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return faultIn((bytes, at) => readSync(log, bytes, 0, bytes.length, at), index);
  } finally {
    closeSync(log);
  }
}

function faultIn(read: (bytes: Uint8Array, at: number) => number, index: string): string | undefined {
  const head = new Uint8Array(headBytes + frameHeadBytes);
  if (read(head, 0) < head.length) return undefined;
  const header = viewOf(head);
  const magic = header.getUint32(0);
  const littleEndian = magic === magicLittleEndian;
  const pageBytes = header.getUint32(8);
  const isWhole =
    (littleEndian || magic === magicLittleEndian + 1) && pageBytes >= 512 && pageBytes <= 65_536;
  const sums = isWhole ? sumsOf(header, 0, 24, littleEndian, [0, 0]) : undefined;
  if (sums?.[0] !== header.getUint32(24) || sums[1] !== header.getUint32(28))
    return "its first bytes are wrong";
  const salts = [header.getUint32(16), header.getUint32(20)] as const;
  const indexed = lastIndexed(index, salts);
  const bytes = new Uint8Array(frameHeadBytes + pageBytes);
  const frame = viewOf(bytes);
  let before = sums;
  let wrong: number | undefined;
  for (let place = 0; read(bytes, headBytes + place * bytes.length) === bytes.length; place++) {
    const known = [8, 12].filter((at, k) => frame.getUint32(at) === salts[k]).length;
    // Neither of them: left over from before the log began anew.
    if (known === 0) {
      wrong ??= place;
      continue;
    }
    const own = [frame.getUint32(16), frame.getUint32(20)] as const;
    const found = sumsOf(
      frame,
      frameHeadBytes,
      bytes.length,
      littleEndian,
      sumsOf(frame, 0, 8, littleEndian, before),
    );
    const isRight = known === 2 && found[0] === own[0] && found[1] === own[1];
    if (!isRight) wrong ??= place;
    if (indexed !== undefined && wrong !== undefined && wrong >= indexed) return undefined;
    const commits = frame.getUint32(4) !== 0;
    if (wrong !== undefined && commits && (isRight || wrong === place))
      return `frame ${wrong + 1} of its log is wrong, and a commit stands ${wrong === place ? "in it" : "behind it"}`;
    before = own;
  }
  return undefined;
}

type Sums = readonly [number, number];

/** SQLite's own checksum, over whole pairs of words, going on from another. */
function sumsOf(view: DataView, from: number, to: number, littleEndian: boolean, before: Sums): Sums {
  let [a, b] = before;
  for (let at = from; at < to; at += 8) {
    a = (a + view.getUint32(at, littleEndian) + b) >>> 0;
    b = (b + view.getUint32(at + 4, littleEndian) + a) >>> 0;
  }
  return [a, b];
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const magicLittleEndian = 0x377f0682;
const headBytes = 32;
const frameHeadBytes = 24;
