import type { PacketFirmware } from "../../emulator/packetFirmware.ts";
import type { ScpiFirmware } from "../../emulator/scpiFirmware.ts";
import { cobsBound, cobsDecode, cobsEncode } from "../../protocols/packet/cobs.ts";
import { crc32c } from "../../protocols/crc32c.ts";
import { encodeFrame, type Frame, FrameDecoder } from "../../protocols/packet/frame.ts";
import * as messages from "../../protocols/packet/messages.ts";
import { bytesOf, textOf } from "../../protocols/scpi/bytes.ts";
import {
  decodeTaggedReply,
  encodeTaggedReply,
  encodeTaggedRequest,
} from "../../protocols/scpi/taggedLine.ts";

/** A board with a fault: bytes in, bytes out, and its watchdog. */
export interface FaultyBoard {
  receive(bytes: Uint8Array): Uint8Array[];
  tick(linkTime: number): void;
}

const { kinds } = messages;

/** What a faulty packet firmware does otherwise than a healthy one that stands behind it. */
interface PacketFault {
  /** Changes a request before it is carried out, and so what is done. */
  readonly request?: (frame: Frame) => Frame;
  /** Changes an answer. `ask` has the healthy firmware do something more. */
  readonly reply?: (reply: Frame, request: Frame, ask: (frame: Frame) => Frame) => Frame;
  /** Whether frames whose check is wrong are taken. */
  readonly takesDamage?: boolean;
  readonly hasNoWatchdog?: boolean;
  /** Whether it does again what comes again. */
  readonly repeats?: boolean;
  /** How many answers it keeps; all where not given. */
  readonly keeps?: number;
  /** Whether errors go back under tag 0. */
  readonly errorsUnderTagZero?: boolean;
  /** Whether an abort is answered and calls nothing off. */
  readonly callsNothingOff?: boolean;
}

const changed = (frame: Frame, body: Uint8Array): Frame => ({ ...frame, body });

function inPulse(change: (pulse: messages.PulseRow) => messages.PulseRow): (frame: Frame) => Frame {
  return (frame) => {
    const pulse = frame.kind === kinds.pulse ? messages.decodePulseRow(frame.body) : undefined;
    return pulse === undefined ? frame : changed(frame, messages.encodePulseRow(change(pulse)));
  };
}

function inRead(change: (read: messages.ReadRow) => messages.ReadRow): (frame: Frame) => Frame {
  return (frame) => {
    const read = frame.kind === kinds.read ? messages.decodeReadRow(frame.body) : undefined;
    return read === undefined ? frame : changed(frame, messages.encodeReadRow(change(read)));
  };
}

const swapped = (bytes: Uint8Array, from: number): Uint8Array => {
  const out = bytes.slice();
  for (let i = from; i + 1 < out.length; i += 2) [out[i], out[i + 1]] = [out[i + 1]!, out[i]!];
  return out;
};

/** Scales the times of every answer. */
function inTimes(scale: number): NonNullable<PacketFault["reply"]> {
  return (reply) => {
    const at = { [kinds.time]: 0, [kinds.read]: 0, [kinds.advance]: 0, [kinds.pulse]: 1, [kinds.ticket]: 1 }[
      reply.kind & 0x7f
    ];
    if (at === undefined || (reply.kind & 0x7f) === kinds.error) return reply;
    const body = reply.body.slice();
    const view = new DataView(body.buffer);
    const time = view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
    const said = Math.floor(time * scale);
    view.setUint32(at, said % 2 ** 32, true);
    view.setUint32(at + 4, Math.floor(said / 2 ** 32), true);
    return changed(reply, body);
  };
}

/** Devices in the order of their places in the cell first: 64 columns of 4. */
function byPlaceInCell(codes: Uint16Array): Uint16Array {
  return Uint16Array.from(codes, (_, k) => codes[(k % 4) * (codes.length / 4) + Math.floor(k / 4)]!);
}

const isRefusal = (reply: Frame, code: number): boolean =>
  reply.kind === (kinds.error | messages.replyBit) && reply.body[0] === code;

