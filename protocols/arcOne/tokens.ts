import { assert } from "../../src/errors.ts";

/** Tokens of the host: ASCII, each ended by one LF, with no length, checksum or number. */

/** No token of the board's is longer; more without a line end is noise. */
export const longestToken = 32;

/**
 * Ends what a cut cable left of a token, before anything else is sent: "2" of "2.6" and "00" of a reset would be 200 V. By itself it is a
 * blank token, which means nothing.
 */
export const lineEnd = "";

export function encodeToken(token: string): Uint8Array {
  assert(/^[-+.\d]{0,32}$/.test(token), `${token} is no token`);
  return Uint8Array.from(`${token}\n`, (character) => character.charCodeAt(0));
}

/**
 * A number as every board reads it: without an exponent, and with enough digits for the shortest pulse, 0.00000009 s. (A client that
 * prints `%f` makes it 0.000000.)
 */
export function numberToken(value: number): string {
  assert(Number.isFinite(value), "a parameter is a number");
  if (Number.isInteger(value)) return String(value);
  const text = value.toFixed(10).replace(/0+$/, "");
  return text.endsWith(".") ? text.slice(0, -1) : text;
}

/** Cuts bytes into tokens, whatever the chunks. Blank tokens are skipped; what is no token is told as undefined. */
export class TokenReader {
  #text = "";
  #tooLong = false;

  push(bytes: Uint8Array, onToken: (token: string | undefined) => void): void {
    for (const byte of bytes) {
      if (byte !== lineFeed) {
        this.#tooLong ||= this.#text.length >= longestToken;
        if (!this.#tooLong) this.#text += String.fromCharCode(byte);
        continue;
      }
      const token = this.#text.trim();
      const damaged = this.#tooLong || /[^\x20-\x7e]/.test(token);
      this.#text = "";
      this.#tooLong = false;
      if (damaged) onToken(undefined);
      else if (token !== "") onToken(token);
    }
  }
}

const lineFeed = 0x0a;
