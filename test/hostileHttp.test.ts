import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Bench, openBench } from "../lab/bench.ts";
import { openWorkspace, type Workspace } from "../storage/workspace.ts";
import { type LiveServer, serveLive } from "../web/server.ts";
import { smallWorkspace } from "./fuzz/workspaces.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

let store: Workspace;
let bench: Bench;
let server: LiveServer;
let sockets: Socket[] = [];

beforeEach(async () => {
  const folder = emptyFolder();
  await smallWorkspace(folder);
  store = await openWorkspace(folder);
  bench = await openBench({ workspace: folder, config: "none" });
  server = await serveLive(store, {
    host: "127.0.0.1",
    port: 0,
    token: "a-token",
    files: new Map([["/", { type: "text/html", bytes: new Uint8Array(3) }]]),
    library: bench,
    workspace: "w",
    wallTime: () => "2026-01-01T00:00:00Z",
  });
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await server.close();
  await bench.close();
  await store.close();
});

/** Opens a line, says something on it and hears what is answered, from the first byte on. */
async function say(text: string, hear: (chunk: Buffer) => void = () => {}): Promise<Socket> {
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => {}).on("data", hear);
  sockets.push(socket);
  await new Promise<void>((resolve) => void socket.write(text, "latin1", () => resolve()));
  return socket;
}

/**
 * The status of everything that is answered on one line, in order. A server
 * that refuses what it has not read to its end resets the line behind its
 * answer, so what was heard before a reset counts.
 */
async function statuses(text: string): Promise<number[]> {
  let heard = "";
  const socket = await say(text, (chunk) => (heard += chunk.toString("latin1")));
  if (!socket.closed) await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return [...heard.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
}

const host = "Host: 127.0.0.1\r\n";
const close = "Connection: close\r\n";
const asking = `${host}Origin: http://127.0.0.1\r\nAuthorization: Bearer a-token\r\n${close}`;
const get = (path: string, headers = host): string => `GET ${path} HTTP/1.1\r\n${headers}${close}\r\n`;

describe("the live page's server, spoken to byte by byte,", () => {
  it.each([
    ["/../../etc/passwd", 404],
    ["/%2e%2e/%2e%2e/etc/passwd", 404],
    ["/%00", 404],
    ["/%c0%ae%c0%ae/", 404],
    ["/%", 404],
    ["//etc/passwd", 404],
    ["/api/runs/..%2f..%2fr1/tiles/0/devices", 404],
    ["/api/runs/r1%00/tiles/0/devices", 404],
    ["/api/runs/r9007199254740993/tiles/0/devices", 404],
    ["/api/runs/__proto__/tiles/0/devices", 404],
    ["/api/runs/r1/tiles/0/devices", 200],
  ])("answers %s with %i", async (path, status) => {
    expect(await statuses(get(path))).toEqual([status]);
  });

  it("refuses headers without an end, names of elsewhere, and bodies that are too much or no request", async () => {
    expect(await statuses(get("/", `${host}X: ${"a".repeat(100_000)}\r\n`))).toEqual([431]);
    expect(await statuses(get("/api/runs", "Host: evil.example\r\n"))).toEqual([403]);
    expect(await statuses(get("/api/runs", ""))).toEqual([400]);
    const post = (body: string): string =>
      `POST /api/runs/r1/request HTTP/1.1\r\n${asking}Content-Length: ${body.length}\r\n\r\n${body}`;
    expect(await statuses(post(`"${"a".repeat(2000)}"`))).toEqual([413]);
    for (const body of [
      "",
      "null",
      "[]",
      '{"__proto__":{"request":"stop"}}',
      "[".repeat(1000),
      '{"request":["stop"]}',
    ]) {
      expect([body, await statuses(post(body))]).toEqual([body, [400]]);
    }
    const chunk = `400\r\n${"a".repeat(1024)}\r\n`;
    const chunked = `POST /api/runs/r1/request HTTP/1.1\r\n${asking}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}0\r\n\r\n`;
    expect(await statuses(chunked)).toEqual([413]);
    expect(await store.request("r1")).toBeUndefined();
  });

  it("takes a request that is smuggled behind two lengths for none", async () => {
    const inner = get("/api/runs");
    const outer = `POST / HTTP/1.1\r\n${host}Content-Length: ${inner.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`;
    expect(await statuses(outer + inner)).toEqual([400]);
    const folded = `GET / HTTP/1.1\r\n${host}Transfer-Encoding : chunked\r\n\r\n`;
    expect(await statuses(folded)).toEqual([400]);
  });

  it("answers others while two hundred wait in the middle of a request", async () => {
    for (let n = 0; n < 200; n++) await say(n % 2 === 0 ? `GET /api/runs HTTP/1.1\r\n${host}X: ` : "PO");
    expect(await statuses(get("/api/runs"))).toEqual([200]);
    for (const socket of sockets.splice(0, 150)) socket.destroy();
    expect(await statuses(get("/api/runs"))).toEqual([200]);
  });
});
