import { MhoError } from "../../src/errors.ts";
import { shellWord } from "../../src/shell.ts";
import type { ServerAddress } from "./address.ts";

/**
 * How a server shows that it is away, or has more to do than it can: nothing is left of what was asked of it, which may be asked again. A
 * thousand benches that come back after a power cut meet one like that.
 */
const passingCodes =
  /^(ECONN|EPIPE|EAGAIN|ENOENT|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENET|08|40|53|55P03|57014|57P0[123])/;

interface Known {
  readonly code: RegExp;
  readonly what: (address: ServerAddress, message: string) => string;
}

const known: readonly Known[] = [
  {
    code: /^(ENOTFOUND|EAI_)/,
    what: ({ host }) =>
      `no machine called ${host} is known. Check the name, and the network of this machine.`,
  },
  {
    code: /^ENOENT/,
    what: ({ host }) => `no server listens in ${host}. Start it, or name its host.`,
  },
  {
    code: /^EAGAIN/,
    what: () => "more programs ask for it at this moment than it takes in. Try again.",
  },
  {
    code: /^ECONNREFUSED/,
    what: ({ host, port }) =>
      `nothing listens at ${host}, port ${port}. Start the server, or name another port: postgres://USER@HOST:PORT/DATABASE.`,
  },
  {
    code: /^28P01/,
    what: ({ user }) =>
      `it does not take the password of ${user}. Correct it in the file that PGPASSFILE names (~/.pgpass).`,
  },
  {
    code: /^28/,
    what: ({ user }, message) => `it does not let ${user} in: ${message}. Ask its administrator.`,
  },
  {
    code: /^3D000/,
    what: ({ database }) =>
      `it has no database ${database}. Its administrator makes it: createdb ${database}, then mho server init.`,
  },
  {
    code: /^42501/,
    what: ({ user }, message) =>
      `${user} has no right to this (${message}). An administrator of the server grants it: GRANT mho_operate TO "${user}" ` +
      "to write runs and to add jobs, mho_look to read, mho_administer to set the server up.",
  },
  {
    code: /^(42P01|3F000|42703)/,
    what: ({ text, database }) =>
      `its database ${database} is not set up for mho, or not by this version. An administrator does it: mho server init ${shellWord(text)}`,
  },
  {
    code: /^53100/,
    what: () => "its disk is full. Free some space there; all that was acknowledged is safe.",
  },
  {
    code: /^53300/,
    what: () => "it has as many connections as it takes. Try again later, or raise its max_connections.",
  },
  { code: /^25006/, what: () => "it may only be read: it is a copy of another server. Name that one." },
  {
    code: /^57014/,
    what: () => "it took too long over one request, which was taken back. Try again when it has less to do.",
  },
  { code: /^55P03|^40/, what: () => "another program holds what is needed. Try again." },
  { code: /^57P0[123]/, what: () => "it is shutting down or starting. Try again when it is up." },
  {
    code: /CERT|^ERR_TLS|^ERR_SSL/,
    what: (_, message) =>
      `its certificate is not trusted (${message}). Give Node its authority by NODE_EXTRA_CA_CERTS, or ask for ?sslmode=require.`,
  },
];

/** What went wrong with a server, for people. Nothing of a password is in what the server or the driver says. */
export function serverFailed(address: ServerAddress, error: unknown): MhoError {
  if (error instanceof MhoError) return error;
  const { code = "", message } = lastOf(error);
  const passing =
    passingCodes.test(code) || (code === "" && /terminated|timeout|closed|ended/i.test(message));
  // A mistake of ours is no fault of the server's.
  if (!passing && code === "") throw error;
  const reason =
    known.find((one) => one.code.test(code))?.what(address, message) ??
    (passing ? `it cannot be reached: ${message}. Try again when it is up.` : `${message} (${code}).`);
  return new MhoError(
    "workspace-failed",
    `The server ${address.text} failed: ${reason}`,
    {
      server: address.text,
      passing,
      ...(code === "" ? {} : { reason: code }),
    },
    error,
  );
}

/** Whether it was away or too busy, so that the same may be tried again later. */
export function isPassing(error: unknown): boolean {
  return error instanceof MhoError && error.facts["passing"] === true;
}

/** Of a host with several addresses Node gives all the errors. */
function lastOf(error: unknown): { code?: string; message: string } {
  const { errors } = error as { errors?: unknown[] };
  return (errors?.at(-1) ?? error) as { code?: string; message: string };
}

/**
 * What stands at a server is not what was written there.
 *
 * @param what  which row, and how it shows: a clause.
 */
export function damagedServer(
  { text }: ServerAddress,
  what: string,
  facts: Record<string, string | number> = {},
): MhoError {
  return new MhoError(
    "workspace-failed",
    `What the server ${text} holds is damaged: ${what}. Its administrator restores the database from a backup; benches then hand on again what it lacks.`,
    { server: text, what, ...facts },
  );
}
