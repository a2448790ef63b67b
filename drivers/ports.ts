import { readdir } from "node:fs/promises";
import { SerialPort } from "serialport";
import { type Log, loggedError, noLog } from "../src/log.ts";
import type { ChipAnswer, Dialect } from "./dialect.ts";
import type { Transport } from "./transport.ts";
import { openSerial } from "./serial.ts";

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
  | ({ readonly kind: "chip"; readonly dialect: string } & ChipAnswer)
  | { readonly kind: "silent" }
  | { readonly kind: "not asked"; readonly reason: string };

/** The serial ports of this machine; by their names alone where the system keeps no list of them. */
export async function listPorts(log: Log = noLog): Promise<PortInfo[]> {
  try {
    const ports = await SerialPort.list();
    return ports.map(({ path, manufacturer, vendorId, productId, serialNumber }) => ({
      path,
      vendor: manufacturer,
      vendorId,
      productId,
      serialNumber,
    }));
  } catch (error) {
    log.warn({ error: loggedError(error) }, "the system lists no serial ports; they are looked for by name");
    const names = await readdir("/dev").catch((failure: unknown) => {
      log.warn({ file: "/dev", error: loggedError(failure) }, "no serial ports can be found by name");
      return [];
    });
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
 * Asks a port which chip answers, in one dialect after the other. Never takes longer than the deadline, and never throws. A port that
 * says nothing takes less; one that talks is asked again, until it is known whether it answers.
 */
export async function askPort(
  path: string,
  baud: number,
  dialects: readonly Dialect[],
  deadlineMilliseconds = 2000,
  log: Log = noLog,
): Promise<Answer> {
  let transport;
  try {
    transport = await openSerial(path, baud);
  } catch (error) {
    return { kind: "not asked", reason: (error as Error).message };
  }
  const answer = await askLine(transport, dialects, deadlineMilliseconds, log);
  await transport.close();
  return answer;
}

/** The same of an open line. Each dialect has an equal share of the time. */
export async function askLine(
  transport: Transport,
  dialects: readonly Dialect[],
  deadlineMilliseconds: number,
  log: Log = noLog,
): Promise<Answer> {
  for (const dialect of dialects) {
    const chip = await dialect.probe(transport, deadlineMilliseconds / dialects.length, log);
    if (chip !== undefined) return { kind: "chip", dialect: dialect.name, ...chip };
  }
  return { kind: "silent" };
}
