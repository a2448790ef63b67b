import { type Alarm, alarmsOf } from "../../src/fleet/alarms.ts";
import { placeOnWafer } from "../../src/run/labels.ts";
import { openServer } from "../../storage/postgres/connection.ts";
import {
  type BenchAtServer,
  benchesAt,
  type ChipAtServer,
  chipsAt,
} from "../../storage/postgres/fleetView.ts";
import { rightsAt } from "../../storage/postgres/schema.ts";
import { serverJobs } from "../../storage/postgres/serverJobs.ts";
import { MhoError } from "../../src/errors.ts";
import type { QueuedJob } from "../queue/changeQueue.ts";
import type { Workplace } from "../workplace.ts";
import { queuedJobs } from "./serverQueue.ts";

/** The benches of a server, their chips, the queue, and what has to be looked after. */
export interface Fleet {
  readonly benches: readonly BenchAtServer[];
  readonly chips: readonly (Pick<ChipAtServer, "chip" | "bench" | "nicknames"> & {
    readonly wafer: string | undefined;
    readonly die: string | undefined;
  })[];
  /** Jobs that are not over. */
  readonly jobs: readonly QueuedJob[];
  readonly alarms: readonly Alarm[];
}

/** Throws `bad-argument` where the workspace is a folder. */
export async function fleet(place: Workplace): Promise<Fleet> {
  if (!place.isServer)
    throw new MhoError(
      "bad-argument",
      `The workspace ${place.folder} is a folder, of one bench. Name a server: --workspace postgres://USER@HOST/DATABASE.`,
    );
  const store = await place.store();
  const server = await openServer(place.folder);
  try {
    await rightsAt(server);
    const benches = await benchesAt(server);
    const jobs = await queuedJobs(server, await serverJobs(server));
    const chips = [];
    for (const { chip, bench, nicknames } of await chipsAt(server)) {
      const { wafer, die } = placeOnWafer(await store.chipNotes(chip));
      chips.push({ chip, bench, nicknames, wafer, die });
    }
    return { benches, chips, jobs, alarms: alarmsOf(benches, jobs) };
  } finally {
    await server.close();
  }
}
