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
