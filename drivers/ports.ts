import { readdir } from "node:fs/promises";
import { type Log, loggedError, noLog } from "../src/log.ts";
import type { ChipAnswer, Dialect, PortInfo } from "./dialect.ts";
import type { Transport } from "./transport.ts";
import { openSerial } from "./serial.ts";
import { serialPackage } from "./serialPackage.ts";

/** What a port said when it was asked who is there. */
export type Answer =
  | ({ readonly kind: "chip"; readonly dialect: string } & ChipAnswer)
  /** An instrument that speaks SCPI, and that mho does not drive. */
  | { readonly kind: "instrument"; readonly calledItself: string }
  | { readonly kind: "silent" }
  /** `perhaps` names the board that it may be, where that is why. */
  | { readonly kind: "not asked"; readonly reason: string; readonly perhaps?: string };

/** The serial ports of this machine; by their names alone where the system keeps no list of them. */
export async function listPorts(log: Log = noLog): Promise<PortInfo[]> {
  const { SerialPort } = await serialPackage();
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

/** Which board of a kind that may not be asked a port may lead to, as dialects know it by the system's words. */
export function perhapsBoard(port: PortInfo, dialects: readonly Dialect[]): string | undefined {
  return dialects.map((dialect) => dialect.perhaps?.(port)).find((board) => board !== undefined);
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

/** The same of an open line. Each dialect in which a board can be asked has an equal share of the time. */
export async function askLine(
  transport: Transport,
  dialects: readonly Dialect[],
  deadlineMilliseconds: number,
  log: Log = noLog,
): Promise<Answer> {
  const asking = dialects.filter((dialect) => dialect.probe !== undefined);
  let stranger: string | undefined;
  for (const dialect of asking) {
    const said = await dialect.probe?.(transport, deadlineMilliseconds / asking.length, log);
    if (said === undefined) continue;
    const { instrument, ...chip } = said;
    const owner =
      dialects.find((one) => one.claims?.(chip) === true) ?? (instrument === undefined ? dialect : undefined);
    if (owner !== undefined) return { kind: "chip", dialect: owner.name, ...chip };
    stranger ??= instrument;
  }
  return stranger === undefined ? { kind: "silent" } : { kind: "instrument", calledItself: stranger };
}
