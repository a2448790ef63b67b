import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MhoError } from "../src/errors.ts";
import { isLoopback } from "../web/access.ts";
import { type PageFile, readPageFiles } from "../web/pageFiles.ts";
import { type LiveServer, serveLive } from "../web/server.ts";
import { openWorkspace } from "../storage/workspace.ts";
import { keepSmall } from "../web/keepSmall.ts";
import { wallTime } from "../lab/wallTime.ts";
import { defaultWorkspace, type ServeOptions } from "./options.ts";
import type { Output } from "./output.ts";
import { packageRoot } from "../lab/packageRoot.ts";
import { listenForStop } from "./stop.ts";

/** Serves the live page of a workspace until it is stopped. */
export async function serve(options: ServeOptions, output: Output): Promise<void> {
  // It stays up for weeks beside whoever runs the bench.
  const breathe = keepSmall();
  const port = portOf(options.port);
  const token = tokenOf(options);
  const files = await pageFiles();
  // The page may be there before the first run.
  const folder = options.workspace ?? defaultWorkspace;
  const isNew = !existsSync(join(folder, "workspace.db"));
  const store = await openWorkspace(folder);
  try {
    const stop = listenForStop(options.json);
    try {
      const { host } = options;
      const server = await serveLive(store, {
        host,
        port,
        token,
        files,
        workspace: store.file,
        wallTime,
        breathe,
      }).catch((error: unknown) => {
        throw notServed(error, host, port);
      });
      const name = host.includes(":") ? `[${host}]` : host;
      const address = `http://${name}:${server.port}/`;
      output.event({ type: "serving", address, token, workspace: store.file });
      // Without it nobody could come: it is said however quiet the rest is to be.
      if (!output.json) process.stdout.write(`Live page: ${address}#token=${encodeURIComponent(token)}\n`);
      if (isNew) output.say(`There was no workspace in ${folder}: it was made, and waits for its first run.`);
      output.say(
        "Whoever opens that address may pause and stop runs; without the token it can only be looked at.",
      );
      await untilStopped(server, stop);
      output.event({ type: "result", address });
    } finally {
      stop.release();
    }
  } finally {
    await store.close();
  }
}

async function untilStopped(
  server: LiveServer,
  stop: { onRequest(action: () => void): void },
): Promise<void> {
  await new Promise<void>((resolve) => stop.onRequest(resolve));
  await server.close();
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new MhoError("bad-argument", `--port ${text}: give a port from 0 to 65535.`);
  }
  return port;
}

function tokenOf({ host, token }: ServeOptions): string {
  if (token === undefined) {
    if (isLoopback(host)) return randomBytes(16).toString("base64url");
    throw new MhoError(
      "bad-argument",
      `--host ${host} can be reached from other machines: choose a --token that whoever looks on must know.`,
      { host },
    );
  }
  if (!/^[\x21-\x7e]{12,200}$/.test(token)) {
    throw new MhoError("bad-argument", "--token: give 12 to 200 letters, digits or signs, without spaces.");
  }
  return token;
}

async function pageFiles(): Promise<Map<string, PageFile>> {
  const folder = fileURLToPath(new URL("dist/web/page", packageRoot));
  if (!existsSync(folder)) {
    throw new MhoError("bad-argument", `The live page was not built (${folder}). npm run build makes it.`);
  }
  return readPageFiles(folder);
}

function notServed(error: unknown, host: string, port: number): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const place = `${host}:${port}`;
  const reasons: Record<string, string> = {
    EADDRINUSE: `${place} is taken. Name another --port, or 0 for any free one.`,
    EACCES: `${place} may not be used. Name a --port above 1023.`,
    EADDRNOTAVAIL: `${host} is no address of this machine. Name one of its own with --host.`,
    ENOTFOUND: `${host} is no address that can be found. Name one of this machine's own with --host.`,
  };
  const reason = reasons[code ?? ""];
  return reason === undefined ? error : new MhoError("bad-argument", reason, { host, port }, error);
}
