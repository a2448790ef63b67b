import { randomInt } from "node:crypto";
import { cobsBound, cobsDecode, cobsEncode } from "../../protocols/packet/cobs.ts";
import { encodeFrame, type Frame, FrameDecoder } from "../../protocols/packet/frame.ts";
import * as messages from "../../protocols/packet/messages.ts";
import type { ChipIdentity } from "../../src/chip/driver.ts";
import { MhoError } from "../../src/errors.ts";
import type { Microseconds } from "../../src/units.ts";
import {
  type Again,
  type BoardTrials,
  type CalledOff,
  type Refused,
  takesAMoment,
  trialAttempts,
  type Tried,
  type TriedFate,
  type TriedPulse,
  type TriedRow,
  type TrialOptions,
} from "../boardTrials.ts";
import { deadlineFor } from "../deadlines.ts";
import { plain } from "../linkErrors.ts";
import { mostDescriptionBytes, gatherDescription, type SelfDescription } from "../selfDescription.ts";
import { after as hostAfter, systemClock } from "../systemClock.ts";
import type { Transport } from "../transport.ts";

const { kinds, refusals } = messages;

const reasons: Readonly<Record<number, Refused>> = {
  [refusals.noSession]: "session",
  [refusals.standby]: "standby",
  [refusals.limit]: "limit",
  [refusals.staleTicket]: "stale ticket",
  [refusals.calledOff]: "called off",
  [refusals.unknownKind]: "unsupported",
  [refusals.unsupported]: "unsupported",
};

/** Frames one at a time, as the page has them, to a board that may be wrong in any way. */
export class PacketTrials implements BoardTrials {
  readonly promises = {
    tickets: true,
    page: "protocols/packet/README.md",
    sections: { check: "Frame", session: "Errors", errors: "Errors", tickets: "A pulse fires once" },
    usualSection: "Requests and replies",
    session: "error 3",
  };
  takes = takesAMoment;
  readonly #transport: Transport;
  readonly #deadlineMilliseconds: number;
  readonly #options: TrialOptions;
  readonly #decoder = new FrameDecoder();
  /** The one request in flight. */
  #waiting: { readonly frame: Frame; readonly settle: (reply: Frame) => void } | undefined;
  /** All that was asked: a reply to one of them may come late. */
  readonly #asked = new Set<string>();
  #strayErrors: string | undefined;
  #session = 0;
  #tag = 0;
  #damagedFrames = 0;
  #heardBytes = 0;

