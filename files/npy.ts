import { badFile, readInputFile } from "./readFile.ts";
import { bfloatToFloat, halfToFloat } from "./halves.ts";
import type { Tensor } from "./safetensors.ts";

const advice = "Write it with numpy.save as numbers: float16 to float64, an integer type or bool.";

/** As in numpy. The place of every element is found one dimension after the other. */
const mostDimensions = 64;

type Read = (view: DataView, at: number, little: boolean) => number;

/** By numpy's kind and size in bytes. */
const readers: Readonly<Record<string, Read>> = {
  f2: (view, at, little) => halfToFloat(view.getUint16(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  b1: (view, at) => view.getUint8(at),
  /** What ml_dtypes' bfloat16 is called on disk. */
  V2: (view, at, little) => bfloatToFloat(view.getUint16(at, little)),
};

/** Reads a numpy array as 32-bit floats, row-major. Throws `bad-file`. */
export async function readNpy(path: string): Promise<Tensor> {
  return parseNpy(await readInputFile(path), path);
}

/** @param where  the file, and inside an archive the member, for messages. */
export function parseNpy(bytes: Uint8Array, where: string): Tensor {
  const { descr, fortran, shape, dataStart } = header(bytes, where);
  const match = /^([<>|=])([a-zA-Z]\d+)$/.exec(descr);
  const read = match && Object.hasOwn(readers, match[2]!) ? readers[match[2]!]! : undefined;
  if (!match || read === undefined)
    throw badFile(where, `it holds ${descr || "records"}, not plain numbers`, advice);
  if (shape.length > mostDimensions)
    throw badFile(where, `it has ${shape.length} dimensions, more than numpy allows`, advice);
  const size = Number(match[2]!.slice(1));
  const little = match[1] !== ">";
  const count = shape.reduce((product, length) => product * length, 1);
  if (!Number.isSafeInteger(count) || bytes.length < dataStart + count * size) {
    throw badFile(
      where,
      `it is cut: its shape needs ${count * size} bytes of data`,
      "Save or copy it again.",
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = new Float32Array(count);
  if (!fortran || shape.length < 2) {
    for (let i = 0; i < count; i++) values[i] = read(view, dataStart + i * size, little);
  } else {
    const strides = rowMajorStrides(shape);
    const place = shape.map(() => 0);
    let to = 0;
    for (let i = 0; i < count; i++) {
      values[to] = read(view, dataStart + i * size, little);
      // The first index runs fastest.
      for (let d = 0; d < shape.length; d++) {
        to += strides[d]!;
        if (++place[d]! < shape[d]!) break;
        to -= strides[d]! * shape[d]!;
        place[d] = 0;
      }
    }
  }
  return { shape, values };
}

function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * shape[d + 1]!;
  return strides;
}

function header(
  bytes: Uint8Array,
  where: string,
): { descr: string; fortran: boolean; shape: number[]; dataStart: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 12 || view.getUint32(0) !== 0x934e554d || view.getUint16(4) !== 0x5059) {
    throw badFile(where, "it is no .npy file", advice);
  }
  const wide = bytes[6]! >= 2;
  const start = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (bytes.length < start + length)
    throw badFile(where, "it is cut inside its header", "Save or copy it again.");
  const text = new TextDecoder("latin1").decode(bytes.subarray(start, start + length));
  const shapeText = /'shape'\s*:\s*\(([\d,\s]*)\)/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  if (shapeText === undefined || order === undefined) throw badFile(where, "its header is damaged", advice);
  return {
    descr: /'descr'\s*:\s*'([^']+)'/.exec(text)?.[1] ?? "",
    fortran: order === "True",
    shape: shapeText
      .split(",")
      .filter((part) => part.trim() !== "")
      .map(Number),
    dataStart: start + length,
  };
}
