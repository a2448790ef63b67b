import { createServer, type Server, type Socket } from "node:net";
import type { Microseconds } from "../src/units.ts";
import type { ServedLine } from "./servedLine.ts";

/** A client that has said nothing for so long may be gone, and gives way to another. */
const quietMicroseconds: Microseconds = 2_000_000;

/** What a client is told when the line is not, or no longer, its own; empty on lines that carry no words. */
export interface TcpLineTexts {
  /** Another client came first. */
  readonly turnedAway: string;
  /** Another client took the place of one that was quiet. */
  readonly replaced: string;
}

/**
 * Listens on loopback; one client at a time, as on a cable: another is turned away while the first, which has just come or
 * spoken, may still have something to say. Rejects when the port is taken.
 *
 * @param port  0 for any free one.
 * @param now   link time; without it every newcomer is let in.
 */
export async function openTcpLine(
  port: number,
  now: () => Microseconds = () => Infinity,
  texts: TcpLineTexts = { turnedAway: "", replaced: "" },
): Promise<ServedLine> {
  let client: Socket | undefined;
  /** When the client came, or spoke last. */
  let heardAt = -Infinity;
  let onBytes: (bytes: Uint8Array) => void = () => {};
  /** The client, and those that were let go and have not closed their end yet. */
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    if (client !== undefined && now() - heardAt < quietMicroseconds) {
      letGo(socket, texts.turnedAway);
      return;
    }
    if (client !== undefined) letGo(client, texts.replaced);
    client = socket;
    heardAt = now();
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      if (client !== socket) return;
      heardAt = now();
      onBytes(chunk);
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      if (client === socket) client = undefined;
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const { port: found } = server.address() as { port: number };
  return {
    name: `127.0.0.1:${found}`,
    onBytes(listener) {
      onBytes = listener;
    },
    write(bytes) {
      client?.write(bytes);
    },
    close() {
      for (const socket of open) socket.destroy();
      server.close();
    },
  };
}

/** Tells a client why, and closes. What it still says is read and dropped, or the system would drop the words as well. */
function letGo(socket: Socket, why: string): void {
  socket.on("error", () => {});
  socket.resume();
  socket.end(why);
}
