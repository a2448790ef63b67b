import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import { MhoError } from "../src/errors.ts";

/** A kept chip's file: a line with the checksum of what follows, then the state. Older versions wrote the state alone. */

/** Writes all of it or nothing. */
export function writeKeptChip(file: string, state: Uint8Array): void {
  writeFileSync(`${file}.part`, headOf(state));
  appendFileSync(`${file}.part`, state);
  renameSync(`${file}.part`, file);
}

/**
 * @returns the state, or whatever else stands in a file that is none; undefined where there is no file.
 * @throws MhoError `workspace-failed` where it is damaged, and what `fs` throws.
 */
export function readKeptChip(file: string): Uint8Array | undefined {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const head = Buffer.from(bytes.subarray(0, headBytes)).toString("latin1");
  if (!head.startsWith(headBegins)) return bytes;
  const state = bytes.subarray(headBytes);
  if (head === headOf(state)) return state;
  throw new MhoError(
    "workspace-failed",
    `The kept chip ${file} is damaged: its checksum is another. Restore it from a copy, or delete it to begin with a new chip.`,
    { file },
  );
}

/** What is wrong with a kept chip's file, a sentence; undefined where nothing is that can be seen. */
export function faultOfKeptChip(file: string): string | undefined {
  try {
    const state = readKeptChip(file);
    return state?.[0] === firstOfState ? undefined : `${file} holds no kept chip.`;
  } catch (error) {
    return (error as Error).message;
  }
}

function headOf(state: Uint8Array): string {
  return `${headBegins}${crc32(state).toString(16).padStart(8, "0")}\n`;
}

const headBegins = "mho-emulated-chip crc32 ";
const headBytes = 33;
/** Of what `v8.serialize` writes. */
const firstOfState = 0xff;
