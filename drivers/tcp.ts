import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import type { Lock } from "../locks/lock.ts";
import { MhoError } from "../src/errors.ts";
import { inTime } from "./inTime.ts";
import { lockPort, type PortOptions } from "./portLock.ts";
import { streamTransport } from "./streamTransport.ts";
import { after } from "./systemClock.ts";
import type { Transport } from "./transport.ts";

const connectDeadlineMilliseconds = 5000;

/**
 * Connects to `host:port`. Throws `port-failed` when there is no answer within 5 s, or another process of
 * this machine uses it.
 */
export async function openTcp(target: string, options: PortOptions = {}): Promise<Transport> {
  const match = /^(.+):(\d{1,5})$/.exec(target);
  const port = Number(match?.[2]);
  if (!match || port < 1 || port > 65_535) {
    throw portFailed(target, "it is not a HOST:PORT", "Write it as 127.0.0.1:5025.");
  }
  const host = match[1]!.replace(/^\[(.*)\]$/, "$1");
  // A network knows no lock: two controllers of one chip would take it from each other for ever.
  const lock = lockPort(target, options, `${await addressOf(host)}:${port}`);
  try {
    return await connected(target, host, port, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** One address has one lock, by whichever of its names a chip is called. */
async function addressOf(host: string): Promise<string> {
  // A name that is not found is locked as it is; the connection that follows says why it fails.
  const found = await inTime(
    lookup(host).catch(() => undefined),
    connectDeadlineMilliseconds,
  );
  return found?.address ?? host;
}

async function connected(target: string, host: string, port: number, lock: Lock): Promise<Transport> {
  const socket = connect({ host, port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    const cancel = after(connectDeadlineMilliseconds, () => {
      socket.destroy();
      reject(portFailed(target, "no answer within 5 s", "Check the address and the network."));
    });
    socket.once("connect", () => {
      cancel();
      resolve();
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      cancel();
      const reason = reasons[error.code ?? ""] ?? error.message;
      reject(portFailed(target, reason, "Check the address, and that the chip is on."));
    });
  });
  socket.removeAllListeners("error");
  socket.once("close", () => lock.release());
  return streamTransport(socket, {
    port: target,
    isOpen: () => !socket.destroyed,
    end: () => void socket.destroy(),
    advice: "Check the network and the board's power.",
  });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ENOTFOUND: "there is no machine of that name",
  EAI_AGAIN: "the name could not be looked up",
  EHOSTUNREACH: "the machine cannot be reached",
  ENETUNREACH: "the network cannot be reached",
};

function portFailed(target: string, reason: string, advice: string): MhoError {
  return new MhoError("port-failed", `Cannot connect to ${target}: ${reason}. ${advice}`, { port: target });
}
