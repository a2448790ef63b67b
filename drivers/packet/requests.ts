import { type Frame, encodeFrame, FrameDecoder, lineBytes } from "../../protocols/packet/frame.ts";
import { decodeRefusal, kinds, refusals, replyBit } from "../../protocols/packet/messages.ts";
import { MhoError } from "../../src/errors.ts";
import { type Log, type LogFields, noLog } from "../../src/log.ts";
import { attemptsWithin, deadlineFor } from "../deadlines.ts";
import { adviceOn, calledOff, lineGone, plain, silentChip, strangeAnswer } from "../linkErrors.ts";
import { type RequestOptions, usualAttempts } from "../requestOptions.ts";
import type { Microseconds } from "../../src/units.ts";
import { type After, after, systemClock } from "../systemClock.ts";
import type { Transport } from "../transport.ts";

/** One question to the chip. */
export interface Request {
  readonly kind: number;
  readonly body: Uint8Array;
  /** For error messages: `read of tile 3, row 7`. */
  readonly what: string;
  /** Bytes of the reply's body, for the window and the deadline. */
  readonly replyBytes: number;
  /** What it takes the board to carry it out; a moment where not given. */
  readonly boardMicroseconds?: Microseconds;
  /** What it is about, for the log. */
  readonly tile?: number | undefined;
  readonly row?: number | undefined;
  readonly ticket?: number | undefined;
}

/** How a question is put; as usual where nothing is said. */
export interface PacketOptions extends RequestOptions {
  /** No reply is an answer too: `noReply`. */
  readonly mayStaySilent?: boolean;
}

/** A reply never came: the one failure that the caller may mend. */
export const noReply = Symbol("no reply");

/**
 * Requests in flight over one transport: each has a tag of its own, its reply is known by that tag alone, and
 * each ends, with a reply or at its deadline. A repeat carries the same tag, so a chip answers it from memory.
 */
export class RequestQueue {
  readonly #transport: Transport;
  readonly #address: string;
  readonly #session: number;
  readonly #marginMilliseconds: number;
  readonly #windowBytes: number;
  /** How far the newest tag may be ahead of the oldest that is not answered: the board has to know that one when it comes again. */
  mostTagsAhead = Infinity;
  /** Tags of requests that are under way, ascending. */
  readonly #underWay = new Set<number>();
  readonly #bytesPerSecond: number;
  readonly #attempts: number;
  readonly #after: After;
  readonly #log: Log;
  readonly #waiting = new Map<number, { settle: (frame: Frame) => void; fail: (error: MhoError) => void }>();
  readonly #decoder = new FrameDecoder();
  #nextTag = 1;
  #bytesInFlight = 0;
  /** What the requests in flight take the board, together. */
  #boardInFlight: Microseconds = 0;
  /** Requests that wait for room, in the order in which they leave. */
  #queue: Waiting[] = [];
  #closed: string | undefined;
  /** Counts how often what was waiting to leave has been called off, and why the last time. */
  #calledOff = { times: 0, reason: "" };
  #heardBytes = 0;
  #lastHeard = new Uint8Array(0);
  /** In the bytes that came last: frames that no request waited for, and what made none. A healthy line has neither. */
  #strayFrames = 0;
  #damagedFrames = 0;
  /** The last error under a tag that no request had: why requests seem to get no answer. */
  #strayError: string | undefined;

