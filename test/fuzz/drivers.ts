import { ArcOneDriver } from "../../drivers/arcOne/arcOneDriver.ts";
import { PacketDriver } from "../../drivers/packet/packetDriver.ts";
import { ScpiDriver } from "../../drivers/scpi/scpiDriver.ts";
import { SmuDriver } from "../../drivers/smu/smuDriver.ts";
import type { After } from "../../drivers/systemClock.ts";
import type { Transport } from "../../drivers/transport.ts";
import { parseChipDescription } from "../../files/chipDescription.ts";
import { acknowledged, encodeFloats } from "../../protocols/arcOne/replies.ts";
import { encodeFrame, FrameDecoder } from "../../protocols/packet/frame.ts";
import { replyBit } from "../../protocols/packet/messages.ts";
import { bytesOf, textOf } from "../../protocols/scpi/bytes.ts";
import { decodeTaggedRequest, encodeTaggedReply } from "../../protocols/scpi/taggedLine.ts";
import type { ChipDriver } from "../../src/chip/driver.ts";
import { MhoError } from "../../src/errors.ts";
import { repositoryFile } from "./fixtures.ts";
import { joined } from "./mutate.ts";
import { replyBodies } from "./packet.ts";
import { replyLines } from "./scpi.ts";
import { surface } from "./surface.ts";

const session = 77;
const description = parseChipDescription(repositoryFile("chips/pcm-64.json"), "pcm-64.json");

/** Everything a driver can be asked, one after the other. @returns how many answers were believed. */
export async function askEverything(driver: ChipDriver, perRow = 256): Promise<number> {
  const block = { tile: 0, rowStart: 0, rowCount: 2 };
  const perBlock = 2 * perRow;
  const questions: readonly (() => Promise<unknown>)[] = [
    () => driver.identify(),
    () => driver.read(block, 1),
    () =>
      driver.pulse(block, {
        codes: new Uint16Array(perBlock).fill(300),
        widthNanoseconds: 100,
        firstTicket: 1,
      }),
    () => driver.read(block, 1),
    () =>
      driver.verify(block, {
        targetsMicrosiemens: new Float32Array(perBlock).fill(5),
        marginMicrosiemens: 1,
        iterations: 3,
        widthNanoseconds: 100,
        firstTicket: 9,
      }),
    () => driver.multiply(0, [new Int8Array(64)]),
    () => driver.environment(),
    () => driver.references(0, 1),
    () => driver.fates(1, 2, 3),
    () => driver.chipTime(),
    () => driver.advance(5),
    () => driver.heartbeat(),
    () => driver.standby(),
  ];
  let believed = 0;
  for (const question of questions) {
    try {
      await question();
      believed++;
    } catch (error) {
      if (!(error instanceof MhoError)) throw error;
    }
  }
  return believed;
}

/**
 * Answers each line that comes with the next part of a script, and hangs up at its end, or when nothing more comes: whoever
 * waits for its deadline has not understood, and no time is to be lost with it.
 */
export function scripted(
  parts: readonly Uint8Array[],
  dressed: (sent: Uint8Array, part: Uint8Array) => Uint8Array,
): Transport {
  let onBytes: (bytes: Uint8Array) => void = () => {};
  let onClosed: (reason: string) => void = () => {};
  let next = 0;
  let closed = false;
  const close = (): Promise<void> => {
    if (!closed) onClosed("the far end hung up");
    closed = true;
    return Promise.resolve();
  };
  return {
    port: "a script",
    onBytes: (listener) => (onBytes = listener),
    onClosed: (listener) => (onClosed = listener),
    write(bytes) {
      if (closed) return Promise.reject(new MhoError("link-lost", "The line is closed."));
      const part = parts[next++];
      if (part === undefined) return close();
      onBytes(dressed(bytes, part));
      const written = next;
      setImmediate(() => next === written && void close());
      return Promise.resolve();
    },
    close,
  };
}

/** Parts of an input: every 0 or every line end cuts it, and the first byte of a part says how it is dressed. */
function partsOf(bytes: Uint8Array, cut: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let start = 0; start < bytes.length && parts.length < 64;) {
    const found = bytes.indexOf(cut, start);
    const end = found < 0 ? bytes.length : found;
    parts.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return parts;
}

/** Nobody waits: what has not come with the write does not come. */
const atOnce: After = (_, then) => {
  let off = false;
  queueMicrotask(() => off || then());
  return () => void (off = true);
};

/** As the reply that was asked for, of any content; or bare, as anything else. */
function asPacket(sent: Uint8Array, part: Uint8Array): Uint8Array {
  const frames: Uint8Array[] = [];
  const how = part[0] ?? 0;
  new FrameDecoder().push(
    sent,
    ({ kind, tag }) => {
      const body = Uint8Array.from(Buffer.from(textOf(part.subarray(1)), "base64")).subarray(0, 8000);
      const other = how % 7 === 3 ? 1 : 0;
      frames.push(
        encodeFrame({ kind: how % 11 === 5 ? 0xff : kind | replyBit, session, tag: tag + other, body }),
      );
    },
    () => {},
  );
  return how % 5 === 4 ? part : joined(...frames);
}

