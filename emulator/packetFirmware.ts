import { crc32c } from "../protocols/crc32c.ts";
import { encodeFrame, type Frame, FrameDecoder, lineBytes } from "../protocols/packet/frame.ts";
import {
  decodeBurstRow,
  decodeDescribe,
  decodeHello,
  decodeMultiply,
  decodeNumber,
  decodePulseRow,
  decodeReadReferences,
  decodeReadRow,
  decodeVerifyRow,
  encodeDescriptionPart,
  encodeEnvironment,
  encodeIdentity,
  encodeNothing,
  encodeNumber,
  encodeProducts,
  encodeRefusal,
  encodeRowCodes,
  encodeTicketFate,
  encodeVerifyReport,
  kinds,
  protocolVersion,
  refusals,
  replyBit,
  usualAnswersKept,
  type VerifyReport,
} from "../protocols/packet/messages.ts";
import { type BoardRefusal, firmwareVersion, supplyMillivolts } from "./board.ts";
import { Firmware } from "./firmware.ts";
import { TicketBook } from "./tickets.ts";

/** A board that speaks the packet dialect: protocols/packet/README.md. */
export class PacketFirmware extends Firmware {
  /** Answers kept for requests that come again; tags further back are ignored. A board of little memory keeps few, and says so. */
  answersKept = usualAnswersKept;
  #decoder = new FrameDecoder();
  #tickets = new TicketBook();
  readonly #replies = new Map<number, Uint8Array>();
  /** What the board's own loops did, by their tickets. */
  readonly #verified = new Map<number, VerifyReport>();
  #session = 0;
  #newestTag = 0;
  /** Orders under this tag were called off. */
  #calledOffBelow = 0;

  override get newestTicket(): number {
    return this.#tickets.newest;
  }

  override get endOfRequest(): number {
    return 0;
  }

  protected override take(bytes: Uint8Array): Uint8Array[] {
    const out: Uint8Array[] = [];
    // Damage is not answered: the host's deadline does that.
    const ignoreDamage = (): void => {};
    this.#decoder.push(bytes, (frame) => this.#accept(frame, out), ignoreDamage);
    return out;
  }

  protected override forget(): void {
    this.#session = 0;
    this.#newestTag = 0;
    this.#calledOffBelow = 0;
    this.#replies.clear();
    this.#verified.clear();
    this.#tickets = new TicketBook(true);
    this.#decoder = new FrameDecoder();
  }

