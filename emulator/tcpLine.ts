import { createServer, type Server, type Socket } from "node:net";
import type { ServedLine } from "./servedLine.ts";

/**
 * Listens on loopback; one client at a time, the newest, as on a cable. Rejects when the port is taken.
 *
 * @param port  0 for any free one.
 */
export async function openTcpLine(port: number): Promise<ServedLine> {
  let client: Socket | undefined;
  let onBytes: (bytes: Uint8Array) => void = () => {};
  const server: Server = createServer((socket) => {
    client?.destroy();
    client = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => onBytes(chunk));
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
