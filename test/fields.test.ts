import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BodyReader, BodyWriter } from "../protocols/packet/body.ts";
import { encodeFrame, type Frame, FrameDecoder } from "../protocols/packet/frame.ts";
import * as messages from "../protocols/packet/messages.ts";
import * as numbers from "../protocols/scpi/numbers.ts";
import { channelsOf, integerOf, numberOf } from "../protocols/scpi/parameters.ts";
import { type Parameter, parseMessage } from "../protocols/scpi/parse.ts";
import { decodeTaggedReply, decodeTaggedRequest, encodeTaggedRequest } from "../protocols/scpi/taggedLine.ts";

/** Numbers that fit some field, numbers that fit none, and those one beside the end of each. */
const edge = fc.constantFrom(
  ...[8, 16, 32, 53].flatMap((bits) => {
    const end = 2 ** bits;
    return [end - 1, end, end + 5];
  }),
);
const number = fc.oneof(
  fc.nat(255),
  fc.nat(0xffff),
  fc.nat(0xffffffff),
  fc.nat(Number.MAX_SAFE_INTEGER),
  edge,
  fc.constantFrom(-1, -5, 0.5, 99.999, Number.NaN, Infinity, -Infinity, 2 ** 60),
  // Minus nothing is nothing.
  fc.double().map((value) => value + 0),
);
/** Mostly what fits, so that whole bodies are packed too. */
const of = (most: number) =>
  fc.oneof({ weight: 8, arbitrary: fc.nat(most) }, { weight: 1, arbitrary: number });
const [u8, u16, u32, u64] = [of(0xff), of(0xffff), of(0xffffffff), of(Number.MAX_SAFE_INTEGER)];
const lists = fc.array(fc.nat(0xffff), { maxLength: 300 });
const u16s = lists.map((list) => Uint16Array.from(list));
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 90 }),
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.constantFrom("\ufeffbegins with a mark", "half \ud83d of a pair", "x".repeat(255), "x".repeat(256)),
);

interface Packed<T> {
  readonly name: string;
  readonly values: fc.Arbitrary<T>;
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (body: Uint8Array) => unknown;
}
const packed = <T>(
  name: string,
  values: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (body: Uint8Array) => unknown,
): Packed<unknown> => ({ name, values, encode: (value) => encode(value as T), decode });

