import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Context, Hono } from "hono";
import { MhoError } from "../src/errors.ts";
import { aRun, runsIn } from "./bookRoutes.ts";
import type { Guards } from "./guards.ts";
import { type PageLibrary, type TableFormat, tableFormats } from "./pageLibrary.ts";

/**
 * Reports and tables, made by the library when they are asked for, in a folder of their own that is removed when they are sent. The
 * workspace is not written to.
 */
export function addFileRoutes(app: Hono, library: PageLibrary, { mayFetch }: Guards): void {
  const makeOne = oneAfterTheOther();

  const page = async (c: Context, make: (out: string) => Promise<unknown>): Promise<Response> =>
    made(c, makeOne, async (folder) => {
      const out = join(folder, "page.html");
      await make(out);
      const html = await readFile(out);
      await rm(folder, { recursive: true, force: true });
      return c.body(new Uint8Array(html), 200, pageHeaders);
    });

  app.get(`/api/runs/${aRun}/report`, mayFetch, (c) =>
    page(c, (out) => library.report(c.req.param("run") ?? "", { out })),
  );
  app.get("/api/comparison", mayFetch, (c) =>
    page(c, (out) => library.compare(runsIn(c.req.query("runs")), { out })),
  );

  app.get(`/api/runs/${aRun}/figures`, mayFetch, (c) => {
    const run = c.req.param("run") ?? "";
    return made(c, makeOne, async (folder) => {
      const { figures } = await library.report(run, { out: join(folder, `${run}.html`) });
      return download(c, folder, figures, `${run}.figures.csv`);
    });
  });

  app.get(`/api/runs/${aRun}/export`, mayFetch, async (c): Promise<Response> => {
    const run = c.req.param("run") ?? "";
    const to = c.req.query("to");
    const what = c.req.query("of") ?? "sweeps";
    if (!isFormat(to)) return c.text(`A table is one of ${tableFormats.join(", ")}.`, 400);
    const [turns, findings] = [what === "turns", what === "findings"];
    const name = `${run}${what === "sweeps" ? "" : `.${turns ? "turns" : "findings"}`}.${to}`;
    return made(c, makeOne, async (folder) => {
      const { file } = await library.export(run, { to, turns, findings, out: join(folder, "table") });
      return download(c, folder, file, name);
    });
  });
}

type OneAfterTheOther = <T>(work: () => Promise<T>) => Promise<T> | undefined;

/** What takes memory and a processor is made one at a time. @returns undefined where too many wait already. */
function oneAfterTheOther(): OneAfterTheOther {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return (work) => {
    if (waiting >= mostWaiting) return undefined;
    waiting++;
    const next = last.then(work).finally(() => waiting--);
    last = next.catch(() => undefined);
    return next;
  };
}

const mostWaiting = 4;

/** Answers with what is made in a new folder. Refusals are plain text: they open in a tab of their own. */
async function made(
  c: Context,
  makeOne: OneAfterTheOther,
  make: (folder: string) => Promise<Response>,
): Promise<Response> {
  // Its answer would be as long in the making, and read by no one.
  if (c.req.method === "HEAD") return c.body(null, 200);
  let folder: string | undefined;
  try {
    const making = makeOne(async () => {
      folder = await mkdtemp(join(tmpdir(), "mho-page-"));
      return make(folder);
    });
    return (
      (await making) ?? c.text("Several files are being made just now. Reload this page in a moment.", 503)
    );
  } catch (error) {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    if (!(error instanceof MhoError)) throw error;
    return c.text(error.message, error.code === "bad-argument" ? 400 : 409);
  }
}

/** Sends a file as it is read, and then removes its folder: a table may be larger than memory. */
async function download(c: Context, folder: string, file: string, name: string): Promise<Response> {
  const handle = await open(file);
  const { size } = await handle.stat();
  const stream = handle.createReadStream();
  stream.once("close", () => void rm(folder, { recursive: true, force: true }).catch(() => undefined));
  return c.body(Readable.toWeb(stream) as ReadableStream, 200, {
    "Content-Type": "application/octet-stream",
    "Content-Length": String(size),
    "Content-Disposition": `attachment; filename="${name}"`,
    "Cache-Control": "no-store",
  });
}

/** A report has its style inside. It runs nothing, and the sandbox keeps it apart from the page and its token. */
const pageHeaders = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy":
    "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; " +
    "form-action 'none'; frame-ancestors 'none'",
  "Cache-Control": "no-store",
};

function isFormat(text: string | undefined): text is TableFormat {
  return (tableFormats as readonly (string | undefined)[]).includes(text);
}
