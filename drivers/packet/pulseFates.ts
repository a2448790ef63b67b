import { decodeTicketFate, encodeNumber, kinds, type TicketFate } from "../../protocols/packet/messages.ts";
import { MhoError } from "../../src/errors.ts";
import type { Log } from "../../src/log.ts";
import type { Microseconds } from "../../src/units.ts";
import { damagedAttempts, type Wrong } from "../answers.ts";
import type { ChipTimes } from "../chipTimes.ts";
import { type CheckedRequests, fine } from "./checkedRequests.ts";
import { noReply, type Request, type RequestQueue } from "./requests.ts";

/** Orders that the chip says it never had are sent again, this often. */
const fireAttempts = 10;

/** Sends pulses, each under its ticket, and finds out what became of them. */
export class PulseFates {
  readonly #requests: RequestQueue;
  readonly #checked: CheckedRequests;
  readonly #times: ChipTimes;
  readonly #log: Log;
  readonly #address: string;
  /** The highest ticket that was sent: what is above it fires now, or not at all. */
  #newestSent = 0;
  /** Fates on end whose time could not be. */
  #wrongFates = 0;

  constructor(requests: RequestQueue, checked: CheckedRequests, times: ChipTimes, log: Log, address: string) {
    this.#requests = requests;
    this.#checked = checked;
    this.#times = times;
    this.#log = log;
    this.#address = address;
  }

  /** Of a ticket that is sent for the first time: it does not fire before it leaves. */
  floorOf(ticket: number, resent = false): Microseconds {
    const isNew = ticket > this.#newestSent && !resent;
    this.#newestSent = Math.max(this.#newestSent, ticket);
    return isNew ? this.#times.floor : 0;
  }

  /** What is wrong with the time of a fate. */
  wrong({ fate, chipTimeMicroseconds }: TicketFate, floor: Microseconds): Wrong {
    return fate === "fired" ? this.#times.wrong(chipTimeMicroseconds, floor) : undefined;
  }

  /** Sends a pulse; on a lost reply asks what became of its ticket, and sends it again only if it never fired. */
  async fire(ticket: number, request: Request, floor: Microseconds): Promise<TicketFate> {
    for (let attempt = 0; attempt < fireAttempts; attempt++) {
      const body = await this.#requests.ask(request, { attempts: 1, mayStaySilent: true });
      const said = body === noReply ? undefined : decodeTicketFate(body);
      if (body !== noReply && said === undefined) throw this.#requests.malformed(request);
      const fate =
        said === undefined
          ? await this.fateOf(ticket, request.what, floor)
          : await this.#timed(said, request, floor);
      if (body === noReply) {
        const { tile, row } = request;
        const fields = { tile, row, ticket, attempt: attempt + 1, fate: fate.fate };
        this.#log.warn(fields, "no reply to a pulse; the chip was asked what became of it");
      }
      if (fate.fate !== "not fired") return fate;
    }
    throw new MhoError(
      "link-lost",
      `The ${request.what} never reached the chip at ${this.#address}, in ${fireAttempts} attempts: it did not fire. ` +
        "Check the cable and the baud rate.",
      { address: this.#address, ticket },
    );
  }

  /** What became of a ticket, by the chip's memory. */
  async fateOf(ticket: number, pulse: string, floor: Microseconds = 0): Promise<TicketFate> {
    const what = `question whether the ${pulse} fired`;
    const request = { kind: kinds.ticket, body: encodeNumber(ticket), what, replyBytes: 9, ticket };
    return this.#timed(await this.#checked.ask(request, decodeTicketFate, fine), request, floor);
  }

  /**
   * A fate whose time can be. The chip remembers a wrong one with its ticket, and would say it again: what fired is then held to
   * have fired just now, as it did at the latest. A chip that has only wrong times is refused.
   */
  async #timed(fate: TicketFate, request: Request, floor: Microseconds): Promise<TicketFate> {
    const reason = this.wrong(fate, floor);
    if (reason === undefined) {
      if (fate.fate === "fired") this.#wrongFates = 0;
      return fate;
    }
    // Those of earlier pulses say nothing of how the chip is now.
    const isOld = floor === 0;
    const attempt = isOld ? 1 : ++this.#wrongFates;
    this.#checked.warn(request, attempt, reason);
    if (attempt >= damagedAttempts) throw this.#requests.malformed(request, reason);
    return { ...fate, chipTimeMicroseconds: await this.#checked.time("question for the time") };
  }
}
