import { setMaxListeners } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { noConfig } from "../files/config.ts";
import { EventStream } from "../lab/events.ts";
import { workFromServer } from "../lab/fleet/workFromServer.ts";
import { Workplace } from "../lab/workplace.ts";

/**
 * Many benches in one process, for fleetCrowd.ts: node fleetCrowdWorker.js SERVER FOLDER FIRST LAST. Each has a workspace of its own and one
 * emulated chip, which it really programs and reads. What goes wrong is printed, a line each, and that the server was away or too busy.
 */
const [server, folder, first, last] = process.argv.slice(2) as [string, string, string, string];
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
// Each bench has its own.
process.setMaxListeners(0);
setMaxListeners(0, stop.signal);

const tell = (bench: string, what: unknown): void => console.log(JSON.stringify({ bench, what }));

/** @returns two promises: it is known at the server, and it has ended. */
function begin(n: number): { readonly joined: Promise<void>; readonly ended: Promise<void> } {
  let join = (): void => {};
  const joined = new Promise<void>((resolve) => (join = resolve));
  return { joined, ended: work(n, join).finally(join) };
}

async function work(n: number, onJoined: () => void): Promise<void> {
  const bench = `bench-${n}`;
  const workspace = join(folder, bench);
  mkdirSync(workspace, { recursive: true });
  const events = new EventStream(
    (event) => {
      const { type, outcome } = event as { type: string; outcome?: string };
      if (type === "joined_server") onJoined();
      if (type === "server_away" || type === "server_back") tell(bench, type);
      if (type === "chip_not_leased" || outcome === "failed") tell(bench, event);
    },
    () => new Date().toISOString(),
  );
  const chips = { chip: `emulator:pcm-64?tiles=1&seed=${n}` };
  const place = new Workplace({ workspace, signal: stop.signal }, events, { ...noConfig, chips });
  try {
    await workFromServer(place, { server, bench, keep: true }, () => undefined);
  } catch (error) {
    if (!stop.signal.aborted) tell(bench, (error as Error).message);
  } finally {
    await place.close();
  }
}

/** One at a time, so that the machine, which is all benches and their server at once, is not asked for everything in one moment. */
async function beginInTurn(): Promise<void> {
  while (next <= Number(last)) {
    const { joined, ended } = begin(next++);
    atWork.push(ended);
    await joined;
  }
}

let next = Number(first);
const atWork: Promise<void>[] = [];
await beginInTurn();
await Promise.all(atWork);
