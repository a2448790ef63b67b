import { ReadlineParser } from "@serialport/parser-readline";
import { bytesOf } from "../../protocols/scpi/bytes.ts";
import { decodeTaggedReply, encodeTaggedRequest } from "../../protocols/scpi/taggedLine.ts";
import { MhoError } from "../../src/errors.ts";
import { type Log, type LogFields, noLog } from "../../src/log.ts";
import type { Microseconds } from "../../src/units.ts";
import { attemptsWithin, deadlineFor } from "../deadlines.ts";
import { adviceOn, calledOff, lineGone, plain, silentChip, strangeAnswer } from "../linkErrors.ts";
import { type RequestOptions, usualAttempts } from "../requestOptions.ts";
import { type After, after, systemClock } from "../systemClock.ts";
import type { Transport } from "../transport.ts";

/** Longest reply; a longer one is dropped as it comes in. */
const maxReplyBytes = 65_536;
const lastTag = 0xffffffff;

/** One line for the board. */
export interface LineRequest {
  /** Its commands and queries. */
  readonly line: string;
  /** For error messages: `read of tile 3, row 7`. */
  readonly what: string;
  /** Characters that its answer has, about; a few where not given. */
  readonly replyBytes?: number;
  /** What it takes the board to carry it out; a moment where not given. */
  readonly boardMicroseconds?: Microseconds;
  /** What it is about, for the log. */
  readonly tile?: number | undefined;
  readonly row?: number | undefined;
  readonly ticket?: number | undefined;
}

/**
 * Lines of SCPI, one at a time: each carries a tag and a check, its reply the same tag and a check of its own. A line
 * that is sent again is known by its tag: the board answers it from memory and does nothing twice.
 */
export class LineRequests {
  readonly #transport: Transport;
  readonly #address: string;
  readonly #session: number;
  readonly #marginMilliseconds: number;
  readonly #bytesPerSecond: number;
  readonly #attempts: number;
  readonly #after: After;
  readonly #log: Log;
  #parser = this.#newParser();
  #sinceLineFeed = 0;
  /** Since the last bytes came: lines without a right check, and lines that no request waited for. */
  #damagedLines = 0;
  #strayLines = 0;
  #nextTag = 1;
  #waiting: { tag: number; settle: (rest: string) => void; fail: (error: MhoError) => void } | undefined;
  #busy = false;
  readonly #queue: { urgent: boolean; go: () => void; fail: (error: MhoError) => void }[] = [];
  #closed: string | undefined;
  /** Counts how often what had not been answered was called off, and why the last time. */
  #calledOff = { times: 0, reason: "" };
  #heardBytes = 0;
  #lastHeard: Uint8Array = new Uint8Array(0);

