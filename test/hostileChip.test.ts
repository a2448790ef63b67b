import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PacketDriver } from "../drivers/packet/packetDriver.ts";
import { ScpiDriver } from "../drivers/scpi/scpiDriver.ts";
import type { Transport } from "../drivers/transport.ts";
import { PacketFirmware } from "../emulator/packetFirmware.ts";
import { pcm64 } from "../emulator/presets.ts";
import { ScpiFirmware } from "../emulator/scpiFirmware.ts";
import { encodeFrame, FrameDecoder, maxFrameBytes } from "../protocols/packet/frame.ts";
import * as messages from "../protocols/packet/messages.ts";
import { bytesOf, textOf } from "../protocols/scpi/bytes.ts";
import { decodeTaggedRequest, encodeTaggedReply } from "../protocols/scpi/taggedLine.ts";
import type { ChipDriver } from "../src/chip/driver.ts";
import { MhoError } from "../src/errors.ts";
import { Random } from "../src/random.ts";
import { Draws } from "./fuzz/draws.ts";
import { inputOf, sourceOf } from "./fuzz/mutate.ts";
import { reframed } from "./fuzz/packet.ts";
import { rechecked } from "./fuzz/scpi.ts";
import { describePcm64 } from "./support/chips.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const description = await describePcm64();
const deadlineMilliseconds = 100;
const attempts = 2;
/** A pulse that is said never to have fired is asked about and sent again ten times; all else ends sooner. */
const longestMilliseconds = 10 * (1 + attempts) * deadlineMilliseconds;

/** What a chip sends when it is sent something; it may also send by itself. */
type Behaviour = (sent: Uint8Array) => readonly Uint8Array[];

function chipThat(answers: Behaviour): Transport & { say: (bytes: Uint8Array) => void } {
  let onBytes: (bytes: Uint8Array) => void = () => {};
  return {
    port: "hostile",
    say: (bytes) => onBytes(bytes),
    onBytes: (listener) => (onBytes = listener),
    onClosed: () => {},
    async write(bytes) {
      await Promise.resolve();
      for (const answer of answers(bytes)) onBytes(answer);
    },
    close: () => Promise.resolve(),
  };
}

const dialects = [
  ["packet", PacketDriver, PacketFirmware, reframed],
  ["scpi", ScpiDriver, ScpiFirmware, rechecked],
] as const;

const block = { tile: 0, rowStart: 0, rowCount: 2 };
const order = { codes: new Uint16Array(512).fill(300), widthNanoseconds: 100 };

/** Asks one question of each sort, none for longer than it may take. @returns what was believed. */
async function askAll(driver: ChipDriver, firstTicket: number): Promise<unknown[]> {
  const questions: readonly (() => Promise<unknown>)[] = [
    () => driver.identify(),
    () => driver.read(block, 1),
    () => driver.pulse(block, { ...order, firstTicket }),
    () => driver.environment(),
    () => driver.references(0, 1),
    () => driver.fates(1, 2, 1),
    () => driver.chipTime(),
    () => driver.heartbeat(),
    () => driver.standby(),
  ];
  const believed: unknown[] = [];
  for (const question of questions) believed.push(await ended(question()));
  return believed.filter((answer) => answer !== undefined);
}

/** The answer, or undefined for a typed error; anything else, and no end in time, fails. */
async function ended<T>(answer: Promise<T>): Promise<T | undefined> {
  let over = false;
  const outcome = answer
    .catch((error: unknown) => {
      if (!(error instanceof MhoError)) throw error;
      return undefined;
    })
    .finally(() => (over = true));
  outcome.catch(() => undefined);
  for (let waited = 0; !over && waited <= longestMilliseconds; waited += deadlineMilliseconds / 2) {
    await vi.advanceTimersByTimeAsync(deadlineMilliseconds / 2);
  }
  if (!over) throw new Error(`No end within ${longestMilliseconds} ms of the line's time.`);
  return outcome;
}

