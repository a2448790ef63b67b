import { openServer } from "../storage/postgres/connection.ts";
import { roles, setUpServer as setUp } from "../storage/postgres/schema.ts";

export interface SetUp {
  readonly server: string;
  /** The layout that was there, 0 for none, and the one that is there now. */
  readonly before: number;
  readonly now: number;
  /** Group roles, by what they may do. */
  readonly roles: typeof roles;
}

/** Sets a server up for mho, or lifts it to today's layout; as its administrator. It may be done again at any time. */
export async function setUpServer(address: string): Promise<SetUp> {
  const server = await openServer(address);
  try {
    return { server: address, ...(await setUp(server)), roles };
  } finally {
    await server.close();
  }
}
