import { type Frame, FrameDecoder } from "../../protocols/packet/frame.ts";
import * as messages from "../../protocols/packet/messages.ts";
import { textOf } from "../../protocols/scpi/bytes.ts";
import { MessageReader } from "../../protocols/scpi/messageReader.ts";
import { parseMessage } from "../../protocols/scpi/parse.ts";
import { decodeTaggedReply, decodeTaggedRequest } from "../../protocols/scpi/taggedLine.ts";

/** One message of a recorded conversation. */
export interface Message {
  /** Equal for a request and its reply. */
  readonly key: string;
  /** For a person: `read, tag 7`. */
  readonly name: string;
  /** Its beginning. */
  readonly shown: string;
  /** Equal for messages that are the same to the last bit. */
  readonly whole: string;
  readonly microseconds: number;
  readonly understood: boolean;
  /** Who answered, where the message says so. */
  readonly identity?: {
    readonly name: string;
    readonly serialNumber: string;
    readonly boot: number;
    readonly tiles: number;
  };
}

/** Puts one direction of a conversation together again. */
export interface Heard {
  readonly messages: Message[];
  readonly damaged: number;
  push(bytes: Uint8Array, microseconds: number): void;
}

const requestDecoders: Readonly<Record<number, (body: Uint8Array) => unknown>> = {
  [messages.kinds.hello]: messages.decodeHello,
  [messages.kinds.read]: messages.decodeReadRow,
  [messages.kinds.pulse]: messages.decodePulseRow,
  [messages.kinds.ticket]: messages.decodeNumber,
  [messages.kinds.advance]: messages.decodeNumber,
  [messages.kinds.multiply]: messages.decodeMultiply,
  [messages.kinds.verify]: messages.decodeVerifyRow,
};

export function packetMessages(): Heard {
  const decoder = new FrameDecoder();
  const found: Message[] = [];
  let damaged = 0;
  return {
    messages: found,
    get damaged() {
      return damaged;
    },
    push(bytes, microseconds) {
      decoder.push(
        bytes,
        (frame) => found.push(packetMessage(frame, microseconds)),
        () => void damaged++,
      );
    },
  };
}

function packetMessage({ kind, session, tag, body }: Frame, microseconds: number): Message {
  const hex = Buffer.from(body).toString("hex");
  const kindName = Object.entries(messages.kinds).find(([, value]) => value === (kind & 0x7f))?.[0];
  const identity =
    kind === (messages.kinds.hello | messages.replyBit) ? messages.decodeIdentity(body) : undefined;
  const decode = requestDecoders[kind];
  return {
    key: `${session} ${tag}`,
    name: `${kindName ?? `kind ${kind}`}, tag ${tag}`,
    shown: hex.length > 48 ? `${hex.slice(0, 48)}… (${body.length} bytes)` : hex,
    whole: `${kind} ${hex}`,
    microseconds,
    understood: decode === undefined || decode(body) !== undefined,
    ...(identity && {
      identity: {
        name: identity.name,
        serialNumber: identity.serialNumber,
        boot: identity.boot,
        tiles: identity.geometry.tiles,
      },
    }),
  };
}

export function scpiMessages(to: "chip" | "host"): Heard {
  const reader = new MessageReader();
  const found: Message[] = [];
  let damaged = 0;
  return {
    messages: found,
    get damaged() {
      return damaged;
    },
    push(bytes, microseconds) {
      reader.push(
        bytes,
        (message) => {
          const text = textOf(message);
          const line = to === "chip" ? decodeTaggedRequest(text) : decodeTaggedReply(text);
          if (line === undefined || line === "damaged") return void damaged++;
          const { session, tag, rest } = line;
          const idn = /^[^,;]*,([^,;]*),([^,;]*),[^;]*;(\d+);(\d+),/.exec(rest);
          found.push({
            key: `${session} ${tag}`,
            name: `tag ${tag}`,
            shown: rest.length > 60 ? `${rest.slice(0, 60)}… (${rest.length} bytes)` : rest,
            whole: rest,
            microseconds,
            understood: to === "host" || parses(rest),
            ...(to === "host" && idn
              ? {
                  identity: {
                    name: idn[1]!,
                    serialNumber: idn[2]!,
                    boot: Number(idn[3]),
                    tiles: Number(idn[4]),
                  },
                }
              : {}),
          });
        },
        () => void damaged++,
      );
    },
  };
}

function parses(line: string): boolean {
  try {
    return [...parseMessage(line)].length > 0;
  } catch {
    return false;
  }
}
