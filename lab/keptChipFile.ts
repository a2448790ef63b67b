import { closeSync, fstatSync, openSync, readSync, renameSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { MhoError } from "../src/errors.ts";

/**
 * A kept chip's file: a line, then parts, each behind its length and its checksum (u32 each, little-endian), and at last a length of 0.
 * The parts of a big chip need never be in memory at once. Older versions wrote one part behind a line with its checksum, and before that
 * the part alone.
 */
const line = "mho-emulated-chip parts\n";
const oldLineBegins = "mho-emulated-chip crc32 ";
const oldLineBytes = 33;
const headBytes = 8;
/** Of what `v8.serialize` writes. */
const firstOfState = 0xff;

/** Writes all of it or nothing. */
export function writeKeptChip(file: string, parts: Iterable<Uint8Array>): void {
  const draft = openSync(`${file}.part`, "w");
  try {
    writeAll(draft, Buffer.from(line));
    for (const part of parts) {
      writeAll(draft, headOf(part.length, crc32(part)));
      writeAll(draft, part);
    }
    writeAll(draft, headOf(0, 0));
  } finally {
    closeSync(draft);
  }
  renameSync(`${file}.part`, file);
}

function headOf(length: number, sum: number): Uint8Array {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(length, 0);
  head.writeUInt32LE(sum, 4);
  return head;
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

/**
 * The parts of a kept chip, or whatever else stands in a file that is none.
 *
 * @returns undefined where there is no file. Going through the parts throws MhoError `workspace-failed` where one is damaged, and what `fs` throws.
 */
export function readKeptChip(file: string): Iterable<Uint8Array> | undefined {
  try {
    return partsOf(openSync(file, "r"), file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function* partsOf(opened: number, file: string): Iterable<Uint8Array> {
  try {
    const { size } = fstatSync(opened);
    const begins = Buffer.from(bytesAt(opened, 0, Math.min(size, oldLineBytes))).toString("latin1");
    if (!begins.startsWith(line)) return yield* oldPart(bytesAt(opened, 0, size), begins, file);
    for (let at = line.length; ;) {
      if (at + headBytes > size) throw damaged(file);
      const head = Buffer.from(bytesAt(opened, at, headBytes));
      const length = head.readUInt32LE(0);
      at += headBytes;
      if (at + length > size) throw damaged(file);
      const part = bytesAt(opened, at, length);
      if (crc32(part) !== head.readUInt32LE(4)) throw damaged(file);
      at += length;
      if (length > 0) yield part;
      else if (at === size) return;
      else throw damaged(file);
    }
  } finally {
    closeSync(opened);
  }
}

function* oldPart(bytes: Uint8Array, begins: string, file: string): Iterable<Uint8Array> {
  if (!begins.startsWith(oldLineBegins)) return yield bytes;
  const part = bytes.subarray(oldLineBytes);
  if (begins !== `${oldLineBegins}${crc32(part).toString(16).padStart(8, "0")}\n`) throw damaged(file);
  yield part;
}

function bytesAt(opened: number, from: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const read = readSync(opened, bytes, at, length - at, from + at);
    // It was cut while it is read.
    if (read === 0) return bytes.subarray(0, at);
    at += read;
  }
  return bytes;
}

function damaged(file: string): MhoError {
  return new MhoError(
    "workspace-failed",
    `The kept chip ${file} is damaged: its checksum is another. Restore it from a copy, or delete it to begin with a new chip.`,
    { file },
  );
}

/** What is wrong with a kept chip's file, a sentence; undefined where nothing is that can be seen. */
export function faultOfKeptChip(file: string): string | undefined {
  try {
    for (const part of readKeptChip(file) ?? [])
      if (part[0] !== firstOfState) return `${file} holds no kept chip.`;
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
