import { type Frame, encodeFrame, FrameDecoder } from "../../protocols/packet/frame.ts";
import * as messages from "../../protocols/packet/messages.ts";
import { bytesOf, textOf } from "../../protocols/scpi/bytes.ts";
import { decodeTaggedReply, encodeTaggedReply } from "../../protocols/scpi/taggedLine.ts";
import type { Firmware } from "../../emulator/firmware.ts";

/** What a board may say that is not so, in frames and lines that are sound. */
export const lies = [
  "newest ticket",
  "another chip",
  "time ahead",
  "time back",
  "time stopped",
  "too few codes",
  "too many codes",
  "codes beyond the converter",
  "codes of another row",
] as const;

export type Lie = (typeof lies)[number];

/** A board whose answers are bent on their way out, and for how long. */
export class Liar {
  readonly firmware: Firmware;
  readonly #dialect: string;
  #lie: Lie | undefined;
  #left = 0;
  #stoppedAt: number | undefined;
  /** Every lie that was told. */
  readonly told = new Set<Lie>();
  /** Whether one was told since the board was last mended. */
  hasLied = false;

  constructor(firmware: Firmware, dialect: string) {
    this.#dialect = dialect;
    // A line of faults takes it for the board itself.
    this.firmware = new Proxy(firmware, {
      get: (target, name) => {
        if (name === "receive") {
          return (bytes: Uint8Array, linkTime: number) =>
            target.receive(bytes, linkTime).map((reply) => this.#bent(reply));
        }
        const value = Reflect.get(target, name, target) as unknown;
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
      set: (target, name, value) => Reflect.set(target, name, value, target),
    });
  }

  begin(lie: Lie, times: number): void {
    this.#lie = lie;
    this.#left = times;
    this.#stoppedAt = undefined;
  }

  /** Somebody has mended the board. */
  mend(): void {
    this.#lie = undefined;
    this.hasLied = false;
  }

  #bent(reply: Uint8Array): Uint8Array {
    if (this.#lie === undefined || this.#left === 0) return reply;
    const bent =
      this.#dialect === "scpi" ? this.#bentLine(reply, this.#lie) : this.#bentFrame(reply, this.#lie);
    if (bent === undefined) return reply;
    this.told.add(this.#lie);
    this.hasLied = true;
    if (--this.#left === 0) this.#lie = undefined;
    return bent;
  }

  #bentFrame(reply: Uint8Array, lie: Lie): Uint8Array | undefined {
    let frame: Frame | undefined;
    new FrameDecoder().push(
      reply,
      (found) => (frame = found),
      () => {},
    );
    const body = frame && this.#bentBody(frame, lie);
    return body && encodeFrame({ ...frame!, body });
  }

  #bentBody({ kind, body }: Frame, lie: Lie): Uint8Array | undefined {
    switch (kind & ~messages.replyBit) {
      case messages.kinds.hello: {
        const identity = messages.decodeIdentity(body)!;
        if (lie === "newest ticket")
          return messages.encodeIdentity({ ...identity, newestTicket: Number.MAX_SAFE_INTEGER });
        return lie === "another chip" ? messages.encodeIdentity({ ...identity, name: "pcm-63" }) : undefined;
      }
      case messages.kinds.time:
      case messages.kinds.advance: {
        const time = this.#bentTime(messages.decodeNumber(body)!, lie);
        return time === undefined ? undefined : messages.encodeNumber(time);
      }
      case messages.kinds.pulse: {
        const fate = messages.decodeTicketFate(body)!;
        const chipTimeMicroseconds = this.#bentTime(fate.chipTimeMicroseconds, lie);
        return chipTimeMicroseconds === undefined
          ? undefined
          : messages.encodeTicketFate({ ...fate, chipTimeMicroseconds });
      }
      case messages.kinds.read: {
        const row = messages.decodeRowCodes(body)!;
        const codes = bentCodes([...row.codes], lie);
        const time = this.#bentTime(row.chipTimeMicroseconds, lie);
        if (codes === undefined && time === undefined) return undefined;
        return messages.encodeRowCodes({
          chipTimeMicroseconds: time ?? row.chipTimeMicroseconds,
          codes: codes === undefined ? row.codes : Uint16Array.from(codes),
        });
      }
      default:
        return undefined;
    }
  }

  #bentLine(reply: Uint8Array, lie: Lie): Uint8Array | undefined {
    const line = decodeTaggedReply(textOf(reply).trimEnd());
    if (line === undefined) return undefined;
    const parts = line.rest.split(";");
    const rest = this.#bentParts(parts, lie)?.join(";");
    return rest === undefined ? undefined : bytesOf(`${encodeTaggedReply({ ...line, rest })}\n`);
  }

  /** Codes, if any, stand first; a time is the last but the error. */
  #bentParts(parts: readonly string[], lie: Lie): string[] | undefined {
    const [first = "", ...others] = parts;
    if (first.startsWith("mho,")) {
      return lie === "another chip" ? [first.replace(/pcm|rram/, "ram"), ...others] : undefined;
    }
    if (/^\d+(,\d+){15,}$/.test(first)) {
      const codes = bentCodes(first.split(",").map(Number), lie);
      if (codes !== undefined) return [codes.join(","), ...others];
    }
    const at = parts.length - 2;
    if (at < 0 || !/^\d+$/.test(parts[at]!)) return undefined;
    const time = this.#bentTime(Number(parts[at]), lie);
    return time === undefined ? undefined : parts.map((part, k) => (k === at ? String(time) : part));
  }

  #bentTime(time: number, lie: Lie): number | undefined {
    if (lie === "time ahead") return time + hundredDays;
    if (lie === "time back") return Math.floor(time / 2);
    if (lie === "time stopped") return (this.#stoppedAt ??= time);
    return undefined;
  }
}

function bentCodes(codes: number[], lie: Lie): number[] | undefined {
  if (lie === "too few codes") return codes.slice(1);
  if (lie === "too many codes") return [...codes, 0];
  if (lie === "codes beyond the converter") return codes.map(() => 60_000);
  return lie === "codes of another row" ? codes.toReversed() : undefined;
}

const hundredDays = 8_640_000_000_000;
