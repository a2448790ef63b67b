import { type Chain, emptyChain, ofWorkspace } from "../chains.ts";
import { sumOf, type Value } from "../sums.ts";
import type { Queries } from "./connection.ts";
import { insertRows, type RunKey, type ServerTable } from "./serverRows.ts";

/** Where the chains of rows end that a server has: as in a workspace, bench by bench. */
export class ServerChains {
  readonly #damaged: (what: string) => Error;

  constructor(damaged: (what: string) => Error) {
    this.#damaged = damaged;
  }

  /** Undefined where there is none. */
  async find(queries: Queries, { bench, run }: RunKey, of: string): Promise<Chain | undefined> {
    const [row] = await queries.query<ChainRow>(
      "SELECT * FROM mho.chains WHERE bench = $1 AND run = $2 AND of = $3",
      [bench, run, of],
    );
    return row && this.checked(row);
  }

  async get(queries: Queries, key: RunKey, of: string): Promise<Chain> {
    const chain = await this.find(queries, key, of);
    if (chain !== undefined) return chain;
    // Those of a bench begin with their first row, those of a run with the run, and what is written here beside them with its first.
    if (key.run === ofWorkspace || of.startsWith("server_")) return emptyChain;
    throw this.#damaged(`it does not say how many ${of} run ${key.run} of bench ${key.bench} has`);
  }

  async set(queries: Queries, key: RunKey, of: string, chain: Chain): Promise<void> {
    await this.setAll(queries, key, new Map([[of, chain]]));
  }

  async setAll(queries: Queries, { bench, run }: RunKey, chains: ReadonlyMap<string, Chain>): Promise<void> {
    const values = [...chains].flatMap(([of, { unchecked, rows, last, newestTicket }]) => {
      const own = [run, of, unchecked, rows, last, newestTicket];
      return [bench, ...own, sumOf(own)];
    });
    const places = Array.from(chains, (_, at) => {
      const first = 8 * at;
      return `(${Array.from({ length: 8 }, (_place, k) => `$${first + k + 1}`).join(", ")})`;
    });
    await queries.query(
      `INSERT INTO mho.chains (bench, run, of, unchecked, rows, last, newest_ticket, sum) VALUES ${places.join(", ")}
         ON CONFLICT (bench, run, of) DO UPDATE SET unchecked = excluded.unchecked, rows = excluded.rows, last = excluded.last,
           newest_ticket = excluded.newest_ticket, sum = excluded.sum`,
      values,
    );
  }

  /** Appends rows to a table and its chain. Belongs into a commit that has counted a change of the bench: others wait for it. */
  async append(
    queries: Queries,
    table: ServerTable,
    key: RunKey,
    rows: readonly (readonly Value[])[],
    { of = table, newestTicket = 0 }: { readonly of?: string; readonly newestTicket?: number } = {},
  ): Promise<Chain> {
    const chain = await this.get(queries, key, of);
    let { last } = chain;
    const written = rows.map((values) => {
      last = sumOf(values, last);
      return { values, sum: last };
    });
    await insertRows(queries, table, key.bench, chain.rows, written);
    const now = {
      ...chain,
      rows: chain.rows + rows.length,
      last,
      newestTicket: Math.max(chain.newestTicket, newestTicket),
    };
    await this.set(queries, key, of, now);
    return now;
  }

  checked({ run, of, unchecked, rows, last, newest_ticket: newestTicket, sum, bench }: ChainRow): Chain {
    if (sumOf([run, of, unchecked, rows, last, newestTicket]) === sum)
      return { unchecked, rows, last, newestTicket };
    throw this.#damaged(`what it says of the ${of} of run ${run} of bench ${bench} has another checksum`);
  }
}

export interface ChainRow {
  bench: number;
  run: number;
  of: string;
  unchecked: number;
  rows: number;
  last: number;
  newest_ticket: number;
  sum: number;
}
