/** The value of an IEEE 754 half. */
export function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 5.960464477539063e-8;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return (sign * (1024 + fraction) * (1 << exponent)) / 33554432;
}

const scratch = new DataView(new ArrayBuffer(4));

/** The value of a brain float: the upper half of a 32-bit one. */
export function bfloatToFloat(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

/** The value of an 8-bit float of 4 exponent bits (OCP E4M3: no infinities, NaN for 0x7f and 0xff). */
export function float8E4M3ToFloat(bits: number): number {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits >> 3) & 0x0f;
  const fraction = bits & 0x07;
  if (exponent === 0) return (sign * fraction) / 512;
  if (exponent === 15 && fraction === 7) return Number.NaN;
  return (sign * (8 + fraction) * (1 << exponent)) / 1024;
}

/** The nearest value that a half has, ties to even, as a conversion rounds it. */
export function roundToHalf(value: number): number {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size === 0) return value;
  // Between 2^e and 2^(e+1) halves are 2^(e-10) apart, and 2^-24 below 2^-14.
  const step = Math.max(powerOfTwoBelow(size) / 1024, 5.960464477539063e-8);
  const rounded = roundToEven(size / step) * step;
  return Math.sign(value) * (rounded > 65_504 ? Infinity : rounded);
}

/** The nearest value that a brain float has, ties to even. */
export function roundToBfloat(value: number): number {
  if (!Number.isFinite(value) || value === 0) return value;
  const size = Math.abs(value);
  const step = powerOfTwoBelow(size) / 128;
  return Math.sign(value) * roundToEven(size / step) * step;
}

function powerOfTwoBelow(size: number): number {
  scratch.setFloat32(0, size);
  scratch.setUint32(0, scratch.getUint32(0) & 0x7f800000);
  return scratch.getFloat32(0);
}

/** As IEEE 754 rounds: a half goes to the even neighbour. */
export function roundToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}