function asLine(sent: Uint8Array, part: Uint8Array): Uint8Array {
  const how = part[0] ?? 0;
  const line = decodeTaggedRequest(textOf(sent).trimEnd());
  if (line === undefined || line === "damaged" || how % 5 === 4) return part;
  const rest = textOf(part.subarray(1));
  const tag = line.tag + (how % 7 === 3 ? 1 : 0);
  return bytesOf(`${encodeTaggedReply({ session: line.session, tag, rest })}\n`);
}

/** Numbers and lines of any content. */
function asNumbers(_: Uint8Array, part: Uint8Array): Uint8Array {
  const how = part[0] ?? 0;
  if (how % 5 === 1) return acknowledged;
  return how % 5 === 4
    ? part
    : Uint8Array.from(Buffer.from(textOf(part.subarray(1)), "base64")).subarray(0, 8000);
}

const arcOneDescription = parseChipDescription(repositoryFile("chips/arc-one-32.json"), "arc-one-32.json");
const numbers = (values: readonly number[]): Uint8Array =>
  bytesOf(`A${Buffer.from(encodeFloats(values)).toString("base64")}\n`);
/** The flush of a start and its line, a version, the cycles, two words. */
const arcOneParts = [
  bytesOf("D\n"),
  bytesOf("B\n"),
  bytesOf("D\n"),
  numbers([2e-41]),
  numbers(Array.from({ length: 64 }, (_, k) => 1e4 + k)),
  ...Array.from({ length: 40 }, (_, k) => numbers([2e4 + k])),
];

const packetParts = replyBodies.map((body) => bytesOf(`A${Buffer.from(body).toString("base64")}\0`));
const scpiParts = replyLines.map((line) => bytesOf(`A${textOf(line)}\n`));

const smuDescription = parseChipDescription(repositoryFile("chips/smu-device.json"), "smu-device.json");
/** What an instrument answers when one asks who it is, four settings, a read, a pulse and for standby. */
const smuAnswers = (idn: string): readonly string[] => [
  idn,
  ...(idn.includes("2450") ? ["SCPI"] : []),
  ...Array<string>(6).fill('0,"No error"'),
  "+2.000000E-01,+1.040000E-05,+1.638400E+04",
  ...Array<string>(5).fill('0,"No error"'),
  "2,1,3,4,5,6",
  '-113,"Undefined header"',
  "1",
  "0",
];
const smuTexts = ["KEITHLEY INSTRUMENTS INC.,MODEL 2400,1,C30", "KEITHLEY INSTRUMENTS,MODEL 2450,1,1.7"].map(
  (idn) =>
    bytesOf(
      smuAnswers(idn)
        .map((line) => `${line}\n`)
        .join(""),
    ),
);
/** One device, in one row. */
async function askSmu(driver: ChipDriver): Promise<boolean> {
  const block = { tile: 0, rowStart: 0, rowCount: 1 };
  const order = { codes: Uint16Array.of(300), widthNanoseconds: 1_000_000, firstTicket: 1 };
  let believed = 0;
  for (const question of [
    () => driver.identify(),
    () => driver.read(block, 2),
    () => driver.pulse(block, order),
    () => driver.heartbeat(),
    () => driver.standby(),
  ]) {
    try {
      await question();
      believed++;
    } catch (error) {
      if (!(error instanceof MhoError)) throw error;
    }
  }
  return believed > 0;
}

export const driverSurfaces = [
  surface("smu-driver", 40, {
    corpus: [...smuTexts, bytesOf("-285\tTSP Syntax Error\n"), bytesOf("KEITHLEY,MODEL 2450,1,1\nTSP\n")],
    language: "text",
    feed: (bytes) => {
      const line = scripted(partsOf(bytes, 10), (_, part) => joined(part, bytesOf("\n")));
      return askSmu(new SmuDriver(line, { address: "x", description: smuDescription, session }));
    },
  }),
  surface("arc-one-driver", 40, {
    corpus: [joined(...arcOneParts), joined(...arcOneParts.slice(0, 4)), joined(...arcOneParts.slice(4))],
    language: "binary",
    feed: async (bytes) => {
      const line = { ...scripted(partsOf(bytes, 10), asNumbers), keepsUp: true };
      const options = { address: "x", description: arcOneDescription, session, after: atOnce };
      return (await askEverything(new ArcOneDriver(line, options), 32)) > 3;
    },
  }),
  surface("packet-driver", 40, {
    corpus: [
      joined(...packetParts),
      ...packetParts.map((part) => joined(...Array<Uint8Array>(9).fill(part))),
    ],
    language: "binary",
    feed: async (bytes) => {
      const line = scripted(partsOf(bytes, 0), asPacket);
      return (await askEverything(new PacketDriver(line, { address: "x", description, session }))) > 1;
    },
  }),
  surface("scpi-driver", 40, {
    corpus: [joined(...scpiParts), ...scpiParts.map((part) => joined(...Array<Uint8Array>(9).fill(part)))],
    language: "text",
    feed: async (bytes) => {
      const line = scripted(partsOf(bytes, 10), asLine);
      return (await askEverything(new ScpiDriver(line, { address: "x", description, session }))) > 1;
    },
  }),
];
