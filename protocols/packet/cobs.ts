/**
 * Consistent overhead byte stuffing (Cheshire & Baker, SIGCOMM 1997): any bytes become bytes without a zero, at
 * one byte more for every 254, so that a zero can end a frame and nothing else can.
 */
export function cobsEncode(data: Uint8Array, out: Uint8Array, at: number): number {
  let codeAt = at++;
  for (let i = 0; i < data.length; i++) {
    const byte = data[i]!;
    if (byte !== 0) out[at++] = byte;
    if (byte === 0 || at - codeAt === 255) {
      out[codeAt] = at - codeAt;
      codeAt = at++;
    }
  }
  out[codeAt] = at - codeAt;
  return at;
}

/** The most bytes that `length` bytes can become. */
export function cobsBound(length: number): number {
  return length + Math.floor(length / 254) + 1;
}

/**
 * @param out  where they go, from its beginning on; as long as `data`, or longer.
 * @returns the bytes, or undefined when these cannot have come from `cobsEncode`.
 */
export function cobsDecode(
  data: Uint8Array,
  out: Uint8Array = new Uint8Array(data.length),
): Uint8Array | undefined {
  const { length } = data;
  let at = 0;
  let i = 0;
  while (i < length) {
    const code = data[i++]!;
    const end = i + code - 1;
    if (code === 0 || end > length) return undefined;
    while (i < end) {
      const byte = data[i++]!;
      if (byte === 0) return undefined;
      out[at++] = byte;
    }
    if (code < 255 && i < length) out[at++] = 0;
  }
  return out.subarray(0, at);
}
