import { spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openServer } from "../../storage/postgres/connection.ts";
import { setUpServer } from "../../storage/postgres/schema.ts";

/** Debian's, the newest of them, or what the path has; undefined where PostgreSQL is not installed. */
export const postgresPrograms: string | undefined = programsFound();

/** To be told where tests are skipped. */
export const noPostgres = "PostgreSQL is not installed (Debian: apt-get install postgresql)";

/** A server of the test's own in a folder of its own, on a socket there. No disk is waited for. */
export interface TestServer {
  /** The address of a database that was made for this call, set up for mho; its user owns the server. */
  database(options?: { readonly setUp?: boolean }): Promise<string>;
  /** The same database for another user, who is made in these group roles. */
  as(user: string, database: string, groups: readonly string[]): Promise<string>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  close(): Promise<void>;
  readonly folder: string;
}

/** @param maxConnections  as many as the server takes at once. */
export async function startPostgres({ maxConnections = 100 } = {}): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "mho-postgres-"));
  const owner = ownerOf();
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, "data");
  const superuser = "administrator";
  await run(
    "initdb",
    ["-D", data, "-U", superuser, "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"],
    owner,
  );
  const settings = `-c listen_addresses= -c unix_socket_directories=${folder} -c fsync=off -c shared_buffers=16MB -c max_wal_size=4GB -c max_connections=${maxConnections}`;
  const start = (): Promise<void> =>
    run("pg_ctl", ["-D", data, "-w", "-l", join(folder, "log"), "-o", settings, "start"], owner);
  const kill = (): Promise<void> => run("pg_ctl", ["-D", data, "-w", "-m", "immediate", "stop"], owner);
  await start();
  const address = (user: string, database: string): string =>
    `postgres://${user}@/${database}?host=${folder}`;
  let databases = 0;
  return {
    folder,
    start,
    kill,
    async database({ setUp = true } = {}) {
      const name = `mho${++databases}`;
      const server = await openServer(address(superuser, "postgres"));
      await server.query(`CREATE DATABASE ${name}`);
      await server.close();
      if (setUp) {
        const own = await openServer(address(superuser, name));
        await setUpServer(own);
        await own.close();
      }
      return address(superuser, name);
    },
    async as(user, database, groups) {
      const server = await openServer(database);
      await server.query(`CREATE ROLE ${user} LOGIN`);
      for (const group of groups) await server.query(`GRANT ${group} TO ${user}`);
      const name = server.address.database;
      await server.close();
      return address(user, name);
    },
    async close() {
      await kill().catch(() => {});
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function programsFound(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  for (const version of versions) {
    const programs = join(debian, version, "bin");
    if (existsSync(join(programs, "initdb"))) return programs;
  }
  return spawnSync("initdb", ["--version"]).status === 0 ? "" : undefined;
}

/** PostgreSQL refuses to run as root: then it is the user that Debian made for it. */
function ownerOf(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(spawnSync("id", [flag, "postgres"]).stdout.toString());
  return { uid: id("-u"), gid: id("-g") };
}

function run(
  program: string,
  args: readonly string[],
  owner: { readonly uid: number; readonly gid: number } | undefined,
): Promise<void> {
  // The server that pg_ctl starts keeps what it is given open: nothing is.
  const child = spawn(join(postgresPrograms!, program), args, { stdio: "ignore", cwd: tmpdir(), ...owner });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`${program} ${args.join(" ")} ended with ${code}`)),
    );
  });
}
