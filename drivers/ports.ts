import { randomInt } from "node:crypto";
import { readdir } from "node:fs/promises";
import { SerialPort } from "serialport";
import { decodeIdentity, encodeHello, kinds } from "../protocols/packet/messages.ts";
import { bytesOf, textOf } from "../protocols/scpi/bytes.ts";
import { plain } from "./linkErrors.ts";
import { noReply, RequestQueue } from "./requests.ts";
import type { Transport } from "./transport.ts";
import { openSerial } from "./serial.ts";
import { after } from "./systemClock.ts";

/** A serial port, as far as the system knows it. */
export interface PortInfo {
  readonly path: string;
  readonly vendor: string | undefined;
  readonly vendorId: string | undefined;
  readonly productId: string | undefined;
  readonly serialNumber: string | undefined;
}

/** What a port said when it was asked who is there. */
export type Answer =
  | {
      readonly kind: "chip";
      readonly dialect: "packet" | "scpi";
      readonly name: string;
      readonly firmware: string;
      readonly serialNumber: string;
    }
  | { readonly kind: "silent" }
  | { readonly kind: "not asked"; readonly reason: string };

/** The serial ports of this machine; by their names alone where the system keeps no list of them. */
export async function listPorts(): Promise<PortInfo[]> {
  try {
    const ports = await SerialPort.list();
    return ports.map(({ path, manufacturer, vendorId, productId, serialNumber }) => ({
      path,
      vendor: manufacturer,
      vendorId,
      productId,
      serialNumber,
    }));
  } catch {
    const names = await readdir("/dev").catch(() => []);
    return names
      .filter((name) => /^(ttyACM|ttyUSB|cu\.usb)/.test(name))
      .map((name) => ({
        path: `/dev/${name}`,
        vendor: undefined,
        vendorId: undefined,
        productId: undefined,
        serialNumber: undefined,
      }));
  }
}

/** A port that a board could hang on: a port of the machine's own hardly is. */
export function isLikely({ path, vendorId }: PortInfo): boolean {
  return vendorId !== undefined || /ttyACM|ttyUSB|cu\.usb|COM\d/.test(path);
}

/**
 * Asks a port who is there, in the packet dialect and then by `*IDN?`. Never takes longer than the deadline, and never
 * throws.
 */
export async function askPort(path: string, baud: number, deadlineMilliseconds = 1500): Promise<Answer> {
  let transport;
  try {
    transport = await openSerial(path, baud);
  } catch (error) {
    return { kind: "not asked", reason: (error as Error).message };
  }
  const half = deadlineMilliseconds / 2;
  const identity = (await askHello(transport, half)) ?? (await askIdn(transport, half));
  await transport.close();
  return identity ?? { kind: "silent" };
}

async function askHello(transport: Transport, deadlineMilliseconds: number): Promise<Answer | undefined> {
  const requests = new RequestQueue(transport, transport.port, randomInt(1, 0xffffffff), {
    deadlineMilliseconds: deadlineMilliseconds / 4,
    windowBytes: 4096,
    attempts: 4,
  });
  const hello = { kind: kinds.hello, body: encodeHello(), what: "hello", replyBytes: 256 };
  const reply = await inTime(
    requests.ask(hello).catch(() => noReply),
    deadlineMilliseconds,
  );
  const identity = reply === undefined || typeof reply === "symbol" ? undefined : decodeIdentity(reply);
  if (identity === undefined) return undefined;
  const { name, firmware, serialNumber } = identity;
  return {
    kind: "chip",
    dialect: "packet",
    name: plain(name),
    firmware: plain(firmware),
    serialNumber: plain(serialNumber),
  };
}

/** Any instrument that speaks SCPI says who made it, what it is, its number and its firmware. */
async function askIdn(transport: Transport, deadlineMilliseconds: number): Promise<Answer | undefined> {
  let heard = "";
  const said = new Promise<string | undefined>((resolve) => {
    transport.onBytes((bytes) => {
      heard = (heard + textOf(bytes)).slice(-1024);
      const line = identificationIn(heard);
      if (line !== undefined) resolve(line);
    });
  });
  // The line ends whatever the question before left behind.
  await transport.write(bytesOf("\n*IDN?\n")).catch(() => undefined);
  const line = await inTime(said, deadlineMilliseconds);
  if (line === undefined) return undefined;
  const [, name = "", serialNumber = "", firmware = ""] = line.split(",").map((part) => plain(part.trim()));
  return { kind: "chip", dialect: "scpi", name, firmware, serialNumber };
}

/** The first whole line of four parts or more. Its pattern has one way to match: commas alone must not keep it busy for ever. */
export function identificationIn(heard: string): string | undefined {
  return /(?:^|\n)([^\n,]*,[^\n,]*,[^\n,]*,[^\n]*)\n/.exec(heard)?.[1];
}

function inTime<T>(answer: Promise<T>, milliseconds: number): Promise<T | undefined> {
  return Promise.race([
    answer,
    new Promise<undefined>((resolve) => {
      after(milliseconds, () => resolve(undefined));
    }),
  ]);
}
