import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cobsBound, cobsDecode, cobsEncode } from "../protocols/packet/cobs.ts";
import { crc32c } from "../protocols/crc32c.ts";
import {
  type Damage,
  encodeFrame,
  type Frame,
  FrameDecoder,
  lineBytes,
  maxBodyBytes,
  maxFrameBytes,
} from "../protocols/packet/frame.ts";
import * as messages from "../protocols/packet/messages.ts";
import { Random } from "../src/random.ts";

const bytes = fc.uint8Array({ maxLength: 600 });
const frame = fc.record({
  kind: fc.nat(255),
  session: fc.nat(0xffffffff),
  tag: fc.nat(0xffffffff),
  body: bytes,
});

function decode(chunks: Iterable<Uint8Array>): { frames: Frame[]; damage: Damage[] } {
  const decoder = new FrameDecoder();
  const frames: Frame[] = [];
  const damage: Damage[] = [];
  for (const chunk of chunks)
    decoder.push(
      chunk,
      (f) => frames.push(f),
      (d) => damage.push(d),
    );
  return { frames, damage };
}

function plain({ kind, session, tag, body }: Frame) {
  return { kind, session, tag, body: [...body] };
}

describe("CRC-32C", () => {
  it("has the published check values", () => {
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  });
});

describe("COBS", () => {
  it("has the published examples", () => {
    const encode = (...data: number[]): number[] => {
      const out = new Uint8Array(cobsBound(data.length));
      return [...out.subarray(0, cobsEncode(Uint8Array.from(data), out, 0))];
    };
    expect(encode(0)).toEqual([1, 1]);
    expect(encode(0x11, 0x22, 0, 0x33)).toEqual([3, 0x11, 0x22, 2, 0x33]);
    expect(encode(0x11, 0, 0, 0)).toEqual([2, 0x11, 1, 1, 1]);
  });

  it("gives any bytes back, holds no zero and keeps to its bound, also around runs of 254", () => {
    const runs = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 255 })), { maxLength: 1100 });
    const long = fc.integer({ min: 250, max: 520 }).map((n) => Array<number>(n).fill(7));
    fc.assert(
      fc.property(fc.oneof(runs, long), (data) => {
        const out = new Uint8Array(cobsBound(data.length));
        const end = cobsEncode(Uint8Array.from(data), out, 0);
        expect(end).toBeLessThanOrEqual(out.length);
        expect(out.subarray(0, end).includes(0)).toBe(false);
        expect([...cobsDecode(out.subarray(0, end))!]).toEqual(data);
      }),
    );
  });
});

