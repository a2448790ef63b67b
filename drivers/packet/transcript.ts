import { type Frame, FrameDecoder } from "../../protocols/packet/frame.ts";
import * as messages from "../../protocols/packet/messages.ts";
import type { Heard, Message } from "../heard.ts";

/** Frames of a recorded conversation, which are put together alike in both directions. */
const requestDecoders: Readonly<Record<number, (body: Uint8Array) => unknown>> = {
  [messages.kinds.hello]: messages.decodeHello,
  [messages.kinds.read]: messages.decodeReadRow,
  [messages.kinds.pulse]: messages.decodePulseRow,
  [messages.kinds.ticket]: messages.decodeNumber,
  [messages.kinds.advance]: messages.decodeNumber,
  [messages.kinds.multiply]: messages.decodeMultiply,
  [messages.kinds.verify]: messages.decodeVerifyRow,
  [messages.kinds.describe]: messages.decodeDescribe,
};

export function readPacketTranscript(): Heard {
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
        describes: identity.capabilities.describe === true,
      },
    }),
  };
}
