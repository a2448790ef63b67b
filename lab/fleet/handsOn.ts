import type { BenchSession } from "../../storage/postgres/benchStates.ts";
import type { Server } from "../../storage/postgres/connection.ts";
import { markLateRun } from "../../storage/postgres/jobHandout.ts";
import type { Workspace } from "../../storage/workspace.ts";
import type { BenchEvent } from "../events.ts";
import { handOnOnce } from "../handOn.ts";
import type { Workplace } from "../workplace.ts";

/** Hands on what the workspace has and the server has not, where anything was written since the last time; marks what comes late. */
export function handsOn(
  place: Workplace,
  store: Workspace,
  to: string,
): (server: Server, session: BenchSession) => Promise<void> {
  let stamp: string | undefined;
  return async (server, session) => {
    const now = await store.stamp();
    if (now === stamp) return;
    const runs = new Set<string>();
    const hear = (event: BenchEvent): void => {
      // That the server knows the bench was said.
      if (event.type === "handing_on") return;
      if (event.type === "handed_on") for (const run of event.runs) runs.add(run);
      place.emit(event);
    };
    // A worker that is stopped tells what it can, and is not waited for long.
    await handOnOnce(store, { to, bench: session.name }, hear, new AbortController().signal);
    const jobs = await store.jobs();
    for (const run of runs) {
      const { job } = await store.labels(run);
      const { origin } = jobs.find(({ id }) => id === job) ?? {};
      if (origin === undefined) continue;
      const { name, serialNumber } = await store.identity(run);
      await markLateRun(server, session, run, { name, serialNumber }, origin.fence);
    }
    stamp = now;
  };
}
