import { userInfo } from "node:os";
import { MhoError } from "../../src/errors.ts";

/** Where a server is, and as whom it is asked. It never holds a password. */
export interface ServerAddress {
  /** For people and for logs. */
  readonly text: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Undefined for none, as `disable`. */
  readonly encryption: "disable" | "require" | "verify-full" | undefined;
}

/** Whether a workspace is named by the address of a server, not by a folder. */
export function isServerAddress(workspace: string): boolean {
  return /^postgres(ql)?:/i.test(workspace);
}

/**
 * Reads `postgres://user@host:5432/database`. A socket's folder is given as `?host=/run/postgresql`.
 *
 * @throws `bad-argument` for what is no such address, and for one that has a password in it.
 */
export function parseServerAddress(text: string): ServerAddress {
  const url = asUrl(text);
  const asked = url.searchParams;
  if (url.password !== "" || asked.has("password")) {
    throw wrong(
      "The address of a server must not have a password in it: other users of this machine see command lines, and shells remember them. " +
        "Put it into the file ~/.pgpass (or the one that PGPASSFILE names), one line: host:port:database:user:password.",
    );
  }
  for (const name of asked.keys())
    if (!known.includes(name))
      throw wrong(`The address of a server has no ?${name}; it may have ${known.join(", ")}.`);
  const database = decoded(url.pathname.slice(1));
  if (database === "" || database.includes("/"))
    throw wrong(`The address ${text} names no database. ${example}`);
  const named = url.hostname === noHost ? "" : decoded(url.hostname).replace(/^\[(.*)\]$/, "$1");
  const host = asked.get("host") ?? named;
  if (host === "") throw wrong(`The address ${text} names no host. ${example}`);
  const encryption = asked.get("sslmode") ?? undefined;
  if (encryption !== undefined && !modes.includes(encryption))
    throw wrong(`The address ${text} asks for sslmode=${encryption}; mho knows ${modes.join(", ")}.`);
  return {
    text,
    host,
    port: Number(asked.get("port") ?? (url.port || 5432)),
    database,
    user: decoded(url.username) || (process.env["PGUSER"] ?? userInfo().username),
    encryption: encryption as ServerAddress["encryption"],
  };
}

const known: readonly string[] = ["host", "port", "sslmode"];
const modes: readonly string[] = ["disable", "require", "verify-full"];
const example = "Write postgres://USER@HOST/DATABASE.";

function asUrl(text: string): URL {
  try {
    // libpq's `user@/database`, which has its host behind the question mark, is none by the standard.
    return new URL(text.replace(/^([^/]+:\/\/[^/?]*@)\//, `$1${noHost}/`));
  } catch {
    // What stands there may hold a password: it is not repeated.
    throw wrong(`The address of the server cannot be read. ${example}`);
  }
}

const noHost = "none.invalid";

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw wrong(`The address of the server holds a % that is none. ${example}`);
  }
}

function wrong(message: string): MhoError {
  return new MhoError("bad-argument", message);
}
