import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EventStream } from "../lab/events.ts";
import { workFromServer } from "../lab/fleet/workFromServer.ts";
import { Workplace } from "../lab/workplace.ts";
import { openServer } from "../storage/postgres/connection.ts";
import { channelOf } from "../storage/postgres/fleetRows.ts";
import { noConfig } from "../files/config.ts";

/**
 * A bench whose jobs do next to nothing, for fleetKills.ts: node fleetWorker.js SERVER NAME FOLDER CHIP…
 * What it does stands in `done.log` of its folder, a line a job: the server's id, its chips, and when it was taken and done (ms). When it was woken stands in `wakes.log`.
 */
const [server, bench, folder, ...serials] = process.argv.slice(2) as [string, string, string, ...string[]];
const log = join(folder, "done.log");
const wakes = join(folder, "wakes.log");
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());

/** Wall time with parts of a millisecond, the same for all processes of a machine. */
const now = (): number => performance.timeOrigin + performance.now();

/** A second pair of ears, to tell when the bench is woken from what it then does. */
let listening: Promise<(() => Promise<void>) | undefined> | undefined;

async function listen(): Promise<() => Promise<void>> {
  const own = await openServer(server, { connections: 1 });
  const rows = await own.query<{ bench: number }>("SELECT bench FROM mho.benches WHERE name = $1", [bench]);
  const heard = (): void => appendFileSync(wakes, `${now()}\n`);
  const ears = await own.listen([channelOf(rows[0]!.bench)], heard, () => (listening = undefined));
  await own.close();
  return () => ears.close();
}

const takenAt = new Map<string, number>();
const events = new EventStream(
  (event) => {
    const { type, server_job: job } = event as unknown as { type: string; server_job?: string };
    if (type === "job_taken") takenAt.set(job!, now());
    if (type === "joined_server" || type === "server_back" || type === "job_taken")
      listening ??= listen().catch(() => undefined);
    if (type === "server_away" || type === "chip_not_leased") console.log(JSON.stringify(event));
  },
  () => new Date().toISOString(),
);
const chips = Object.fromEntries(serials.map((serial) => [`c${serial}`, `emulator:pcm-64?seed=${serial}`]));
const place = new Workplace({ workspace: folder, signal: stop.signal }, events, { ...noConfig, chips });

try {
  await workFromServer(place, { server, bench, keep: true }, () => undefined, {
    identify: (_, address) =>
      Promise.resolve({
        chip: { name: "pcm-64", serialNumber: address.split("=")[1]! },
        description: undefined,
      }),
    act: ({ origin, chip, others = [], attempts }) => {
      const { job } = origin!;
      // As a run that was begun is gone on with, a line that is written is not written again.
      const isWritten = attempts > 1 && existsSync(log) && readFileSync(log, "utf8").includes(`${job} `);
      const all = [chip, ...others.map((other) => other.chip)].map((address) => address.split("=")[1]);
      if (!isWritten) appendFileSync(log, `${job} ${all.join("+")} ${takenAt.get(job) ?? 0} ${now()}\n`);
      return Promise.resolve([]);
    },
    heartbeatMilliseconds: 2000,
  });
} catch (error) {
  if (!stop.signal.aborted) console.log(JSON.stringify({ type: "failed", message: (error as Error).stack }));
} finally {
  await place.close();
  await (
    await listening
  )?.();
}
