import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBench } from "../../lab/bench.ts";
import { openWorkspace } from "../../storage/workspace.ts";
import { serveLive } from "../../web/server.ts";
import { latin1, type OpenSurface, surface } from "./surface.ts";
import { smallWorkspace } from "./workspaces.ts";

export const httpSurfaces = [surface("http", 35, openHttp)];

const token = "a-token";
const host = "Host: 127.0.0.1\r\n";
const close = "Connection: close\r\n";
const asking = `${host}Origin: http://127.0.0.1\r\nAuthorization: Bearer ${token}\r\n${close}`;
const post = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\n${asking}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

const requests: readonly string[] = [
  ...[
    "/",
    "/../../etc/passwd",
    "/%2e%2e/%00",
    "/api/runs",
    "/api/runs/r1/tiles/0/devices",
    "/api/runs/..%2f/tiles/9",
    "/api/runs/r1/tiles/0/frames",
    "/api/runs/r1/tiles/0/frames/0",
    "/api/search?where=tag=a+yield%3c99",
    "/api/compare?runs=r1,r2",
    "/api/comparison?runs=r1",
    "/api/runs/r1/export?to=csv&of=turns",
  ].map((path) => `GET ${path} HTTP/1.1\r\n${host}${close}\r\n`),
  `GET http://127.0.0.1/api/runs HTTP/1.1\r\n${host}Cookie: mho-looks-on=a; b\r\n${close}\r\n`,
  post("/api/runs/r1/request", '{"request":"pause"}'),
  post("/api/session", ""),
  post("/api/runs/r1/notes", '{"text":"worn"}'),
  post("/api/runs/r1/tags", '{"add":["ald"]}'),
  post("/api/queue/j1", '{"change":"retry"}'),
  post("/api/questions/q1/answer", '{"answer":"yes"}'),
  `POST /api/runs/r1/request HTTP/1.1\r\n${asking}Transfer-Encoding: chunked\r\n\r\n5\r\n{"req\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/runs HTTP/1.1\r\n${host}\r\n`,
  `PUT /a HTTP/1.0\r\nHost: evil.example\r\n\r\n`,
  `GET / HTTP/1.1\r\n${host}X: ${"a".repeat(20_000)}\r\n\r\n`,
];

/** The server of a small workspace; each input is what one connection sends. */
async function openHttp(): Promise<OpenSurface> {
  const folder = mkdtempSync(join(tmpdir(), "mho-fuzz-"));
  await smallWorkspace(folder);
  const store = await openWorkspace(folder);
  const bench = await openBench({ workspace: folder, config: "none" });
  const server = await serveLive(store, {
    host: "127.0.0.1",
    port: 0,
    token,
    files: new Map([["/", { type: "text/html", bytes: new Uint8Array(3) }]]),
    library: bench,
    workspace: "w",
    wallTime: () => "2026-01-01T00:00:00Z",
  });
  return {
    corpus: requests.map(latin1),
    language: "text",
    async feed(bytes) {
      const said = await answerTo(server.port, bytes);
      const status = /^HTTP\/1\.1 (\d{3})/.exec(said)?.[1] ?? "none";
      if (status.startsWith("5") && status !== "503" && status !== "501") throw new Error(said.slice(0, 500));
      if (/root:x:0|\(internal|node_modules/.test(said))
        throw new Error(`It tells too much: ${said.slice(0, 500)}`);
      return status.startsWith("2");
    },
    async close() {
      await server.close();
      await bench.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What comes back before the line closes, its sending half being closed behind the bytes. */
function answerTo(port: number, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const socket = connect(port, "127.0.0.1");
    const done = (): void => {
      socket.destroy();
      resolve(said);
    };
    socket.on("data", (chunk: Buffer) => {
      said += chunk.toString("latin1");
      // What tells for ever is left after its first words.
      if (said.includes("text/event-stream")) done();
    });
    socket.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ECONNREFUSED" ? reject(error) : done(),
    );
    socket.on("close", done);
    socket.on("end", done);
    socket.end(bytes);
  });
}
