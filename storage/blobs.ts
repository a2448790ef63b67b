import { endianness } from "node:os";
import { assert } from "../src/errors.ts";

/** Typed arrays as bytes, little-endian: what Python's numpy.frombuffer reads as they are. */

type Column = Float32Array | Float64Array | Uint8Array | Uint16Array | Uint32Array;

interface ColumnType<T extends Column> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer): T;
}

assert(endianness() === "LE", "every machine that Node 20 runs mho on is little-endian");

export function toBlob(column: Column): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

export function fromBlob<T extends Column>(bytes: Uint8Array, type: ColumnType<T>): T {
  const whole = bytes.length - (bytes.length % type.BYTES_PER_ELEMENT);
  return new type(bytes.slice(0, whole).buffer as ArrayBuffer);
}
