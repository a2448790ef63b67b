import { encodeToken } from "../../protocols/arcOne/tokens.ts";
import { MhoError } from "../../src/errors.ts";
import { lineGone } from "../linkErrors.ts";
import { type After, after, systemClock } from "../systemClock.ts";
import type { Transport } from "../transport.ts";

/** A reply that did not come in time: a token was lost, or the board is gone. */
export class ReplyLost extends Error {
  constructor(what: string, bytes: number, milliseconds: number) {
    super(`the ${what} was answered by ${bytes} bytes within ${milliseconds / 1000} s`);
  }
}

/**
 * A line to an ArC ONE: tokens out, with gaps between them, and a known number of bytes back. One request at a time. What comes
 * without having been asked for means that the two are out of step.
 */
export class TokenLine {
  readonly #transport: Transport;
  readonly #address: string;
  readonly #after: After;
  readonly #gapMilliseconds: number;
  #heard: Uint8Array = new Uint8Array(0);
  #hasHeard = false;
  #wanted: { readonly bytes: number; readonly take: (bytes: Uint8Array) => void } | undefined;
  #onLost: (error: MhoError) => void = () => {};
  #lost: MhoError | undefined;
  #calls = 0;
  #calledOff: MhoError | undefined;

  constructor(transport: Transport, address: string, gapMilliseconds: number, later: After = after) {
    this.#transport = transport;
    this.#address = address;
    this.#after = later;
    this.#gapMilliseconds = transport.keepsUp === true ? 0 : gapMilliseconds;
    transport.onBytes((bytes) => this.#hear(bytes));
    transport.onClosed((reason) => {
      this.#lost ??= lineGone(address, reason);
      this.#onLost(this.#lost);
    });
  }

  /** Why nothing can be sent any more. */
  get lost(): MhoError | undefined {
    return this.#lost;
  }

  /** Nothing is expected of it any more. @returns what whoever asks is told. */
  giveUp(reason: string): MhoError {
    return (this.#lost ??= lineGone(this.#address, reason, !this.#hasHeard));
  }

  /** Whoever waits for a reply waits no longer, and no token of an earlier request leaves after this. */
  callOff(reason: MhoError): void {
    this.#calls++;
    this.#calledOff = reason;
    this.#onLost(reason);
  }

  /** Bytes that were not asked for. */
  get unasked(): number {
    return this.#heard.length;
  }

  /** Forgets what came unasked. */
  clear(): void {
    this.#heard = new Uint8Array(0);
  }

  /**
   * Sends tokens, and waits for so many bytes.
   *
   * @throws ReplyLost at the deadline, and MhoError `link-lost` where the line is gone.
   */
  async ask(
    what: string,
    tokens: readonly string[],
    bytes: number,
    deadlineMilliseconds: number,
  ): Promise<Uint8Array> {
    if (this.#lost !== undefined) throw this.#lost;
    const reply = new Promise<Uint8Array>((resolve, reject) => {
      this.#wanted = { bytes, take: resolve };
      this.#onLost = reject;
    });
    // The line may be lost before anybody waits for the reply.
    reply.catch(() => {});
    try {
      await this.send(tokens);
      let cancel = (): void => {};
      const late = new Promise<never>((_, reject) => {
        cancel = this.#after(deadlineMilliseconds, () =>
          reject(new ReplyLost(what, this.#heard.length, deadlineMilliseconds)),
        );
      });
      return await Promise.race([reply, late]).finally(cancel);
    } finally {
      this.#wanted = undefined;
      this.#onLost = () => {};
    }
  }

  async send(tokens: readonly string[]): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost;
    if (this.#gapMilliseconds === 0) return this.#write(tokens);
    const calls = this.#calls;
    for (const token of tokens) {
      if (calls !== this.#calls) throw this.#calledOff!;
      await this.#write([token]);
      await this.wait(this.#gapMilliseconds);
    }
  }

  /** By the host's own clock the wait keeps the process alive, unlike a deadline. */
  wait(milliseconds = this.#gapMilliseconds): Promise<void> {
    if (milliseconds === 0) return Promise.resolve();
    const later = this.#after;
    if (later === after) return systemClock.sleep(1000 * milliseconds);
    return new Promise((resolve) => void later(milliseconds, resolve));
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  async #write(tokens: readonly string[]): Promise<void> {
    try {
      await this.#transport.write(Buffer.concat(tokens.map(encodeToken)));
    } catch (error) {
      this.#lost ??= error instanceof MhoError ? error : lineGone(this.#address, String(error));
      throw this.#lost;
    }
  }

  #hear(bytes: Uint8Array): void {
    this.#hasHeard = true;
    // A board that talks without end is out of step anyhow.
    if (this.#heard.length < mostUnasked) this.#heard = Buffer.concat([this.#heard, bytes]);
    const wanted = this.#wanted;
    if (wanted === undefined || this.#heard.length < wanted.bytes) return;
    this.#wanted = undefined;
    const reply = this.#heard.subarray(0, wanted.bytes);
    this.#heard = this.#heard.subarray(wanted.bytes);
    wanted.take(reply);
  }
}

const mostUnasked = 65_536;
