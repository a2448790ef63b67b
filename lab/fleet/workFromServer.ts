import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { LockHeld, takeLock } from "../../locks/lock.ts";
import { MhoError } from "../../src/errors.ts";
import type { LeaseTimes } from "../../src/fleet/lease.ts";
import { parseServerAddress } from "../../storage/postgres/address.ts";
import type { Doing } from "../queue/doJob.ts";
import { jobChip } from "../queue/jobPlaces.ts";
import type { WorkOptions } from "../queue/queueOptions.ts";
import { type Worked, work } from "../queue/work.ts";
import { wallTime } from "../wallTime.ts";
import type { Workplace } from "../workplace.ts";
import { FleetAgent } from "./fleetAgent.ts";
import { HandsOn } from "./handsOn.ts";
import { identifyChip, type IdentifiedChip } from "./identifyChip.ts";

/** Parts that may be others than usual. */
export interface FleetParts {
  readonly identify?:
    ((place: Workplace, address: string) => Promise<IdentifiedChip | undefined>) | undefined;
  readonly act?: Doing["act"] | undefined;
  readonly times?: LeaseTimes | undefined;
  readonly heartbeatMilliseconds?: number | undefined;
}

/**
 * Does a server's jobs for the chips of this bench's config, and those of the workspace's own queue. A job that is taken stands in that
 * queue first, so what is known of it there holds here: it survives `kill -9`, and goes on with the run that it had begun.
 *
 * @throws `interrupted` when it is stopped, or another worker goes by the bench's name.
 */
export async function workFromServer(
  place: Workplace,
  { server, bench: given, ...options }: WorkOptions & { readonly server: string },
  bench: Doing["bench"],
  { identify = identifyChip, act, times, heartbeatMilliseconds }: FleetParts = {},
): Promise<Worked> {
  parseServerAddress(server);
  refuseUnlessChips(place);
  place.refuseServerFor("a bench keeps its own journal in a folder, also while its server is away");
  (await place.writableStore()).mustBeWritable();
  const store = await place.folderStore("a bench works from a folder");
  const { id: workspace } = store.raw.prepare("SELECT id FROM identity").get() as unknown as { id: string };
  const lock = takeOne(place.folder);
  const keep = options.keep === true;
  const hands = new HandsOn(place, store, server);
  const agent = new FleetAgent({
    place,
    store,
    server,
    name: given,
    workspace,
    keep,
    identify,
    hands,
    times,
    heartbeatMilliseconds,
  });
  const running = agent.run();
  try {
    return await work(place, options, bench, { source: agent.source, act });
  } finally {
    await agent.end(running);
    lock.release();
  }
}

/** Its chips are those that the config names: jobs of the server name them by what they call themselves. */
function refuseUnlessChips({ config, seed, registries }: Workplace): void {
  const addresses = Object.values(config.chips);
  for (const address of addresses) jobChip(address, seed, registries);
  if (addresses.length > 0) return;
  throw new MhoError(
    "bad-argument",
    `${config.file ?? "mho.config.json beside the workspace"} names no chips, so there is nothing to take jobs for. Name each under "chips": ` +
      `{ "left": "serial:/dev/ttyACM0" }.`,
  );
}

/** One worker of a workspace speaks to its server. */
function takeOne(folder: string): { release(): void } {
  mkdirSync(join(folder, "queue"), { recursive: true });
  try {
    return takeLock(join(folder, "queue", "server.lock"), wallTime());
  } catch (error) {
    if (!(error instanceof LockHeld)) throw error;
    const { holder } = error;
    const by =
      holder === undefined
        ? "Another mho work"
        : `${holder.program} (process ${holder.processId}, since ${holder.since})`;
    throw new MhoError(
      "bad-argument",
      `${by} takes the server's jobs for this workspace already. A second one may work on its own queue: mho work without --server.`,
    );
  }
}