  #accept(frame: Frame, out: Uint8Array[]): void {
    if (frame.kind === kinds.hello && frame.session !== this.#session) this.#openSession(frame);
    const said = this.#replies.get(frame.tag);
    if (frame.session === this.#session && said !== undefined) {
      out.push(said);
      return;
    }
    if (frame.session === this.#session && frame.tag + this.answersKept <= this.#newestTag) return;
    if (readKinds.has(frame.kind) && this.isDumbTo("reads")) return;
    if (pulseKinds.has(frame.kind) && this.isDumbTo("pulses")) return;
    const others = frame.kind !== kinds.hello && frame.kind !== kinds.standby && frame.kind !== kinds.abort;
    const reply = this.#answer(others && this.isDumbTo("tags") ? { ...frame, tag: frame.tag + 1 } : frame);
    if (frame.session === this.#session) this.#remember(frame.tag, reply);
    out.push(reply);
  }

  #openSession(frame: Frame): void {
    this.#session = frame.session;
    this.#newestTag = 0;
    this.#calledOffBelow = 0;
    this.#replies.clear();
  }

  #remember(tag: number, reply: Uint8Array): void {
    this.#replies.set(tag, reply);
    this.#newestTag = Math.max(this.#newestTag, tag);
    for (const old of this.#replies.keys()) {
      if (this.#replies.size <= this.answersKept) break;
      this.#replies.delete(old);
    }
  }

  #answer(frame: Frame): Uint8Array {
    if (frame.session !== this.#session) return refuse(frame, refusals.noSession, "say hello first");
    switch (frame.kind) {
      case kinds.hello:
        return this.#hello(frame);
      case kinds.time:
        return reply(frame, encodeNumber(this.board.clock));
      case kinds.read:
        return this.#read(frame);
      case kinds.pulse:
        return this.#pulse(frame);
      case kinds.burst:
        return this.#burst(frame);
      case kinds.ticket:
        return this.#ticket(frame);
      case kinds.advance:
        return this.#advance(frame);
      case kinds.standby:
        this.board.armed = false;
        return reply(frame, encodeNothing());
      case kinds.multiply:
        return this.#multiply(frame);
      case kinds.environment:
        return this.#environment(frame);
      case kinds.references:
        return this.#references(frame);
      case kinds.describe:
        return this.#describe(frame);
      case kinds.selfTest:
        return reply(frame, encodeNumber(this.chip.selfTest()));
      case kinds.verify:
        return this.#verify(frame);
      case kinds.abort:
        this.#calledOffBelow = frame.tag;
        return reply(frame, encodeNothing());
      default:
        return refuse(frame, refusals.unknownKind, `kind ${frame.kind} is unknown`);
    }
  }

  #hello(frame: Frame): Uint8Array {
    const hello = decodeHello(frame.body);
    if (hello === undefined) return malformed(frame);
    this.board.armed = true;
    const { name, geometry, readout, firmware } = this.board.preset;
    return reply(
      frame,
      encodeIdentity(
        {
          name,
          firmware: `${firmwareVersion}, packet ${protocolVersion}`,
          serialNumber: this.board.serialNumber,
          boot: this.board.boot,
          geometry,
          capabilities: {
            virtualTime: this.board.virtualTime,
            multiply: readout.multiply !== undefined,
            onBoardVerify: firmware.verifyLoop,
            environment: this.board.isSensed,
            references: readout.references.length > 0,
            ...(firmware.mostBurstCycles > 0 && { burst: true }),
            ...(this.selfDescription && { describe: true }),
            ...(readout.readVolts && { readVoltage: true }),
          },
          newestTicket: this.newestTicket,
        },
        this.selfDescription ? usualAnswersKept : this.answersKept,
      ),
    );
  }