/** Tells the fates of tickets otherwise, where they are asked for. */
function inFates(
  change: (told: messages.TicketFate, ticket: number) => messages.TicketFate,
): NonNullable<PacketFault["reply"]> {
  return (reply, request) => {
    const told =
      reply.kind === (kinds.ticket | messages.replyBit) ? messages.decodeTicketFate(reply.body) : undefined;
    if (told === undefined) return reply;
    return changed(reply, messages.encodeTicketFate(change(told, messages.decodeNumber(request.body)!)));
  };
}

const notFired: messages.TicketFate = { fate: "not fired", chipTimeMicroseconds: 0 };

/** Forgets the fates of all but the newest tickets. What fired before the fault was put in is counted by the hello. */
function keepsFates(count: number): NonNullable<PacketFault["reply"]> {
  const newestOf = new WeakMap<object, number>();
  return (reply, request, ask) => {
    let newest = newestOf.get(ask) ?? 0;
    if (reply.kind === (kinds.hello | messages.replyBit))
      newest = Math.max(newest, messages.decodeIdentity(reply.body)!.newestTicket);
    if (reply.kind === (kinds.pulse | messages.replyBit))
      newest = Math.max(newest, messages.decodePulseRow(request.body)!.ticket);
    newestOf.set(ask, newest);
    return inFates((told, ticket) =>
      ticket <= newest - count ? { fate: "unknown", chipTimeMicroseconds: 0 } : told,
    )(reply, request, ask);
  };
}

