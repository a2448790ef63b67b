import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openServer } from "../storage/postgres/connection.ts";
import { PostgresStore } from "../storage/postgres/postgresStore.ts";
import { rightsAt, setUpServer } from "../storage/postgres/schema.ts";
import { runStoreContract } from "./contracts/runStore.ts";
import { noPostgres, postgresPrograms, startPostgres, type TestServer } from "./support/postgresServer.ts";

async function openStore(address: string): Promise<PostgresStore> {
  const server = await openServer(address);
  return new PostgresStore(server, await rightsAt(server));
}

describe.skipIf(postgresPrograms === undefined)(`a server (skipped where ${noPostgres})`, () => {
  let postgres: TestServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.close());

  runStoreContract("the PostgreSQL server", async () => {
    const address = await postgres.database();
    return { store: await openStore(address), reopen: () => openStore(address) };
  });

  it("is set up once, however many do it at once", async () => {
    const server = await openServer(await postgres.database({ setUp: false }));
    const done = await Promise.all([setUpServer(server), setUpServer(server), setUpServer(server)]);
    expect(done.map(({ before }) => before).filter((before) => before === 0)).toHaveLength(1);
    expect(await rightsAt(server)).toEqual({ look: true, operate: true, administer: true });
    await server.close();
  });
});
