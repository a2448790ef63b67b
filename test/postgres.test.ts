import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openServer } from "../storage/postgres/connection.ts";
import { rightsAt, setUpServer } from "../storage/postgres/schema.ts";
import { noPostgres, postgresPrograms, startPostgres, type TestServer } from "./support/postgresServer.ts";

describe.skipIf(postgresPrograms === undefined)(`a server (skipped where ${noPostgres})`, () => {
  let postgres: TestServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.close());

  it("is set up once, however many do it at once", async () => {
    const server = await openServer(await postgres.database({ setUp: false }));
    const done = await Promise.all([setUpServer(server), setUpServer(server), setUpServer(server)]);
    expect(done.map(({ before }) => before).filter((before) => before === 0)).toHaveLength(1);
    expect(await rightsAt(server)).toEqual({ look: true, operate: true, administer: true });
    await server.close();
  });
});
