import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { type Context, Hono, type Next } from "hono";
import { bodyLimit } from "hono/body-limit";
import { setCookie } from "hono/cookie";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { grammarStyle } from "../report/grammarStyle.ts";
import { termStyle } from "../report/termStyle.ts";
import { theme } from "../report/theme.ts";
import { MhoError } from "../src/errors.ts";
import { isGroupName } from "../src/run/groups.ts";
import type { RunStore } from "../src/run/store.ts";
import { lookingPass } from "./access.ts";
import { json, refusal, wholeNumber } from "./answers.ts";
import { addBookRoutes } from "./bookRoutes.ts";
import { addFileRoutes } from "./fileRoutes.ts";
import { addFilmRoutes } from "./filmRoutes.ts";
import { guardsOf, passName } from "./guards.ts";
import { FleetDesk } from "./fleetDesk.ts";
import { LiveDesk } from "./liveDesk.ts";
import { NetworkDesk } from "./networkDesk.ts";
import type { PageFile } from "./pageFiles.ts";
import type { PageLibrary } from "./pageLibrary.ts";
import { addQueueRoutes } from "./queueRoutes.ts";
import { addQuestionRoutes } from "./questionRoutes.ts";
import { tell } from "./tell.ts";

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
  /** What is asked of the library: a bench of the same workspace. */
  readonly library: PageLibrary;
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
  const networks = new NetworkDesk(store, desk);
  const lookers = new Set<SSEStreamingApi>();
  const { library, wallTime } = options;
  const fleet = library.lookAtFleet && new FleetDesk(() => library.lookAtFleet!(), wallTime);
  const app = liveApp(desk, networks, fleet, lookers, options);
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

function liveApp(
  desk: LiveDesk,
  networks: NetworkDesk,
  fleet: FleetDesk | undefined,
  lookers: Set<SSEStreamingApi>,
  options: LiveOptions,
): Hono {
  const { token, files, publicUrl, library } = options;
  const guards = guardsOf(options);
  const { mayAsk, mayChange, mayLook } = guards;
  const app = new Hono();

  app.use(securityHeaders);
  app.use(guards.named);
  app.use((c, next) => (c.req.path.endsWith("/notes") ? noteLimit : usualLimit)(c, next));
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

  app.get("/api/fleet", mayLook, async (c) =>
    fleet === undefined
      ? refusal(c, 404, "This is the page of one bench.")
      : c.body(await fleet.state(), 200, { "Content-Type": "application/json" }),
  );

  app.get("/api/live", mayLook, (c) => {
    // A HEAD is answered like a GET, but nothing ever reads its stream to the end.
    if (c.req.method === "HEAD") return c.body(null, 200, { "Content-Type": "text/event-stream" });
    if (lookers.size >= mostLookers) return refusal(c, 503, "Too many pages are open already.");
    const run = c.req.query("run") ?? "";
    const tile = wholeNumber(c.req.query("tile"));
    const looksAtFleet = c.req.query("fleet") !== undefined;
    // What nginx holds back until a buffer is full would be minutes old.
    c.header("X-Accel-Buffering", "no");
    return streamSSE(c, async (stream) => {
      if (stream.aborted) return;
      lookers.add(stream);
      // A page that is closed gives its place back at once: what is told goes on until it next looks whether someone listens.
      stream.onAbort(() => void lookers.delete(stream));
      try {
        const telling = (): Promise<void> =>
          tell(stream, desk, { run, tile, networks, fleet, looksAtFleet }, options);
        await (isGroupName(run) ? networks : desk).lookOn(run, telling);
      } finally {
        lookers.delete(stream);
      }
    });
  });

  app.post("/api/runs/:run/request", mayChange, async (c) => {
    // What is no JSON is refused below, like any other request that is not known.
    const body = (await c.req.json().catch(() => undefined)) as { request?: unknown } | undefined;
    const request = body?.request;
    if (request !== "pause" && request !== "stop" && request !== "resume") {
      return refusal(c, 400, "A request is pause, stop or resume.");
    }
    const id = c.req.param("run") ?? "";
    const heard = await (isGroupName(id) ? networks : desk).ask(
      id,
      request === "resume" ? undefined : request,
    );
    const what = isGroupName(id) ? "Network" : "Run";
    return heard ? c.body(null, 204) : refusal(c, 409, `${what} ${id} has already ended.`);
  });

  addFilmRoutes(app, desk, guards);
  addBookRoutes(app, library, guards);
  addFileRoutes(app, library, guards);
  addQueueRoutes(app, library, guards);
  addQuestionRoutes(app, library, guards);
  return app;
}

const tooMuch = (c: Context): Response => refusal(c, 413, "That is too much.");
const usualLimit = bodyLimit({ maxSize: 1024, onError: tooMuch });
/** A note has up to 10,000 characters, of up to 6 bytes as JSON writes them. */
const noteLimit = bodyLimit({ maxSize: 61_000, onError: tooMuch });

async function securityHeaders(c: Context, next: Next): Promise<void> {
  await next();
  // A report has its own, which is as strict in another way.
  if (c.res.headers.get("Content-Security-Policy") === null)
    c.header(
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
  c.header("X-Content-Type-Options", "nosniff");
  c.header("Referrer-Policy", "no-referrer");
  c.header("Cross-Origin-Resource-Policy", "same-origin");
}
