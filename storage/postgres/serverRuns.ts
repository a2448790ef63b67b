import type { MhoError } from "../../src/errors.ts";
import type { RunId, RunSummary } from "../../src/run/store.ts";
import { ChainReader, emptyChain } from "../chains.ts";
import { noRun, numberIn, wasDeleted } from "../refusals.ts";
import { DamagedRecord } from "../records.ts";
import {
  begunValuesOf,
  deletedOutcome,
  type ListedRun,
  rowSumOf,
  type RunRow,
  summaryOf,
} from "../runRows.ts";
import type { Queries, Server } from "./connection.ts";
import type { ChainRow, ServerChains } from "./serverChains.ts";
import type { RunKey } from "./serverRows.ts";
import { ownBench } from "./serverWrites.ts";

/** A row of `runs` as its bench has it, by its number there, and what the server knows it by. */
export interface ServerRunRow extends RunRow {
  readonly bench: number;
  /** At the server. */
  readonly number: number;
  readonly changed: number;
  /** The name of its bench. */
  readonly bench_name: string;
}

/** The runs of a server: the list of them, and each by its name there. */
export class ServerRuns {
  readonly #server: Server;
  readonly #chains: ServerChains;
  readonly #damaged: (what: string, facts?: Record<string, string | number>) => MhoError;
  /** What never changes of a run: where it came from. */
  readonly #keys = new Map<RunId, RunKey>();
  /** The same the other way round. */
  readonly #names = new Map<string, RunId>();
  readonly #known = new Map<number, KnownBench>();
  readonly #begun = new Map<RunId, ListedRun>();
  #listed: { readonly standing: string; readonly runs: readonly RunSummary[] } | undefined;

  constructor(
    server: Server,
    chains: ServerChains,
    damaged: (what: string, facts?: Record<string, string | number>) => MhoError,
  ) {
    this.#server = server;
    this.#chains = chains;
    this.#damaged = damaged;
  }

  /** The oldest first, as they came to the server; the same list as long as no run began or ended. */
  async list(): Promise<readonly RunSummary[]> {
    const [{ standing } = { standing: "" }] = await this.#server.query<{ standing: string }>(
      "SELECT sum(run_changes)::text AS standing FROM mho.benches",
    );
    if (this.#listed?.standing === standing) return this.#listed.runs;
    await this.#takeNew();
    const runs = [...this.#begun.values()]
      .sort((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)))
      .flatMap(({ outcome, ...run }) => (outcome === deletedOutcome ? [] : { ...run, outcome }));
    this.#listed = { standing, runs };
    return runs;
  }

  /** Also those that were deleted. */
  async ofChip(name: string, serialNumber: string): Promise<readonly RunId[]> {
    await this.list();
    return [...this.#begun.values()]
      .filter((run) => run.chipName === name && run.chipSerialNumber === serialNumber)
      .map(({ id }) => id)
      .sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  }

  async summary(run: RunId): Promise<RunSummary> {
    const row = await this.row(run);
    const { outcome, ...rest } = await this.#summaryOf(row);
    if (outcome === deletedOutcome) throw wasDeleted(run);
    return { ...rest, outcome };
  }

  /** The run that another corrects, of which its plan says the number at its bench. */
  async runOf({ bench }: RunKey, benchRun: RunId): Promise<RunId> {
    const number = numberIn(benchRun, this.#server.address.text);
    const known = this.#names.get(`${bench} ${number}`);
    if (known !== undefined) return known;
    const [row] = await this.#server.query<{ id: number }>(
      "SELECT id FROM mho.runs WHERE bench = $1 AND run = $2",
      [bench, number],
    );
    if (row === undefined)
      throw this.#damaged(`run ${benchRun} of bench ${bench}, which another corrects, is missing`);
    this.#know(`r${row.id}`, { bench, run: number });
    return `r${row.id}`;
  }

  /** Throws `bad-argument` for a run that there is not. */
  async keyOf(run: RunId, queries: Queries = this.#server): Promise<RunKey> {
    const known = this.#keys.get(run);
    if (known !== undefined) return known;
    const { bench, id } = await this.anyRow(run, queries);
    return { bench, run: id };
  }

  /** Throws `bad-argument` for a run that is not there, or was deleted. */
  async row(run: RunId, queries: Queries = this.#server): Promise<ServerRunRow> {
    const row = await this.anyRow(run, queries);
    if (row.outcome === deletedOutcome) throw wasDeleted(run);
    return row;
  }

  async anyRow(run: RunId, queries: Queries = this.#server): Promise<ServerRunRow> {
    const { text } = this.#server.address;
    const [row] = await queries.query<ServerRunRow>(`SELECT ${columns} FROM mho.runs r WHERE id = $1`, [
      numberIn(run, text),
    ]);
    if (row === undefined) throw noRun(run, text);
    if (row.sum === null ? row.begun !== null : rowSumOf(row) !== row.sum)
      throw this.#damaged(`what run ${run} began with, or how it ended, has another checksum`, { run });
    this.#know(run, { bench: row.bench, run: row.id });
    return row;
  }

  #know(run: RunId, key: RunKey): void {
    this.#keys.set(run, key);
    this.#names.set(`${key.bench} ${key.run}`, run);
  }

