import { describe, expect, it } from "vitest";
import { connectInProcess } from "../drivers/inProcess.ts";
import { recorded } from "../drivers/transcript.ts";
import { noDefects, pcm64 } from "../emulator/presets.ts";
import { builtInDialects, dialectNamed, emulatedChip } from "../lab/dialects.ts";
import { FrameDecoder } from "../protocols/packet/frame.ts";
import { textOf } from "../protocols/scpi/bytes.ts";
import { MessageReader } from "../protocols/scpi/messageReader.ts";
import { decodeTaggedReply, decodeTaggedRequest } from "../protocols/scpi/taggedLine.ts";
import { Random } from "../src/random.ts";
import { describePcm64 } from "./support/chips.ts";

/** What passed between a driver and a chip while a row was read, pulsed and read again, with short words between. */
async function conversation(name: string): Promise<{ toChip: Uint8Array; toHost: Uint8Array }> {
  const dialect = dialectNamed(builtInDialects, name);
  const firmware = emulatedChip(dialect, { ...pcm64(1), defects: noDefects }, 7);
  const heard = { chip: [] as number[], host: [] as number[] };
  const line = recorded(
    connectInProcess({ receive: (bytes) => firmware.receive(bytes, 0) }),
    () => 0,
    ({ to, hex }) => heard[to].push(...Buffer.from(hex, "hex")),
  );
  const driver = dialect.open(line, { address: "x", description: await describePcm64(1), session: 77 });
  await driver.identify();
  const block = { tile: 0, rowStart: 0, rowCount: 1 };
  for (let turn = 0; turn < 2; turn++) {
    await driver.read(block, 1);
    const codes = Uint16Array.from({ length: 256 }, (_, i) => (i % 3 === turn ? 0 : 300 + (i % 200)));
    await driver.pulse(block, { codes, widthNanoseconds: 100, firstTicket: 1 + turn });
    // What is said in a few bytes, between what takes a thousand.
    for (let n = 0; n < 2; n++) await driver.heartbeat();
    await driver.environment();
    await driver.advance(1000);
  }
  await driver.standby();
  return { toChip: Uint8Array.from(heard.chip), toHost: Uint8Array.from(heard.host) };
}

/** Whole messages of a stream, as text that tells them apart. */
type Decode = (chunks: readonly Uint8Array[]) => string[];

const packet: Decode = (chunks) => {
  const decoder = new FrameDecoder();
  const found: string[] = [];
  for (const chunk of chunks) {
    decoder.push(
      chunk,
      ({ kind, session, tag, body }) =>
        found.push(`${kind} ${session} ${tag} ${Buffer.from(body).toString("base64")}`),
      () => {},
    );
  }
  return found;
};

const lines =
  (decode: typeof decodeTaggedRequest): Decode =>
  (chunks) => {
    const reader = new MessageReader();
    const found: string[] = [];
    const take = (message: Uint8Array): void => {
      const line = decode(textOf(message));
      if (line !== undefined && line !== "damaged") found.push(`${line.session} ${line.tag} ${line.rest}`);
    };
    for (const chunk of chunks) reader.push(chunk, take, () => {});
    return found;
  };

const streams = [
  ["packet", "toChip", packet],
  ["packet", "toHost", packet],
  ["scpi", "toChip", lines(decodeTaggedRequest)],
  ["scpi", "toHost", lines(decodeTaggedReply)],
] as const;

describe.each(streams)("a long conversation in %s, %s", (dialect, way, decode) => {
  it("is understood the same when it is cut at any byte", async () => {
    const stream = (await conversation(dialect))[way];
    const whole = decode([stream]);
    expect(whole.length).toBeGreaterThan(12);
    for (let at = 1; at < stream.length; at++) {
      expect(decode([stream.subarray(0, at), stream.subarray(at)])).toEqual(whole);
    }
  });

  it("with any one byte damaged holds no message that was not said, and misses two at most", async () => {
    const stream = (await conversation(dialect))[way];
    const whole = decode([stream]);
    const said = new Set(whole);
    const random = new Random(11).fork("damage");
    for (let at = 0; at < stream.length; at++) {
      const { word0 } = random.at(at, 0);
      stream[at]! ^= 1 + (word0 % 255);
      const found = decode([stream]);
      stream[at]! ^= 1 + (word0 % 255);
      expect(found.filter((message) => !said.has(message))).toEqual([]);
      expect(found.length).toBeGreaterThanOrEqual(whole.length - 2);
    }
  });
});
