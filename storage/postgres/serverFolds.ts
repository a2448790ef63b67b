import type { MhoError } from "../../src/errors.ts";
import type { TileWear } from "../../src/run/journal.ts";
import type { ListedFigures, RowCounts, RunId, RunWear } from "../../src/run/store.ts";
import { type KeptWear, wearValuesOf } from "../rowValues.ts";
import { deletedOutcome } from "../runRows.ts";
import { sumOf } from "../sums.ts";
import { wearOfRow, wearRowOf } from "../wearRows.ts";
import type { Queries, Server } from "./connection.ts";
import type { ServerChains } from "./serverChains.ts";
import type { RunKey } from "./serverRows.ts";
import type { ServerRuns } from "./serverRuns.ts";
import { keepWearRows } from "./serverWrites.ts";

export interface FoldParts {
  readonly server: Server;
  readonly chains: ServerChains;
  readonly runs: ServerRuns;
  readonly damaged: (what: string, facts?: Record<string, string | number>) => MhoError;
}

/** What is kept at a server of what a run's rows add up to: its wear, and by what it is listed. */
export class ServerFolds {
  readonly #parts: FoldParts;

  constructor(parts: FoldParts) {
    this.#parts = parts;
  }

  /** Belongs into a commit. @param keys  of the runs, in their order. */
  async keepWear(queries: Queries, worn: readonly RunWear[], keys: readonly RunKey[]): Promise<void> {
    for (const [at, { newestTurn, tiles }] of worn.entries())
      await keepWearRows(
        queries,
        keys[at]!.bench,
        tiles.map((tile, place) => ({
          run: keys[at]!.run,
          place,
          newest_turn: newestTurn,
          ...wearRowOf(tile),
        })),
      );
  }

  /** Made of turns, so a row that is damaged is no loss: it is made anew. */
  async keptWear(run: RunId): Promise<readonly TileWear[] | undefined> {
    const { server, chains, runs, damaged } = this.#parts;
    const { bench, id, outcome } = await runs.anyRow(run);
    const key = { bench, run: id };
    const turns = (await chains.get(server, key, "turns")).rows;
    const tiles = (await chains.get(server, key, "run_tiles")).rows;
    const rows = await server.query<KeptWear & { sum: number }>(
      "SELECT * FROM mho.wear WHERE bench = $1 AND run = $2 AND newest_turn = $3 ORDER BY place",
      [bench, id, turns],
    );
    const worn = rows
      .filter((row) => sumOf(wearValuesOf(row)) === row.sum)
      .map(wearOfRow)
      .filter((tile) => tile !== undefined);
    if (worn.length > 0 && worn.length === tiles) return worn;
    if (outcome !== deletedOutcome || tiles === 0) return undefined;
    throw damaged(`the wear of run ${run}, which was deleted, is not as it was kept`, { run });
  }

  async rowCounts(run: RunId): Promise<RowCounts> {
    const { server, chains, runs } = this.#parts;
    const key = await runs.keyOf(run);
    const of = async (table: string): Promise<number> => (await chains.get(server, key, table)).rows;
    return { turns: await of("turns"), sweeps: await of("sweeps") };
  }

  async keptFigures(run: RunId): Promise<ListedFigures | undefined> {
    const { server, runs } = this.#parts;
    const key = await runs.keyOf(run);
    const [row] = await server.query<{ turns: number; sweeps: number; figures: string; sum: number }>(
      "SELECT turns, sweeps, figures, sum FROM mho.figures WHERE bench = $1 AND run = $2",
      [key.bench, key.run],
    );
    if (row === undefined) return undefined;
    const { turns, sweeps, figures, sum } = row;
    const counts = await this.rowCounts(run);
    const isRight =
      sumOf([key.run, turns, sweeps, figures]) === sum && turns === counts.turns && sweeps === counts.sweeps;
    return isRight ? (JSON.parse(figures) as ListedFigures) : undefined;
  }
}
