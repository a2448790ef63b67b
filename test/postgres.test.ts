import { once } from "node:events";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listRuns } from "../lab/listRuns.ts";
import type { Workplace } from "../lab/workplace.ts";
import { isServerAddress, parseServerAddress } from "../storage/postgres/address.ts";
import { openServer } from "../storage/postgres/connection.ts";
import { openPostgresStore } from "../storage/postgres/openStore.ts";
import { passwordIn } from "../storage/postgres/passwordFile.ts";
import { PostgresStore } from "../storage/postgres/postgresStore.ts";
import { newestServerLayout, rightsAt, setUpServer } from "../storage/postgres/schema.ts";
import { collect, identity, plan, runStoreContract, turn } from "./contracts/runStore.ts";
import { emptyFolder, removeFoldersAfterEach } from "./support/folders.ts";
import { noPostgres, postgresPrograms, startPostgres, type TestServer } from "./support/postgresServer.ts";

removeFoldersAfterEach();

const failing = (message: RegExp): object => ({
  code: "workspace-failed",
  message: expect.stringMatching(message) as string,
});

describe("the address of a server", () => {
  it("is told from a folder, and read with its user, host, port and database", () => {
    expect(["postgres://a@b/c", "postgresql://a@b/c", "runs", "./postgres"].map(isServerAddress)).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(parseServerAddress("postgres://anna@lab:5433/mho?sslmode=require")).toMatchObject({
      user: "anna",
      host: "lab",
      port: 5433,
      database: "mho",
      encryption: "require",
    });
    expect(parseServerAddress("postgres://anna@/mho?host=/run/postgresql")).toMatchObject({
      user: "anna",
      host: "/run/postgresql",
      port: 5432,
    });
  });

  it("is refused with a password in it, which is not repeated", () => {
    for (const text of ["postgres://anna:geheim@lab/mho", "postgres://anna@lab/mho?password=geheim"]) {
      let message = "";
      try {
        parseServerAddress(text);
      } catch (error) {
        ({ message } = error as Error);
      }
      expect(message).toMatch(/must not have a password.*\.pgpass/);
      expect(message).not.toContain("geheim");
    }
  });

  it.each([
    ["postgres://anna@lab", /names no database/],
    ["postgres:///mho", /names no host/],
    ["postgres://anna@lab/mho?sslmode=maybe", /sslmode=maybe; mho knows disable/],
    ["postgres://anna@lab/mho?color=red", /has no \?color/],
    ["postgres://[", /cannot be read/],
  ])("is refused where it is none: %s", (text, message) => {
    expect(() => parseServerAddress(text)).toThrow(message);
  });

  it("finds its password by the first line that fits, as PostgreSQL's own programs do", () => {
    const lines = "# lab\nlab:5432:other:anna:one\nlab:*:mho:anna:t:w\\\\o\\:\n*:*:*:*:three";
    const of = (database: string, user = "anna"): string | undefined =>
      passwordIn(lines, { host: "lab", port: 5432, database, user });
    expect([of("other"), of("mho"), of("mho", "bench1")]).toEqual(["one", "t:w\\o:", "three"]);
    expect(passwordIn("lab:1:a:b:c", { host: "lab", port: 2, database: "a", user: "b" })).toBeUndefined();
  });
});

describe("a server that is away", () => {
  it("is named with why, and may be tried again", async () => {
    const refused = failing(/nothing listens at 127\.0\.0\.1, port 1/);
    await expect(openServer("postgres://anna@127.0.0.1:1/mho")).rejects.toMatchObject({
      ...refused,
      facts: { passing: true },
    });
    const folder = emptyFolder();
    await expect(openServer(`postgres://anna@/mho?host=${folder}`)).rejects.toMatchObject(
      failing(/no server listens in/),
    );
    await expect(openServer("postgres://anna@lab.invalid/mho")).rejects.toMatchObject(
      failing(/no machine called lab\.invalid is known/),
    );
  });

  it("and takes a connection but says nothing is an error, not a hang", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    await expect(
      openServer(`postgres://anna@127.0.0.1:${port}/mho`, { connectMilliseconds: 50 }),
    ).rejects.toMatchObject({ ...failing(/cannot be reached/), facts: { passing: true } });
    silent.close();
  });
});

