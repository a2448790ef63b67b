import type { ChipGeometry } from "../../src/chip/geometry.ts";
import type { ListedFigures, RunAtBench, RunId } from "../../src/run/store.ts";
import { DamagedRecord, identityOf } from "../records.ts";
import { sumOf } from "../sums.ts";
import type { Queries } from "./connection.ts";
import { ownBench } from "./serverWrites.ts";

/** A run and what it comes to; figures are undefined until its bench, or a list, has made them. */
export interface FiguredRun {
  readonly id: RunId;
  readonly madeAt: RunAtBench | undefined;
  /** `NAME/SERIAL`. */
  readonly chip: string;
  readonly devicesOfChip: number;
  readonly isTrim: boolean;
  readonly isArchived: boolean;
  readonly figures: ListedFigures | undefined;
}

/** What all runs of a server come to. What has not changed since the last time is not asked for again. */
export class ChipFigures {
  readonly #figures = new Map<
    number,
    { readonly mark: string; readonly figures: ListedFigures | undefined }
  >();
  readonly #runs = new Map<number, Omit<FiguredRun, "figures" | "isArchived">>();

  /** The oldest first; without those that were deleted. */
  async look(queries: Queries): Promise<readonly FiguredRun[]> {
    const listed = await queries.query<Listed>(
      `SELECT r.id, r.outcome = 'deleted' AS deleted, f.turns || ' ' || f.sweeps || ' ' || f.sum AS mark
         FROM mho.runs r LEFT JOIN mho.figures f USING (bench, run) ORDER BY r.id`,
    );
    await this.#takeRuns(
      queries,
      listed.filter(({ id }) => !this.#runs.has(id)),
    );
    await this.#takeFigures(
      queries,
      listed.filter(({ id, mark }) => mark !== null && this.#figures.get(id)?.mark !== mark),
    );
    const archived = await archivedRuns(queries);
    return listed.flatMap(({ id, deleted }): FiguredRun[] => {
      const run = this.#runs.get(id);
      if (run === undefined || deleted) return [];
      return [{ ...run, isArchived: archived.has(id), figures: this.#figures.get(id)?.figures }];
    });
  }

  async #takeRuns(queries: Queries, missing: readonly Listed[]): Promise<void> {
    if (missing.length === 0) return;
    const rows = await queries.query<Row>(
      `SELECT r.id, r.bench, b.name AS bench_name, r.run, r.chip_name || '/' || r.chip_serial_number AS chip, r.chip AS identity,
              r.plan LIKE '%"corrects":"r%' AS is_trim
         FROM mho.runs r JOIN mho.benches b USING (bench) WHERE r.id = ANY ($1)`,
      [missing.map(({ id }) => id)],
    );
    for (const { id, bench, bench_name: name, run, chip, identity, is_trim: isTrim } of rows)
      this.#runs.set(id, {
        id: `r${id}`,
        madeAt: bench === ownBench ? undefined : { bench: name, run: `r${run}` },
        chip,
        devicesOfChip: devicesIn(identity),
        isTrim,
      });
  }

  async #takeFigures(queries: Queries, changed: readonly Listed[]): Promise<void> {
    if (changed.length === 0) return;
    const rows = await queries.query<FiguresRow>(
      `SELECT r.id, f.run, f.turns, f.sweeps, f.figures, f.sum FROM mho.figures f JOIN mho.runs r USING (bench, run) WHERE r.id = ANY ($1)`,
      [changed.map(({ id }) => id)],
    );
    for (const { id, run, turns, sweeps, figures: text, sum } of rows) {
      // What is damaged is made anew by the next list of runs.
      const isRight = sumOf([run, turns, sweeps, text]) === sum;
      const figures = isRight ? (JSON.parse(text) as ListedFigures) : undefined;
      this.#figures.set(id, { mark: `${turns} ${sweeps} ${sum}`, figures });
    }
  }
}

interface Listed {
  readonly id: number;
  readonly deleted: boolean;
  readonly mark: string | null;
}

interface Row {
  readonly id: number;
  readonly bench: number;
  readonly bench_name: string;
  readonly run: number;
  readonly chip: string;
  readonly identity: string;
  readonly is_trim: boolean;
}

interface FiguresRow {
  readonly id: number;
  readonly run: number;
  readonly turns: number;
  readonly sweeps: number;
  readonly figures: string;
  readonly sum: number;
}

/** Server's numbers of runs whose last word on it, at the bench or at the server, is that they are archived. */
async function archivedRuns(queries: Queries): Promise<ReadonlySet<number>> {
  const rows = await queries.query<{ id: number; label: string }>(
    `SELECT r.id, l.label FROM (SELECT bench, run, seq, label FROM mho.labels UNION ALL SELECT bench, run, seq, label FROM mho.server_labels) l
       JOIN mho.runs r USING (bench, run) WHERE l.label LIKE '%"archived"%' ORDER BY substring(l.label from '"at":"([^"]*)"'), l.seq`,
  );
  const found = new Set<number>();
  for (const { id, label } of rows)
    if (label.includes('"archived":true')) found.add(id);
    else found.delete(id);
  return found;
}

function devicesIn(identity: string): number {
  try {
    const { tiles, rows, columns, devicesPerCell }: ChipGeometry = identityOf(identity).geometry;
    return tiles * rows * columns * devicesPerCell;
  } catch (error) {
    if (error instanceof DamagedRecord) return 0;
    throw error;
  }
}