setFlagsFromString("--expose_gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes in use once nothing is left over. */
function heldBytes(): number {
  for (let n = 0; n < 4; n++) collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe.each(dialects)("whatever a chip that speaks %s sends", (name, Driver, Firmware, repair) => {
  const options = { address: "x", description, session: 77, deadlineMilliseconds, attempts };

  it("at random, each question ends with a typed error", async () => {
    const source = new Random(11).fork(name);
    let exchanges = 0;
    const driver = new Driver(
      chipThat(() => {
        const draws = new Draws(source, exchanges++);
        return Array.from({ length: draws.below(3) }, () =>
          Uint8Array.from({ length: draws.length(3000) }, () => draws.below(256)),
        );
      }),
      options,
    );
    while (exchanges < 1500) await askAll(driver, exchanges + 1);
  });

  it("in answers that are right but for some damage, each question ends", async () => {
    const source = sourceOf(12, name);
    const firmware = new Firmware(pcm64(1), 7);
    let exchanges = 0;
    const driver = new Driver(
      chipThat((sent) => {
        const right = firmware.receive(sent, 0);
        if (exchanges % 4 === 0 || right.length === 0) exchanges++;
        else {
          const language = name === "scpi" ? "text" : "binary";
          return [inputOf({ corpus: right, language, repair, feed: () => true }, source, exchanges++)];
        }
        return right;
      }),
      options,
    );
    let believed = 0;
    while (exchanges < 2500) believed += (await askAll(driver, exchanges + 1)).length;
    expect(believed).toBeGreaterThan(100);
  });

  it("without an end and without being asked, no more of it is kept than a reply is long", async () => {
    const line = chipThat(() => []);
    const driver = new Driver(line, options);
    const flood = new Uint8Array(1 << 20).fill(0x41);
    line.say(flood);
    const before = heldBytes();
    for (let megabytes = 0; megabytes < 60; megabytes++) line.say(flood);
    for (let n = 0; n < 20_000; n++) line.say(flood.subarray(0, 7));
    expect(await ended(driver.chipTime())).toBeUndefined();
    expect(heldBytes() - before).toBeLessThan(4e6);
  });

  it("before it comes to itself, it is understood from then on", async () => {
    const firmware = new Firmware(pcm64(1), 7);
    const line = chipThat((sent) => firmware.receive(sent, 0));
    const driver = new Driver(line, options);
    line.say(new Uint8Array(3 * maxFrameBytes * 10).fill(0x41));
    line.say(Uint8Array.of(10, 0));
    expect(await ended(driver.identify())).toMatchObject({ name: "pcm-64" });
  });
});

/** A chip that answers every request with the same body, or with a reply to something else. */
function packetChip(body: Uint8Array, over: { tag?: number; session?: number } = {}): PacketDriver {
  const line = chipThat((sent) => {
    const replies: Uint8Array[] = [];
    new FrameDecoder().push(
      sent,
      ({ kind, session, tag }) =>
        replies.push(encodeFrame({ kind: kind | messages.replyBit, session, tag, body, ...over })),
      () => {},
    );
    return replies;
  });
  return new PacketDriver(line, { address: "x", description, session: 77, deadlineMilliseconds, attempts });
}

function scpiChip(rest: string, over: { tag?: number; session?: number } = {}): ScpiDriver {
  const line = chipThat((sent) => {
    const asked = decodeTaggedRequest(textOf(sent).trimEnd());
    if (asked === undefined || asked === "damaged") return [];
    const reply = encodeTaggedReply({ ...asked, rest: `${rest};0,"No error"`, ...over });
    return [bytesOf(`${reply}\n`)];
  });
  return new ScpiDriver(line, { address: "x", description, session: 77, deadlineMilliseconds, attempts });
}

describe("a chip that lies", () => {
  const refused = { code: "chip-refused", message: expect.stringContaining("something else") as string };
  const silent = { code: "link-lost", message: expect.stringContaining("did not answer") as string };

  async function error(answer: Promise<unknown>): Promise<unknown> {
    const caught = answer.catch((found: unknown) => found);
    await vi.advanceTimersByTimeAsync(longestMilliseconds);
    return caught;
  }

  it("about the length of a list is refused before room is made for it", async () => {
    const body = messages.encodeRowCodes({ chipTimeMicroseconds: 1, codes: new Uint16Array(256) });
    body.set([0xff, 0xff], 8);
    expect(await error(packetChip(body).read(block, 1))).toMatchObject(refused);
    const list = Array<number>(60_000).fill(1).join(",");
    expect(await error(scpiChip(`${list.slice(0, 60_000)};5`).read(block, 1))).toMatchObject(refused);
    // Longer than any reply: it is as if nothing had come.
    expect(await error(scpiChip(`${list};5`).read(block, 1))).toMatchObject(silent);
  });

  it("in the name of another request or session is not believed", async () => {
    const time = messages.encodeNumber(5);
    expect(await error(packetChip(time, { tag: 9 }).chipTime())).toMatchObject(silent);
    expect(await error(packetChip(time, { session: 9 }).chipTime())).toMatchObject(silent);
    expect(await error(scpiChip("5", { tag: 9 }).chipTime())).toMatchObject(silent);
    expect(await error(scpiChip("5", { session: 9 }).chipTime())).toMatchObject(silent);
  });

  it("with a time or a ticket beyond 2^53 is refused: the next one would be the same", async () => {
    expect(await error(packetChip(new Uint8Array(8).fill(0xff)).chipTime())).toMatchObject(refused);
    expect(await error(scpiChip("18446744073709551615").chipTime())).toMatchObject(refused);
  });

  it("about how many pulses its own loop gave, or how many resistors it has, is refused", async () => {
    const report = messages.encodeVerifyReport({
      fate: "fired",
      chipTimeMicroseconds: 1,
      pulses: new Uint8Array(3),
    });
    const verify = packetChip(report).verify(block, {
      targetsMicrosiemens: new Float32Array(512).fill(5),
      marginMicrosiemens: 1,
      iterations: 3,
      widthNanoseconds: 100,
      firstTicket: 1,
    });
    expect(await error(verify)).toMatchObject(refused);
    const five = messages.encodeRowCodes({ chipTimeMicroseconds: 1, codes: new Uint16Array(5) });
    expect(await error(packetChip(five).references(0, 1))).toMatchObject(refused);
    expect(await error(scpiChip("1,2,3").references(0, 1))).toMatchObject(refused);
  });

  it("with codes that 16 bits do not hold, or that are no numbers, is refused", async () => {
    for (const code of ["65536", "-1", "1.5", "", "NaN", "1e999"]) {
      const row = [...Array<string>(255).fill("7"), code].join(",");
      expect(await error(scpiChip(`${row};5`).read(block, 1))).toMatchObject(refused);
    }
    expect(await error(scpiChip("1e999;3.3").environment())).toMatchObject(refused);
  });

  it("in what it calls itself is quoted harmless and short", async () => {
    const evil = `\x1b]0;owned\x07\u202e${"x".repeat(240)}`;
    const identity = messages.encodeIdentity({
      name: evil,
      firmware: evil,
      serialNumber: evil,
      boot: 1,
      geometry: description.geometry,
      capabilities: {
        virtualTime: false,
        multiply: false,
        onBoardVerify: false,
        environment: false,
        references: false,
      },
      newestTicket: 0,
    });
    const idn = `a,\x1b[2J\x9b${"y".repeat(9000)},S,f;1;1,64,64,4;""`;
    for (const driver of [packetChip(identity), scpiChip(idn)]) {
      const found = (await error(driver.identify())) as MhoError;
      expect(found).toMatchObject({ code: "wrong-chip" });
      expect(found.message).toMatch(/^[\x20-\x7e]{1,600}$/);
    }
  });
});
