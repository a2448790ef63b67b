import { MhoError } from "../../src/errors.ts";
import { shellWord } from "../../src/shell.ts";
import type { Queries, Server } from "./connection.ts";
import { layouts } from "./layouts.ts";

export const newestServerLayout = layouts.length;

/** What the user of a server may do there, by the group roles that it is in. */
export interface Rights {
  readonly look: boolean;
  readonly operate: boolean;
  readonly administer: boolean;
}

/** The group roles, each of which may do what those before it may. */
export const roles = { look: "mho_look", operate: "mho_operate", administer: "mho_administer" } as const;

/**
 * Makes the tables and roles of mho, or lifts them to today's layout: all of it in one commit, however many do it at once. It needs a user
 * who owns the database and may make roles.
 *
 * @returns the layout that was there, 0 for none, and the one that is there now.
 * @throws `bad-argument` for another user, `workspace-failed` where a newer mho set it up.
 */
export async function setUpServer(
  server: Server,
  layout = newestServerLayout,
): Promise<{ readonly before: number; readonly now: number }> {
  await refuseOtherUsers(server);
  return server.together(async (queries) => {
    await queries.query("SELECT pg_advisory_xact_lock($1)", [setUpLock]);
    const before = await layoutOf(server, queries);
    for (let next = before; next < layout; next++)
      await queries.query(layouts[next]!).catch((error: unknown) => {
        throw lacksRight(error) ? noAdministrator(server) : error;
      });
    const now = Math.max(before, layout);
    if (now > before) await queries.query("UPDATE mho.layout SET layout = $1", [now]);
    return { before, now };
  });
}

/** Throws `bad-argument` for a user who could not lift the tables, also where there is nothing to lift. */
async function refuseOtherUsers(server: Server): Promise<void> {
  const [schema] = await server.query<{ owns: boolean }>(
    "SELECT pg_has_role(nspowner, 'USAGE') AS owns FROM pg_namespace WHERE nspname = 'mho'",
  );
  if (schema?.owns === false) throw noAdministrator(server);
}

function lacksRight(error: unknown): boolean {
  return error instanceof MhoError && error.facts["reason"] === "42501";
}

function noAdministrator({ address: { text, user, database } }: Server): MhoError {
  return new MhoError(
    "bad-argument",
    `${user} is no administrator of ${text}, so nothing was set up or changed. mho server init needs the user who owns the database ` +
      `${database} and may make roles: mho server init postgres://ADMINISTRATOR@HOST/${database}`,
    { server: text, user },
  );
}

/** Any number that no other program takes; the letters mho. */
const setUpLock = 0x6d686f;

/**
 * What may be done at a server.
 *
 * @throws `workspace-failed` where it is not set up, of another layout, or where its user may not look.
 */
export async function rightsAt(server: Server): Promise<Rights> {
  const layout = await layoutOf(server, server);
  const { text, database, user } = server.address;
  if (layout < newestServerLayout) {
    const how =
      layout === 0
        ? "is not set up for mho"
        : `was set up by an older mho (layout ${layout}; this one needs ${newestServerLayout})`;
    throw new MhoError(
      "workspace-failed",
      `The database ${database} of ${text} ${how}. An administrator of the server does it: mho server init ${shellWord(text)}`,
      { server: text, layout },
    );
  }
  const [rights] = await server.query<Rights>(
    `SELECT has_table_privilege('mho.runs', 'SELECT') AS look, has_table_privilege('mho.runs', 'INSERT') AS operate,
            has_table_privilege('mho.benches', 'DELETE') AS administer`,
  );
  if (rights!.look) return rights!;
  throw new MhoError(
    "workspace-failed",
    `${user} may not look at the runs of ${text}. An administrator of the server grants it: GRANT ${roles.look} TO "${user}";`,
    { server: text },
  );
}

/** Of one that only looks. @param deed  what was asked for: "add jobs to its queue". */
export function notAllowed(server: Server, role: keyof typeof roles, deed = "write there"): MhoError {
  const { text, user } = server.address;
  return new MhoError(
    "workspace-failed",
    `${user} may look at ${text}, and may not ${deed}: that takes the role ${roles[role]}. An administrator of the server grants it: ` +
      `GRANT ${roles[role]} TO "${user}";`,
    { server: text, read_only: true, role: roles[role] },
  );
}

/** 0 where nothing of mho is there. */
async function layoutOf(server: Server, queries: Queries): Promise<number> {
  const { text, database, user } = server.address;
  const [schema] = await queries.query<{ may: boolean; has: boolean }>(
    `SELECT has_schema_privilege(oid, 'USAGE') AS may,
            EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'layout') AS has
       FROM pg_namespace n WHERE nspname = 'mho'`,
  );
  if (schema === undefined) return 0;
  if (!schema.has) {
    throw new MhoError(
      "workspace-failed",
      `The database ${database} of ${text} has a schema mho of another program. Use another database.`,
      { server: text },
    );
  }
  if (!schema.may) {
    throw new MhoError(
      "workspace-failed",
      `${user} may not look at the runs of ${text}. An administrator of the server grants it: GRANT ${roles.look} TO "${user}";`,
      { server: text },
    );
  }
  const [row] = await queries.query<{ layout: number }>("SELECT layout FROM mho.layout");
  const layout = row?.layout ?? 0;
  if (layout <= layouts.length) return layout;
  throw new MhoError(
    "workspace-failed",
    `The database ${database} of ${text} was set up by a newer mho (layout ${layout}; this one knows ${layouts.length}). ` +
      "Update mho, or name another --workspace.",
    { server: text, layout },
  );
}
