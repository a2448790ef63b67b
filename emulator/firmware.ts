import { devicesPerRow } from "../src/chip/geometry.ts";
import { encodeFrame, type Frame, FrameDecoder, lineBytes } from "../protocols/packet/frame.ts";
import {
  decodeHello,
  decodeMultiply,
  decodeNumber,
  decodePulseRow,
  decodeReadRow,
  decodeVerifyRow,
  encodeEnvironment,
  encodeIdentity,
  encodeNothing,
  encodeNumber,
  encodeProducts,
  encodeRefusal,
  encodeRowCodes,
  encodeTicketFate,
  kinds,
  protocolVersion,
  refusals,
  replyBit,
} from "../protocols/packet/messages.ts";
import type { Microseconds } from "../src/units.ts";
import { EmulatedChip } from "./chip.ts";
import { mostIterations, verifyRow } from "./onBoardVerify.ts";
import type { Preset } from "./presets.ts";
import { TicketBook } from "./tickets.ts";

export const firmwareVersion = "mho-emulator 1";

/**
 * The firmware of an emulated chip: bytes in, bytes out. It keeps chip time, which moves by the modelled length
 * of each operation (on the line and on the array) and by `advance`, never by heartbeats or repeats.
 */
export class Firmware {
  readonly chip: EmulatedChip;
  #decoder = new FrameDecoder();
  readonly #serialNumber: string;
  #tickets = new TicketBook();
  #boot = 1;
  /** The supply is failing: a pulse reaches half of its row. */
  #sagging = false;
  #following = false;
  /** How fast the chip believes that time goes. */
  clockPartsPerMillion = 0;
  readonly #replies = new Map<number, Uint8Array>();
  #session = 0;
  #newestTag = 0;
  #armed = false;
  #chipTime: Microseconds = 0;
  #heardAt: Microseconds = 0;

  constructor(preset: Preset, seed: number) {
    this.chip = new EmulatedChip(preset, seed);
    this.#serialNumber = `EMU-${seed}`;
  }

  /** Whether pulses and reads are refused because every line is in its safe state. */
  get inStandby(): boolean {
    return !this.#armed;
  }

  /**
   * Takes what came over the line and returns what goes back, a frame an entry.
   *
   * @param linkTime real and monotonic, for the watchdog alone.
   */
  receive(bytes: Uint8Array, linkTime: Microseconds): Uint8Array[] {
    this.#heardAt = linkTime;
    const out: Uint8Array[] = [];
    // Damage is not answered: the host's deadline does that.
    const ignoreDamage = (): void => {};
    this.#decoder.push(bytes, (frame) => this.#accept(frame, out), ignoreDamage);
    return out;
  }

