import { endianness } from "node:os";
import { assert } from "../src/errors.ts";
import { mustBe } from "./records.ts";

/** Typed arrays as bytes, little-endian: what Python's numpy.frombuffer reads as they are. */

type Column = Float32Array | Float64Array | Uint8Array | Uint16Array | Uint32Array;

interface ColumnType<T extends Column> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

assert(endianness() === "LE", "every machine that Node 20 runs mho on is little-endian");

export function toBlob(column: Column): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

/**
 * Of bytes that no one else holds. They are copied only where they do not lie as the type needs it.
 *
 * @throws DamagedRecord for what is no bytes, or not a whole number of values.
 */
export function columnOf<T extends Column>(bytes: unknown, type: ColumnType<T>): T {
  mustBe(
    bytes instanceof Uint8Array && bytes.length % type.BYTES_PER_ELEMENT === 0,
    "a whole number of values",
  );
  const { buffer, byteOffset } = bytes.byteOffset % type.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new type(buffer, byteOffset, bytes.length / type.BYTES_PER_ELEMENT);
}
