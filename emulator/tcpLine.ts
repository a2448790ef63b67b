import { createServer, type Server, type Socket } from "node:net";
import type { Microseconds } from "../src/units.ts";
import type { ServedLine } from "./servedLine.ts";

/** A client that has said nothing for so long may be gone, and gives way to another. */
const quietMicroseconds: Microseconds = 2_000_000;

/**
 * Listens on loopback; one client at a time, as on a cable: another is turned away while the first is speaking. Rejects
 * when the port is taken.
 *
 * @param port  0 for any free one.
 * @param now   link time; without it every newcomer is let in.
 * @param turnedAway  what one that is not let in is told.
 */
export async function openTcpLine(
  port: number,
  now: () => Microseconds = () => Infinity,
  turnedAway = "",
): Promise<ServedLine> {
  let client: Socket | undefined;
  let heardAt = -Infinity;
  let onBytes: (bytes: Uint8Array) => void = () => {};
  const server: Server = createServer((socket) => {
    if (client !== undefined && now() - heardAt < quietMicroseconds) {
      socket.on("error", () => {});
      socket.end(turnedAway);
      return;
    }
    client?.destroy();
    client = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
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
    write: (bytes) => void client?.write(bytes),
    close() {
      client?.destroy();
      server.close();
    },
  };
}
