import { decodeNumber, encodeNothing, kinds } from "../../protocols/packet/messages.ts";
import type { Log } from "../../src/log.ts";
import type { Microseconds } from "../../src/units.ts";
import { damagedAttempts, type Wrong } from "../answers.ts";
import type { ChipTimes } from "../chipTimes.ts";
import { noReply, type PacketOptions, type Request, type RequestQueue } from "./requests.ts";

/** Requests whose answers are believed only where they can be. */
export class CheckedRequests {
  readonly #requests: RequestQueue;
  readonly #times: ChipTimes;
  readonly #log: Log;

  constructor(requests: RequestQueue, times: ChipTimes, log: Log) {
    this.#requests = requests;
    this.#times = times;
    this.#log = log;
  }

  /**
   * Asks, and again under another tag when the answer cannot be.
   *
   * @param wrong  what is wrong with an answer; `floor` is the chip time that its request left after.
   */
  async ask<T>(
    request: Request,
    decode: (body: Uint8Array) => T | undefined,
    wrong: (answer: T, floor: Microseconds) => Wrong,
    options: PacketOptions = {},
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const { floor } = this.#times;
      const body = await this.#requests.ask(request, options);
      const answer = body === noReply ? undefined : decode(body);
      // A body of another form, with a right check, is another language: it would come again.
      if (answer === undefined) throw this.#requests.malformed(request);
      const reason = wrong(answer, floor);
      if (reason === undefined) return answer;
      this.warn(request, attempt, reason);
      if (attempt === damagedAttempts) throw this.#requests.malformed(request, reason);
    }
  }

  /** Chip time now. */
  time(what: string, options?: PacketOptions): Promise<Microseconds> {
    const request = { kind: kinds.time, body: encodeNothing(), what, replyBytes: 8 };
    return this.ask(request, decodeNumber, (time, floor) => this.#times.wrong(time, floor), options);
  }

  /** Notes an answer that cannot be. */
  warn({ what: request, tile, row, ticket }: Request, attempt: number, reason: Wrong): void {
    const fields = { request, tile, row, ticket, attempt, reason };
    this.#log.warn(fields, "an answer that cannot be");
  }
}

/** An answer of which every one that can be read will do. */
export const fine = (): Wrong => undefined;
