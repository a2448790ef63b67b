import { z } from "zod";
import { bfloatToFloat, halfToFloat } from "./halves.ts";
import { badFile, readInputFile } from "./readFile.ts";

/** One tensor of numbers, row-major. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const headerSchema = z.record(
  z.string(),
  z.object({
    dtype: z.string(),
    shape: z.array(z.int().nonnegative()),
    data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
  }),
);

const maxHeaderBytes = 100_000_000;
const bytesPerElement: Readonly<Record<string, number>> = { F32: 4, F64: 8, F16: 2, BF16: 2 };
const saveAgain = "Save it again with the tool that trained the network.";

/**
 * Reads every floating-point tensor of a safetensors file (F64, F32, F16, BF16), as 32-bit floats.
 * Throws `bad-file` when the file is cut, malformed, or holds a number that is not finite.
 */
export async function readSafetensors(path: string): Promise<Map<string, Tensor>> {
  return parseSafetensors(await readInputFile(path), path);
}

/** The same of a file's bytes. */
export function parseSafetensors(bytes: Uint8Array, path: string): Map<string, Tensor> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 8) throw badFile(path, `it ends after ${bytes.length} bytes`, saveAgain);
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > maxHeaderBytes) throw badFile(path, "it is no safetensors file", saveAgain);
  if (bytes.length < 8 + headerLength) throw badFile(path, "it is cut inside its header", saveAgain);
  const tensors = new Map<string, Tensor>();
  const data = bytes.subarray(8 + headerLength);
  // Tensors must not overlap: a short header could else name the same bytes a million times.
  let taken = 0;
  for (const [name, entry] of parseHeader(path, bytes.subarray(8, 8 + headerLength))) {
    const [start, end] = entry.data_offsets;
    const size = Object.hasOwn(bytesPerElement, entry.dtype) ? bytesPerElement[entry.dtype]! : undefined;
    if (size === undefined) continue;
    const count = entry.shape.reduce((product, length) => product * length, 1);
    if (end - start !== count * size) {
      throw badFile(
        path,
        `tensor ${name} has ${end - start} bytes where its shape needs ${count * size}`,
        saveAgain,
      );
    }
    if (end > data.length) {
      throw badFile(
        path,
        `it is cut inside tensor ${name}: ${end - data.length} bytes are missing`,
        saveAgain,
      );
    }
    taken += end - start;
    if (taken > data.length) {
      throw badFile(path, `tensor ${name} shares its bytes with another`, saveAgain);
    }
    const values = readFloats(data.subarray(start, end), entry.dtype, count);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw badFile(
        path,
        `tensor ${name} holds ${values[bad]} at element ${bad}`,
        "Weights must be finite numbers.",
      );
    }
    tensors.set(name, { shape: entry.shape, values });
  }
  return tensors;
}

function parseHeader(path: string, bytes: Uint8Array) {
  try {
    const header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Record<
      string,
      unknown
    >;
    delete header["__metadata__"];
    return Object.entries(headerSchema.parse(header));
  } catch (error) {
    throw badFile(path, "its header is not that of a safetensors file", saveAgain, error);
  }
}

function readFloats(bytes: Uint8Array, dtype: string, count: number): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    if (dtype === "F32") values[i] = view.getFloat32(4 * i, true);
    else if (dtype === "F64") values[i] = view.getFloat64(8 * i, true);
    else if (dtype === "F16") values[i] = halfToFloat(view.getUint16(2 * i, true));
    else values[i] = bfloatToFloat(view.getUint16(2 * i, true));
  }
  return values;
}
