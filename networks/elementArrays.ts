import type { OnnxTensor } from "./onnxRuntime.ts";

/** What ONNX calls a type of numbers, and how values of it are kept. */
interface ElementArray {
  readonly of: (values: Float32Array) => OnnxTensor["data"];
  /** Whether a value is one of this type. */
  readonly holds: (value: number) => boolean;
  /** For messages: `whole numbers`. */
  readonly words: string;
}

/** Larger whole numbers are not exact in the 32-bit floats as which files are read. */
const mostExact = 16_777_216;

const whole = (least: number, most: number): Pick<ElementArray, "holds" | "words"> => ({
  holds: (value) => Number.isInteger(value) && value >= least && value <= most,
  words: `whole numbers from ${least} to ${most}`,
});
const wide = (least: number) => whole(least, mostExact);
const real = { holds: () => true, words: "numbers" };

const types: Readonly<Record<string, ElementArray>> = {
  float32: { of: (values) => values, ...real },
  float64: { of: (values) => Float64Array.from(values), ...real },
  int64: { of: (values) => BigInt64Array.from(values, BigInt), ...wide(-mostExact) },
  int32: { of: (values) => Int32Array.from(values), ...wide(-mostExact) },
  int16: { of: (values) => Int16Array.from(values), ...whole(-32_768, 32_767) },
  int8: { of: (values) => Int8Array.from(values), ...whole(-128, 127) },
  uint64: { of: (values) => BigUint64Array.from(values, BigInt), ...wide(0) },
  uint32: { of: (values) => Uint32Array.from(values), ...wide(0) },
  uint16: { of: (values) => Uint16Array.from(values), ...whole(0, 65_535) },
  uint8: { of: (values) => Uint8Array.from(values), ...whole(0, 255) },
  bool: { of: (values) => Uint8Array.from(values), ...whole(0, 1) },
};

/** Undefined for a type that no array of numbers can be given for. */
export function elementArrayOf(type: string): ElementArray | undefined {
  return Object.hasOwn(types, type) ? types[type] : undefined;
}
