import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MhoError } from "../src/errors.ts";
import { isGuessable, isLoopback } from "../web/access.ts";
import type { PageLibrary } from "../web/pageLibrary.ts";
import { type PageFile, readPageFiles } from "../web/pageFiles.ts";
import { type LiveServer, serveLive } from "../web/server.ts";
import { keepSmall } from "../web/keepSmall.ts";
import type { WarningEvent } from "../lab/events.ts";
import { wallTime } from "../lab/wallTime.ts";
import { apart } from "../lab/apart/apart.ts";
import { Bench, configOf, Workplace } from "../lab/bench.ts";
import type { FleetView } from "../lab/fleet/overview.ts";
import { defaultWorkspace } from "../lab/workplace.ts";
import type { CommandOutput } from "./output.ts";
import { startWorker, type StartedWorker } from "./startWorker.ts";
import { packageRoot } from "../lab/packageRoot.ts";
import { listenForStop, type StopListener } from "./stop.ts";

export interface ServeOptions {
  readonly workspace?: string | undefined;
  readonly config?: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly token?: string | undefined;
  readonly publicUrl?: string | undefined;
}

/** Serves the live page of a workspace until it is stopped. */
export async function serve(options: ServeOptions, output: CommandOutput<"serve">): Promise<void> {
  // It stays up for weeks beside the bench.
  const breathe = keepSmall();
  const token = tokenOf(options);
  const publicUrl = publicUrlOf(options);
  const files = await pageFiles();
  // The page may be there before the first run.
  const folder = options.workspace ?? defaultWorkspace;
  const place = new Workplace(options, output.events, await configOf(options));
  const isNew = !place.isServer && !existsSync(join(folder, "workspace.db"));
  const workers: StartedWorker[] = [];
  const closing: (() => Promise<void>)[] = [];
  try {
    const store = await place.store();
    const view = place.isServer ? await openView(place) : undefined;
    closing.push(async () => view?.close());
    const stop = listenForStop(output);
    try {
      const { host, port } = options;
      const server = await serveLive(store, {
        host,
        port,
        token,
        publicUrl,
        files,
        library: libraryOf(place, store.readOnly, options, view, (worker) => workers.push(worker)),
        workspace: store.file,
        readOnly: store.readOnly,
        wallTime,
        breathe,
      }).catch((error: unknown) => {
        throw notServed(error, host, port);
      });
      const name = nameFor(host);
      const own = `http://${name}:${server.port}/`;
      const address = publicUrl?.href ?? own;
      output.events.emit({ type: "serving", address, token, workspace: store.file });
      // The page cannot be opened without it: --quiet does not hide it.
      if (!output.json) process.stdout.write(`Live page: ${address}#token=${encodeURIComponent(token)}\n`);
      if (isNew) output.say(`There was no workspace in ${folder}: it was made, and waits for its first run.`);
      const open = isLoopback(host) && publicUrl === undefined;
      if (store.readOnly) output.say(readOnlyNote(folder));
      else
        output.say(
          `With its token this address may pause and stop runs, note and answer; without it ${open ? "the page can only be looked at" : "nothing of a run is shown"}.`,
        );
      if (publicUrl !== undefined) output.say(`The proxy at ${address} is to pass on to ${own}.`);
      if (isPlain(host, publicUrl)) {
        const warning = plainWarning(address);
        output.events.emit(warning);
        output.say(`Note: ${warning.message}`);
      }
      await untilStopped(server, stop);
      for (const worker of workers) {
        const warning = goesOnWarning(worker);
        if (warning === undefined) continue;
        output.events.emit(warning);
        output.say(`Note: ${warning.message}`);
      }
      output.result({ address });
    } finally {
      stop.release();
    }
  } finally {
    for (const close of closing) await close();
    await place.close();
  }
}

/** A workspace that may only be read was copied when it was opened: it is not copied anew for every report. */
function libraryOf(
  place: Workplace,
  readOnly: boolean,
  options: ServeOptions,
  view: FleetView | undefined,
  onWorker: (worker: StartedWorker) => void,
): PageLibrary {
  const bench = new Bench(place);
  const files = readOnly ? bench : apart(bench, options);
  return {
    list: (of) => bench.list(of),
    note: (run, text) => bench.note(run, text),
    tag: (run, tags, change) => bench.tag(run, tags, change),
    questions: () => bench.questions(),
    answer: (question, text) => bench.answer(question, text),
    withdraw: (question) => bench.withdraw(question),
    queue: view === undefined ? bench.queue : queueOf(bench, view),
    ...(view === undefined
      ? { startWork: async () => onWorker(await startWorker(place.folder, options.config)) }
      : { fleet: () => view.look() }),
    report: (run, to) => files.report(run, to),
    compare: (runs, to) => files.compare(runs, to),
    export: (run, to) => files.export(run, to),
  };
}

