import { roomFor } from "./pieces.ts";

/** Writes the fields of a body in order, little-endian. Throws RangeError for what a field cannot hold: it never leaves cut off. */
export class BodyWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(capacity: number) {
    this.#bytes = roomFor(capacity);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, capacity);
  }

  u8(value: number): this {
    this.#view.setUint8(this.#at, whole(value, 0xff));
    this.#at += 1;
    return this;
  }

  u16(value: number): this {
    this.#view.setUint16(this.#at, whole(value, 0xffff), true);
    this.#at += 2;
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32(this.#at, whole(value, 0xffffffff), true);
    this.#at += 4;
    return this;
  }

  /** A whole number up to 2^53, in eight bytes. */
  u64(value: number): this {
    whole(value, Number.MAX_SAFE_INTEGER);
    this.#view.setUint32(this.#at, value % 0x100000000, true);
    this.#view.setUint32(this.#at + 4, Math.floor(value / 0x100000000), true);
    this.#at += 8;
    return this;
  }

  /** At most 255 bytes of UTF-8, after their count. */
  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    // Half a character becomes another one.
    if (decodeText(bytes) !== value)
      throw new RangeError("A text that holds half a character cannot be sent.");
    this.u8(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  u16s(values: Uint16Array): this {
    // A script may give another kind of list, whose bytes are others.
    if (hostIsLittleEndian && values instanceof Uint16Array) {
      this.#bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), this.#at);
    } else {
      for (let i = 0; i < values.length; i++) this.#view.setUint16(this.#at + 2 * i, values[i]!, true);
    }
    this.#at += 2 * values.length;
    return this;
  }

  bytes(bytes: Uint8Array): this {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }
}

/** Whether its 16-bit numbers lie in memory as they do on the line. */
const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The number, when it is a whole one from 0 to `most`. */
function whole(value: number, most: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new RangeError(`A field of 0 … ${most} cannot hold ${value}.`);
}

/** A byte order mark is a character like any other. */
function decodeText(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** Reads the fields of a body in order. Past its end it reads zeros and `whole` turns false, as it does for what is no value. */
export class BodyReader {
  readonly #view: DataView;
  #at = 0;
  #damaged = false;

  constructor(body: Uint8Array) {
    this.#view = new DataView(body.buffer, body.byteOffset, body.length);
  }

  /** Whether everything read was there, was a value, and nothing was left over. */
  get whole(): boolean {
    return !this.#damaged && this.#at === this.#view.byteLength;
  }

  /** Whether there are more fields: later versions of a body may end with some that earlier ones lack. */
  get hasMore(): boolean {
    return !this.#damaged && this.#at < this.#view.byteLength;
  }

  u8(): number {
    const at = this.#take(1);
    return at < 0 ? 0 : this.#view.getUint8(at);
  }

  u16(): number {
    const at = this.#take(2);
    return at < 0 ? 0 : this.#view.getUint16(at, true);
  }

  u32(): number {
    const at = this.#take(4);
    return at < 0 ? 0 : this.#view.getUint32(at, true);
  }

  /** Eight bytes hold no whole number beyond 2^53 here: tickets and times are counted one by one, and would stand still. */
  u64(): number {
    const low = this.u32();
    const value = low + this.u32() * 0x100000000;
    if (value > Number.MAX_SAFE_INTEGER) this.#damaged = true;
    return value;
  }

  text(): string {
    const length = this.u8();
    const at = this.#take(length);
    if (at < 0) return "";
    return decodeText(new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, length));
  }

  u16s(count: number): Uint16Array {
    const at = this.#take(2 * count);
    if (at < 0) return new Uint16Array(0);
    const room = roomFor(2 * count);
    const values = new Uint16Array(room.buffer, room.byteOffset, count);
    if (hostIsLittleEndian) {
      room.set(new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, 2 * count));
    } else {
      for (let i = 0; i < count; i++) values[i] = this.#view.getUint16(at + 2 * i, true);
    }
    return values;
  }

  bytes(count: number): Uint8Array {
    const at = this.#take(count);
    return at < 0
      ? new Uint8Array(0)
      : new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, count).slice();
  }

  i8s(count: number): Int8Array {
    const at = this.#take(count);
    if (at < 0) return new Int8Array(0);
    return Int8Array.from({ length: count }, (_, i) => this.#view.getInt8(at + i));
  }

  #take(length: number): number {
    const at = this.#at;
    if (this.#damaged || at + length > this.#view.byteLength) {
      this.#damaged = true;
      return -1;
    }
    this.#at = at + length;
    return at;
  }
}
