/**
 * Consistent overhead byte stuffing (Cheshire & Baker, SIGCOMM 1997): any bytes become bytes without a zero, at
 * one byte more for every 254, so that a zero can end a frame and nothing else can.
 */
export function cobsEncode(data: Uint8Array, out: Uint8Array, at: number): number {
  let codeAt = at++;
  let code = 1;
  for (let i = 0; i < data.length; i++) {
    const byte = data[i]!;
    if (byte !== 0) {
      out[at++] = byte;
      code++;
    }
    if (byte === 0 || code === 255) {
      out[codeAt] = code;
      code = 1;
      codeAt = at++;
    }
  }
  out[codeAt] = code;
  return at;
}

/** The most bytes that `length` bytes can become. */
export function cobsBound(length: number): number {
  return length + Math.floor(length / 254) + 1;
}

/** @returns the bytes, or undefined when these cannot have come from `cobsEncode`. */
export function cobsDecode(data: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(data.length);
  let length = 0;
  let i = 0;
  while (i < data.length) {
    const code = data[i++]!;
    if (code === 0 || i + code - 1 > data.length) return undefined;
    for (let k = 1; k < code; k++) {
      const byte = data[i++]!;
      if (byte === 0) return undefined;
      out[length++] = byte;
    }
    if (code < 255 && i < data.length) out[length++] = 0;
  }
  return out.subarray(0, length);
}