async function openView(place: Workplace): Promise<FleetView> {
  const { FleetView: View } = await import("../lab/fleet/overview.ts");
  return View.open(place);
}

/** At a server the list is asked for again and again, by connections that stay. */
function queueOf({ queue }: Bench, view: FleetView): PageLibrary["queue"] {
  return {
    list: () => view.jobs(),
    add: (command, subjects) => queue.add(command, subjects),
    move: (job, where) => queue.move(job, where),
    retry: (job) => queue.retry(job),
    remove: (job) => queue.remove(job),
  };
}

/** What browsers write for a host: one that stands for every address of this machine is reached by one that others know. */
function nameFor(host: string): string {
  const found =
    host === "0.0.0.0" || host === "::" ? (outwardAddress(networkInterfaces()) ?? hostname()) : host;
  return found.includes(":") ? `[${found}]` : found;
}

/** The first IPv4 address by which other machines may reach this one; undefined where it has none. */
export function outwardAddress(interfaces: ReturnType<typeof networkInterfaces>): string | undefined {
  return Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}

/** Whether what passes can be read on the way. */
function isPlain(host: string, publicUrl: URL | undefined): boolean {
  if (!isLoopback(host)) return true;
  return publicUrl?.protocol === "http:" && !isLoopback(publicUrl.hostname.replace(/^\[(.*)\]$/, "$1"));
}

function plainWarning(address: string): WarningEvent {
  return {
    type: "warning",
    code: "plain_http",
    message:
      `${address} is plain HTTP: others on the network can read the token and then stop runs. Where you do not trust the ` +
      "network, serve on 127.0.0.1 behind a proxy with TLS: docs/live-page.md, Behind a proxy.",
    name: null,
    why: null,
  };
}

/** A worker is not ended with the page: a run may be under way. @returns undefined of one that has ended. */
export function goesOnWarning(worker: StartedWorker): WarningEvent | undefined {
  const process = worker.process();
  if (process === undefined) return undefined;
  return {
    type: "warning",
    code: "worker_goes_on",
    message:
      `The worker that was started from the page goes on with the queue, as process ${process}. To stop it: kill ${process}. It ` +
      "then finishes its turn, puts the chip in standby and the job back into the queue.",
    name: null,
    why: null,
  };
}

function readOnlyNote(folder: string): string {
  return `The workspace in ${folder} may only be read: the page shows it as it is now, and offers no pause and no stop.`;
}

async function untilStopped(server: LiveServer, { signal }: StopListener): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.close();
}

function tokenOf({ host, token }: ServeOptions): string {
  if (token === undefined) {
    if (isLoopback(host)) return freshToken();
    throw new MhoError(
      "bad-argument",
      `--host ${host} can be reached from other machines: set a --token that viewers must give.`,
      { host },
    );
  }
  if (!/^[\x21-\x7e]{12,200}$/.test(token)) {
    throw new MhoError("bad-argument", "--token: give 12 to 200 letters, digits or signs, without spaces.");
  }
  if (isGuessable(token)) {
    throw new MhoError(
      "bad-argument",
      `--token: this one is easy to guess. Give one of at least 8 different characters, such as ${freshToken()}.`,
    );
  }
  return token;
}

function freshToken(): string {
  return randomBytes(16).toString("base64url");
}

function publicUrlOf({ publicUrl }: ServeOptions): URL | undefined {
  if (publicUrl === undefined) return undefined;
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined;
  const plain = url !== undefined && !url.username && !url.password && !url.search && !url.hash;
  if (!plain || !/^https?:$/.test(url.protocol)) {
    throw new MhoError(
      "bad-argument",
      `--public-url ${publicUrl}: give the address that browsers use, such as https://lab.example/mho/.`,
    );
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
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
    EADDRNOTAVAIL: `${host} is not an address of this machine. Name one of its own with --host.`,
    ENOTFOUND: `${host} cannot be resolved to an address. Name one of this machine's own with --host.`,
  };
  const reason = reasons[code ?? ""];
  return reason === undefined ? error : new MhoError("bad-argument", reason, { host, port }, error);
}