describe("frames", () => {
  it("come back whole whatever the chunks", () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 5 }),
        fc.array(fc.nat(40), { maxLength: 60 }),
        (sent, cuts) => {
          const line = Buffer.concat(sent.map(encodeFrame));
          const chunks: Uint8Array[] = [];
          let at = 0;
          for (const cut of cuts) {
            chunks.push(line.subarray(at, at + cut));
            at += cut;
          }
          chunks.push(line.subarray(at));
          const { frames, damage } = decode(chunks);
          expect(frames.map(plain)).toEqual(sent.map(plain));
          expect(damage).toEqual([]);
        },
      ),
    );
  });

  it("come back whole at every split point", () => {
    const sent = { kind: 3, session: 99, tag: 7, body: Uint8Array.from({ length: 300 }, (_, i) => i % 5) };
    const line = encodeFrame(sent);
    for (let cut = 0; cut <= line.length; cut++) {
      expect(decode([line.subarray(0, cut), line.subarray(cut)]).frames.map(plain)).toEqual([plain(sent)]);
    }
  });

  it("survive damage to any single byte: no wrong frame is accepted, and the next but one always is", () => {
    const sent = [1, 2, 3].map((tag) => ({ kind: 3, session: 5, tag, body: Uint8Array.of(tag, 0, 255, 17) }));
    const line = Buffer.concat(sent.map(encodeFrame));
    for (let at = 0; at < line.length; at++) {
      for (const flip of [1, 0x80, 0xff, line[at]!]) {
        const damaged = Uint8Array.from(line);
        damaged[at]! ^= flip;
        const { frames } = decode([damaged]);
        const known = frames.map(plain).map((f) => JSON.stringify(f));
        for (const f of known) expect(sent.map(plain).map((s) => JSON.stringify(s))).toContain(f);
        expect(frames.length).toBeGreaterThanOrEqual(1);
      }
    }
  });

  it("report a frame that is too long, hold no more than its limit, and go on behind it", () => {
    const flood = new Uint8Array(5 * maxFrameBytes).fill(9);
    const good = { kind: 1, session: 0, tag: 1, body: new Uint8Array(0) };
    const { frames, damage } = decode([flood, flood, Uint8Array.of(0), encodeFrame(good)]);
    expect(damage).toEqual([{ reason: "too long", length: 2 * flood.length }]);
    expect(frames.map(plain)).toEqual([plain(good)]);
  });

  it("fit the line up to the longest body, and a longer one is refused", () => {
    const body = new Uint8Array(maxBodyBytes).fill(1);
    const line = encodeFrame({ kind: 1, session: 0, tag: 0, body });
    expect(line.length).toBeLessThanOrEqual(maxFrameBytes);
    expect(line.length).toBeLessThanOrEqual(lineBytes(maxBodyBytes));
    expect(decode([line]).frames).toHaveLength(1);
    const tooLong = new Uint8Array(maxBodyBytes + 1);
    expect(() => encodeFrame({ kind: 1, session: 0, tag: 0, body: tooLong })).toThrow(RangeError);
  });

  it("are never found in random bytes, which crash nothing", () => {
    fc.assert(
      fc.property(fc.array(bytes), (chunks) => {
        expect(decode([...chunks, Uint8Array.of(0)]).frames).toEqual([]);
      }),
    );
  });
});

const decoders: readonly ((body: Uint8Array) => unknown)[] = [
  messages.decodeHello,
  messages.decodeIdentity,
  messages.decodeNumber,
  messages.decodePulseRow,
  messages.decodeReadRow,
  messages.decodeRefusal,
  messages.decodeRowCodes,
  messages.decodeTicketFate,
  messages.decodeMultiply,
  messages.decodeProducts,
  messages.decodeEnvironment,
  messages.decodeVerifyRow,
];

