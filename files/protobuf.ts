/** One field of a protobuf message: a number for wire types 0, 1 and 5 (these two as raw bytes too), bytes for type 2. */
export interface Field {
  readonly number: number;
  readonly value: number;
  readonly bytes: Uint8Array;
}

/** The message is cut or no message at all. */
export class DamagedMessage extends Error {}

const none = new Uint8Array(0);

/** The fields of a message in order. Throws DamagedMessage; never reads beyond the bytes given. */
export function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const at = { place: 0 };
  while (at.place < bytes.length) {
    const key = varint(bytes, at);
    const number = Math.floor(key / 8);
    const wire = key % 8;
    if (wire === 0) {
      yield { number, value: varint(bytes, at), bytes: none };
    } else {
      const length = wire === 2 ? varint(bytes, at) : wire === 1 ? 8 : wire === 5 ? 4 : Number.NaN;
      if (!(at.place + length <= bytes.length)) throw new DamagedMessage();
      const content = bytes.subarray(at.place, at.place + length);
      at.place += length;
      yield { number, value: Number.NaN, bytes: content };
    }
  }
}

/** The whole numbers of a repeated field, packed into one or one at a time. */
export function wholeNumbers({ value, bytes }: Field): number[] {
  if (!Number.isNaN(value)) return [value];
  const numbers: number[] = [];
  const at = { place: 0 };
  while (at.place < bytes.length) numbers.push(varint(bytes, at));
  return numbers;
}

/** Exact up to 2^53, which is more than any size or flag; negative ones come out as huge. */
function varint(bytes: Uint8Array, at: { place: number }): number {
  let value = 0;
  let unit = 1;
  for (let n = 0; n < 10; n++) {
    const byte = bytes[at.place++];
    if (byte === undefined) throw new DamagedMessage();
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) return value;
    unit *= 128;
  }
  throw new DamagedMessage();
}
