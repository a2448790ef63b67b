import { connect, type Socket } from "node:net";
import { MhoError } from "../src/errors.ts";
import { after } from "./systemClock.ts";
import type { Transport } from "./transport.ts";

const connectDeadlineMilliseconds = 5000;
const writeDeadlineMilliseconds = 5000;

/** Connects to `host:port`. Throws `port-failed` when nobody answers there within 5 s. */
export async function openTcp(target: string): Promise<Transport> {
  const match = /^(.+):(\d{1,5})$/.exec(target);
  const port = Number(match?.[2]);
  if (!match || port < 1 || port > 65_535) {
    throw portFailed(target, "it is no HOST:PORT", "Write it as 127.0.0.1:5025.");
  }
  const socket = connect({ host: match[1]!.replace(/^\[(.*)\]$/, "$1"), port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    const cancel = after(connectDeadlineMilliseconds, () => {
      socket.destroy();
      reject(portFailed(target, "nobody answered within 5 s", "Check the address and the network."));
    });
    socket.once("connect", () => {
      cancel();
      resolve();
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      cancel();
      const reason = error.code === "ECONNREFUSED" ? "nobody listens there" : error.message;
      reject(portFailed(target, reason, "Check the address, and that the chip is on."));
    });
  });
  return overSocket(socket, target);
}

function overSocket(socket: Socket, target: string): Transport {
  let closedReason: string | undefined;
  let onClosed: (reason: string) => void = () => {};
  let onBytes: (bytes: Uint8Array) => void = () => {};
  let failure: string | undefined;
  socket.on("data", (chunk: Buffer) => onBytes(chunk));
  socket.on("error", (error) => (failure = error.message));
  socket.once("end", () => (failure ??= "the far end closed the connection"));
  socket.once("close", () => {
    closedReason = failure ?? "the connection was closed";
    onClosed(closedReason);
  });
  return {
    port: target,
    onBytes(listener) {
      onBytes = listener;
    },
    onClosed(listener) {
      onClosed = listener;
      if (closedReason !== undefined) listener(closedReason);
    },
    write: (bytes) =>
      new Promise((resolve, reject) => {
        if (closedReason !== undefined || socket.destroyed) {
          return reject(writeFailed(target, closedReason ?? "the connection is closed"));
        }
        const cancel = after(writeDeadlineMilliseconds, () =>
          reject(writeFailed(target, "it took no bytes for 5 s")),
        );
        socket.write(bytes, (error) => {
          cancel();
          if (error) reject(writeFailed(target, error.message));
          else resolve();
        });
      }),
    close: () =>
      new Promise((resolve) => {
        if (closedReason !== undefined) return resolve();
        after(writeDeadlineMilliseconds, resolve);
        socket.once("close", () => resolve());
        socket.destroy();
      }),
  };
}

function portFailed(target: string, reason: string, advice: string): MhoError {
  return new MhoError("port-failed", `Cannot connect to ${target}: ${reason}. ${advice}`, { port: target });
}

function writeFailed(target: string, reason: string): MhoError {
  return new MhoError(
    "link-lost",
    `Cannot write to ${target}: ${reason}. Check the network and the board's power.`,
    { port: target },
  );
}
