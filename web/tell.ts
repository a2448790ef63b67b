import type { SSEStreamingApi } from "hono/streaming";
import { isGroupName } from "../src/run/groups.ts";
import type { RunId } from "../src/run/store.ts";
import { harmlessJson } from "./harmlessJson.ts";
import type { FleetDesk } from "./fleetDesk.ts";
import type { LiveDesk } from "./liveDesk.ts";
import { jobLines } from "./jobLines.ts";
import type { RunLine } from "./liveState.ts";
import type { NetworkDesk } from "./networkDesk.ts";
import type { PageLibrary } from "./pageLibrary.ts";

export interface TellOptions {
  readonly workspace: string;
  readonly library: PageLibrary;
  readonly readOnly?: boolean | undefined;
  readonly wallTime: () => string;
  readonly breathe?: (() => Promise<void>) | undefined;
  readonly betweenSignsMilliseconds?: number | undefined;
}

const betweenLooksMilliseconds = 400;

/** At which run and tile a page looks, or at which network; at a server, maybe at its benches. */
export interface Looking {
  readonly run: RunId;
  readonly networks: NetworkDesk;
  readonly tile: number | undefined;
  readonly fleet: FleetDesk | undefined;
  readonly looksAtFleet: boolean;
}

/** Tells a page what there is, and then whatever is new, until it leaves. */
export async function tell(
  stream: SSEStreamingApi,
  desk: LiveDesk,
  { run, tile, networks, fleet, looksAtFleet }: Looking,
  { workspace, library, readOnly = false, wallTime, breathe, betweenSignsMilliseconds = 5000 }: TellOptions,
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
  const tellWaiting = async (): Promise<void> => {
    await sayIfNew("questions", await library.questions());
    await sayIfNew("queue", jobLines(await library.queue.list()));
  };
  const shown = readOnly
    ? `${workspace} ${fleet === undefined ? "(may only be read: shown as it was, without pause and stop)" : "(to look at only)"}`
    : workspace;
  const server = fleet === undefined ? null : workspace;
  await sayIfNew("hello", { workspace: shown, now: wallTime(), readOnly, server });
  while (!stream.aborted && !stream.closed) {
    try {
      // What is written while this looks has the next look see another stamp.
      const stamp = await desk.stamp();
      if (stamp !== told.stamp) {
        const runs = await desk.runs();
        // A page lists runs under their networks, so it hears of these before.
        await sayIfNew("networks", await networks.lines());
        if (runs !== told.runs) await sayIfNew("runs", runs);
        await tellWaiting();
        if (isGroupName(run)) await sayIfNew("network", await networks.state(run));
        else if (run !== "") await sayIfNew("run", await desk.state(run, tile));
        await sayIfNew("trouble", null);
        told = { runs, stamp };
      }
      // Heartbeats change no run. The page fetches what it is told of: all pages share one text.
      if (fleet !== undefined && looksAtFleet) await sayIfNew("fleet", await fleet.version());
    } catch (error) {
      told = { ...told, stamp: undefined };
      await sayIfNew("trouble", error instanceof Error ? error.message : String(error));
    }
    await breathe?.();
    await stream.sleep(betweenLooksMilliseconds);
    sinceSign += betweenLooksMilliseconds;
    if (sinceSign < betweenSignsMilliseconds) continue;
    sinceSign = 0;
    // A program that died has written nothing, and a time to wait for may have come.
    if (said.get("questions") !== "[]" || said.get("queue") !== "[]")
      await tellWaiting().catch(() => undefined);
    // Also among other news: the page sets its clock by it.
    await stream.writeSSE({ event: "alive", data: JSON.stringify(wallTime()) });
  }
}
