import { openServer, type ServerOptions } from "./connection.ts";
import { PostgresStore } from "./postgresStore.ts";
import { rightsAt } from "./schema.ts";

/**
 * Opens the runs of a server.
 *
 * @param text  `postgres://user@host/database`.
 * @throws `workspace-failed` where it is away, not set up, or does not let the user look.
 */
export async function openPostgresStore(text: string, options: ServerOptions = {}): Promise<PostgresStore> {
  const server = await openServer(text, options);
  try {
    return new PostgresStore(server, await rightsAt(server));
  } catch (error) {
    await server.close();
    throw error;
  }
}
