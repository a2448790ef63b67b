import type { BesideModel } from "../besideModel.ts";
import { type ElementType, elementTypes } from "../elements.ts";
import { bfloatToFloat, halfToFloat } from "../halves.ts";
import { DamagedMessage, fieldsOf, signedNumbers, wholeNumbers } from "../protobuf.ts";
import { countOf } from "../tensor.ts";

/** A TensorProto whose numbers have not been read yet. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dataType: number;
  readonly raw: Uint8Array | undefined;
  /** float_data or double_data, as written. */
  readonly typed: readonly Uint8Array[];
  readonly whole: readonly number[];
  readonly external: ReadonlyMap<string, string>;
}

/** ONNX's numbers of types. */
export const dataTypes = { float: 1, half: 10, double: 11, bfloat: 16 } as const;

const elementOf: Readonly<Record<number, ElementType>> = {
  1: elementTypes.F32,
  2: elementTypes.U8,
  3: elementTypes.I8,
  4: elementTypes.U16,
  5: elementTypes.I16,
  6: elementTypes.I32,
  7: elementTypes.I64,
  9: elementTypes.BOOL,
  10: elementTypes.F16,
  11: elementTypes.F64,
  12: elementTypes.U32,
  13: elementTypes.U64,
  16: elementTypes.BF16,
  17: elementTypes.F8_E4M3,
  19: elementTypes.F8_E5M2,
};

/** Two numbers a byte, the lower half first. */
const nibbles: Readonly<Record<number, (bits: number) => number>> = {
  21: (bits) => bits,
  22: (bits) => (bits < 8 ? bits : bits - 16),
};

/** Whether a type is of FLOAT, DOUBLE, FLOAT16 or BFLOAT16. */
export function isReal({ dataType }: { readonly dataType: number }): boolean {
  return Object.values(dataTypes).some((type) => type === dataType);
}

export function isReadable({ dataType }: StoredTensor): boolean {
  return Object.hasOwn(elementOf, dataType) || Object.hasOwn(nibbles, dataType);
}

export function storedTensor(bytes: Uint8Array): StoredTensor {
  const text = new TextDecoder();
  const shape: number[] = [];
  const typed: Uint8Array[] = [];
  const whole: number[] = [];
  const external = new Map<string, string>();
  let name = "";
  let dataType = 0;
  let raw: Uint8Array | undefined;
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) for (const length of wholeNumbers(field)) shape.push(length);
    else if (field.number === 2) dataType = field.value;
    else if (field.number === 4 || field.number === 10) typed.push(field.bytes);
    else if (field.number === 5 || field.number === 7 || field.number === 11)
      for (const number of signedNumbers(field)) whole.push(number);
    else if (field.number === 8) name = text.decode(field.bytes);
    else if (field.number === 9) raw = field.bytes;
    else if (field.number === 13) {
      const entry = [...fieldsOf(field.bytes)];
      const part = (n: number): string => text.decode(entry.find(({ number }) => number === n)?.bytes);
      external.set(part(1), part(2));
    }
  }
  return { name, shape, dataType, raw, typed, whole, external };
}

/** The numbers of a tensor of a readable type, as 64-bit floats. Throws `bad-file`, DamagedMessage. */
export async function numbersOf(stored: StoredTensor, beside: BesideModel): Promise<Float64Array> {
  const { shape, dataType, typed, whole } = stored;
  const count = countOf(shape);
  const nibble = nibbles[dataType];
  const size = nibble === undefined ? elementOf[dataType]!.bytes : 0.5;
  const length = Math.ceil(count * size);
  if (!Number.isSafeInteger(length)) throw new DamagedMessage();
  const raw = stored.external.size > 0 ? await beside.bytesOf(stored, length) : stored.raw;
  if (raw === undefined && typed.length === 0 && whole.length > 0) return ofWhole(dataType, whole, count);
  const bytes = raw ?? joined(typed);
  if (bytes.length !== length) throw new DamagedMessage();
  const values = new Float64Array(count);
  if (nibble !== undefined) {
    for (let i = 0; i < count; i++) values[i] = nibble((bytes[i >> 1]! >> (4 * (i & 1))) & 15);
    return values;
  }
  const { read } = elementOf[dataType]!;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < count; i++) values[i] = read(view, size * i, true);
  return values;
}

/** int32_data, int64_data and uint64_data hold bits of small floats, and pairs of 4 bits. */
function ofWhole(dataType: number, whole: readonly number[], count: number): Float64Array {
  const nibble = nibbles[dataType];
  if (whole.length !== (nibble === undefined ? count : Math.ceil(count / 2))) throw new DamagedMessage();
  if (nibble !== undefined)
    return Float64Array.from({ length: count }, (_, i) => nibble((whole[i >> 1]! >> (4 * (i & 1))) & 15));
  if (dataType === dataTypes.half) return Float64Array.from(whole, halfToFloat);
  if (dataType === dataTypes.bfloat) return Float64Array.from(whole, bfloatToFloat);
  const element = elementOf[dataType]!;
  if (element.bytes > 1 || dataType === 2 || dataType === 3 || dataType === 9)
    return Float64Array.from(whole);
  const byte = new DataView(new ArrayBuffer(1));
  return Float64Array.from(whole, (bits) => {
    byte.setUint8(0, bits);
    return element.read(byte, 0, true);
  });
}

/** Writes other numbers where a tensor's stand. @returns false when they do not stand in the message as floats. */
export function writeNumbers(
  { raw, typed, dataType, external }: StoredTensor,
  values: Float32Array,
): boolean {
  const size = dataType === dataTypes.double ? 8 : 4;
  const places = raw === undefined ? typed : [raw];
  const bytes = places.reduce((sum, part) => sum + part.length, 0);
  if (
    (dataType !== dataTypes.float && dataType !== dataTypes.double) ||
    external.size > 0 ||
    bytes !== size * values.length
  )
    return false;
  let next = 0;
  for (const part of places) {
    const view = new DataView(part.buffer, part.byteOffset, part.length);
    for (let at = 0; at < part.length; at += size, next++) {
      if (size === 4) view.setFloat32(at, values[next]!, true);
      else view.setFloat64(at, values[next]!, true);
    }
  }
  return true;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
