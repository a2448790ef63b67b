import { randomInt } from "node:crypto";
import { readdir } from "node:fs/promises";
import { autoDetect } from "@serialport/bindings-cpp";
import { decodeIdentity, encodeHello, kinds } from "../protocols/packet/messages.ts";
import type { ChipIdentity } from "../src/chip/driver.ts";
import { noReply, plain, RequestQueue, usualAttempts } from "./requests.ts";
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
  | { readonly kind: "chip"; readonly identity: ChipIdentity }
  | { readonly kind: "silent" }
  | { readonly kind: "not asked"; readonly reason: string };

/** The serial ports of this machine; by their names alone where the system keeps no list of them. */
export async function listPorts(): Promise<PortInfo[]> {
  try {
    const ports = await autoDetect().list();
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

/** Asks a port who is there, in the packet dialect. Never takes longer than the deadline, and never throws. */
export async function askPort(path: string, baud: number, deadlineMilliseconds = 1500): Promise<Answer> {
  let transport;
  try {
    transport = await openSerial(path, baud);
  } catch (error) {
    return { kind: "not asked", reason: (error as Error).message };
  }
  const requests = new RequestQueue(transport, path, randomInt(1, 0xffffffff), {
    deadlineMilliseconds: deadlineMilliseconds / usualAttempts,
    windowBytes: 4096,
  });
  const hello = { kind: kinds.hello, body: encodeHello(), what: "hello", replyBytes: 256 };
  const tooLate = new Promise<typeof noReply>((resolve) => {
    after(deadlineMilliseconds, () => resolve(noReply));
  });
  const reply = await Promise.race([requests.ask(hello).catch(() => noReply), tooLate]);
  await transport.close();
  const identity = typeof reply === "symbol" ? undefined : decodeIdentity(reply);
  if (identity === undefined) return { kind: "silent" };
  const { version: _, ...rest } = identity;
  return {
    kind: "chip",
    identity: {
      ...rest,
      name: plain(rest.name),
      firmware: plain(rest.firmware),
      serialNumber: plain(rest.serialNumber),
    },
  };
}
