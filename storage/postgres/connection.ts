import type { MhoError } from "../../src/errors.ts";
import type pg from "pg";
import { type ServerAddress, parseServerAddress } from "./address.ts";
import { passwordFor } from "./passwordFile.ts";
import { serverFailed } from "./serverFailure.ts";

/** What a value of a row is: numbers beyond 2^53 do not occur. */
export type ServerValue = number | string | boolean | Uint8Array | null;
export type ServerRow = Readonly<Record<string, ServerValue>>;

/** Asks a server, once; inside `together`, within its commit. */
export interface Queries {
  /** @throws `workspace-failed` (`isAway` says whether it may be tried again). */
  query<R = ServerRow>(sql: string, values?: readonly unknown[]): Promise<R[]>;
}

export interface ServerOptions {
  /** How long one request may take before the server counts as away (60,000). */
  readonly patienceMilliseconds?: number | undefined;
  /** How long a connection may take (10,000). */
  readonly connectMilliseconds?: number | undefined;
  /** How many at once (4). */
  readonly connections?: number | undefined;
}

/**
 * Opens a PostgreSQL server. One that vanishes is an error after the patience, never a hang.
 *
 * @param text  `postgres://user@host/database`, without a password.
 * @throws `bad-argument` for another address, `workspace-failed` where the server does not answer or does not let the user in.
 */
export function openServer(text: string, options: ServerOptions = {}): Promise<Server> {
  return Server.open(parseServerAddress(text), options);
}

export class Server implements Queries {
  readonly address: ServerAddress;
  readonly #pool: pg.Pool;
  readonly #config: pg.ClientConfig;
  readonly #driver: typeof pg;

  #isClosed = false;

  // Private, so that what is said of this class names no type of pg: who uses the library has none.
  private constructor(address: ServerAddress, driver: typeof pg, options: ServerOptions) {
    const { patienceMilliseconds = 60_000, connectMilliseconds = 10_000, connections = 4 } = options;
    this.address = address;
    this.#driver = driver;
    const { host, port, database, user, encryption } = address;
    this.#config = {
      host,
      port,
      database,
      user,
      password: () => passwordFor(address),
      ssl:
        encryption === undefined || encryption === "disable"
          ? false
          : { rejectUnauthorized: encryption === "verify-full" },
      application_name: "mho",
      connectionTimeoutMillis: connectMilliseconds,
      // The server takes back what takes too long; the other is for a server that no longer says anything.
      statement_timeout: patienceMilliseconds,
      query_timeout: patienceMilliseconds + 2000,
      idle_in_transaction_session_timeout: 2 * patienceMilliseconds,
      keepAlive: true,
      types: { getTypeParser: parserOf(driver) },
    };
    this.#pool = new driver.Pool({ ...this.#config, max: connections, allowExitOnIdle: true });
    // One that is idle when the server goes is made anew when it is needed.
    this.#pool.on("error", () => {});
    // One that is in use tells by the request that fails.
    this.#pool.on("connect", (client) => client.on("error", () => {}));
  }

  /** As `openServer`. */
  static async open(address: ServerAddress, options: ServerOptions): Promise<Server> {
    // It is loaded by those who use a server alone.
    const { default: driver } = await import("pg");
    const server = new Server(address, driver, options);
    try {
      await server.query("SELECT 1");
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  async query<R = ServerRow>(sql: string, values: readonly unknown[] = []): Promise<R[]> {
    try {
      return (await this.#pool.query(sql, [...values])).rows as R[];
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** All of it in one commit, or nothing. */
  async together<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    const client = await this.#client();
    const queries: Queries = {
      query: async <R>(sql: string, values: readonly unknown[] = []): Promise<R[]> => {
        try {
          return (await client.query(sql, [...values])).rows as R[];
        } catch (error) {
          throw serverFailed(this.address, error);
        }
      },
    };
    try {
      await queries.query("BEGIN");
      const done = await work(queries);
      await queries.query("COMMIT");
      client.release();
      return done;
    } catch (error) {
      // Closed, it takes back what was begun, whatever state it is in.
      client.release(true);
      throw error;
    }
  }

  /**
   * Hears of `NOTIFY` on channels, by a connection of its own.
   *
   * @param heard  a payload of a channel.
   * @param lost   the connection is gone: nothing more is heard.
   */
  async listen(
    channels: readonly string[],
    heard: (channel: string, payload: string) => void,
    lost: (error: unknown) => void,
  ): Promise<{ close(): Promise<void> }> {
    const client = new this.#driver.Client(this.#config);
    let closed = false;
    const gone = (error: unknown): void => {
      if (closed) return;
      closed = true;
      lost(serverFailed(this.address, error));
    };
    client.on("notification", ({ channel, payload = "" }) => heard(channel, payload));
    client.on("error", gone);
    client.on("end", () => gone(Object.assign(new Error("the connection ended"), { code: "ECONNRESET" })));
    const close = async (): Promise<void> => {
      closed = true;
      await client.end().catch(() => {});
    };
    try {
      await client.connect();
      for (const channel of channels) await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
    } catch (error) {
      await close();
      throw serverFailed(this.address, error);
    }
    return { close };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#pool.end();
  }

  async #client(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** A request that comes after `close`, from another part of the program, fails as on a line that was cut. */
  #failed(error: unknown): MhoError {
    const cut = Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" });
    return serverFailed(this.address, this.#isClosed ? cut : error);
  }
}

/** Counts are numbers, and bytes lie in memory of their own. */
function parserOf(driver: typeof pg): pg.CustomTypesConfig["getTypeParser"] {
  const { INT8, BYTEA } = driver.types.builtins;
  const own: Readonly<Record<number, (text: string) => unknown>> = {
    [INT8]: Number,
    [BYTEA]: bytesOf,
  };
  const parser = (oid: number, format?: "text" | "binary"): unknown =>
    own[oid] ?? driver.types.getTypeParser(oid, format as "text");
  return parser as pg.CustomTypesConfig["getTypeParser"];
}

function bytesOf(hex: string): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(hex.length / 2 - 1);
  bytes.write(hex.slice(2), "hex");
  return new Uint8Array(bytes.buffer);
}