describe("bodies", () => {
  const u16 = fc.nat(0xffff);
  const time = fc.nat(Number.MAX_SAFE_INTEGER);
  const codes = fc.array(u16, { maxLength: 300 }).map((list) => Uint16Array.from(list));

  it("of every kind come back as they were", () => {
    fc.assert(
      fc.property(time, time, u16, u16, codes, fc.nat(0xffffffff), (ticket, at, tile, row, list, width) => {
        const pulse = {
          ticket,
          tile,
          row,
          kind: width % 2 === 0 ? ("set" as const) : ("reset" as const),
          widthNanoseconds: width,
          trailingNanoseconds: tile,
          gateCode: row,
          codes: list,
        };
        expect(messages.decodePulseRow(messages.encodePulseRow(pulse))).toEqual(pulse);
        const verify = {
          ticket,
          tile,
          row,
          marginCodes: 12,
          iterations: 30,
          widthNanoseconds: width,
          targets: list,
        };
        expect(messages.decodeVerifyRow(messages.encodeVerifyRow(verify))).toEqual(verify);
        const inputs = Int8Array.from(list, (code) => (code % 255) - 127);
        expect(messages.decodeMultiply(messages.encodeMultiply({ tile, inputs }))).toEqual({ tile, inputs });
        const products = Int16Array.from(list, (code) => code - 32_768);
        expect(messages.decodeProducts(messages.encodeProducts(at, products))?.codes).toEqual(products);
        const environment = { chipTimeMicroseconds: at, milliCelsius: tile - 40_000, supplyMillivolts: row };
        expect(messages.decodeEnvironment(messages.encodeEnvironment(environment))).toEqual(environment);
        const read = { tile, row, averages: 16 };
        expect(messages.decodeReadRow(messages.encodeReadRow(read))).toEqual(read);
        const reply = { chipTimeMicroseconds: at, codes: list };
        expect(messages.decodeRowCodes(messages.encodeRowCodes(reply))).toEqual(reply);
        const fate = { fate: "fired", chipTimeMicroseconds: at } as const;
        expect(messages.decodeTicketFate(messages.encodeTicketFate(fate))).toEqual(fate);
        expect(messages.decodeNumber(messages.encodeNumber(ticket))).toBe(ticket);
      }),
    );
  });

  it("of an identity come back as they were, in any alphabet", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 40 }),
        u16,
        fc.boolean(),
        (text, tiles, virtual) => {
          const identity = {
            name: text,
            firmware: "f",
            serialNumber: text,
            boot: 3,
            geometry: { tiles, rows: 64, columns: 64, devicesPerCell: 4 },
            capabilities: {
              virtualTime: virtual,
              multiply: !virtual,
              onBoardVerify: virtual,
              environment: !virtual,
              references: virtual,
            },
            newestTicket: 2 ** 40,
          };
          const back = messages.decodeIdentity(messages.encodeIdentity(identity));
          if (new TextEncoder().encode(text).length <= 255) {
            expect(back).toEqual({ ...identity, version: messages.protocolVersion, answersKept: 256 });
          }
        },
      ),
    );
  });

  it("of a board of little memory say how many answers it keeps", () => {
    const identity = {
      name: "small",
      firmware: "1",
      serialNumber: "7",
      boot: 1,
      geometry: { tiles: 1, rows: 2, columns: 3, devicesPerCell: 4 },
      capabilities: {
        virtualTime: false,
        multiply: false,
        onBoardVerify: false,
        environment: false,
        references: false,
      },
      newestTicket: 0,
    };
    expect(messages.decodeIdentity(messages.encodeIdentity(identity))?.answersKept).toBe(256);
    expect(messages.decodeIdentity(messages.encodeIdentity(identity, 16))?.answersKept).toBe(16);
  });

  it("cut short, or with something left over, are refused as values", () => {
    const codes = Uint16Array.of(1, 2, 3);
    const rest = { widthNanoseconds: 100, trailingNanoseconds: 0, gateCode: 0, codes };
    const pulse = { ticket: 1, tile: 0, row: 0, kind: "reset", ...rest } as const;
    const whole = messages.encodePulseRow(pulse);
    for (let length = 0; length < whole.length; length++) {
      expect(messages.decodePulseRow(whole.subarray(0, length))).toBeUndefined();
    }
    expect(messages.decodePulseRow(Uint8Array.of(...whole, 0))).toBeUndefined();
  });

  it("made of random bytes crash no decoder", () => {
    fc.assert(
      fc.property(bytes, (body) => {
        for (const decodeBody of decoders) decodeBody(body);
      }),
    );
  });
});

describe("a million random byte strings", () => {
  it("crash no decoder, and make no frame that a sender did not send", () => {
    const random = new Random(1).fork("fuzz");
    const frames = new FrameDecoder();
    let made = 0;
    const given = new Uint8Array(64);
    for (let n = 0; n < 1_000_000; n++) {
      const { word0 } = random.at(n, 0);
      const length = word0 % 65;
      for (let k = 0; k < length; k += 8) {
        random.at(n, 1 + k);
        for (let b = 0; b < 4; b++) {
          given[k + b] = random.word0 >>> (8 * b);
          given[(k + 4 + b) % 64] = random.word1 >>> (8 * b);
        }
      }
      const text = given.subarray(0, length);
      frames.push(
        text,
        () => made++,
        () => {},
      );
      decoders[n % decoders.length]!(text);
    }
    expect(made).toBe(0);
  });
});
