/** Bytes of the board: little-endian float32 without framing, and a few lines. */

export function encodeFloats(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, k) => view.setFloat32(4 * k, value, true));
  return bytes;
}

/** @param bytes  four a number; what is left over is not read. */
export function decodeFloats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Float32Array.from({ length: bytes.length >> 2 }, (_, k) => view.getFloat32(4 * k, true));
}

/** The end of a device in a stream, or of a cycle of CurveTracer. */
export const endOfStream: readonly number[] = [0, 0, 0];

export const acknowledged = Uint8Array.of(0x31, 0x0a);

export function encodeVersion(major: number, minor: number): Uint8Array {
  return Uint8Array.of(major & 0xff, major >> 8, minor & 0xff, minor >> 8);
}

export function decodeVersion(bytes: Uint8Array): string {
  const word = (at: number): number => bytes[at]! + 256 * bytes[at + 1]!;
  return `${word(0)}.${word(2)}`;
}

/**
 * What a board's resistance means, µS.
 *
 * @returns NaN where it is none: not a number, infinite, zero or negative.
 */
export function microsiemensOf(ohms: number): number {
  return ohms > 0 && Number.isFinite(ohms) ? 1e6 / ohms : Number.NaN;
}

/** A number that no resistor of a bench has: what stands there is something else, such as half of two numbers. */
export function isResistance(ohms: number): boolean {
  return Number.isFinite(ohms) && ohms >= 1 && ohms <= 1e15;
}