  constructor(transport: Transport, options: TrialOptions = {}) {
    this.#transport = transport;
    this.#options = options;
    this.#deadlineMilliseconds = options.deadlineMilliseconds ?? 750;
    transport.onBytes((bytes) => {
      this.#heardBytes += bytes.length;
      this.#decoder.push(
        bytes,
        (frame) => this.#hear(frame),
        () => void this.#damagedFrames++,
      );
    });
    transport.onClosed(() => {});
  }

  get strayErrors(): string | undefined {
    return this.#strayErrors;
  }

  async open(): Promise<Tried<ChipIdentity>> {
    this.#session = randomInt(1, 0xffffffff);
    this.#tag = 0;
    const tried = await this.#try(kinds.hello, messages.encodeHello(), messages.decodeIdentity, (body) =>
      body[0] === 0 && body[1] === messages.protocolVersion ? swappedBytes : undefined,
    );
    if (tried.kind === "silent" && this.#damagedFrames > 0) {
      const what = "frames whose CRC-32C is wrong or that are not stuffed by COBS";
      return { kind: "strange", what };
    }
    if (tried.kind === "silent" && this.#heardBytes > 0) {
      return { kind: "strange", what: `${this.#heardBytes} bytes that make no frame of this request` };
    }
    if (tried.kind !== "answered") return tried;
    const { version, answersKept: _, ...identity } = tried.value;
    if (version !== messages.protocolVersion) {
      return { kind: "strange", what: `version ${version}, and mho speaks ${messages.protocolVersion}` };
    }
    const { name, firmware, serialNumber } = identity;
    const said = { name: plain(name), firmware: plain(firmware), serialNumber: plain(serialNumber) };
    return { ...tried, value: { ...identity, ...said } };
  }

  async describe(): Promise<Tried<SelfDescription>> {
    let answersKept = 0;
    let failed: Exclude<Tried<never>, { kind: "answered" }> | undefined;
    const begun = this.#now();
    try {
      const text = await gatherDescription(
        async (offset, most) => {
          const body = messages.encodeDescribe({ offset, most: Math.min(most, mostDescriptionBytes) });
          const part = await this.#try(kinds.describe, body, messages.decodeDescriptionPart);
          if (part.kind !== "answered") {
            failed = part;
            throw new MhoError("chip-refused", "no part");
          }
          ({ answersKept } = part.value);
          return part.value;
        },
        (wrong) => {
          failed = { kind: "strange", what: wrong };
          throw new MhoError("chip-refused", wrong);
        },
      );
      if (answersKept < 1) return { kind: "strange", what: "that it keeps no answers" };
      return { kind: "answered", value: { text, answersKept }, milliseconds: (this.#now() - begun) / 1000 };
    } catch (error) {
      if (failed === undefined) throw error;
      return failed;
    }
  }

  time(): Promise<Tried<Microseconds>> {
    return this.#try(kinds.time, messages.encodeNothing(), messages.decodeNumber);
  }

  advance(duration: Microseconds): Promise<Tried<Microseconds>> {
    return this.#try(kinds.advance, messages.encodeNumber(duration), messages.decodeNumber);
  }

  async read(tile: number, row: number, averages: number): Promise<Tried<TriedRow>> {
    const body = messages.encodeReadRow({ tile, row, averages });
    const tried = await this.#try(kinds.read, body, messages.decodeRowCodes, swappedCount);
    if (tried.kind !== "answered") return tried;
    const { codes, chipTimeMicroseconds: atMicroseconds } = tried.value;
    return { ...tried, value: { codes, atMicroseconds } };
  }

  async readTwice(tile: number, row: number, between: number): Promise<Again> {
    const request = {
      kind: kinds.read,
      session: this.#session,
      tag: ++this.#tag,
      body: messages.encodeReadRow({ tile, row, averages: 1 }),
    };
    const first = await this.#ask(request);
    // What comes in between must not keep the board from knowing it again.
    for (let n = 0; n < between; n++) await this.time();
    const second = await this.#ask(request);
    if (first === undefined || second === undefined) return "silent";
    return first.kind === second.kind && Buffer.compare(first.body, second.body) === 0
      ? "the same"
      : "otherwise";
  }

  pulse(pulse: TriedPulse): Promise<Tried<TriedFate>> {
    return this.#fated(kinds.pulse, messages.encodePulseRow(pulse));
  }

  fate(ticket: number): Promise<Tried<TriedFate>> {
    return this.#fated(kinds.ticket, messages.encodeNumber(ticket));
  }

  async callOff(pulse: TriedPulse): Promise<CalledOff> {
    const { kinds: of } = messages;
    const tag = ++this.#tag;
    const abort = await this.#try(of.abort, messages.encodeNothing(), () => true);
    if (abort.kind !== "answered") return { abort, late: undefined };
    const body = messages.encodePulseRow(pulse);
    const late = await this.#fate({ kind: of.pulse, session: this.#session, tag, body });
    return { abort, late };
  }

  async damaged(): Promise<"answered" | "silent"> {
    const body = messages.encodeNothing();
    const frame = { kind: kinds.time, session: this.#session, tag: ++this.#tag, body };
    const bytes = withWrongCheck(encodeFrame(frame));
    const stray = this.#strayErrors;
    const reply = await this.#exchange(frame, bytes);
    // Where session and tag are damaged, an error can have no others.
    this.#strayErrors = stray;
    return reply === undefined ? "silent" : "answered";
  }

  foreign(): Promise<Tried<unknown>> {
    const session = this.#session === 0xfffffffe ? 1 : this.#session + 1;
    const body = messages.encodeNothing();
    return this.#tried({ kind: kinds.time, session, tag: ++this.#tag, body }, messages.decodeNumber);
  }

  standby(): Promise<Tried<unknown>> {
    return this.#try(kinds.standby, messages.encodeNothing(), () => true);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  #fated(kind: number, body: Uint8Array): Promise<Tried<TriedFate>> {
    return this.#fate({ kind, session: this.#session, tag: ++this.#tag, body });
  }

  async #fate(frame: Frame): Promise<Tried<TriedFate>> {
    const tried = await this.#tried(frame, messages.decodeTicketFate);
    if (tried.kind !== "answered") return tried;
    const { fate, chipTimeMicroseconds: atMicroseconds } = tried.value;
    return { ...tried, value: { fate, atMicroseconds } };
  }

  #try<T>(
    kind: number,
    body: Uint8Array,
    decode: (body: Uint8Array) => T | undefined,
    otherwise: (body: Uint8Array) => string | undefined = () => undefined,
  ): Promise<Tried<T>> {
    return this.#tried({ kind, session: this.#session, tag: ++this.#tag, body }, decode, otherwise);
  }

  /** @param otherwise  what a body that cannot be decoded looks like, if that is known. */
  async #tried<T>(
    frame: Frame,
    decode: (body: Uint8Array) => T | undefined,
    otherwise: (body: Uint8Array) => string | undefined = () => undefined,
  ): Promise<Tried<T>> {
    const begun = this.#now();
    const reply = await this.#ask(frame);
    if (reply === undefined) return { kind: "silent" };
    if (reply.kind === (kinds.error | messages.replyBit)) {
      const refusal = messages.decodeRefusal(reply.body);
      if (refusal === undefined) return { kind: "strange", what: "an error whose body is malformed" };
      const { code, text } = refusal;
      return { kind: "refused", why: reasons[code] ?? "other", text: `error ${code}, ${plain(text)}` };
    }
    if (reply.kind !== (frame.kind | messages.replyBit)) {
      return { kind: "strange", what: `a reply of kind 0x${reply.kind.toString(16)}` };
    }
    const value = otherwise(reply.body) === undefined ? decode(reply.body) : undefined;
    if (value === undefined) {
      const what = otherwise(reply.body) ?? `${reply.body.length} bytes that are no such reply`;
      return { kind: "strange", what };
    }
    return { kind: "answered", value, milliseconds: (this.#now() - begun) / 1000 };
  }

  async #ask(frame: Frame): Promise<Frame | undefined> {
    for (let attempt = 1; attempt <= trialAttempts; attempt++) {
      const reply = await this.#exchange(frame, encodeFrame(frame));
      if (reply !== undefined) return reply;
    }
    return undefined;
  }

  async #exchange(frame: Frame, bytes: Uint8Array): Promise<Frame | undefined> {
    const { after = hostAfter } = this.#options;
    let cancel = (): void => {};
    try {
      return await new Promise<Frame | undefined>((resolve, reject) => {
        const waiting = { frame, settle: resolve };
        this.#asked.add(keyOf(frame));
        this.#waiting = waiting;
        this.#transport.write(bytes).then(() => {
          if (this.#waiting === waiting) {
            cancel = after(this.#deadlineFor(frame), () => resolve(undefined));
          }
        }, reject);
      });
    } finally {
      cancel();
      this.#waiting = undefined;
    }
  }

  /** An error that names no request that was ever asked is taken for the answer, or every refusal would look like silence. */
  #hear(reply: Frame): void {
    if (this.#waiting === undefined) return;
    const { frame, settle } = this.#waiting;
    const isError = reply.kind === (kinds.error | messages.replyBit);
    const isStray = isError && !this.#asked.has(keyOf(reply));
    if (keyOf(reply) !== keyOf(frame) && !isStray) return;
    if (isStray) {
      const of = reply.session === frame.session ? "" : ` of session ${reply.session}`;
      this.#strayErrors ??= `under tag ${reply.tag}${of}`;
    }
    this.#waiting = undefined;
    settle(reply);
  }

  #deadlineFor({ kind, body }: Frame): number {
    const averages = kind === kinds.read ? (messages.decodeReadRow(body)?.averages ?? 0) : 0;
    const pulse = kind === kinds.pulse ? this.takes.pulse() : 0;
    const reckoned = averages > 0 ? this.takes.read(averages) : pulse;
    return deadlineFor(reckoned / 1000, this.#deadlineMilliseconds);
  }

  #now(): Microseconds {
    return this.#options.now?.() ?? systemClock.nowMicroseconds();
  }
}

/** The same frame with another check, and stuffed as it should be. */
function withWrongCheck(bytes: Uint8Array): Uint8Array {
  const raw = cobsDecode(bytes.subarray(1, -1))!.slice();
  raw[raw.length - 1]! ^= 0xff;
  const out = new Uint8Array(cobsBound(raw.length) + 2);
  const end = cobsEncode(raw, out, 1);
  return out.subarray(0, end + 1);
}

const keyOf = ({ session, tag }: Frame): string => `${session} ${tag}`;

const swappedBytes = "numbers whose most significant byte comes first";

/** A row whose count is right only when its bytes are swapped. */
function swappedCount(body: Uint8Array): string | undefined {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  if (body.length < 12 || view.getUint16(8, true) * 2 + 10 === body.length) return undefined;
  return view.getUint16(8, false) * 2 + 10 === body.length ? swappedBytes : undefined;
}