describe.skipIf(postgresPrograms === undefined)(`a server (skipped where ${noPostgres})`, () => {
  let postgres: TestServer;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.close());

  runStoreContract("the PostgreSQL server", async () => {
    const address = await postgres.database();
    return { store: await openPostgresStore(address), reopen: () => openPostgresStore(address) };
  });

  it("is set up once, however many do it at once", async () => {
    const address = await postgres.database({ setUp: false });
    await expect(openPostgresStore(address)).rejects.toMatchObject(
      failing(/is not set up for mho.*mho server init 'postgres:/),
    );
    const server = await openServer(address);
    const done = await Promise.all([setUpServer(server), setUpServer(server), setUpServer(server)]);
    expect(done.filter(({ before }) => before === 0)).toHaveLength(1);
    expect(await rightsAt(server)).toEqual({ look: true, operate: true, administer: true });
    await server.close();
  });

  it("of a newer mho, or of another program, is refused", async () => {
    const address = await postgres.database();
    const server = await openServer(address);
    await server.query("UPDATE mho.layout SET layout = 999");
    const newer = failing(/set up by a newer mho \(layout 999; this one knows \d+\)\. Update mho/);
    await expect(openPostgresStore(address)).rejects.toMatchObject(newer);
    await expect(setUpServer(server)).rejects.toMatchObject(newer);
    await server.query(`UPDATE mho.layout SET layout = ${newestServerLayout}`);
    await (await openPostgresStore(address)).close();
    await server.query("ALTER TABLE mho.layout RENAME TO plan");
    await expect(setUpServer(server)).rejects.toMatchObject(failing(/a schema mho of another program/));
    await server.close();
  });

  it("says what its user lacks: a name, a database, the right to look", async () => {
    const address = await postgres.database();
    const { folder } = postgres;
    await expect(openServer(`postgres://nobody@/mho1?host=${folder}`)).rejects.toMatchObject(
      failing(/it does not let nobody in/),
    );
    await expect(openServer(`postgres://administrator@/none?host=${folder}`)).rejects.toMatchObject(
      failing(/it has no database none.*createdb none/),
    );
    const stranger = await postgres.as("stranger", address, []);
    await expect(openPostgresStore(stranger)).rejects.toMatchObject(
      failing(/stranger may not look at .*GRANT mho_look TO "stranger"/),
    );
  });

  it("takes a password from a file that is its user's alone, and names the line that is missing", async () => {
    const address = await postgres.database();
    const { folder } = postgres;
    const server = await openServer(address);
    await server.query("CREATE ROLE locked LOGIN PASSWORD 'geheim' IN ROLE mho_look");
    const rules = join(folder, "data", "pg_hba.conf");
    writeFileSync(rules, `local all locked scram-sha-256\n${readFileSync(rules, "utf8")}`);
    await server.query("SELECT pg_reload_conf()");
    // The rules hold once the postmaster has read them.
    for (let read = false; !read;) {
      const [row] = await server.query<{ held: number }>(
        "SELECT count(*) AS held FROM pg_hba_file_rules WHERE 'locked' = ANY (user_name)",
      );
      read = row!.held === 1;
    }
    await server.close();
    const { database } = server.address;
    const locked = `postgres://locked@/${database}?host=${folder}`;
    const file = join(emptyFolder(), "pgpass");
    const before = process.env["PGPASSFILE"];
    process.env["PGPASSFILE"] = file;
    try {
      await expect(openServer(locked)).rejects.toMatchObject(
        failing(/wants a password for locked, and there is no file/),
      );
      writeFileSync(file, "lab:*:*:*:x\n");
      chmodSync(file, 0o644);
      await expect(openServer(locked)).rejects.toMatchObject(failing(/may be read by others.*chmod 600/));
      chmodSync(file, 0o600);
      await expect(openServer(locked)).rejects.toMatchObject(
        failing(/no line of .*pgpass fits.*:locked:PASSWORD/),
      );
      writeFileSync(file, `localhost:*:${database}:locked:wrong\n`);
      await expect(openServer(locked)).rejects.toMatchObject(
        failing(/it does not take the password of locked/),
      );
      writeFileSync(file, `localhost:*:${database}:locked:geheim\n`);
      await (await openPostgresStore(locked)).close();
    } finally {
      if (before === undefined) delete process.env["PGPASSFILE"];
      else process.env["PGPASSFILE"] = before;
    }
  });

  it("tells of a row that was changed, and of one that is missing", async () => {
    const address = await postgres.database();
    const store = await openPostgresStore(address);
    const run = await store.beginRun(plan, identity, "t");
    for (let n = 0; n < 4; n++) await store.appendTurn(run, { ...turn, turn: n });
    const server = await openServer(address);
    await server.query("UPDATE mho.turns SET inside = 4 WHERE seq = 2");
    await expect(collect(store.turns(run))).rejects.toMatchObject(
      failing(/row 3 of the turns of run r1: its checksum is another/),
    );
    await server.query("UPDATE mho.turns SET inside = 3 WHERE seq = 2");
    expect(await collect(store.turns(run))).toHaveLength(4);
    await server.query("DELETE FROM mho.turns WHERE seq = 3");
    await expect(collect(store.turns(run))).rejects.toMatchObject(failing(/row 4 of the turns.*missing/));
    await server.close();
    await store.close();
  });

  it("is asked as often for a list of twenty runs as for one of two, and a damaged row hides no other run", async () => {
    const address = await postgres.database();
    const writing = await openPostgresStore(address);
    const asked = async (): Promise<{ readonly times: number; readonly damaged: boolean[] }> => {
      const server = await openServer(address);
      const store = new PostgresStore(server, await rightsAt(server));
      const query = server.query.bind(server);
      let times = 0;
      server.query = (...request) => {
        times++;
        return query(...(request as [string]));
      };
      const place = { existingStore: () => Promise.resolve(store) } as unknown as Workplace;
      const { runs } = await listRuns(place, { where: "note!=seen" });
      await server.close();
      return { times, damaged: runs.map(({ damaged }) => damaged) };
    };
    for (const most of [2, 20]) {
      for (let n = most === 2 ? 1 : 3; n <= most; n++) {
        const run = await writing.beginRun({ ...plan, labels: { tags: ["a"] } }, identity, "t");
        const figures = {
          devices: 3,
          pulses: 2,
          yieldPercent: 50,
          errorPercent: null,
          errorAgeSeconds: null,
        };
        await writing.keepFigures(run, { turns: 0, sweeps: 0 }, figures);
        await writing.endRun(run, "done");
      }
      expect(await asked()).toEqual({ times: 12, damaged: Array.from({ length: most }, () => false) });
    }
    const server = await openServer(address);
    await server.query(`UPDATE mho.labels SET label = replace(label, '"a"', '"b"') WHERE run = 2`);
    await server.close();
    const { damaged } = await asked();
    expect(damaged.flatMap((is, k) => (is ? [k] : []))).toEqual([1]);
    await writing.close();
  });

  it("that ends within a commit leaves nothing of it", async () => {
    const address = await postgres.database();
    const server = await openServer(address);
    const cut = server.together(async (queries) => {
      await queries.query("INSERT INTO mho.benches (name) VALUES ('left')");
      await queries.query("SELECT pg_terminate_backend(pg_backend_pid())");
    });
    await expect(cut).rejects.toMatchObject({ code: "workspace-failed", facts: { passing: true } });
    expect(await server.query("SELECT name FROM mho.benches")).toEqual([{ name: "server" }]);
    await server.close();
  });
});
