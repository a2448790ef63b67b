import { readFileSync, statSync } from "node:fs";
import { uptime } from "node:os";
import { performance } from "node:perf_hooks";

/**
 * How many frames of a write-ahead log are commits that somebody was told of, by the index that SQLite keeps in memory and in a file.
 *
 * Format: https://sqlite.org/walformat.html#the_wal_index_header, in the byte order of the machine. Not to be called while this process
 * has the database open: to close the file would free SQLite's locks on it.
 *
 * @param salts  of the log, as its header has them.
 * @returns      undefined where the index is missing, torn, of another log, or may be older than the machine's last start: a power cut
 *               leaves whatever the disk had of it.
 */
export function lastIndexed(file: string, salts: readonly [number, number]): number | undefined {
  let bytes: Uint8Array;
  try {
    if (statSync(file).mtimeMs < machineStartedMilliseconds()) return undefined;
    bytes = readFileSync(file).subarray(0, 2 * headerBytes);
  } catch {
    // A log without an index is judged by itself.
    return undefined;
  }
  if (bytes.length < 2 * headerBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = view.getUint32(0, true) === version;
  if (view.getUint32(0, littleEndian) !== version) return undefined;
  // It is written twice, lest a half be taken for a whole.
  for (let at = 0; at < headerBytes; at++) if (bytes[at] !== bytes[headerBytes + at]) return undefined;
  // Salts stand there as they do in the log.
  if (view.getUint32(32) !== salts[0] || view.getUint32(36) !== salts[1]) return undefined;
  return view.getUint32(16, littleEndian);
}

/** Wall time of the machine's last start: that of this process, less what the machine had run before it. */
function machineStartedMilliseconds(): number {
  return performance.timeOrigin - (uptime() - process.uptime()) * 1000;
}

const version = 3_007_000;
const headerBytes = 48;
