import { type ByteSource, withFile } from "./byteSource.ts";
import { type ElementType, elementTypes, readNumbers } from "./elements.ts";
import { badFile } from "./readFile.ts";
import { countOf, type Tensor } from "./tensor.ts";

const advice = "Write it with numpy.save as numbers: float16 to float64, an integer type or bool.";

/** As in numpy. The place of every element is found one dimension after the other. */
const mostDimensions = 64;

/** By numpy's kind and size in bytes. */
const types: Readonly<Record<string, ElementType>> = {
  f2: elementTypes.F16,
  f4: elementTypes.F32,
  f8: elementTypes.F64,
  i1: elementTypes.I8,
  i2: elementTypes.I16,
  i4: elementTypes.I32,
  i8: elementTypes.I64,
  u1: elementTypes.U8,
  u2: elementTypes.U16,
  u4: elementTypes.U32,
  u8: elementTypes.U64,
  b1: elementTypes.BOOL,
  /** What ml_dtypes' bfloat16 is called on disk. */
  V2: elementTypes.BF16,
};

/** Reads a numpy array as 32-bit floats, row-major. Throws `bad-file`. */
export async function readNpy(path: string): Promise<Tensor> {
  return withFile(path, async (source) => {
    const found = await npyIn(source, path);
    return { shape: found.shape, values: await found.read() };
  });
}

/** An array whose numbers have not been read. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly read: () => Promise<Float32Array>;
}

/** @param where  the file, and inside an archive the member, for messages. Throws `bad-file`. */
export async function npyIn(source: ByteSource, where: string): Promise<NpyArray> {
  const { descr, fortran, shape, dataStart } = await headerOf(source, where);
  const match = /^([<>|=])([a-zA-Z]\d+)$/.exec(descr);
  const type = match && Object.hasOwn(types, match[2]!) ? types[match[2]!]! : undefined;
  if (!match || type === undefined)
    throw badFile(where, `it holds ${descr || "records"}, not plain numbers`, advice);
  if (shape.length > mostDimensions)
    throw badFile(where, `it has ${shape.length} dimensions, more than numpy allows`, advice);
  const little = match[1] !== ">";
  const count = countOf(shape);
  if (!(source.bytes >= dataStart + count * type.bytes)) {
    throw badFile(
      where,
      `it is cut: its shape needs ${count * type.bytes} bytes of data`,
      "Save or copy it again.",
    );
  }
  return {
    shape,
    async read() {
      const values = await readNumbers(source, dataStart, count, type, little);
      return fortran && shape.length > 1 ? rowMajor(values, shape) : values;
    },
  };
}

/** From the order of Fortran, in which the first index runs fastest. */
export function rowMajor(values: Float32Array, shape: readonly number[]): Float32Array {
  const made = new Float32Array(values.length);
  const strides = rowMajorStrides(shape);
  const place = shape.map(() => 0);
  let to = 0;
  for (const value of values) {
    made[to] = value;
    for (let d = 0; d < shape.length; d++) {
      to += strides[d]!;
      if (++place[d]! < shape[d]!) break;
      to -= strides[d]! * shape[d]!;
      place[d] = 0;
    }
  }
  return made;
}

function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * shape[d + 1]!;
  return strides;
}

interface Header {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  readonly dataStart: number;
}

async function headerOf(source: ByteSource, where: string): Promise<Header> {
  const begin = await source.read(0, Math.min(12, source.bytes));
  const view = new DataView(begin.buffer, begin.byteOffset, begin.length);
  if (begin.length < 12 || view.getUint32(0) !== 0x934e554d || view.getUint16(4) !== 0x5059) {
    throw badFile(where, "it is no .npy file", advice);
  }
  const wide = begin[6]! >= 2;
  const start = wide ? 12 : 10;
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (source.bytes < start + length)
    throw badFile(where, "it is cut inside its header", "Save or copy it again.");
  const text = new TextDecoder("latin1").decode(await source.read(start, length));
  // Python 2 on Windows writes whole numbers as 6L.
  const shapeText = /'shape'\s*:\s*\(([\dL,\s]*)\)/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const sizes = shapeText?.split(",").map((part) => part.trim());
  if (sizes?.at(-1) === "") sizes.pop();
  if (sizes === undefined || order === undefined || !sizes.every((size) => /^\d+L?$/.test(size)))
    throw badFile(where, "its header is damaged", advice);
  return {
    descr: /'descr'\s*:\s*u?'([^']+)'/.exec(text)?.[1] ?? "",
    fortran: order === "True",
    shape: sizes.map((size) => Number(size.replace("L", ""))),
    dataStart: start + length,
  };
}