  constructor(
    transport: Transport,
    address: string,
    session: number,
    options: {
      marginMilliseconds: number;
      /** Of the line, for deadlines; as fast as can be where not given. */
      bytesPerSecond?: number;
      attempts?: number | undefined;
      after?: After | undefined;
      log?: Log | undefined;
    },
  ) {
    this.#transport = transport;
    this.#address = address;
    this.#session = session;
    this.#marginMilliseconds = options.marginMilliseconds;
    this.#bytesPerSecond = options.bytesPerSecond ?? Infinity;
    this.#attempts = options.attempts ?? usualAttempts;
    this.#after = options.after ?? after;
    this.#log = options.log ?? noLog;
    transport.onBytes((bytes) => this.#hear(bytes));
    transport.onClosed((reason) => this.#lose(reason));
  }

  /** Sends a line, again when no reply comes, and returns what the board said to each of its queries. */
  async ask(request: LineRequest, options: RequestOptions = {}): Promise<string[]> {
    const { line, what, replyBytes = 0, boardMicroseconds = 0 } = request;
    const { attempts: usual = this.#attempts, marginMilliseconds = this.#marginMilliseconds } = options;
    const { times } = this.#calledOff;
    await this.#turn(options.urgent === true);
    const timed = this.#log.isLevelEnabled("debug");
    try {
      // A reply to a tag that begins anew could be one of long ago; a new connection is a new session.
      if (this.#nextTag > lastTag) throw lineGone(this.#address, "the session has used all its tags");
      const tag = this.#nextTag++;
      const text = encodeTaggedRequest({ session: this.#session, tag, rest: `*CLS;${line};:SYST:ERR?` });
      const heardBefore = this.#heardBytes;
      const lineBytes = text.length + replyBytes + overheadBytes;
      const reckoned = ((1e6 * lineBytes) / this.#bytesPerSecond + boardMicroseconds) / 1000;
      const deadlineMilliseconds = deadlineFor(reckoned, marginMilliseconds);
      const attempts = attemptsWithin(deadlineMilliseconds, usual);
      for (let attempt = 1; attempt <= attempts; attempt++) {
        const sentAt = timed ? systemClock.nowMicroseconds() : 0;
        const reply = await this.#exchange(tag, bytesOf(`${text}\n`), deadlineMilliseconds);
        const bytes = text.length + 1;
        if (reply === undefined) {
          this.#log.warn({ ...about(request), tag, attempt, bytes }, "no reply");
          if (this.#calledOff.times !== times) throw calledOff(this.#address, this.#calledOff.reason);
          continue;
        }
        if (timed) {
          const round_trip_milliseconds = (systemClock.nowMicroseconds() - sentAt) / 1000;
          const fields = { ...about(request), tag, attempt, round_trip_milliseconds, bytes };
          this.#log.debug(fields, "answered");
        }
        return this.#read(reply, what);
      }
      throw silentChip({
        address: this.#address,
        port: this.#transport.port,
        dialect: { name: "scpi", line: "text" },
        what,
        tag,
        attempts,
        deadlineMilliseconds,
        sent: text.length > 80 ? `${text.slice(0, 80)}… (${text.length} bytes)` : text,
        heardBytes: this.#heardBytes - heardBefore,
        lastHeard: this.#lastHeard,
      });
    } finally {
      this.#busy = false;
      this.#queue.shift()?.go();
    }
  }

  /** What waits for its turn fails, and never leaves; what is under way is not sent again. */
  callOff(reason: string): void {
    this.#calledOff = { times: this.#calledOff.times + 1, reason };
    for (const waiting of this.#queue.splice(0)) waiting.fail(calledOff(this.#address, reason));
  }

  #turn(urgent: boolean): Promise<void> {
    if (!this.#busy) {
      this.#busy = true;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const go = (): void => {
        this.#busy = true;
        resolve();
      };
      const place = urgent ? this.#queue.findIndex((waiting) => !waiting.urgent) : -1;
      this.#queue.splice(place < 0 ? this.#queue.length : place, 0, { urgent, go, fail: reject });
    });
  }

  async #exchange(tag: number, bytes: Uint8Array, deadlineMilliseconds: number): Promise<string | undefined> {
    if (this.#closed !== undefined) throw lineGone(this.#address, this.#closed);
    if (this.#log.isLevelEnabled("trace")) {
      this.#log.trace({ tag, bytes: bytes.length, hex: Buffer.from(bytes).toString("hex") }, "sent");
    }
    let cancel = (): void => {};
    try {
      return await new Promise<string | undefined>((resolve, reject) => {
        this.#waiting = { tag, settle: resolve, fail: reject };
        this.#transport.write(bytes).then(() => {
          // A reply may be faster than the write: nothing is then waited for.
          if (this.#waiting?.tag !== tag) return;
          cancel = this.#after(deadlineMilliseconds, () => resolve(undefined));
        }, reject);
      });
    } finally {
      cancel();
      this.#waiting = undefined;
    }
  }

  #newParser(): ReadlineParser {
    const parser = new ReadlineParser({ delimiter: "\n", encoding: "latin1" });
    parser.on("data", (line: string) => this.#receive(line));
    return parser;
  }

  #receive(line: string): void {
    const reply = line.length > maxReplyBytes ? undefined : decodeTaggedReply(line.replace(/\r$/, ""));
    if (reply === undefined) return void this.#damagedLines++;
    const waiting = this.#waiting;
    if (reply.session !== this.#session || reply.tag !== waiting?.tag) return void this.#strayLines++;
    // Its double is awaited no more.
    this.#waiting = undefined;
    waiting.settle(reply.rest);
  }

  /** A line that never ends is dropped, and its beginning with it. */
  #hear(bytes: Uint8Array): void {
    if (this.#log.isLevelEnabled("trace")) {
      this.#log.trace({ bytes: bytes.length, hex: Buffer.from(bytes).toString("hex") }, "received");
    }
    this.#heardBytes += bytes.length;
    this.#lastHeard = bytes.slice(-32);
    const lineFeed = bytes.lastIndexOf(10);
    this.#sinceLineFeed = lineFeed < 0 ? this.#sinceLineFeed + bytes.length : bytes.length - lineFeed - 1;
    if (this.#sinceLineFeed > maxReplyBytes) {
      this.#parser = this.#newParser();
      this.#sinceLineFeed = 0;
      this.#damagedLines++;
    } else {
      this.#parser.write(Buffer.from(bytes));
    }
    // One record however many there are: a line at the wrong rate has thousands a second.
    if (this.#damagedLines > 0) {
      this.#log.warn({ damaged_frames: this.#damagedLines, bytes: bytes.length }, "damaged lines");
      this.#damagedLines = 0;
    }
    if (this.#strayLines > 0) {
      this.#log.warn({ stray_frames: this.#strayLines, bytes: bytes.length }, "stray lines");
      this.#strayLines = 0;
    }
  }

  /** The last reply of a line is its first error. */
  #read(reply: string, what: string): string[] {
    const match = /(?:^|;)([+-]?\d+),"((?:[^"]|"")*)"$/.exec(reply);
    if (!match) throw this.malformed(what);
    const number = Number(match[1]);
    if (number === 0) return match.index === 0 ? [] : reply.slice(0, match.index).split(";");
    const noSession = match[2]!.endsWith("no such session");
    const asleep = number === -221 && !noSession;
    throw new MhoError(
      "chip-refused",
      `The chip at ${this.#address} refused the ${what}: ${number}, ${plain(match[2]!)}. ` +
        adviceOn({ asleep, noSession }),
      { address: this.#address, code: number, noSession, asleep },
    );
  }

  /** @param wrong  what no board can mean by its answer. */
  malformed(what: string, wrong?: string): MhoError {
    return strangeAnswer(this.#address, what, "SCPI as protocols/scpi/README.md says", wrong);
  }

  #lose(reason: string): void {
    this.#closed = reason;
    this.#waiting?.fail(lineGone(this.#address, reason));
    for (const waiting of this.#queue.splice(0)) waiting.fail(lineGone(this.#address, reason));
  }
}

/** Of a reply, beside its values: session, tag, check, error. */
const overheadBytes = 60;

/** A request, as the log names it. */
function about({ what: request, tile, row, ticket }: LineRequest): LogFields {
  return { request, tile, row, ticket };
}
