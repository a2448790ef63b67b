/** A block of a UF2 file: bytes, and where in the processor's memory they belong. */
export interface Uf2Block {
  readonly address: number;
  readonly bytes: Uint8Array;
}

const blockBytes = 512;
const payloadBytes = 256;
const magicStart = 0x0a324655;
const magicStart2 = 0x9e5d5157;
const magicEnd = 0x0ab16f30;
const familyPresent = 0x2000;
/** The family of boards with an RP2040. */
const family = 0xe48bff56;

/** @returns the blocks of a UF2 file for the RP2040; undefined where it is none. */
export function decodeUf2(file: Uint8Array): Uf2Block[] | undefined {
  if (file.length === 0 || file.length % blockBytes !== 0) return undefined;
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const blocks: Uf2Block[] = [];
  for (let at = 0; at < file.length; at += blockBytes) {
    const u32 = (offset: number): number => view.getUint32(at + offset, true);
    const length = u32(16);
    const whole = u32(0) === magicStart && u32(4) === magicStart2 && u32(508) === magicEnd;
    if (!whole || u32(28) !== family || length > 476) return undefined;
    blocks.push({ address: u32(12), bytes: file.subarray(at + 32, at + 32 + length) });
  }
  return blocks;
}

/** A UF2 file of stretches of memory. Each begins at a multiple of 256 bytes; what is missing of its last block is 0xff. */
export function encodeUf2(stretches: readonly Uf2Block[]): Uint8Array {
  const blocks = stretches.flatMap(({ address, bytes }) =>
    Array.from({ length: Math.ceil(bytes.length / payloadBytes) }, (_, k) => ({
      address: address + k * payloadBytes,
      bytes: bytes.subarray(k * payloadBytes, (k + 1) * payloadBytes),
    })),
  );
  const file = new Uint8Array(blocks.length * blockBytes);
  const view = new DataView(file.buffer);
  blocks.forEach(({ address, bytes }, number) => {
    const at = number * blockBytes;
    const words = [
      magicStart,
      magicStart2,
      familyPresent,
      address,
      payloadBytes,
      number,
      blocks.length,
      family,
    ];
    words.forEach((word, k) => view.setUint32(at + 4 * k, word, true));
    file.fill(0xff, at + 32, at + 32 + payloadBytes);
    file.set(bytes, at + 32);
    view.setUint32(at + 508, magicEnd, true);
  });
  return file;
}
