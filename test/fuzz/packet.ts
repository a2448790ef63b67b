import { PacketFirmware } from "../../emulator/packetFirmware.ts";
import { pcm64 } from "../../emulator/presets.ts";
import { crc32c } from "../../protocols/crc32c.ts";
import { cobsBound, cobsDecode, cobsEncode } from "../../protocols/packet/cobs.ts";
import { encodeFrame, type Frame, FrameDecoder } from "../../protocols/packet/frame.ts";
import * as messages from "../../protocols/packet/messages.ts";
import { joined } from "./mutate.ts";
import { surface } from "./surface.ts";

const { kinds, replyBit } = messages;
const session = 77;
const nothing = new Uint8Array(0);
const codes = Uint16Array.from({ length: 256 }, (_, i) => (i * 37) % 700);
const fired = { fate: "fired", chipTimeMicroseconds: 77 } as const;
const at = { tile: 0, row: 5 };

const requests: readonly (readonly [kind: number, body: Uint8Array])[] = [
  [kinds.hello, messages.encodeHello()],
  [kinds.time, nothing],
  [kinds.read, messages.encodeReadRow({ ...at, averages: 1 })],
  [
    kinds.pulse,
    messages.encodePulseRow({
      ...at,
      ticket: 9,
      kind: "reset",
      widthNanoseconds: 100,
      trailingNanoseconds: 0,
      gateCode: 0,
      codes,
    }),
  ],
  [kinds.ticket, messages.encodeNumber(9)],
  [kinds.advance, messages.encodeNumber(1e6)],
  [kinds.multiply, messages.encodeMultiply({ tile: 0, inputs: new Int8Array(64).fill(3) })],
  [kinds.environment, nothing],
  [kinds.selfTest, nothing],
  [
    kinds.verify,
    messages.encodeVerifyRow({
      ...at,
      ticket: 10,
      marginCodes: 9,
      iterations: 2,
      widthNanoseconds: 100,
      targets: codes,
    }),
  ],
  [kinds.references, messages.encodeReadReferences({ tile: 0, averages: 2 })],
  [kinds.abort, nothing],
  [kinds.standby, nothing],
];

const replies: readonly (readonly [kind: number, body: Uint8Array])[] = [
  [
    kinds.hello,
    messages.encodeIdentity({
      name: "pcm-64",
      firmware: "f 1",
      serialNumber: "S1",
      boot: 3,
      geometry: { tiles: 1, rows: 64, columns: 64, devicesPerCell: 4 },
      capabilities: {
        virtualTime: true,
        multiply: true,
        onBoardVerify: true,
        environment: true,
        references: true,
      },
      newestTicket: 7,
    }),
  ],
  [kinds.time, messages.encodeNumber(123_456)],
  [kinds.read, messages.encodeRowCodes({ chipTimeMicroseconds: 5, codes })],
  [kinds.pulse, messages.encodeTicketFate(fired)],
  [kinds.verify, messages.encodeVerifyReport({ ...fired, pulses: new Uint8Array(256) })],
  [kinds.multiply, messages.encodeProducts(5, new Int16Array(256).fill(-4))],
  [
    kinds.environment,
    messages.encodeEnvironment({
      chipTimeMicroseconds: 1,
      milliCelsius: 25_000,
      supplyMillivolts: 3300,
    }),
  ],
  [kinds.references, messages.encodeRowCodes({ chipTimeMicroseconds: 5, codes: codes.subarray(0, 3) })],
  [kinds.error, messages.encodeRefusal({ code: messages.refusals.limit, text: "too much" })],
];

const decoders: readonly ((body: Uint8Array) => unknown)[] = [
  messages.decodeHello,
  messages.decodeIdentity,
  messages.decodeNumber,
  messages.decodePulseRow,
  messages.decodeReadRow,
  messages.decodeReadReferences,
  messages.decodeRefusal,
  messages.decodeRowCodes,
  messages.decodeTicketFate,
  messages.decodeMultiply,
  messages.decodeProducts,
  messages.decodeEnvironment,
  messages.decodeVerifyRow,
  messages.decodeVerifyReport,
  messages.decodeDescribe,
  messages.decodeDescriptionPart,
];

/** Bodies that a chip may send. */
export const replyBodies = replies.map(([, body]) => body);

function lineOf(sent: readonly (readonly [number, Uint8Array])[], bit: number): Uint8Array[] {
  return sent.map(([kind, body], i) => encodeFrame({ kind: kind | bit, session, tag: i + 1, body }));
}

const toChip = lineOf(requests, 0);
const toHost = lineOf(replies, replyBit);

/** Cuts a line into frames of any content and gives each a right checksum and stuffing. */
export function reframed(line: Uint8Array): Uint8Array {
  const frames: Uint8Array[] = [];
  let start = 0;
  while (start < line.length) {
    const zero = line.indexOf(0, start);
    const end = zero < 0 ? line.length : zero;
    const raw = (cobsDecode(line.subarray(start, end)) ?? line.subarray(start, end)).slice();
    start = end + 1;
    if (raw.length < 13) continue;
    new DataView(raw.buffer).setUint32(raw.length - 4, crc32c(raw, 0, raw.length - 4), true);
    const out = new Uint8Array(cobsBound(raw.length) + 1);
    frames.push(out.subarray(0, cobsEncode(raw, out, 0) + 1));
  }
  return joined(...frames);
}

export const packetSurfaces = [
  surface("packet-frames", 1200, {
    corpus: [...toChip, ...toHost, joined(...toChip), joined(...toHost)],
    language: "binary",
    repair: reframed,
    feed(bytes) {
      const decoder = new FrameDecoder();
      let understood = 0;
      const onFrame = ({ body }: Frame): void => {
        for (const decode of decoders) if (decode(body) !== undefined) understood++;
      };
      const cut = bytes.length >> 1;
      decoder.push(bytes.subarray(0, cut), onFrame, () => {});
      decoder.push(bytes.subarray(cut), onFrame, () => {});
      return understood > 0;
    },
  }),
  surface("packet-bodies", 3600, {
    corpus: [...requests, ...replies].map(([, body]) => body),
    language: "binary",
    feed: (bytes) => decoders.filter((decode) => decode(bytes) !== undefined).length > 0,
  }),
  surface("packet-firmware", 12, {
    corpus: [joined(...toChip), ...toChip.slice(1).map((frame) => joined(toChip[0]!, frame))],
    language: "binary",
    repair: reframed,
    feed: (bytes) => new PacketFirmware(pcm64(1), 7).receive(bytes, 0).length > 0,
  }),
];
