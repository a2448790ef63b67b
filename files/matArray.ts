/**
 * MAT-files of Level 5: a header of 128 bytes, then one element a variable.
 *
 * @source MathWorks, MAT-File Format: numbers little-endian, elements padded to 8 bytes, arrays along columns.
 */
export type MatData = Int32Array | Uint8Array | Float32Array | Float64Array | string;

const types = {
  int8: 1,
  uint8: 2,
  uint16: 4,
  int32: 5,
  uint32: 6,
  single: 7,
  double: 9,
  matrix: 14,
} as const;
const classes = { char: 4, double: 6, single: 7, uint8: 9, int32: 12 } as const;

export function matHeader(): Buffer {
  const header = Buffer.alloc(128, " ");
  header.write("MATLAB 5.0 MAT-file, written by mho", 0, "latin1");
  header.fill(0, 116, 124);
  header.writeUInt16LE(0x0100, 124);
  header.write("IM", 126, "latin1");
  return header;
}

/**
 * One variable.
 *
 * @param shape  row-major, as the data lies; of one dimension, it becomes a column.
 */
export function matArray(name: string, shape: readonly number[], data: MatData): Buffer {
  const sizes = shape.length === 1 ? [shape[0]!, 1] : shape;
  const [kind, type, bytes] = valuesOf(sizes, data);
  const flags = Buffer.alloc(8);
  flags.writeUInt32LE(kind, 0);
  const dimensions = Buffer.alloc(4 * sizes.length);
  sizes.forEach((size, k) => dimensions.writeInt32LE(size, 4 * k));
  return element(
    types.matrix,
    Buffer.concat([
      element(types.uint32, flags),
      element(types.int32, dimensions),
      element(types.int8, Buffer.from(name, "latin1")),
      element(type, bytes),
    ]),
  );
}

function valuesOf(shape: readonly number[], data: MatData): [kind: number, type: number, bytes: Buffer] {
  if (typeof data === "string") return [classes.char, types.uint16, Buffer.from(data, "utf16le")];
  const along = alongColumns(shape, data);
  const bytes = Buffer.from(along.buffer, along.byteOffset, along.byteLength);
  if (data instanceof Float64Array) return [classes.double, types.double, bytes];
  if (data instanceof Float32Array) return [classes.single, types.single, bytes];
  return data instanceof Uint8Array
    ? [classes.uint8, types.uint8, bytes]
    : [classes.int32, types.int32, bytes];
}

/** The first index runs fastest. */
function alongColumns<T extends Exclude<MatData, string>>(shape: readonly number[], data: T): T {
  const turned = data.slice() as T;
  const steps = shape.map((_, k) => shape.slice(0, k).reduce((product, n) => product * n, 1));
  const index = shape.map(() => 0);
  let to = 0;
  for (const value of data) {
    turned[to] = value;
    for (let k = shape.length - 1; k >= 0; k--) {
      index[k]!++;
      to += steps[k]!;
      if (index[k]! < shape[k]!) break;
      to -= shape[k]! * steps[k]!;
      index[k] = 0;
    }
  }
  return turned;
}

function element(type: number, bytes: Buffer): Buffer {
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(type, 0);
  tag.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([tag, bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
}
