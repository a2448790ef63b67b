import { createHash, randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { type Lock } from "./lock.ts";

/** What came of a request for standby. */
export type StandbyAnswer =
  | { readonly safe: true; readonly name: string; readonly serialNumber: string }
  | { readonly safe: false; readonly reason: string };

/** Puts the chip of this process in standby at once. Never rejects. The port is let go of as soon as its work has ended. */
export type StandbyHandler = () => Promise<StandbyAnswer>;

/** A system's limit for the path of a local socket, the least of those that are known. */
const longestPath = 103;

/**
 * Hears requests for standby for as long as a lock is held. A process that cannot listen goes without: it is then asked by
 * signals.
 */
export function hearRequests(lock: Lock, handler: StandbyHandler): Lock {
  const channel = channelOf(lock.file);
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.unref();
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
    createInterface({ input: socket }).once("line", (line) => {
      if (line !== question) return void socket.end();
      socket.write(`${JSON.stringify({ heard: true })}\n`);
      // The line stays open until the port is free.
      void handler().then((answer) => socket.write(`${JSON.stringify(answer)}\n`));
    });
  });
  server.unref();
  server.on("error", () => {});
  if (process.platform === "win32" || Buffer.byteLength(channel) <= longestPath) {
    // One that was killed left its socket; the lock is ours, so it is no other's.
    if (process.platform !== "win32") rmSync(channel, { force: true });
    server.listen(channel, () => lock.nameChannel(channel));
  }
  return {
    ...lock,
    release() {
      server.close();
      lock.release();
      for (const socket of open) socket.end();
    },
  };
}

const question = "standby";

export interface Heard {
  readonly answer: StandbyAnswer;
  /** Resolves when the other process has let go of the port, or has ended. */
  readonly released: Promise<void>;
}

export interface Patience {
  /** Until the process says that it heard. */
  readonly hearMilliseconds: number;
  /** From then on, until it says what came of it. */
  readonly answerMilliseconds: number;
}

/** Asks the process at a channel for standby. @returns undefined when it does not answer in time. */
export function askStandby(channel: string, patience: Patience): Promise<Heard | undefined> {
  return new Promise((resolve) => {
    const socket = connect(channel, () => void socket.write(`${question}\n`));
    socket.setTimeout(patience.hearMilliseconds, () => socket.destroy());
    socket.on("error", () => {});
    const released = new Promise<void>((free) => socket.once("close", () => free()));
    void released.then(() => resolve(undefined));
    createInterface({ input: socket }).on("line", (line) => {
      const said = parsed(line);
      if (said === undefined) return;
      socket.setTimeout("heard" in said ? patience.answerMilliseconds : 0);
      if (!("heard" in said)) resolve({ answer: said, released });
    });
  });
}

function parsed(line: string): StandbyAnswer | { heard: true } | undefined {
  try {
    const said = JSON.parse(line) as Record<string, unknown>;
    if (said["heard"] === true) return { heard: true };
    const { safe, name, serialNumber, reason } = said;
    if (safe === true && typeof name === "string" && typeof serialNumber === "string")
      return { safe, name, serialNumber };
    return { safe: false, reason: typeof reason === "string" ? reason : "its answer made no sense" };
  } catch {
    return undefined;
  }
}

function channelOf(file: string): string {
  if (process.platform === "win32") return `\\\\.\\pipe\\mho-${randomUUID()}`;
  return join(dirname(file), `${createHash("sha256").update(file).digest("hex").slice(0, 16)}.sock`);
}