  /**
   * @param windowBytes the most that may be in flight, so that an urgent request is never stuck behind more
   *   than a moment of line time; nor behind more than a moment of the board's time, unless by one request.
   * @param bytesPerSecond of the line, for deadlines; as fast as can be where not given.
   */
  constructor(
    transport: Transport,
    address: string,
    session: number,
    options: {
      marginMilliseconds: number;
      windowBytes: number;
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
    this.#windowBytes = options.windowBytes;
    this.#bytesPerSecond = options.bytesPerSecond ?? Infinity;
    this.#attempts = options.attempts ?? usualAttempts;
    this.#after = options.after ?? after;
    this.#log = options.log ?? noLog;
    transport.onBytes((bytes) => this.#hear(bytes));
    transport.onClosed((reason) => this.#lose(reason));
  }

  /** Sends a request, again when no reply comes, and returns the reply's body. */
  async ask(request: Request, options: PacketOptions = {}): Promise<Uint8Array | typeof noReply> {
    const { attempts: usual = this.#attempts, marginMilliseconds = this.#marginMilliseconds } = options;
    const bytes = lineBytes(request.body.length) + lineBytes(request.replyBytes);
    const { boardMicroseconds = 0 } = request;
    const { times } = this.#calledOff;
    const room =
      options.urgent === true ? this.#enter(bytes, boardMicroseconds) : this.#room(bytes, boardMicroseconds);
    const tag = typeof room === "number" ? room : await room;
    const heardBefore = this.#heardBytes;
    this.#strayError = undefined;
    const timed = this.#log.isLevelEnabled("debug");
    let deadlineMilliseconds = this.#deadline(bytes, boardMicroseconds, marginMilliseconds);
    const attempts = attemptsWithin(deadlineMilliseconds, usual);
    try {
      // It had room, and was called off before it left.
      if (this.#calledOff.times !== times) throw calledOff(this.#address, this.#calledOff.reason);
      const frame = encodeFrame({ kind: request.kind, session: this.#session, tag, body: request.body });
      for (let attempt = 1; attempt <= attempts; attempt++) {
        const sentAt = timed ? systemClock.nowMicroseconds() : 0;
        // The board answers in the order in which it is asked: what is in flight comes first.
        deadlineMilliseconds = this.#deadline(this.#bytesInFlight, this.#boardInFlight, marginMilliseconds);
        const reply = await this.#exchange(tag, frame, deadlineMilliseconds);
        if (reply === noReply) {
          this.#log.warn({ ...about(request), tag, attempt, bytes: frame.length }, "no reply");
          if (this.#calledOff.times !== times) throw calledOff(this.#address, this.#calledOff.reason);
          continue;
        }
        if (timed) {
          const round_trip_milliseconds = (systemClock.nowMicroseconds() - sentAt) / 1000;
          const fields = { ...about(request), tag, attempt, round_trip_milliseconds, bytes: frame.length };
          this.#log.debug(fields, "answered");
        }
        return this.#read(request, reply);
      }
      if (options.mayStaySilent === true) return noReply;
      throw silentChip({
        address: this.#address,
        port: this.#transport.port,
        dialect: { name: "packet", line: "bytes" },
        what: request.what,
        tag,
        attempts,
        deadlineMilliseconds,
        sent: shown(frame),
        heardBytes: this.#heardBytes - heardBefore,
        lastHeard: this.#lastHeard,
        strayError: this.#strayError,
      });
    } finally {
      this.#release(tag, bytes, boardMicroseconds);
    }
  }

  #deadline(bytes: number, boardMicroseconds: Microseconds, marginMilliseconds: number): number {
    const line = (1e6 * bytes) / this.#bytesPerSecond;
    return deadlineFor((line + boardMicroseconds) / 1000, marginMilliseconds);
  }

  /** What waits for room fails, and never leaves; what is under way is not sent again. */
  callOff(reason: string): void {
    this.#calledOff = { times: this.#calledOff.times + 1, reason };
    this.#queue.splice(0).forEach(({ fail }) => fail(calledOff(this.#address, reason)));
  }

  #hear(bytes: Uint8Array): void {
    if (this.#log.isLevelEnabled("trace")) {
      this.#log.trace({ bytes: bytes.length, hex: Buffer.from(bytes).toString("hex") }, "received");
    }
    this.#heardBytes += bytes.length;
    this.#lastHeard = bytes.slice(-shownBytes);
    this.#decoder.push(
      bytes,
      (frame) => this.#receive(frame),
      () => void this.#damagedFrames++,
    );
    // One record however many there are: a line at the wrong rate has thousands a second.
    if (this.#damagedFrames > 0) {
      this.#log.warn({ damaged_frames: this.#damagedFrames, bytes: bytes.length }, "damaged frames");
      this.#damagedFrames = 0;
    }
    if (this.#strayFrames > 0) {
      this.#log.warn({ stray_frames: this.#strayFrames, bytes: bytes.length }, "stray frames");
      this.#strayFrames = 0;
    }
  }

  /** The waiter is armed before the bytes leave; its deadline starts when they have. */
  async #exchange(
    tag: number,
    frame: Uint8Array,
    deadlineMilliseconds: number,
  ): Promise<Frame | typeof noReply> {
    if (this.#closed !== undefined) throw lineGone(this.#address, this.#closed);
    if (this.#log.isLevelEnabled("trace")) {
      this.#log.trace({ tag, bytes: frame.length, hex: Buffer.from(frame).toString("hex") }, "sent");
    }
    let cancel = (): void => {};
    try {
      return await new Promise<Frame | typeof noReply>((resolve, reject) => {
        this.#waiting.set(tag, { settle: resolve, fail: reject });
        this.#transport.write(frame).then(() => {
          // A reply may be faster than the write: nothing is then waited for.
          if (!this.#waiting.has(tag)) return;
          cancel = this.#after(deadlineMilliseconds, () => resolve(noReply));
        }, reject);
      });
    } finally {
      cancel();
      this.#waiting.delete(tag);
    }
  }

  #receive(frame: Frame): void {
    const waiter = frame.session === this.#session ? this.#waiting.get(frame.tag) : undefined;
    if (waiter === undefined) {
      this.#noteStray(frame);
      return;
    }
    // Its double is awaited no more.
    this.#waiting.delete(frame.tag);
    waiter.settle(frame);
  }

  /** An answer to an earlier request may come twice; an error under a tag that was never given is the firmware's. */
  #noteStray({ kind, session, tag, body }: Frame): void {
    this.#strayFrames++;
    const isOurs = session === this.#session && tag > 0 && tag < this.#nextTag;
    if (kind !== (kinds.error | replyBit) || isOurs) return;
    const said = plain(decodeRefusal(body)?.text ?? "");
    const of = session === this.#session ? "" : ` of session ${session}`;
    this.#strayError = `under tag ${tag}${of}${said === "" ? "" : ` ("${said}")`}`;
  }

  #read(request: Request, frame: Frame): Uint8Array {
    if (frame.kind === (request.kind | replyBit)) return frame.body;
    const refusal = frame.kind === (kinds.error | replyBit) ? decodeRefusal(frame.body) : undefined;
    if (refusal === undefined) throw this.malformed(request);
    const [asleep, noSession] = [refusal.code === refusals.standby, refusal.code === refusals.noSession];
    throw new MhoError(
      "chip-refused",
      `The chip at ${this.#address} refused the ${request.what}: ${plain(refusal.text)}. ` +
        adviceOn({ asleep, noSession }),
      { address: this.#address, code: refusal.code, noSession, asleep },
    );
  }

  /** @param wrong  what no board can mean by its answer. */
  malformed({ what }: Request, wrong?: string): MhoError {
    return strangeAnswer(this.#address, what, "version 1 of the packet dialect", wrong);
  }

  #lose(reason: string): void {
    this.#closed = reason;
    for (const waiter of this.#waiting.values()) waiter.fail(lineGone(this.#address, reason));
    this.#queue.splice(0).forEach(({ fail }) => fail(lineGone(this.#address, reason)));
  }

  /** @returns the tag of a request, at once or when there is room for it. */
  #room(bytes: number, boardMicroseconds: Microseconds): number | Promise<number> {
    if (this.#queue.length === 0 && this.#fits(bytes, boardMicroseconds))
      return this.#enter(bytes, boardMicroseconds);
    if (this.#closed !== undefined) throw lineGone(this.#address, this.#closed);
    return new Promise((enter, fail) => this.#queue.push({ bytes, boardMicroseconds, enter, fail }));
  }

  #fits(bytes: number, boardMicroseconds: Microseconds): boolean {
    if (this.#bytesInFlight === 0) return true;
    return (
      this.#nextTag - (this.#oldestUnderWay ?? this.#nextTag) < this.mostTagsAhead &&
      this.#bytesInFlight + bytes <= this.#windowBytes &&
      this.#boardInFlight + boardMicroseconds <= windowMicroseconds
    );
  }

  /** What waits leaves many at a time, by one call of the system: half of a window keeps line and board at work until then. */
  #letIn(): void {
    const busy = this.#bytesInFlight > this.#windowBytes / 2 || this.#boardInFlight > windowMicroseconds / 2;
    if (busy) return;
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (!this.#fits(next.bytes, next.boardMicroseconds)) return;
      this.#queue.shift();
      try {
        next.enter(this.#enter(next.bytes, next.boardMicroseconds));
      } catch (error) {
        next.fail(error as MhoError);
      }
    }
  }

  get #oldestUnderWay(): number | undefined {
    for (const tag of this.#underWay) return tag;
    return undefined;
  }

  #enter(bytes: number, boardMicroseconds: Microseconds): number {
    // A reply to a tag that begins anew could be one of long ago; a new connection is a new session.
    if (this.#nextTag > lastTag) throw lineGone(this.#address, "the session has used all its tags");
    const tag = this.#nextTag++;
    this.#underWay.add(tag);
    this.#bytesInFlight += bytes;
    this.#boardInFlight += boardMicroseconds;
    return tag;
  }

  #release(tag: number, bytes: number, boardMicroseconds: Microseconds): void {
    this.#underWay.delete(tag);
    this.#bytesInFlight -= bytes;
    this.#boardInFlight -= boardMicroseconds;
    this.#letIn();
  }
}

interface Waiting {
  readonly bytes: number;
  readonly boardMicroseconds: Microseconds;
  readonly enter: (tag: number) => void;
  readonly fail: (error: MhoError) => void;
}

const lastTag = 0xffffffff;
/** Of the board's time, that may be in flight; more only as one request. */
const windowMicroseconds: Microseconds = 50_000;
const shownBytes = 32;

/** A request, as the log names it. */
function about({ what: request, tile, row, ticket }: Request): LogFields {
  return { request, tile, row, ticket };
}

/** The first bytes in hexadecimal, and how many there were. */
function shown(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.subarray(0, shownBytes)).toString("hex");
  return bytes.length > shownBytes ? `${hex}… (${bytes.length} bytes)` : hex;
}
