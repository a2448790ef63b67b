import type { FileHandle } from "node:fs/promises";
import { Zip, ZipPassThrough } from "fflate";

export type NpyArray = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;

/** Writes members of a numpy archive into a file, one after the other. Call `end` when all are added. */
export function npzWriter(file: FileHandle): {
  add(name: string, shape: readonly number[], array: NpyArray): Promise<void>;
  end(): Promise<void>;
} {
  let written = Promise.resolve();
  const zip = new Zip((error, data) => {
    written = written.then(() => {
      if (error) throw error;
      return file.appendFile(data);
    });
  });
  return {
    async add(name, shape, array) {
      const member = new ZipPassThrough(`${name}.npy`);
      zip.add(member);
      member.push(npyHeader(shape, array));
      member.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), true);
      await written;
    },
    async end() {
      zip.end();
      await written;
    },
  };
}

/** A whole `.npy` file. */
export function npyBytes(shape: readonly number[], array: NpyArray): Uint8Array {
  const header = npyHeader(shape, array);
  const bytes = new Uint8Array(header.length + array.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), header.length);
  return bytes;
}

/** Version 1.0 of numpy's format: the array's bytes follow. */
function npyHeader(shape: readonly number[], array: NpyArray): Uint8Array {
  const real = array instanceof Float32Array || array instanceof Float64Array;
  const kind = real ? "f" : array instanceof Int32Array ? "i" : "u";
  const type = array.BYTES_PER_ELEMENT === 1 ? "|u1" : `<${kind}${array.BYTES_PER_ELEMENT}`;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const bytes = new Uint8Array(10 + length).fill(0x20);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length & 0xff, length >> 8]);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes[bytes.length - 1] = 0x0a;
  return bytes;
}
