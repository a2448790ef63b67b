import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { type Context, Hono, type Next } from "hono";
import { bodyLimit } from "hono/body-limit";
import { getCookie, setCookie } from "hono/cookie";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { grammarStyle } from "../report/grammarStyle.ts";
import { termStyle } from "../report/termStyle.ts";
import { theme } from "../report/theme.ts";
import { MhoError } from "../src/errors.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import { bearerToken, isLoopback, isSameOrigin, isSecret, lookingPass, namesServer } from "./access.ts";
import { harmlessJson } from "./harmlessJson.ts";
import { LiveDesk } from "./liveDesk.ts";
import type { RunLine } from "./liveState.ts";
import type { PageFile } from "./pageFiles.ts";

export interface LiveOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Whoever holds it may ask runs to pause and to stop; beyond this machine, nobody sees anything without it. */
  readonly token: string;
  /** Where a proxy serves the page, its path ending with a slash. Then nothing is seen without the token, from wherever. */
  readonly publicUrl?: URL | undefined;
  /** The page's files by their path, `/` the first of them. */
  readonly files: ReadonlyMap<string, PageFile>;
  /** Where the runs are kept, for people. */
  readonly workspace: string;
  /** Whether the store may only be read: runs can then be asked for nothing. */
  readonly readOnly?: boolean | undefined;
  /** Now, ISO 8601. */
  readonly wallTime: () => string;
  /** Called now and then while a long journal is read, and after each look. */
  readonly breathe?: (() => Promise<void>) | undefined;
  /** How often a page hears a sign of life where there is nothing new: 5 s, and well below the page's 12 s of patience. */
  readonly betweenSignsMilliseconds?: number | undefined;
}

export interface LiveServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves the live page of a store. It reads what the runs' own processes write, and asks them for something by a request in the
 * store, so it is never in a run's way.
 *
 * Throws what `listen` throws.
 */
