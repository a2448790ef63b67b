import { listRuns } from "../lab/listRuns.ts";
import type { Workplace } from "../lab/workplace.ts";
import { openServer } from "../storage/postgres/connection.ts";
import { PostgresStore } from "../storage/postgres/postgresStore.ts";
import { rightsAt } from "../storage/postgres/schema.ts";
import { startPostgres } from "../test/support/postgresServer.ts";
import { writeAgedRun } from "../test/support/agedRuns.ts";

/**
 * How long lists of a server's runs take, and how often they ask the server: node dist/bench/serverLists.js [--runs 2000]
 *
 * Each list is made by a program of its own that has just begun. The server is one of its own on this machine, which waits for no disk.
 */
const at = process.argv.indexOf("--runs");
const runs = at < 0 ? 2000 : Number(process.argv[at + 1]);

const postgres = await startPostgres();
try {
  const address = await postgres.database();
  const writing = await opened();
  const { store } = writing;
  for (let run = 1; run <= runs; run++) {
    await writeAgedRun(store, run, 2);
    if (run % 10 === 0)
      await store.appendLabel(`r${run}`, { at: "2026-01-01T00:00:00Z", add: [`lot-${run % 7}`] });
  }
  await writing.close();
  await timed("mho show, of runs that were never judged", (own) => listRuns(placeOf(own), {}));
  await timed("mho show", (own) => listRuns(placeOf(own), {}));
  await timed("mho show --where tag=lot-3", (own) => listRuns(placeOf(own), { where: "tag=lot-3" }));

  async function opened(): Promise<{
    readonly store: PostgresStore;
    asked(): number;
    close(): Promise<void>;
  }> {
    const server = await openServer(address);
    const rights = await rightsAt(server);
    const query = server.query.bind(server);
    let asked = 0;
    server.query = (...request) => {
      asked++;
      return query(...(request as [string]));
    };
    return { store: new PostgresStore(server, rights), asked: () => asked, close: () => server.close() };
  }

  async function timed(what: string, list: (store: PostgresStore) => Promise<unknown>): Promise<void> {
    const own = await opened();
    const begun = performance.now();
    await list(own.store);
    const seconds = (performance.now() - begun) / 1000;
    console.log(
      `${what}: ${runs} runs, ${seconds.toFixed(2)} s, the server was asked ${own.asked()} times beside commits`,
    );
    await own.close();
  }
} finally {
  await postgres.close();
}

function placeOf(store: PostgresStore): Workplace {
  return { existingStore: () => Promise.resolve(store) } as unknown as Workplace;
}
