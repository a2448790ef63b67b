import { cobsBound, cobsDecode, cobsEncode } from "./cobs.ts";
import { crc32c } from "../crc32c.ts";
import { roomFor } from "./pieces.ts";

/** One message on the line, either way. The layout of every frame stands in this folder's README. */
export interface Frame {
  /** One of `kinds`; replies carry the request's kind with the top bit set. */
  readonly kind: number;
  /** The nonce of the session, chosen by the host. */
  readonly session: number;
  /** The number of the request, unsigned 32-bit; a reply repeats it. */
  readonly tag: number;
  readonly body: Uint8Array;
}

/** Bytes that made no frame, and why: a value, never an exception. */
export interface Damage {
  readonly reason: "too long" | "bad stuffing" | "too short" | "bad checksum";
  readonly length: number;
}

/** Longest frame on the line, delimiter included. A longer one is refused, never buffered. */
export const maxFrameBytes = 8192;

const headerBytes = 9;
const checksumBytes = 4;

/** The longest body that fits. */
export const maxBodyBytes = maxFrameBytes - 2 - Math.ceil(maxFrameBytes / 254) - headerBytes - checksumBytes;

/** Throws RangeError for a body longer than `maxBodyBytes`, and for numbers that their fields cannot hold. */
export function encodeFrame({ kind, session, tag, body }: Frame): Uint8Array {
  if (body.length > maxBodyBytes)
    throw new RangeError(`A body of ${body.length} bytes does not fit a frame.`);
  if (!(fits(kind, 0xff) && fits(session, 0xffffffff) && fits(tag, 0xffffffff)))
    throw new RangeError(`Kind ${kind}, session ${session}, tag ${tag} does not fit a frame.`);
  const raw = unstuffed.subarray(0, headerBytes + body.length + checksumBytes);
  const view = unstuffedView;
  raw[0] = kind;
  view.setUint32(1, session, true);
  view.setUint32(5, tag, true);
  raw.set(body, headerBytes);
  view.setUint32(raw.length - checksumBytes, crc32c(raw, 0, raw.length - checksumBytes), true);
  // A zero before it, too, so that what is left of a cut frame does not spoil this one.
  const out = roomFor(cobsBound(raw.length) + 2);
  out[0] = 0;
  const end = cobsEncode(raw, out, 1);
  out[end] = 0;
  return out.subarray(0, end + 1);
}

/** Where frames are put together before they are stuffed, one at a time. */
const unstuffed = new Uint8Array(maxFrameBytes);
const unstuffedView = new DataView(unstuffed.buffer);

function fits(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}

/** Bytes a frame with a body of this length takes on the line, at most. */
export function lineBytes(bodyLength: number): number {
  return cobsBound(headerBytes + bodyLength + checksumBytes) + 2;
}

/** Cuts a stream of bytes into frames, whatever its chunks; after damage it resumes at the next delimiter. */
export class FrameDecoder {
  readonly #buffer = new Uint8Array(maxFrameBytes);
  #length = 0;
  #overrun = 0;

  push(chunk: Uint8Array, onFrame: (frame: Frame) => void, onDamage: (damage: Damage) => void): void {
    let room: Uint8Array | undefined;
    let start = 0;
    while (start < chunk.length) {
      const zero = chunk.indexOf(0, start);
      const end = zero < 0 ? chunk.length : zero;
      this.#keep(chunk.subarray(start, end));
      if (zero < 0) return;
      // Bodies may be kept after this call, so each chunk has memory of its own for its frames.
      room ??= new Uint8Array(this.#length + chunk.length - end);
      room = room.subarray(this.#finish(room, onFrame, onDamage));
      start = zero + 1;
    }
  }

  #keep(part: Uint8Array): void {
    if (this.#length + part.length >= maxFrameBytes) {
      this.#overrun += this.#length + part.length;
      this.#length = 0;
    } else if (this.#overrun > 0) {
      this.#overrun += part.length;
    } else {
      this.#buffer.set(part, this.#length);
      this.#length += part.length;
    }
  }

  /** @returns how many bytes of the room were used. */
  #finish(room: Uint8Array, onFrame: (frame: Frame) => void, onDamage: (damage: Damage) => void): number {
    const length = this.#length;
    const overrun = this.#overrun;
    this.#length = 0;
    this.#overrun = 0;
    const damaged = (reason: Damage["reason"], bytes: number): number => {
      onDamage({ reason, length: bytes });
      return 0;
    };
    if (overrun > 0) return damaged("too long", overrun);
    // Two delimiters in a row are how a sender clears the line, not damage.
    if (length === 0) return 0;
    const raw = cobsDecode(this.#buffer.subarray(0, length), room);
    if (raw === undefined) return damaged("bad stuffing", length);
    if (raw.length < headerBytes + checksumBytes) return damaged("too short", length);
    const end = raw.length - checksumBytes;
    if (u32(raw, end) !== crc32c(raw, 0, end)) return damaged("bad checksum", length);
    onFrame({
      kind: raw[0]!,
      session: u32(raw, 1),
      tag: u32(raw, 5),
      body: raw.subarray(headerBytes, end),
    });
    return raw.length;
  }
}

function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