/** Seeded faults of packet firmware, each with the step that finds it. */
export const packetFaults: Readonly<Record<string, PacketFault & { readonly foundBy: string }>> = {
  "codes most significant byte first": {
    foundBy: "read",
    reply: (reply) =>
      reply.kind === (kinds.read | messages.replyBit) ? changed(reply, swapped(reply.body, 10)) : reply,
  },
  "an identity most significant byte first": {
    foundBy: "hello",
    reply: (reply) =>
      reply.kind === (kinds.hello | messages.replyBit) ? changed(reply, swapped(reply.body, 0)) : reply,
  },
  "a bad check answered": { foundBy: "check", takesDamage: true },
  "no watchdog": { foundBy: "watchdog", hasNoWatchdog: true },
  "a repeated tag done again": { foundBy: "repeat", repeats: true },
  "fewer answers kept than it says": { foundBy: "repeat", keeps: 100 },
  "a ticket fired twice": {
    foundBy: "tickets",
    request: (() => {
      const times = new Map<number, number>();
      return inPulse((pulse) => {
        const before = times.get(pulse.ticket) ?? 0;
        times.set(pulse.ticket, before + 1);
        return { ...pulse, ticket: pulse.ticket + before };
      });
    })(),
  },
  "a ticket that never fired told as fired": {
    foundBy: "tickets",
    reply: inFates((told) =>
      told.fate === "not fired" ? { fate: "fired", chipTimeMicroseconds: 1000 } : told,
    ),
  },
  "a fired ticket told as not fired": {
    foundBy: "tickets",
    reply: inFates((told) => (told.fate === "fired" ? notFired : told)),
  },
  "no memory of what fired": {
    foundBy: "tickets",
    request: (() => {
      let times = 0;
      return inPulse((pulse) => ({ ...pulse, ticket: pulse.ticket + 5000 * ++times }));
    })(),
    reply: inFates((told) => (told.fate === "unknown" ? notFired : told)),
  },
  "fates of 64 tickets kept": { foundBy: "tickets", reply: keepsFates(64) },
  "fates of 1,000 tickets kept": { foundBy: "tickets", reply: keepsFates(1000) },
  "a refused pulse that uses up its ticket": {
    foundBy: "tickets",
    reply: (reply, request, ask) => {
      if (!isRefusal(reply, messages.refusals.limit) || request.kind !== kinds.pulse) return reply;
      ask(
        inPulse((pulse) => ({
          ...pulse,
          row: 0,
          widthNanoseconds: 100,
          trailingNanoseconds: 0,
          codes: pulse.codes.map(() => 0),
        }))(request),
      );
      return reply;
    },
  },
  "0 for its newest ticket in every hello": {
    foundBy: "tickets",
    reply: (reply) => {
      const identity =
        reply.kind === (kinds.hello | messages.replyBit) ? messages.decodeIdentity(reply.body) : undefined;
      if (identity === undefined) return reply;
      return changed(reply, messages.encodeIdentity({ ...identity, newestTicket: 0 }));
    },
  },
  "errors under tag 0": { foundBy: "errors", errorsUnderTagZero: true },
  "no abort": {
    foundBy: "abort",
    request: (frame) => (frame.kind === kinds.abort ? { ...frame, kind: 0x6e } : frame),
  },
  "an abort that calls nothing off": { foundBy: "abort", callsNothingOff: true },
  "pulses in standby": {
    foundBy: "standby",
    reply: (reply, request, ask) => {
      if (!isRefusal(reply, messages.refusals.standby) || request.kind !== kinds.pulse) return reply;
      ask({ ...request, kind: kinds.hello, body: messages.encodeHello() });
      const pulse = ask(request);
      ask({ ...request, kind: kinds.standby, body: messages.encodeNothing() });
      return pulse;
    },
  },
  "a stale ticket accepted": {
    foundBy: "tickets",
    reply: (reply, request, ask) => {
      if (!isRefusal(reply, messages.refusals.staleTicket)) return reply;
      const late = inPulse((pulse) => ({ ...pulse, ticket: pulse.ticket + 100_000 }))(request);
      return ask(late);
    },
  },
  "a width above the limit given": {
    foundBy: "limits",
    request: inPulse((pulse) => ({ ...pulse, widthNanoseconds: Math.min(pulse.widthNanoseconds, 5000) })),
  },
  "averages ignored": { foundBy: "averages", request: inRead((read) => ({ ...read, averages: 1 })) },
  "chip time in milliseconds": { foundBy: "time", reply: inTimes(1e-3) },
  "chip time in nanoseconds": { foundBy: "time", reply: inTimes(1e3) },
  "a row beyond the geometry answered": {
    foundBy: "geometry",
    request: inRead((read) => ({ ...read, row: read.row % 64 })),
  },
  "a pulse beyond the geometry given": {
    foundBy: "geometry",
    request: inPulse((pulse) => ({ ...pulse, row: pulse.row % 64 })),
  },
  "devices in another order": {
    foundBy: "order",
    request: inPulse((pulse) => ({ ...pulse, codes: byPlaceInCell(pulse.codes) })),
  },
  "an amplitude above the limit given": {
    foundBy: "amplitude",
    request: inPulse((pulse) => ({ ...pulse, codes: pulse.codes.map((code) => Math.min(code, 1000)) })),
  },
  "a foreign session accepted": {
    foundBy: "session",
    request: (() => {
      let own = 0;
      return (frame) => {
        if (frame.kind === kinds.hello) own = frame.session;
        return { ...frame, session: own };
      };
    })(),
  },
  "reads in standby": {
    foundBy: "standby watchdog",
    reply: (reply, request, ask) => {
      if (!isRefusal(reply, messages.refusals.standby) || request.kind !== kinds.read) return reply;
      const hello = { ...request, kind: kinds.hello, body: messages.encodeHello() };
      ask(hello);
      const read = ask(request);
      ask({ ...request, kind: kinds.standby, body: messages.encodeNothing() });
      return read;
    },
  },
  "a description with another check": {
    foundBy: "description",
    reply: (reply) => {
      if (reply.kind !== (kinds.describe | messages.replyBit)) return reply;
      const body = reply.body.slice();
      body[5]! ^= 1;
      return changed(reply, body);
    },
  },
  "a description of another chip": {
    foundBy: "description",
    reply: (reply) => {
      const identity =
        reply.kind === (kinds.hello | messages.replyBit) ? messages.decodeIdentity(reply.body) : undefined;
      if (identity === undefined) return reply;
      return changed(reply, messages.encodeIdentity({ ...identity, name: "another" }));
    },
  },
};

