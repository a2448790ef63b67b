/** One field of a protobuf message: a number for wire types 0, 1 and 5 (these two as raw bytes too), bytes for type 2. */
export interface Field {
  readonly number: number;
  readonly value: number;
  /** The same number where it may be negative. */
  readonly signed: number;
  readonly bytes: Uint8Array;
  /** Where it stands in the message, its key included. */
  readonly start: number;
  readonly end: number;
}

/** The message is cut or no message at all. */
export class DamagedMessage extends Error {}

const none = new Uint8Array(0);

/** The fields of a message in order. Throws DamagedMessage; never reads beyond the bytes given. */
export function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const at = { place: 0 };
  while (at.place < bytes.length) {
    const start = at.place;
    const key = varint(bytes, at);
    const number = Math.floor(key / 8);
    const wire = key % 8;
    if (wire === 0) {
      const value = varint(bytes, at);
      yield { number, value, signed, bytes: none, start, end: at.place };
    } else {
      const length = wire === 2 ? varint(bytes, at) : wire === 1 ? 8 : wire === 5 ? 4 : Number.NaN;
      if (!(at.place + length <= bytes.length)) throw new DamagedMessage();
      const content = bytes.subarray(at.place, at.place + length);
      at.place += length;
      yield { number, value: Number.NaN, signed: Number.NaN, bytes: content, start, end: at.place };
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

/** The same of numbers that may be negative, which a message holds in two's complement of 64 bits. */
export function signedNumbers(field: Field): number[] {
  if (!Number.isNaN(field.value)) return [field.signed];
  const numbers: number[] = [];
  const at = { place: 0 };
  while (at.place < field.bytes.length) {
    varint(field.bytes, at);
    numbers.push(signed);
  }
  return numbers;
}

/** The last number as a signed one. */
let signed = 0;

/** Exact up to 2^53, which is more than any size or flag; negative ones come out as huge. */
function varint(bytes: Uint8Array, at: { place: number }): number {
  let value = 0;
  let inverted = 0;
  let unit = 1;
  for (let n = 0; n < 10; n++) {
    const byte = bytes[at.place++];
    if (byte === undefined) throw new DamagedMessage();
    value += (byte & 0x7f) * unit;
    if (n < 9) inverted += (~byte & 0x7f) * unit;
    if (byte < 0x80) {
      // The 64th bit stands alone in the tenth byte.
      signed = n === 9 && (byte & 1) === 1 ? -inverted - 1 : value;
      return value;
    }
    unit *= 128;
  }
  throw new DamagedMessage();
}