  /** Takes in the runs that have begun or ended since, bench by bench. */
  async #takeNew(): Promise<void> {
    const chains = await this.#server.query<ChainRow>(
      "SELECT * FROM mho.chains WHERE run = 0 AND of = 'runs'",
    );
    const known = [...this.#known];
    const rows = await this.#server.query<ServerRunRow>(
      `SELECT ${columns} FROM mho.runs r LEFT JOIN unnest($1::integer[], $2::bigint[]) AS known (bench, changed) USING (bench)
         WHERE r.changed > coalesce(known.changed, -1) ORDER BY r.bench, r.run`,
      [known.map(([bench]) => bench), known.map(([, { changed }]) => changed)],
    );
    const chainOf = new Map(chains.map((row) => [row.bench, this.#chains.checked(row)]));
    for (const bench of new Set(rows.map((row) => row.bench))) {
      const { newest = 0, last = 0, count = 0, changed = 0 } = this.#known.get(bench) ?? {};
      const failed = (at: number, what: string): MhoError =>
        this.#damaged(`entry ${at + 1} of the list of runs of bench ${bench}: ${what}`);
      const reader = new ChainReader(chainOf.get(bench) ?? emptyChain, count, last, failed);
      const next = { newest, last, count, changed };
      for (const row of rows.filter((one) => one.bench === bench)) {
        if (row.sum !== null && rowSumOf(row) !== row.sum)
          throw failed(next.count, `how run r${row.number} ended has another checksum`);
        if (row.id > newest) {
          reader.take(begunValuesOf(row), row.begun);
          next.newest = row.id;
          next.last = row.begun ?? 0;
          next.count++;
        }
        next.changed = Math.max(next.changed, row.changed);
        this.#know(`r${row.number}`, { bench, run: row.id });
        this.#begun.set(`r${row.number}`, await this.#summaryOf(row));
      }
      reader.end();
      this.#known.set(bench, next);
    }
  }

  async #summaryOf(row: ServerRunRow): Promise<ListedRun> {
    const run = `r${row.number}`;
    try {
      const found = summaryOf(row);
      const { corrects } = found;
      return {
        ...found,
        id: run,
        ...(row.bench !== ownBench && { madeAt: { bench: row.bench_name, run: `r${row.id}` } }),
        corrects: corrects && (await this.runOf({ bench: row.bench, run: row.id }, corrects)),
      };
    } catch (error) {
      if (error instanceof DamagedRecord)
        throw this.#damaged(`run ${run}, its plan or its chip: ${error.message}`, { run });
      throw error;
    }
  }
}

interface KnownBench {
  /** The number of its newest run, and the checksum of that. */
  readonly newest: number;
  readonly last: number;
  readonly count: number;
  readonly changed: number;
}

const columns = `r.id AS number, r.bench, r.changed, r.run AS id, r.chip_serial_number, r.chip, r.plan, r.started_at, r.description,
  r.outcome, r.begun, r.sum, (SELECT name FROM mho.benches b WHERE b.bench = r.bench) AS bench_name`;
