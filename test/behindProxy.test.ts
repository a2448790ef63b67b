import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Bench, openBench } from "../lab/bench.ts";
import { openWorkspace, type Workspace } from "../storage/workspace.ts";
import { readPageFiles } from "../web/pageFiles.ts";
import { type LiveServer, serveLive } from "../web/server.ts";
import { identity, plan } from "./contracts/runStore.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";

removeFoldersAfterEach();

const token = "a-token-of-the-test";
const pageFolder = fileURLToPath(new URL("../dist/web/page", import.meta.url));
const ofUser = { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` };
const hasNginx = spawnSync("nginx", ["-v"], { env: ofUser }).status === 0;

/** As docs/live-page.md has them, and as nginx does where nothing is said: the Host of the upstream. */
const settings = {
  "the Host of nginx": "",
  "the name that the browser asked": "proxy_set_header Host $host;",
  "the name and port that the browser asked": "proxy_set_header Host $http_host;",
};

let store: Workspace;
let bench: Bench;
let server: LiveServer | undefined;
let stop: (() => Promise<unknown>) | undefined;

beforeEach(async () => {
  const folder = emptyFolder();
  store = await openWorkspace(folder);
  bench = await openBench({ workspace: folder, config: "none" });
  await store.beginRun(plan, identity, "2026-01-01T00:00:00Z");
});
afterEach(async () => {
  await stop?.();
  await server?.close();
  await bench.close();
  await store.close();
});

/** Serves the page at a path of nginx. @param told  whether mho knows that it does. */
async function serve(path: string, header: string, told = true): Promise<URL> {
  const publicUrl = new URL(`http://localhost:${await freePort()}${path}`);
  server = await serveLive(store, {
    host: "127.0.0.1",
    port: 0,
    token,
    ...(told ? { publicUrl } : {}),
    files: await readPageFiles(pageFolder),
    library: bench,
    workspace: "w",
    wallTime: () => "2026-01-01T00:00:00Z",
  });
  const folder = emptyFolder();
  const file = join(folder, "nginx.conf");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(" ");
  writeFileSync(
    file,
    `pid ${folder}/pid; error_log stderr notice; worker_processes 1; daemon off; events {}
     http { access_log off; ${temporary} server { listen 127.0.0.1:${publicUrl.port};
       location ${path} { proxy_pass http://127.0.0.1:${server.port}/; ${header} } } }`,
  );
  const nginx = spawn("nginx", ["-e", "stderr", "-c", file], {
    env: ofUser,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(nginx, "close");
  stop = () => {
    nginx.kill("SIGTERM");
    return ended;
  };
  for await (const text of nginx.stderr.iterator({ destroyOnReturn: false })) {
    if (String(text).includes("start worker process")) break;
  }
  nginx.stderr.resume();
  return publicUrl;
}

async function freePort(): Promise<number> {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as { port: number };
  await new Promise((resolve) => taken.close(resolve));
  return port;
}

function ask(address: URL, origin = address.origin): Promise<Response> {
  return fetch(new URL("api/runs/r1/request", address), {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", origin },
    body: JSON.stringify({ request: "pause" }),
  });
}

describe.skipIf(!hasNginx)("the live page behind nginx", () => {
  const ways = Object.entries(settings).flatMap(([name, header]) =>
    ["/", "/lab/mho/"].map((path) => [path, name, header] as const),
  );

  it.each(ways)("at %s with %s shows, looks on and asks", async (path, _, header) => {
    const address = await serve(path, header);
    const html = await (await fetch(address)).text();
    for (const [, part] of html.matchAll(/(?:src|href)="(\.[^"]+)"/g)) {
      expect([part, (await fetch(new URL(part!, address))).status]).toEqual([part, 200]);
    }
    expect((await fetch(new URL("api/runs", address))).status).toBe(401);
    const session = await fetch(new URL("api/session", address), {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, origin: address.origin },
    });
    const pass = session.headers.get("set-cookie")!;
    expect(pass).toContain(`Path=${path}api;`);
    const cookie = pass.split(";")[0]!;
    expect((await fetch(new URL("api/runs", address), { headers: { cookie } })).status).toBe(200);
    const leaving = new AbortController();
    const live = await fetch(new URL("api/live?run=r1", address), {
      headers: { cookie },
      signal: leaving.signal,
    });
    for await (const text of live.body!.pipeThrough(new TextDecoderStream()))
      if (text.includes("event: run\n")) break;
    leaving.abort();
    expect((await ask(address)).status).toBe(204);
    expect(await store.request("r1")).toBe("pause");
    expect((await ask(address, "http://elsewhere.example")).status).toBe(403);
  });

  it("asks for nothing where mho was not told of it, and is told the flag", async () => {
    for (const header of ["", "proxy_set_header Host lab.example;"]) {
      const refused = await ask(await serve("/", header, false));
      expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining("--public-url")]);
      await stop?.();
      await server?.close();
    }
    expect(await store.request("r1")).toBeUndefined();
  });
});