/** A packet board whose firmware has a fault. */
export function faultyPacket(firmware: PacketFirmware, fault: PacketFault = {}): FaultyBoard {
  const decoder = new FrameDecoder();
  let [linkTime, innerTag, session] = [0, 0, 0];
  /** The tag of the last abort, and the one before it behind the fault. */
  let [abortTag, beforeAbort] = [0, 0];
  let kept = new Map<number, Uint8Array>();
  /** Behind it every request has a tag of its own. */
  const ask = (frame: Frame): Frame => {
    const replies: Frame[] = [];
    const back = new FrameDecoder();
    if (frame.kind === kinds.abort && fault.callsNothingOff !== true)
      [abortTag, beforeAbort] = [frame.tag, ++innerTag];
    const isOvertaken = frame.kind === kinds.pulse && frame.tag < abortTag;
    const tag = isOvertaken ? beforeAbort : ++innerTag;
    for (const bytes of firmware.receive(encodeFrame({ ...frame, tag }), linkTime)) {
      back.push(
        bytes,
        (reply) => replies.push(reply),
        () => {},
      );
    }
    return replies[0]!;
  };
  const answer = (given: Frame): Uint8Array => {
    if (given.kind === kinds.hello && given.session !== session) {
      ({ session } = given);
      innerTag = 0;
      abortTag = 0;
      kept = new Map();
    }
    const known = given.session === session && fault.repeats !== true ? kept.get(given.tag) : undefined;
    if (known !== undefined) return known;
    const request = fault.request?.(given) ?? given;
    const reply = ask(request);
    const said = fault.reply?.(reply, request, ask) ?? reply;
    const isStray = fault.errorsUnderTagZero === true && said.kind === (kinds.error | messages.replyBit);
    const bytes = encodeFrame({ ...said, session: given.session, tag: isStray ? 0 : given.tag });
    if (given.session === session) kept.set(given.tag, bytes);
    if (fault.keeps !== undefined) kept.delete(given.tag - fault.keeps);
    return bytes;
  };
  return {
    tick(at) {
      linkTime = at;
      if (fault.hasNoWatchdog !== true) firmware.tick(at);
    },
    receive(bytes) {
      const out: Uint8Array[] = [];
      const mended = fault.takesDamage === true ? withRightChecks(bytes) : bytes;
      decoder.push(
        mended,
        (given) => void out.push(answer(given)),
        () => {},
      );
      return out;
    },
  };
}

/** Frames with whatever check they need. */
function withRightChecks(bytes: Uint8Array): Uint8Array {
  const raw = cobsDecode(bytes.subarray(1, -1))?.slice();
  if (raw === undefined) return bytes;
  new DataView(raw.buffer).setUint32(raw.length - 4, crc32c(raw, 0, raw.length - 4), true);
  const out = new Uint8Array(cobsBound(raw.length) + 2);
  return out.subarray(0, cobsEncode(raw, out, 1) + 1);
}

/** What a faulty SCPI firmware does otherwise. */
interface ScpiFault {
  readonly request?: (rest: string) => string;
  readonly reply?: (rest: string, request: string) => string;
  readonly takesDamage?: boolean;
  readonly repeats?: boolean;
  readonly foreign?: boolean;
  readonly hasNoWatchdog?: boolean;
}

/** Numbers of an answer that are times, by the questions that were asked. */
function inScpiTimes(scale: number): NonNullable<ScpiFault["reply"]> {
  return (rest, request) =>
    /TIME\?/.test(request)
      ? rest.replace(
          /(^|;)(\d+)(?=;0,"No error"$)/,
          (_, before: string, time: string) => `${before}${Math.floor(Number(time) * scale)}`,
        )
      : rest;
}

