import type { Duplex } from "node:stream";
import { MhoError } from "../src/errors.ts";
import { after } from "./systemClock.ts";
import type { Transport } from "./transport.ts";

const deadlineMilliseconds = 5000;

export interface StreamOptions {
  /** The port as a person knows it. */
  readonly port: string;
  /** A closed stream may hold bytes back without a word. */
  readonly isOpen: () => boolean;
  /** Ends the stream; it then says `close`. */
  readonly end: () => void;
  /** Of the line, where that is known: what is written takes its time. */
  readonly bytesPerSecond?: number;
  /** What to look at when writing fails. */
  readonly advice: string;
}

/** A transport over an open stream of Node's, with a deadline on every write and on closing. */
export function streamTransport(
  stream: Duplex,
  { port, isOpen, end, advice, bytesPerSecond = Infinity }: StreamOptions,
): Transport {
  let closedReason: string | undefined;
  let failure: string | undefined;
  let onClosed: (reason: string) => void = () => {};
  let onBytes: (bytes: Uint8Array) => void = () => {};
  const writeFailed = (reason: string): MhoError =>
    new MhoError("link-lost", `Cannot write to ${port}: ${reason}. ${advice}`, { port });
  // A stream that nobody reads from never notices that its far end is gone.
  stream.on("data", (chunk: Buffer) => onBytes(chunk));
  // A close with a write pending emits an error that nobody waits for.
  stream.on("error", (error) => (failure = error.message));
  stream.once("end", () => (failure ??= "the far end closed it"));
  stream.once("close", (error?: unknown) => {
    closedReason = inWords(error instanceof Error ? error.message : (failure ?? "it was closed"));
    onClosed(closedReason);
  });
  /** What is written in one turn of the program's loop leaves in one call of the system, and has one deadline. */
  let waiting: Uint8Array[] = [];
  let leaving: Promise<void> | undefined;
  const leave = (resolve: () => void, reject: (error: MhoError) => void): void => {
    const bytes = waiting.length === 1 ? bufferOf(waiting[0]!) : Buffer.concat(waiting);
    waiting = [];
    leaving = undefined;
    if (!isOpen()) return reject(writeFailed(closedReason ?? "it is closed"));
    const passing = (1000 * bytes.length) / bytesPerSecond;
    const deadline = Math.ceil(deadlineMilliseconds + 1.25 * passing);
    const stuck = `it did not take ${bytes.length} bytes within ${(deadline / 1000).toFixed(1)} s`;
    const cancel = after(deadline, () => reject(writeFailed(stuck)));
    stream.write(bytes, (error) => {
      cancel();
      if (error) reject(writeFailed(inWords(error.message)));
      else resolve();
    });
  };
  return {
    port,
    onBytes(listener) {
      onBytes = listener;
    },
    onClosed(listener) {
      onClosed = listener;
      if (closedReason !== undefined) listener(closedReason);
    },
    write(bytes) {
      if (!isOpen()) return Promise.reject(writeFailed(closedReason ?? "it is closed"));
      waiting.push(bytes);
      leaving ??= new Promise((resolve, reject) => process.nextTick(() => leave(resolve, reject)));
      return leaving;
    },
    close: () =>
      new Promise((resolve) => {
        if (closedReason !== undefined || !isOpen()) return resolve();
        after(deadlineMilliseconds, resolve);
        stream.once("close", () => resolve());
        end();
      }),
  };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** What the system calls an input/output error is a far end that is gone. */
function inWords(reason: string): string {
  return /^(EIO|ENXIO|EBADF|EPIPE|ECONNRESET)\b/.test(reason) ? "the line hung up" : reason;
}
