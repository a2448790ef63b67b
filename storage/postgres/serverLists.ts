import type { MhoError } from "../../src/errors.ts";
import type { RunNote } from "../../src/run/journal.ts";
import { foldLabels, type LabelChange } from "../../src/run/labels.ts";
import type { ListedFigures, ListReader, RunId } from "../../src/run/store.ts";
import { ChainReader, emptyChain, type SummedRow, valuesOf } from "../chains.ts";
import { labelOf, noteOf } from "../records.ts";
import { sumOf } from "../sums.ts";
import type { Queries } from "./connection.ts";
import type { ChainRow, ServerChains } from "./serverChains.ts";
import { chipNotesIn } from "./serverChips.ts";
import { readRow } from "./serverReader.ts";
import { columnsOf, type RunKey } from "./serverRows.ts";
import { laidTogether } from "./serverWrites.ts";

type Damaged = (what: string, facts?: Record<string, string | number>) => MhoError;

export interface ListParts {
  readonly chains: ServerChains;
  readonly damaged: Damaged;
  readonly keyOf: (run: RunId) => Promise<RunKey>;
  /** Whether notes are read of all runs, and not only of those that have not ended. */
  readonly notes: boolean;
}

/**
 * What lists read of a server's runs, by a few requests for all of them, each made when it is first needed. Rows are checked when their
 * run is asked for, so one that is damaged hides no other. Of no use for runs that were deleted.
 */
export function serverLists(queries: Queries, { chains, damaged, keyOf, notes }: ListParts): ListReader {
  const inTables = async (...of: readonly OwnTable[]): Promise<ReadonlyMap<OwnTable, Rows>> => {
    // Before the rows: those that are appended meanwhile are more than it says, never fewer.
    const ends = await chainsOf(queries, of);
    const found = new Map<OwnTable, Rows>();
    for (const table of of) {
      const wanted = table.endsWith("notes") && !notes ? unended : "";
      const columns = columnsOf(table).flatMap((column) => (column === "run" ? [] : `t.${column}`));
      const rows = await queries.query<OwnedRow>(
        `SELECT bench, run, ${columns.join(", ")}, t.sum FROM mho.${table} t ${wanted} ORDER BY bench, run, seq`,
      );
      found.set(table, { ends, rows: byRun(rows) });
    }
    return found;
  };
  const labels = once(() => inTables("labels", "server_labels"));
  const written = once(() => inTables("notes", "server_notes"));
  const figures = once(async () => ({
    ends: await chainsOf(queries, ["turns", "sweeps"]),
    rows: byRun(await queries.query<FiguresRow>("SELECT * FROM mho.figures")),
  }));
  const ofChip = once(() => chipNotesIn(queries, damaged));

  function read<T>(
    of: ReadonlyMap<OwnTable, Rows>,
    table: OwnTable,
    run: RunId,
    key: RunKey,
    make: (row: SummedRow) => T,
  ): T[] {
    const what = table.replace("server_", "") as "notes" | "labels";
    const failed = (at: number, why: string): MhoError =>
      damaged(`row ${at + 1} of the ${what} of run ${run}: ${why}`, { row: at + 1 });
    const { ends, rows } = of.get(table)!;
    const end = ends.get(`${table} ${nameOf(key)}`);
    const reader = new ChainReader(end === undefined ? emptyChain : chains.checked(end), 0, 0, failed);
    const found = (rows.get(nameOf(key)) ?? []).map((row, at) => {
      reader.take(valuesOf(what, row), row.sum);
      return readRow(
        () => make(row),
        (why) => failed(at, why),
      );
    });
    reader.end();
    return found;
  }

  return {
    async labels(run) {
      const [key, of] = [await keyOf(run), await labels()];
      const make = ({ label }: SummedRow): LabelChange => labelOf(label as string);
      const changes = laidTogether(
        read(of, "labels", run, key, make),
        read(of, "server_labels", run, key, make),
        ({ at }) => at,
      );
      // A bench that deleted it to have room left it here.
      return foldLabels(changes.map((change) => ({ ...change, deleted: undefined })));
    },
    async notes(run) {
      const [key, of] = [await keyOf(run), await written()];
      const make = (row: SummedRow): RunNote => ({
        notedAt: row["noted_at"] as string,
        ...noteOf(row["note"] as string),
      });
      return laidTogether(
        read(of, "notes", run, key, make),
        read(of, "server_notes", run, key, make),
        ({ notedAt }) => notedAt,
      );
    },
    async keptFigures(run) {
      const [key, { ends, rows }] = [await keyOf(run), await figures()];
      const [row] = rows.get(nameOf(key)) ?? [];
      if (row === undefined) return undefined;
      const { turns, sweeps, figures: text, sum } = row;
      const [ofTurns, ofSweeps] = ["turns", "sweeps"].map((table) => ends.get(`${table} ${nameOf(key)}`));
      const isRight =
        sumOf([key.run, turns, sweeps, text]) === sum &&
        turns === (ofTurns && chains.checked(ofTurns).rows) &&
        sweeps === (ofSweeps && chains.checked(ofSweeps).rows);
      return isRight ? (JSON.parse(text) as ListedFigures) : undefined;
    },
    chipNotes: async (chip) => (await ofChip())(chip),
  };
}

type OwnTable = "labels" | "server_labels" | "notes" | "server_notes";
type OwnedRow = SummedRow & { readonly bench: number; readonly run: number };

/** Rows of all runs, and where their chains end. */
interface Rows {
  readonly ends: ReadonlyMap<string, ChainRow>;
  readonly rows: ReadonlyMap<string, readonly OwnedRow[]>;
}

/** Notes tell how a run stands that has not ended; of others they are read when they are asked for. */
const unended = "JOIN mho.runs r USING (bench, run) WHERE r.outcome = 'running'";

async function chainsOf(queries: Queries, of: readonly string[]): Promise<ReadonlyMap<string, ChainRow>> {
  const rows = await queries.query<ChainRow>("SELECT * FROM mho.chains WHERE of = ANY ($1)", [of]);
  return new Map(rows.map((row) => [`${row.of} ${nameOf(row)}`, row]));
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

interface FiguresRow {
  readonly bench: number;
  readonly run: number;
  readonly turns: number;
  readonly sweeps: number;
  readonly figures: string;
  readonly sum: number;
}

function byRun<R extends { readonly bench: number; readonly run: number }>(
  rows: readonly R[],
): ReadonlyMap<string, readonly R[]> {
  const found = new Map<string, R[]>();
  for (const row of rows) {
    const own = found.get(nameOf(row));
    if (own === undefined) found.set(nameOf(row), [row]);
    else own.push(row);
  }
  return found;
}

function nameOf({ bench, run }: RunKey): string {
  return `${bench} ${run}`;
}