  #describe(frame: Frame): Uint8Array {
    const text = this.selfDescription;
    if (text === undefined) return refuse(frame, refusals.unsupported, "this board does not describe itself");
    const part = decodeDescribe(frame.body);
    if (part === undefined) return malformed(frame);
    const { offset, most } = part;
    const bytes = text.subarray(offset, offset + Math.min(most, partBytes));
    const { answersKept } = this;
    return reply(
      frame,
      encodeDescriptionPart({ totalBytes: text.length, check: crc32c(text), answersKept, bytes }),
    );
  }

  #read(frame: Frame): Uint8Array {
    const order = decodeReadRow(frame.body);
    if (order === undefined) return malformed(frame);
    const { tile, row, averages, readVolts } = order;
    const measured = this.board.read(tile, row, averages, lineBytes(frame.body.length), readVolts);
    if ("refused" in measured) return refused(frame, measured);
    return this.#charged(frame, encodeRowCodes(measured));
  }

  #references(frame: Frame): Uint8Array {
    const order = decodeReadReferences(frame.body);
    if (order === undefined) return malformed(frame);
    const measured = this.board.references(order.tile, order.averages, lineBytes(frame.body.length));
    if ("refused" in measured) return refused(frame, measured);
    return this.#charged(frame, encodeRowCodes(measured));
  }

  #pulse(frame: Frame): Uint8Array {
    const order = decodePulseRow(frame.body);
    if (order === undefined) return malformed(frame);
    if (this.isDumbTo("not-fired")) {
      return reply(frame, encodeTicketFate({ fate: "not fired", chipTimeMicroseconds: 0 }));
    }
    const { ticket, tile, row, ...pulse } = order;
    return this.#once(frame, ticket, () => this.board.pulse(tile, row, pulse, lineBytes(frame.body.length)));
  }

  #burst(frame: Frame): Uint8Array {
    const order = decodeBurstRow(frame.body);
    if (order === undefined) return malformed(frame);
    const { ticket, tile, row, cycles, second, ...pulse } = order;
    const bytes = lineBytes(frame.body.length);
    return this.#once(frame, ticket, () => this.board.burst(tile, row, pulse, second, cycles, bytes));
  }

  #verify(frame: Frame): Uint8Array {
    const order = decodeVerifyRow(frame.body);
    if (order === undefined) return malformed(frame);
    const known = this.#verified.get(order.ticket);
    if (known !== undefined) return reply(frame, encodeVerifyReport(known));
    if (!this.#tickets.mayFire(order.ticket)) {
      return refuse(frame, refusals.staleTicket, `ticket ${order.ticket} is too old`);
    }
    if (frame.tag < this.#calledOffBelow) return refuse(frame, refusals.calledOff, "called off");
    const done = this.board.verify(order, lineBytes(frame.body.length));
    if ("refused" in done) return refused(frame, done);
    this.#tickets.fired(order.ticket, done.chipTimeMicroseconds);
    const report = { fate: "fired", ...done } as const;
    this.#verified.set(order.ticket, report);
    for (const ticket of this.#verified.keys()) {
      if (this.#verified.size <= Math.min(loopsRemembered, this.answersKept)) break;
      this.#verified.delete(ticket);
    }
    return reply(frame, encodeVerifyReport(report));
  }

  /** Carries an order out unless its ticket was used. */
  #once(frame: Frame, ticket: number, carryOut: () => number | BoardRefusal): Uint8Array {
    const known = this.#tickets.fate(ticket);
    if (known.fate === "fired") return reply(frame, encodeTicketFate(known));
    if (!this.#tickets.mayFire(ticket))
      return refuse(frame, refusals.staleTicket, `ticket ${ticket} is too old`);
    if (frame.tag < this.#calledOffBelow) return refuse(frame, refusals.calledOff, "called off");
    const chipTimeMicroseconds = carryOut();
    if (typeof chipTimeMicroseconds !== "number") return refused(frame, chipTimeMicroseconds);
    this.#tickets.fired(ticket, chipTimeMicroseconds);
    return reply(frame, encodeTicketFate({ fate: "fired", chipTimeMicroseconds }));
  }

  #multiply(frame: Frame): Uint8Array {
    const order = decodeMultiply(frame.body);
    if (order === undefined) return malformed(frame);
    const measured = this.board.multiply(order.tile, order.inputs, lineBytes(frame.body.length));
    if ("refused" in measured) return refused(frame, measured);
    return this.#charged(frame, encodeProducts(measured.chipTimeMicroseconds, measured.codes));
  }

  #environment(frame: Frame): Uint8Array {
    if (!this.board.isSensed)
      return refused(frame, { refused: "unsupported", text: "this board has no sensors" });
    const { clock: chipTimeMicroseconds, milliCelsius } = this.board;
    return reply(frame, encodeEnvironment({ chipTimeMicroseconds, milliCelsius, supplyMillivolts }));
  }

  #ticket(frame: Frame): Uint8Array {
    const ticket = decodeNumber(frame.body);
    if (ticket === undefined) return malformed(frame);
    return reply(frame, encodeTicketFate(this.#tickets.fate(ticket)));
  }

  #advance(frame: Frame): Uint8Array {
    const duration = decodeNumber(frame.body);
    if (duration === undefined) return malformed(frame);
    const time = this.board.advance(duration);
    return typeof time === "number" ? reply(frame, encodeNumber(time)) : refused(frame, time);
  }

  /** A long reply takes its time on the line. */
  #charged(frame: Frame, body: Uint8Array): Uint8Array {
    this.board.charge(lineBytes(body.length));
    return reply(frame, body);
  }
}

const readKinds = new Set<number>([kinds.read, kinds.references, kinds.multiply]);
const pulseKinds = new Set<number>([kinds.pulse, kinds.burst, kinds.verify]);

/** Of its description, in one answer. */
const partBytes = 1024;

/** Orders whose own report is kept. */
const loopsRemembered = 256;

function reply({ kind, session, tag }: Frame, body: Uint8Array): Uint8Array {
  return encodeFrame({ kind: kind | replyBit, session, tag, body });
}

function refuse({ session, tag }: Frame, code: number, text: string): Uint8Array {
  return encodeFrame({ kind: kinds.error | replyBit, session, tag, body: encodeRefusal({ code, text }) });
}

function refused(frame: Frame, { refused: why, text }: BoardRefusal): Uint8Array {
  return refuse(frame, refusals[why], text);
}

function malformed(frame: Frame): Uint8Array {
  return refuse(frame, refusals.malformed, `the body of kind ${frame.kind} is malformed`);
}
