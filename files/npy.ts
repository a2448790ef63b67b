import { badFile, readInputFile } from "./readFile.ts";
import type { Tensor } from "./safetensors.ts";

const advice = "Write it with numpy.save as a C-ordered array of float32, int64 or uint8.";

type Reader = (view: DataView, at: number) => number;

const readers: Readonly<Record<string, [bytes: number, read: Reader]>> = {
  "<f4": [4, (view, at) => view.getFloat32(at, true)],
  "<f8": [8, (view, at) => view.getFloat64(at, true)],
  "<i4": [4, (view, at) => view.getInt32(at, true)],
  "<i8": [8, (view, at) => Number(view.getBigInt64(at, true))],
  "|u1": [1, (view, at) => view.getUint8(at)],
  "|i1": [1, (view, at) => view.getInt8(at)],
};

/** Reads a C-ordered numpy array as 32-bit floats. Throws `bad-file`. */
export async function readNpy(path: string): Promise<Tensor> {
  const bytes = await readInputFile(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 12 || view.getUint32(0) !== 0x934e554d || view.getUint16(4) !== 0x5059) {
    throw badFile(path, "it is no .npy file", advice);
  }
  const wide = bytes[6]! >= 2;
  const start = wide ? 12 : 10;
  const headerLength = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  const header = new TextDecoder("latin1").decode(bytes.subarray(start, start + headerLength));
  const dtype = /'descr'\s*:\s*'([^']+)'/.exec(header)?.[1] ?? "";
  const shapeText = /'shape'\s*:\s*\(([^)]*)\)/.exec(header)?.[1];
  const reader = Object.hasOwn(readers, dtype) ? readers[dtype] : undefined;
  if (reader === undefined || shapeText === undefined || !/'fortran_order'\s*:\s*False/.test(header)) {
    throw badFile(path, `it holds ${dtype || "something"} in an order that is not read here`, advice);
  }
  const shape = shapeText
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(Number);
  const count = shape.reduce((product, length) => product * length, 1);
  const [size, read] = reader;
  const at = start + headerLength;
  if (!Number.isSafeInteger(count) || bytes.length < at + count * size) {
    throw badFile(path, `it is cut: its shape needs ${count * size} bytes of data`, "Save or copy it again.");
  }
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = read(view, at + i * size);
  return { shape, values };
}
