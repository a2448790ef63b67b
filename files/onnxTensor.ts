import type { BesideModel } from "./besideModel.ts";
import { bfloatToFloat, halfToFloat } from "./halves.ts";
import { DamagedMessage, fieldsOf, wholeNumbers } from "./protobuf.ts";
import type { Tensor } from "./safetensors.ts";

/** A TensorProto whose numbers have not been read yet. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dataType: number;
  readonly raw: Uint8Array | undefined;
  /** float_data, double_data or int32_data, as written. */
  readonly typed: readonly Uint8Array[];
  readonly whole: readonly number[];
  readonly external: ReadonlyMap<string, string>;
}

const bytesPerElement: Readonly<Record<number, number>> = { 1: 4, 11: 8, 10: 2, 16: 2 };

/** Whether it holds FLOAT, DOUBLE, FLOAT16 or BFLOAT16. */
export function isReal({ dataType }: StoredTensor): boolean {
  return Object.hasOwn(bytesPerElement, dataType);
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
    else if (field.number === 5) for (const number of wholeNumbers(field)) whole.push(number);
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

/** The numbers of a tensor. Throws `bad-file`, DamagedMessage. */
export async function numbersOf(stored: StoredTensor, beside: BesideModel): Promise<Tensor> {
  const { shape, dataType, typed, whole } = stored;
  const count = shape.reduce((product, length) => product * length, 1);
  const size = bytesPerElement[dataType]!;
  if (!Number.isSafeInteger(count * size)) throw new DamagedMessage();
  const raw = stored.external.size > 0 ? await beside.bytesOf(stored, count * size) : stored.raw;
  if (raw === undefined && typed.length === 0 && whole.length === count) {
    const read = dataType === 10 ? halfToFloat : bfloatToFloat;
    return { shape, values: Float32Array.from(whole, read) };
  }
  const bytes = raw ?? joined(typed);
  if (bytes.length !== count * size) throw new DamagedMessage();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    if (dataType === 1) values[i] = view.getFloat32(4 * i, true);
    else if (dataType === 11) values[i] = view.getFloat64(8 * i, true);
    else values[i] = (dataType === 10 ? halfToFloat : bfloatToFloat)(view.getUint16(2 * i, true));
  }
  return { shape, values };
}

/** Writes other numbers where a tensor's stand. @returns false when they do not stand in the message as floats. */
export function writeNumbers(
  { raw, typed, dataType, external }: StoredTensor,
  values: Float32Array,
): boolean {
  const size = bytesPerElement[dataType]!;
  const places = raw === undefined ? typed : [raw];
  const bytes = places.reduce((sum, part) => sum + part.length, 0);
  if ((dataType !== 1 && dataType !== 11) || external.size > 0 || bytes !== size * values.length)
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