const fate = fc.constantFrom("fired", "not fired", "unknown") as fc.Arbitrary<"fired">;
const m = messages;
const bodies: readonly Packed<unknown>[] = [
  packed("a number", u64, m.encodeNumber, m.decodeNumber),
  packed("a read", fc.record({ tile: u16, row: u16, averages: u16 }), m.encodeReadRow, m.decodeReadRow),
  packed(
    "a look at references",
    fc.record({ tile: u16, averages: u16 }),
    m.encodeReadReferences,
    m.decodeReadReferences,
  ),
  packed("a part to describe", fc.record({ offset: u32, most: u16 }), m.encodeDescribe, m.decodeDescribe),
  packed(
    "a part of a description",
    fc.record({
      totalBytes: u32,
      check: u32,
      answersKept: u16,
      bytes: lists.map((list) => Uint8Array.from(list, (code) => code & 0xff)),
    }),
    m.encodeDescriptionPart,
    m.decodeDescriptionPart,
  ),
  packed(
    "codes of a row",
    fc.record({ chipTimeMicroseconds: u64, codes: u16s }),
    m.encodeRowCodes,
    m.decodeRowCodes,
  ),
  packed(
    "a pulse",
    fc.record({
      ticket: u64,
      tile: u16,
      row: u16,
      kind: fc.constantFrom("set", "reset", "melt") as fc.Arbitrary<"set">,
      widthNanoseconds: u32,
      trailingNanoseconds: u32,
      gateCode: u16,
      codes: u16s,
    }),
    m.encodePulseRow,
    m.decodePulseRow,
  ),
  packed(
    "a product",
    fc.record({ tile: u16, inputs: lists.map((list) => Int8Array.from(list, (code) => (code % 256) - 128)) }),
    m.encodeMultiply,
    m.decodeMultiply,
  ),
  packed(
    "products",
    fc.record({
      chipTimeMicroseconds: u64,
      codes: lists.map((list) => Int16Array.from(list, (code) => code - 32_768)),
    }),
    ({ chipTimeMicroseconds, codes }) => m.encodeProducts(chipTimeMicroseconds, codes),
    m.decodeProducts,
  ),
  packed(
    "what sensors say",
    fc.record({
      chipTimeMicroseconds: u64,
      milliCelsius: of(0xffffffff).map((value) => value - 273_150),
      supplyMillivolts: u16,
    }),
    m.encodeEnvironment,
    m.decodeEnvironment,
  ),
  packed(
    "a loop of the board's own",
    fc.record({
      ticket: u64,
      tile: u16,
      row: u16,
      marginCodes: u16,
      iterations: u16,
      widthNanoseconds: u32,
      targets: u16s,
    }),
    m.encodeVerifyRow,
    m.decodeVerifyRow,
  ),
  packed(
    "what that loop gave",
    fc.record({
      fate,
      chipTimeMicroseconds: u64,
      pulses: lists.map((list) => Uint8Array.from(list, (code) => code % 256)),
    }),
    m.encodeVerifyReport,
    m.decodeVerifyReport,
  ),
  packed(
    "a ticket's fate",
    fc.record({ fate, chipTimeMicroseconds: u64 }),
    m.encodeTicketFate,
    m.decodeTicketFate,
  ),
  packed("a refusal", fc.record({ code: u8, text }), m.encodeRefusal, m.decodeRefusal),
  packed(
    "an identity",
    fc.record({
      name: text,
      firmware: text,
      serialNumber: text,
      boot: u32,
      geometry: fc.record({ tiles: u16, rows: u16, columns: u16, devicesPerCell: u16 }),
      capabilities: fc.record({
        virtualTime: fc.boolean(),
        multiply: fc.boolean(),
        onBoardVerify: fc.boolean(),
        environment: fc.boolean(),
        references: fc.boolean(),
      }),
      newestTicket: u64,
    }),
    m.encodeIdentity,
    (body) => {
      const { version: _version, ...identity } = m.decodeIdentity(body)!;
      return identity;
    },
  ),
];

/** Whether it was packed, and then read back equal; undefined when it was refused as our own mistake. */
function roundTrip<T>(
  value: T,
  encode: (value: T) => Uint8Array,
  decode: (body: Uint8Array) => unknown,
): boolean {
  let body: Uint8Array;
  try {
    body = encode(value);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return false;
  }
  expect(decode(body)).toMatchObject(value as object);
  return true;
}

describe("whatever is packed in the packet dialect is read back equal, or refused", () => {
  it.each(bodies)("$name", ({ values, encode, decode }) => {
    const seen = { packed: 0, refused: 0 };
    fc.assert(
      fc.property(values, (value) => {
        if (roundTrip(value, encode, decode)) seen.packed++;
        else seen.refused++;
      }),
      { numRuns: 400, seed: 5 },
    );
    // Products and the codes of a row have one number that can be too large.
    expect(seen.packed).toBeGreaterThan(40);
    expect(seen.refused).toBeGreaterThan(5);
  });

  it("a frame", () => {
    const frame = fc.record({ kind: u8, session: u32, tag: u32, body: fc.uint8Array({ maxLength: 9000 }) });
    const decode = (bytes: Uint8Array): Frame | undefined => {
      const found: Frame[] = [];
      new FrameDecoder().push(
        bytes,
        (one) => found.push({ ...one, body: one.body.slice() }),
        () => {},
      );
      return found[0];
    };
    fc.assert(fc.property(frame, (value) => void roundTrip(value, encodeFrame, decode)));
  });

  it.each([
    ["u8", 0xff],
    ["u16", 0xffff],
    ["u32", 0xffffffff],
    ["u64", Number.MAX_SAFE_INTEGER],
  ] as const)("a field of %s: up to %d, and nothing beyond, below, between or beside", (field, most) => {
    const write = (value: number): Uint8Array => new BodyWriter(8)[field](value).done();
    expect(new BodyReader(write(most))[field]()).toBe(most);
    for (const value of [most + 1, -1, 0.5, Number.NaN, Infinity])
      expect(() => write(value)).toThrow(RangeError);
  });
});