export const scpiFaults: Readonly<Record<string, ScpiFault & { readonly foundBy: string }>> = {
  "a bad check answered": { foundBy: "check", takesDamage: true },
  "no watchdog": { foundBy: "watchdog", hasNoWatchdog: true },
  "a repeated tag done again": { foundBy: "repeat", repeats: true },
  "a foreign session accepted": { foundBy: "session", foreign: true },
  "a width above the limit given": {
    foundBy: "limits",
    request: (rest) =>
      rest.replace(/WIDT (\d+) NS/, (_, width: string) => `WIDT ${Math.min(Number(width), 5000)} NS`),
  },
  "averages ignored": {
    foundBy: "averages",
    request: (rest) => rest.replace(/AVER:COUN \d+/, "AVER:COUN 1"),
  },
  "chip time in milliseconds": { foundBy: "time", reply: inScpiTimes(1e-3) },
  "a row beyond the geometry answered": {
    foundBy: "geometry",
    request: (rest) =>
      rest.replace(
        /MEAS:CODE\? \(@(\d+)!(\d+)\)/,
        (_, tile: string, row: string) => `MEAS:CODE? (@${tile}!${Number(row) % 64})`,
      ),
  },
  "devices in another order": {
    foundBy: "order",
    request: (rest) =>
      rest.replace(/(IMM \(@\d+!\d+\),)([\d,]+)/, (_, head: string, list: string) => {
        return `${head}${byPlaceInCell(Uint16Array.from(list.split(",").map(Number))).join(",")}`;
      }),
  },
  "an amplitude above the limit given": {
    foundBy: "amplitude",
    request: (rest) =>
      rest.replace(/(IMM \(@\d+!\d+\),)([\d,]+)/, (_, head: string, list: string) => {
        const codes = list.split(",").map((code) => Math.min(Number(code), 1000));
        return `${head}${codes.join(",")}`;
      }),
  },
  "reads in standby": {
    foundBy: "standby",
    request: (rest) => rest.replace("OUTP OFF", "OUTP ON"),
  },
  "pulses in standby": {
    foundBy: "standby",
    request: (() => {
      let isOff = false;
      return (rest: string) => {
        if (/OUTP (ON|OFF)/.test(rest)) isOff = rest.includes("OUTP OFF");
        if (!isOff || !rest.includes("PULS:KIND")) return rest;
        return rest.replace("PULS:KIND", "OUTP ON;:PULS:KIND").replace("FETC:TIME?", "FETC:TIME?;:OUTP OFF");
      };
    })(),
  },
  "no abort": { foundBy: "abort", request: (rest) => rest.replace(/\bABOR\b/, "ABRT") },
};

/** A SCPI board whose firmware has a fault. */
export function faultyScpi(firmware: ScpiFirmware, fault: ScpiFault = {}): FaultyBoard {
  let [linkTime, tag, own, lastAsked] = [0, 0, 0, 0];
  return {
    tick(at) {
      linkTime = at;
      if (fault.hasNoWatchdog !== true) firmware.tick(at);
    },
    receive(bytes) {
      const given = textOf(bytes).trimEnd();
      const parts = /^SYST:TAG\? (\d+),(\d+),#H[0-9A-F]{8};(.*)$/s.exec(given);
      if (parts === null) return firmware.receive(bytes, linkTime);
      const [session, asked, rest] = [Number(parts[1]), Number(parts[2]), parts[3]!];
      if (asked === 1) [own, tag] = [session, 0];
      const isDamaged = encodeTaggedRequest({ session, tag: asked, rest }) !== given;
      if (isDamaged && fault.takesDamage !== true) return firmware.receive(bytes, linkTime);
      // Behind it lines have tags of their own where one that comes again, or is of another session, is to be carried out.
      const comesAgain = session === own && asked === lastAsked && fault.repeats !== true;
      if (fault.repeats !== true && fault.foreign !== true) tag = asked;
      else if (!comesAgain) tag++;
      lastAsked = asked;
      const inside = {
        session: fault.foreign === true ? own : session,
        tag,
        rest: fault.request?.(rest) ?? rest,
      };
      const replies = firmware.receive(bytesOf(`${encodeTaggedRequest(inside)}\n`), linkTime);
      return replies.map((reply) => {
        const said = decodeTaggedReply(textOf(reply).trimEnd())!;
        const told = fault.reply?.(said.rest, rest) ?? said.rest;
        return bytesOf(`${encodeTaggedReply({ session, tag: asked, rest: told })}\n`);
      });
    },
  };
}