  /** The watchdog: a host that has gone quiet leaves the chip in standby. */
  tick(linkTime: Microseconds): void {
    if (linkTime - this.#heardAt > this.chip.preset.firmware.watchdogMicroseconds) this.#armed = false;
  }

  /** Chip time goes with the host's from here on, and cannot be moved. */
  follow(at: Microseconds): void {
    this.#following = true;
    this.#chipTime = Math.max(this.#chipTime, at);
  }

  /** Starts anew: sessions, replies and tickets are forgotten, the lines are safe, the devices are as they are. */
  restart(): void {
    this.#boot++;
    this.#session = 0;
    this.#newestTag = 0;
    this.#replies.clear();
    this.#tickets = new TicketBook(true);
    this.#armed = false;
    this.#sagging = false;
    this.#decoder = new FrameDecoder();
  }

  /** Takes bytes while the supply fails: what they order is half done, and nothing is answered. */
  sag(bytes: Uint8Array, linkTime: Microseconds): void {
    this.#sagging = true;
    this.receive(bytes, linkTime);
  }

  #accept(frame: Frame, out: Uint8Array[]): void {
    if (frame.kind === kinds.hello && frame.session !== this.#session) this.#openSession(frame);
    const said = this.#replies.get(frame.tag);
    if (frame.session === this.#session && said !== undefined) {
      out.push(said);
      return;
    }
    if (frame.session === this.#session && frame.tag + repliesRemembered <= this.#newestTag) return;
    const reply = this.#answer(frame);
    if (frame.session === this.#session) this.#remember(frame.tag, reply);
    out.push(reply);
  }

  #openSession(frame: Frame): void {
    this.#session = frame.session;
    this.#newestTag = 0;
    this.#replies.clear();
  }

  #remember(tag: number, reply: Uint8Array): void {
    this.#replies.set(tag, reply);
    this.#newestTag = Math.max(this.#newestTag, tag);
    for (const old of this.#replies.keys()) {
      if (this.#replies.size <= repliesRemembered) break;
      this.#replies.delete(old);
    }
  }

  #answer(frame: Frame): Uint8Array {
    if (frame.session !== this.#session) return refuse(frame, refusals.noSession, "say hello first");
    switch (frame.kind) {
      case kinds.hello:
        return this.#hello(frame);
      case kinds.time:
        return reply(frame, encodeNumber(this.#stamp(this.#chipTime)));
      case kinds.read:
        return this.#read(frame);
      case kinds.pulse:
        return this.#pulse(frame);
      case kinds.ticket:
        return this.#ticket(frame);
      case kinds.advance:
        return this.#advance(frame);
      case kinds.standby:
        this.#armed = false;
        return reply(frame, encodeNothing());
      case kinds.multiply:
        return this.#multiply(frame);
      case kinds.environment:
        return this.#environment(frame);
      case kinds.selfTest:
        return reply(frame, encodeNumber(this.chip.selfTest()));
      case kinds.verify:
        return this.#verify(frame);
      default:
        return refuse(frame, refusals.unknownKind, `kind ${frame.kind} is unknown`);
    }
  }

  #hello(frame: Frame): Uint8Array {
    const hello = decodeHello(frame.body);
    if (hello === undefined) return malformed(frame);
    this.#armed = true;
    const { name, geometry } = this.chip.preset;
    return reply(
      frame,
      encodeIdentity({
        name,
        firmware: `${firmwareVersion}, packet ${protocolVersion}`,
        serialNumber: this.#serialNumber,
        boot: this.#boot,
        geometry,
        capabilities: {
          virtualTime: !this.#following,
          multiply: this.chip.preset.readout.multiply !== undefined,
          onBoardVerify: this.chip.preset.physics.technology === "pcm",
          environment: true,
        },
        newestTicket: this.#tickets.newest,
      }),
    );
  }

  #read(frame: Frame): Uint8Array {
    const { geometry, firmware, readout } = this.chip.preset;
    const order = decodeReadRow(frame.body);
    if (order === undefined) return malformed(frame);
    if (!this.#armed) return refuse(frame, refusals.standby, "in standby");
    const { tile, row, averages } = order;
    if (tile >= geometry.tiles || row >= geometry.rows) {
      return refuse(frame, refusals.limit, `tile ${tile}, row ${row} is not on this chip`);
    }
    if (averages < 1 || averages > firmware.maxAverages) {
      return refuse(frame, refusals.limit, `averages must be 1 … ${firmware.maxAverages}`);
    }
    this.#charge(lineBytes(frame.body.length));
    const chipTimeMicroseconds = this.#stamp(this.#chipTime);
    const codes = new Uint16Array(devicesPerRow(geometry));
    this.chip.readRow(tile, row, averages, this.#chipTime, codes);
    this.#chipTime += averages * readout.readRowMicroseconds;
    const body = encodeRowCodes({ chipTimeMicroseconds, codes });
    this.#charge(lineBytes(body.length));
    return reply(frame, body);
  }

  #pulse(frame: Frame): Uint8Array {
    const { geometry, firmware, readout } = this.chip.preset;
    const order = decodePulseRow(frame.body);
    if (order === undefined) return malformed(frame);
    const { ticket, tile, row, kind, widthNanoseconds, trailingNanoseconds, gateCode, codes } = order;
    const known = this.#tickets.fate(ticket);
    if (known.fate === "fired") return reply(frame, encodeTicketFate(known));
    if (!this.#tickets.mayFire(ticket))
      return refuse(frame, refusals.staleTicket, `ticket ${ticket} is too old`);
    if (!this.#armed) return refuse(frame, refusals.standby, "in standby");
    if (tile >= geometry.tiles || row >= geometry.rows || codes.length !== devicesPerRow(geometry)) {
      return refuse(
        frame,
        refusals.limit,
        `tile ${tile}, row ${row} with ${codes.length} codes is not on this chip`,
      );
    }
    if (widthNanoseconds < firmware.minWidthNanoseconds || widthNanoseconds > firmware.maxWidthNanoseconds) {
      return refuse(frame, refusals.limit, `a width of ${widthNanoseconds} ns is outside the limits`);
    }
    if (codes.some((code) => code > firmware.maxAmplitudeCode)) {
      return refuse(frame, refusals.limit, `an amplitude code is above ${firmware.maxAmplitudeCode}`);
    }
    this.#charge(lineBytes(frame.body.length));
    const chipTimeMicroseconds = this.#stamp(this.#chipTime);
    if (this.#sagging) codes.fill(0, codes.length >> 1);
    const pulse = { kind, codes, widthNanoseconds, trailingNanoseconds, gateCode };
    this.chip.pulseRow(tile, row, pulse, this.#chipTime);
    this.#tickets.fired(ticket, chipTimeMicroseconds);
    this.#chipTime += readout.pulseRowMicroseconds;
    return reply(frame, encodeTicketFate({ fate: "fired", chipTimeMicroseconds }));
  }

  #multiply(frame: Frame): Uint8Array {
    const { geometry, readout } = this.chip.preset;
    const order = decodeMultiply(frame.body);
    if (order === undefined) return malformed(frame);
    if (readout.multiply === undefined)
      return refuse(frame, refusals.unsupported, "this chip cannot multiply");
    if (!this.#armed) return refuse(frame, refusals.standby, "in standby");
    if (order.tile >= geometry.tiles || order.inputs.length !== geometry.rows) {
      return refuse(
        frame,
        refusals.limit,
        `tile ${order.tile} with ${order.inputs.length} inputs is not on this chip`,
      );
    }
    this.#charge(lineBytes(frame.body.length));
    const at = this.#chipTime;
    const codes = this.chip.multiply(order.tile, order.inputs, at);
    this.#chipTime += readout.readRowMicroseconds;
    const body = encodeProducts(this.#stamp(at), codes);
    this.#charge(lineBytes(body.length));
    return reply(frame, body);
  }

  #environment(frame: Frame): Uint8Array {
    const milliCelsius = Math.round(1000 * this.chip.temperature(this.#chipTime));
    return reply(
      frame,
      encodeEnvironment({
        chipTimeMicroseconds: this.#stamp(this.#chipTime),
        milliCelsius,
        supplyMillivolts: 3300,
      }),
    );
  }

  #verify(frame: Frame): Uint8Array {
    const { geometry, physics, readout } = this.chip.preset;
    const order = decodeVerifyRow(frame.body);
    if (order === undefined) return malformed(frame);
    if (physics.technology !== "pcm") {
      return refuse(frame, refusals.unsupported, "this board has no verify loop for its devices");
    }
    const known = this.#tickets.fate(order.ticket);
    if (known.fate === "fired") return reply(frame, encodeTicketFate(known));
    if (!this.#tickets.mayFire(order.ticket))
      return refuse(frame, refusals.staleTicket, `ticket ${order.ticket} is too old`);
    if (!this.#armed) return refuse(frame, refusals.standby, "in standby");
    const { tile, row, targets, iterations } = order;
    if (tile >= geometry.tiles || row >= geometry.rows || targets.length !== devicesPerRow(geometry)) {
      return refuse(
        frame,
        refusals.limit,
        `tile ${tile}, row ${row} with ${targets.length} targets is not on this chip`,
      );
    }
    if (iterations < 1 || iterations > mostIterations) {
      return refuse(frame, refusals.limit, `iterations must be 1 … ${mostIterations}`);
    }
    this.#charge(lineBytes(frame.body.length));
    this.#chipTime = verifyRow(this.chip, order, this.#chipTime);
    const chipTimeMicroseconds = this.#stamp(this.#chipTime);
    this.#tickets.fired(order.ticket, chipTimeMicroseconds);
    const fate = encodeTicketFate({ fate: "fired", chipTimeMicroseconds });
    this.#chipTime += readout.pulseRowMicroseconds;
    return reply(frame, fate);
  }

  #ticket(frame: Frame): Uint8Array {
    const ticket = decodeNumber(frame.body);
    if (ticket === undefined) return malformed(frame);
    return reply(frame, encodeTicketFate(this.#tickets.fate(ticket)));
  }

  #advance(frame: Frame): Uint8Array {
    const duration = decodeNumber(frame.body);
    if (duration === undefined) return malformed(frame);
    if (this.#chipTime + duration > Number.MAX_SAFE_INTEGER) {
      return refuse(frame, refusals.limit, "chip time ends at 285 years");
    }
    if (this.#following) return refuse(frame, refusals.unsupported, "this chip's time goes by itself");
    this.#chipTime += duration;
    return reply(frame, encodeNumber(this.#stamp(this.#chipTime)));
  }

  /** What the chip's own clock shows. */
  #stamp(time: Microseconds): Microseconds {
    return Math.round(time * (1 + this.clockPartsPerMillion * 1e-6));
  }

  #charge(bytes: number): void {
    this.#chipTime += Math.ceil((bytes * 1e6) / this.chip.preset.firmware.lineBytesPerSecond);
  }
}

/** Answers kept for requests that are repeated; tags further back are ignored. */
const repliesRemembered = 256;

function reply({ kind, session, tag }: Frame, body: Uint8Array): Uint8Array {
  return encodeFrame({ kind: kind | replyBit, session, tag, body });
}

function refuse({ session, tag }: Frame, code: number, text: string): Uint8Array {
  return encodeFrame({ kind: kinds.error | replyBit, session, tag, body: encodeRefusal({ code, text }) });
}

function malformed(frame: Frame): Uint8Array {
  return refuse(frame, refusals.malformed, `the body of kind ${frame.kind} is malformed`);
}