/** The parameters of a command with such a text behind it. */
function parsed(text: string): Parameter[] {
  return [...parseMessage(`X ${text}`)].flatMap(({ parameters }) => [...parameters]);
}

describe("whatever number is written in the scpi dialect is read back equal, or refused", () => {
  const written = <T>(
    values: fc.Arbitrary<T>,
    write: (value: T) => string,
    read: (text: string) => unknown,
  ) => {
    const seen = { packed: 0, refused: 0 };
    fc.assert(
      fc.property(values, (value) => {
        const encode = (one: T): Uint8Array => Buffer.from(write(one), "latin1");
        const done = roundTrip(value, encode, (bytes) => read(Buffer.from(bytes).toString("latin1")));
        seen[done ? "packed" : "refused"]++;
      }),
      { numRuns: 1000, seed: 6 },
    );
    expect(seen.packed).toBeGreaterThan(100);
    expect(seen.refused).toBeGreaterThan(20);
  };

  it("a count or a code", () => {
    written(
      u16,
      (value) => numbers.wholeText(value, 0xffff),
      (text) => integerOf(parsed(text)[0]!, 0, 0xffff),
    );
  });

  it("a width, as the nanoseconds that a board takes it for", () => {
    written(u32, numbers.nanosecondsText, (text) => Math.round(1e9 * numberOf(parsed(text)[0]!, "time")));
  });

  it("a time, to the microsecond over 71 years", () => {
    const time = fc.oneof(of(numbers.longestTime), fc.constantFrom(1, 999_999, numbers.longestTime));
    written(time, numbers.secondsText, (text) => Math.round(1e6 * numberOf(parsed(text)[0]!, "time")));
  });

  it("a row of a tile", () => {
    written(
      fc.record({ tile: u16, row: u16 }),
      ({ tile, row }) => numbers.rowText(tile, row),
      (text) => {
        const [channel] = channelsOf(parsed(text)[0]!);
        return { tile: channel!.tile, row: channel!.row };
      },
    );
  });

  it("a line's session and tag", () => {
    written(fc.record({ session: u32, tag: u32, rest: fc.constant("*IDN?") }), encodeTaggedRequest, (text) =>
      decodeTaggedRequest(text),
    );
    expect(decodeTaggedReply("4294967296,1,#H00000000;x")).toBeUndefined();
  });
});

describe("codes that a script gave in another kind of list", () => {
  it.each([
    ["bytes", Uint8Array.of(1, 2, 250, 0)],
    ["floats", Float64Array.of(1, 2, 1000, 0)],
    ["numbers", [1, 2, 1000, 0]],
  ])("of %s leave as they would from a list of 16-bit codes", (_, codes) => {
    const packedFrom = (list: Uint16Array): Uint8Array => new BodyWriter(9).u8(7).u16s(list).done();
    const given = codes as unknown as Uint16Array;
    expect(packedFrom(given)).toEqual(packedFrom(Uint16Array.from(codes)));
  });

  it("are read back where they begin at an odd byte", () => {
    fc.assert(
      fc.property(u16s, (codes) => {
        const body = new BodyWriter(1 + 2 * codes.length).u8(9).u16s(codes).done();
        const reader = new BodyReader(Uint8Array.of(0, ...body).subarray(1));
        expect([reader.u8(), reader.u16s(codes.length), reader.whole]).toEqual([9, codes, true]);
      }),
    );
  });
});
