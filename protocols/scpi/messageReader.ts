/** Longest program message; a longer one is refused as it comes in, not buffered. */
export const maxMessageBytes = 16_384;

/** Bytes that made no message. */
export interface Overrun {
  readonly length: number;
}

/**
 * Cuts a stream into program messages, whatever its chunks. LF, CR LF or CR end one, except inside a definite-length
 * block (IEEE 488.2, 7.7.6), whose bytes may be any. Empty messages are passed over. After an overrun it resumes at the
 * next line.
 */
export class MessageReader {
  readonly #buffer = new Uint8Array(maxMessageBytes);
  #length = 0;
  #overrun = 0;
  #quote = 0;
  /** Where in a block the reader is: digits of its length still to come, or bytes. */
  #block: { readonly digits: number; length: string } | undefined;
  #blockBytes = 0;
  #sawHash = false;

  push(
    chunk: Uint8Array,
    onMessage: (bytes: Uint8Array) => void,
    onOverrun: (overrun: Overrun) => void,
  ): void {
    for (const byte of chunk) {
      if (this.#blockBytes > 0) {
        this.#blockBytes--;
        this.#keep(byte);
      } else if (byte === lineFeed || byte === carriageReturn) {
        this.#finish(onMessage, onOverrun);
      } else {
        this.#follow(byte);
        this.#keep(byte);
      }
    }
  }

  /** Keeps track of strings and blocks, in which other rules hold. */
  #follow(byte: number): void {
    const digit = byte >= zero && byte <= zero + 9;
    if (this.#block !== undefined) {
      if (!digit) this.#block = undefined;
      else {
        this.#block.length += String.fromCharCode(byte);
        if (this.#block.length.length === this.#block.digits) {
          // A block that cannot fit is not waited for.
          const length = Number(this.#block.length);
          this.#blockBytes = this.#length + length < maxMessageBytes ? length : 0;
          this.#block = undefined;
        }
      }
    } else if (this.#sawHash && digit && byte !== zero) {
      this.#block = { digits: byte - zero, length: "" };
    }
    this.#sawHash = byte === hash && this.#quote === 0;
    if (this.#quote === 0 && (byte === doubleQuote || byte === singleQuote)) this.#quote = byte;
    else if (byte === this.#quote) this.#quote = 0;
  }

  #keep(byte: number): void {
    if (this.#overrun > 0) this.#overrun++;
    else if (this.#length === maxMessageBytes) this.#overrun = this.#length + 1;
    else this.#buffer[this.#length++] = byte;
  }

  #finish(onMessage: (bytes: Uint8Array) => void, onOverrun: (overrun: Overrun) => void): void {
    const message = this.#buffer.slice(0, this.#length);
    const overrun = this.#overrun;
    this.#length = 0;
    this.#overrun = 0;
    this.#quote = 0;
    this.#block = undefined;
    this.#sawHash = false;
    if (overrun > 0) onOverrun({ length: overrun });
    else if (message.some((byte) => byte > space)) onMessage(message);
  }
}

const lineFeed = 10;
const carriageReturn = 13;
const space = 32;
const doubleQuote = 34;
const hash = 35;
const singleQuote = 39;
const zero = 48;
