import type { ByteSource } from "./byteSource.ts";
import { bfloatToFloat, float8E4M3ToFloat, halfToFloat } from "./halves.ts";

/** A type of numbers, as a file has them. */
export interface ElementType {
  readonly bytes: number;
  readonly read: (view: DataView, at: number, little: boolean) => number;
}

const types = {
  F64: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
  F32: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  F16: { bytes: 2, read: (view, at, little) => halfToFloat(view.getUint16(at, little)) },
  BF16: { bytes: 2, read: (view, at, little) => bfloatToFloat(view.getUint16(at, little)) },
  F8_E4M3: { bytes: 1, read: (view, at) => float8E4M3ToFloat(view.getUint8(at)) },
  /** The upper half of a half. */
  F8_E5M2: { bytes: 1, read: (view, at) => halfToFloat(view.getUint8(at) << 8) },
  I64: { bytes: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  I32: { bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  I16: { bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  I8: { bytes: 1, read: (view, at) => view.getInt8(at) },
  U64: { bytes: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  U32: { bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  U16: { bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  U8: { bytes: 1, read: (view, at) => view.getUint8(at) },
  BOOL: { bytes: 1, read: (view, at) => (view.getUint8(at) === 0 ? 0 : 1) },
} satisfies Record<string, ElementType>;

export type ElementName = keyof typeof types;

export const elementTypes: Readonly<Record<ElementName, ElementType>> = types;

/** By a name of a file's own; undefined for one that is no type of numbers. */
export function elementTypeNamed(name: string): ElementType | undefined {
  return Object.hasOwn(types, name) ? types[name as ElementName] : undefined;
}

const atATimeBytes = 1 << 26;

/** Reads numbers piece by piece: a file may be larger than what can be read at once. */
export async function readNumbers(
  source: ByteSource,
  from: number,
  count: number,
  { bytes, read }: ElementType,
  little = true,
): Promise<Float32Array> {
  const values = new Float32Array(count);
  const atATime = Math.floor(atATimeBytes / bytes);
  for (let first = 0; first < count; first += atATime) {
    const some = Math.min(atATime, count - first);
    const piece = await source.read(from + first * bytes, some * bytes);
    const view = new DataView(piece.buffer, piece.byteOffset, piece.length);
    for (let i = 0; i < some; i++) values[first + i] = read(view, i * bytes, little);
  }
  return values;
}
