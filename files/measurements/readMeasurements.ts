import { createHash } from "node:crypto";
import { basename } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Measurements } from "../../src/imported/measurements.ts";
import { badFile, readInputFile } from "../readFile.ts";
import { textOf } from "../text.ts";
import { Collector } from "./collector.ts";
import type { Mapping } from "./mapping.ts";
import { readTable, type TableRead } from "./readTable.ts";

/** A file that was read: what became of its lines, and the SHA-256 of its bytes. */
export interface MeasuredFile extends TableRead {
  readonly file: string;
  readonly sha256: string;
}

/**
 * Reads what another tester measured, from one file or several.
 *
 * @returns devices in the order in which they are first named.
 * @throws `bad-file` naming file, line and column of the first thing that cannot be read.
 */
export async function readMeasurements(
  paths: readonly string[],
  mapping: Mapping,
): Promise<{ readonly measurements: Measurements; readonly files: readonly MeasuredFile[] }> {
  const into = new Collector(mapping.time.since === "first-read");
  const files: MeasuredFile[] = [];
  const named = new Map<string, string>();
  for (const path of paths) {
    const device =
      mapping.device.file === true || mapping.device.order !== undefined ? nameOf(path) : undefined;
    const other = device === undefined ? undefined : named.get(device);
    if (other !== undefined) {
      throw badFile(
        path,
        `its name gives the name of its device, and ${other} has that, too`,
        "Rename one of them.",
      );
    }
    if (device !== undefined) named.set(device, path);
    const bytes = await readInputFile(path);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const text = textOf(unpacked(bytes, path), path);
    files.push({ file: path, sha256, ...readTable(text, path, mapping, device, into) });
  }
  return { measurements: into.finish(), files };
}

/** A file's name without its folder and what it ends with. */
function nameOf(path: string): string {
  return basename(path)
    .replace(/\.gz$/i, "")
    .replace(/(.)\.[^.]*$/, "$1");
}

/** What was packed with gzip; anything else as it is. */
export function unpacked(bytes: Uint8Array, path: string): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: mostBytes });
  } catch (error) {
    const isLarge = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw badFile(
      path,
      isLarge
        ? "it is larger than 500 MB when it is unpacked"
        : "it is damaged or cut: it cannot be unpacked",
      isLarge ? "Split it into several files." : "Take a new copy.",
      error,
    );
  }
}

/** A text in memory is not longer. */
const mostBytes = 500_000_000;