export async function serveLive(store: RunStore, options: LiveOptions): Promise<LiveServer> {
  const desk = new LiveDesk(store, options.breathe, options.readOnly);
  const lookers = new Set<SSEStreamingApi>();
  const app = liveApp(desk, lookers, options);
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : options.port,
    async close() {
      for (const looker of lookers) looker.abort();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

const mostLookers = 32;
const betweenLooksMilliseconds = 400;

function liveApp(desk: LiveDesk, lookers: Set<SSEStreamingApi>, options: LiveOptions): Hono {
  const { token, files, publicUrl } = options;
  const local = isLoopback(options.host);
  // What comes by a proxy comes from this machine, whoever sent it.
  const open = local && publicUrl === undefined;
  const app = new Hono();

  app.use(securityHeaders);
  app.use(async (c, next) => {
    if (local && !namesServer(c.req.header("host"), publicUrl)) {
      return refusal(c, 403, `This page answers to ${named(publicUrl)} only. ${proxyAdvice}`);
    }
    return next();
  });
  app.use(bodyLimit({ maxSize: 1024, onError: (c) => refusal(c, 413, "That is too much.") }));
  app.onError((error, c) => {
    const bad = error instanceof MhoError && error.code === "bad-argument";
    return refusal(c, bad ? 404 : 500, error instanceof Error ? error.message : "Something failed.");
  });
  app.notFound((c) => refusal(c, 404, "There is nothing here."));

  for (const [path, { type, bytes }] of files) {
    app.get(path, (c) => c.body(bytes, 200, { "Content-Type": type, "Cache-Control": "no-cache" }));
  }
  const css = `${theme}\n${grammarStyle}\n${termStyle}`;
  app.get("/theme.css", (c) => c.body(css, 200, { "Content-Type": "text/css; charset=utf-8" }));

  const holdsToken = (c: Context): boolean => isSecret(bearerToken(c.req.header("authorization")), token);
  const mayAsk = async (c: Context, next: Next): Promise<Response | void> => {
    if (!isSameOrigin(c.req.header("origin"), c.req.header("host"), publicUrl)) {
      return refusal(c, 403, `Only the page itself may ask for this. ${proxyAdvice}`);
    }
    if (!holdsToken(c)) return refusal(c, 401, "That needs the token that mho serve printed.");
    return next();
  };
  const mayLook = async (c: Context, next: Next): Promise<Response | void> => {
    if (open || holdsToken(c) || isSecret(getCookie(c, passName), lookingPass(token))) return next();
    return refusal(c, 401, "That needs the token that mho serve was given.");
  };

  app.post("/api/session", mayAsk, (c) => {
    setCookie(c, passName, lookingPass(token), {
      httpOnly: true,
      sameSite: "Strict",
      secure: publicUrl?.protocol === "https:",
      path: `${publicUrl?.pathname ?? "/"}api`,
    });
    return c.body(null, 204);
  });

  app.get("/api/runs", mayLook, async (c) => json(c, 200, await desk.runs()));

  app.get("/api/live", mayLook, (c) => {
    // A HEAD is answered like a GET, but nothing ever reads its stream to the end.
    if (c.req.method === "HEAD") return c.body(null, 200, { "Content-Type": "text/event-stream" });
    if (lookers.size >= mostLookers) return refusal(c, 503, "Too many pages are open already.");
    const run = c.req.query("run") ?? "";
    const tile = wholeNumber(c.req.query("tile"));
    // What nginx holds back until a buffer is full would be minutes old.
    c.header("X-Accel-Buffering", "no");
    return streamSSE(c, async (stream) => {
      lookers.add(stream);
      try {
        await desk.lookOn(run, () => tell(stream, desk, run, tile, options));
      } finally {
        lookers.delete(stream);
      }
    });
  });

  app.get("/api/runs/:run/tiles/:tile/devices", mayLook, async (c) => {
    const tile = wholeNumber(c.req.param("tile"));
    const bytes = tile === undefined ? undefined : await desk.devicesOf(c.req.param("run") ?? "", tile);
    if (bytes === undefined) return refusal(c, 404, "The run has no such tile.");
    return c.body(bytes, 200, { "Content-Type": "application/octet-stream", "Cache-Control": "no-store" });
  });

  app.post("/api/runs/:run/request", mayAsk, async (c) => {
    // What is no JSON is refused below, like any other request that is not known.
    const body = (await c.req.json().catch(() => undefined)) as { request?: unknown } | undefined;
    const request = body?.request;
    if (request !== "pause" && request !== "stop" && request !== "resume") {
      return refusal(c, 400, "A request is pause, stop or resume.");
    }
    if (options.readOnly === true)
      return refusal(c, 409, "This workspace may only be read: no run hears a request.");
    const heard = await desk.ask(c.req.param("run") ?? "", request === "resume" ? undefined : request);
    return heard ? c.body(null, 204) : refusal(c, 409, `Run ${c.req.param("run")} has already ended.`);
  });
  return app;
}

const passName = "mho-looks-on";

type TellOptions = Pick<
  LiveOptions,
  "workspace" | "readOnly" | "wallTime" | "breathe" | "betweenSignsMilliseconds"
>;

const proxyAdvice = "Behind a proxy, start mho serve with --public-url, the address that browsers use.";

function named(publicUrl: URL | undefined): string {
  return `127.0.0.1 and localhost${publicUrl === undefined ? "" : ` and ${publicUrl.hostname}`}`;
}

/** Tells a page what there is, and then whatever is new, until it leaves. */
async function tell(
  stream: SSEStreamingApi,
  desk: LiveDesk,
  run: RunId,
  tile: number | undefined,
  { workspace, readOnly = false, wallTime, breathe, betweenSignsMilliseconds = 5000 }: TellOptions,
): Promise<void> {
  const said = new Map<string, string>();
  let told: { readonly runs: readonly RunLine[] | undefined; readonly stamp: string | undefined } = {
    runs: undefined,
    stamp: undefined,
  };
  let sinceSign = 0;
  const sayIfNew = async (event: string, value: unknown): Promise<void> => {
    const data = harmlessJson(value);
    if (said.get(event) === data) return;
    said.set(event, data);
    await stream.writeSSE({ event, data, retry: 1000 });
  };
  const shown = readOnly
    ? `${workspace} (may only be read: shown as it was, without pause and stop)`
    : workspace;
  await sayIfNew("hello", { workspace: shown, now: wallTime() });
  while (!stream.aborted && !stream.closed) {
    try {
      // What is written while this looks has the next look see another stamp.
      const stamp = await desk.stamp();
      if (stamp !== told.stamp) {
        const runs = await desk.runs();
        if (runs !== told.runs) await sayIfNew("runs", runs);
        if (run !== "") await sayIfNew("run", await desk.state(run, tile));
        await sayIfNew("trouble", null);
        told = { runs, stamp };
      }
    } catch (error) {
      told = { ...told, stamp: undefined };
      await sayIfNew("trouble", error instanceof Error ? error.message : String(error));
    }
    await breathe?.();
    await stream.sleep(betweenLooksMilliseconds);
    sinceSign += betweenLooksMilliseconds;
    if (sinceSign < betweenSignsMilliseconds) continue;
    sinceSign = 0;
    // Also among other news: the page sets its clock by it.
    await stream.writeSSE({ event: "alive", data: JSON.stringify(wallTime()) });
  }
}

async function securityHeaders(c: Context, next: Next): Promise<void> {
  await next();
  c.header(
    "Content-Security-Policy",
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  c.header("X-Content-Type-Options", "nosniff");
  c.header("Referrer-Policy", "no-referrer");
  c.header("Cross-Origin-Resource-Policy", "same-origin");
}

function refusal(c: Context, status: ContentfulStatusCode, error: string): Response {
  return json(c, status, { error });
}

function json(c: Context, status: ContentfulStatusCode, value: unknown): Response {
  return c.body(harmlessJson(value), status, { "Content-Type": "application/json" });
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}
