import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { noConfig } from "../files/config.ts";
import { EventStream } from "../lab/events.ts";
import { workFromServer } from "../lab/fleet/workFromServer.ts";
import { Workplace } from "../lab/workplace.ts";

/**
 * Many benches in one process, for fleetCrowd.ts: node fleetCrowdWorker.js SERVER FOLDER FIRST LAST. Each has a workspace of its own and one
 * emulated chip, which it really programs and reads. What goes wrong is printed, a line each.
 */
const [server, folder, first, last] = process.argv.slice(2) as [string, string, string, string];
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
// Each bench has its own.
process.setMaxListeners(0);

const tell = (bench: string, what: unknown): void => console.log(JSON.stringify({ bench, what }));

async function work(n: number): Promise<void> {
  const bench = `bench-${n}`;
  const workspace = join(folder, bench);
  mkdirSync(workspace, { recursive: true });
  const events = new EventStream(
    (event) => {
      const { type, outcome } = event as { type: string; outcome?: string };
      if (type === "server_away" || type === "chip_not_leased" || outcome === "failed") tell(bench, event);
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

await Promise.all(
  Array.from({ length: Number(last) - Number(first) + 1 }, (_, k) => work(Number(first) + k)),
);
