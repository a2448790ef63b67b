import type { ChipDocument } from "../../src/chip/description.ts";
import { MhoError } from "../../src/errors.ts";
import { type Chain, emptyChain, ofWorkspace, type SummedRow } from "../chains.ts";
import { bytesOf } from "../postgres/serverRows.ts";
import { identityOf } from "../records.ts";
import type { KeptWear } from "../rowValues.ts";
import { deletedOutcome, type RunRow } from "../runRows.ts";
import { sumOf } from "../sums.ts";
import { wearValuesOf } from "../rowValues.ts";
import type { Workspace } from "../workspaceStore.ts";
import { benchTables, chainKey, type HandedOn, type Piece, runName, runTables } from "./piece.ts";

/**
 * What a workspace has and a server has not, in the order in which it may be handed on: a run after those before it, its rows in the
 * order of their chains, and how it ended after its rows. What is written meanwhile comes the next time.
 *
 * @throws `workspace-failed` where the server has what the workspace has not: it is an older copy of what was handed on.
 */
export async function* differenceOf(store: Workspace, handedOn: HandedOn): AsyncIterable<Piece> {
  const { raw } = store;
  const runs = raw
    .prepare("SELECT id, outcome, sum FROM runs NOT INDEXED ORDER BY id")
    .all() as unknown as Pick<RunRow, "id" | "outcome" | "sum">[];
  // After how the runs stand: one that has ended has all its rows by then.
  const chains = new Map(raw.chains.all().map(({ run, of, chain }) => [chainKey(run, of), chain]));
  const gone = new Set(runs.filter(({ outcome }) => outcome === deletedOutcome).map(({ id }) => id));
  const difference = new Difference(store, handedOn, chains, gone);
  for (const [at, run] of runs.entries()) {
    if (at >= difference.handed(ofWorkspace, "runs").rows) yield* difference.newRun(run);
    else yield* difference.moreOf(run);
  }
  for (const table of benchTables) yield* difference.rowsOf(table, ofWorkspace);
}

class Difference {
  readonly #store: Workspace;
  readonly #handedOn: HandedOn;
  readonly #chains: ReadonlyMap<string, Chain>;
  /** Numbers of runs that were deleted here. */
  readonly #gone: ReadonlySet<number>;

  constructor(
    store: Workspace,
    handedOn: HandedOn,
    chains: ReadonlyMap<string, Chain>,
    gone: ReadonlySet<number>,
  ) {
    this.#gone = gone;
    this.#store = store;
    this.#handedOn = handedOn;
    this.#chains = chains;
    this.#refuseOther("runs", ofWorkspace);
    for (const table of benchTables) this.#refuseOther(table, ofWorkspace);
  }

  handed(run: number, of: string): Chain {
    // A run that was deleted here came back out of a pack: of its rows the server has none.
    const isBack = this.#handedOn.runs.get(run)?.outcome === deletedOutcome && !this.#gone.has(run);
    if (isBack && of !== "labels") return emptyChain;
    return this.#handedOn.chains.get(chainKey(run, of)) ?? emptyChain;
  }

  async *newRun(stands: Standing): AsyncIterable<Piece> {
    const run = stands.id;
    const row = this.#store.raw.row(runName(run));
    const { name } = identityOf(row.chip);
    const gone = row.outcome === deletedOutcome;
    // How it ended comes after its rows; of one that was deleted there are none.
    yield {
      kind: "run",
      row,
      chipName: name,
      description: row.description === null ? undefined : this.#description(row.description),
      chains: gone ? this.#chainsOfGone(run) : new Map(),
    };
    if (gone) {
      yield* this.rowsOf("labels", run);
      yield* this.#wear(row);
      return;
    }
    yield* this.#rowsOfRun(run);
    if (stands.outcome !== "running") yield* this.#outcome(stands);
  }

  async *moreOf({ id: run, outcome, sum }: Standing): AsyncIterable<Piece> {
    const there = this.#handedOn.runs.get(run);
    if (there === undefined) throw this.#older(`its run ${runName(run)} is another`);
    if (outcome === deletedOutcome) {
      yield* this.rowsOf("labels", run);
      if (there.outcome === deletedOutcome) return;
      const missing = this.handed(run, "turns").rows < this.#chain(run, "turns").rows;
      // What the server has whole it keeps. The rest of what it has not is gone for good.
      if (!missing && there.outcome !== "running") return;
      const row = this.#store.raw.row(runName(run));
      yield* this.#wear(row);
      yield { kind: "outcome", row, chains: this.#chainsOfGone(run) };
      return;
    }
    yield* this.#rowsOfRun(run);
    if (there.sum !== sum || there.outcome !== outcome) yield* this.#outcome({ id: run, outcome, sum });
  }

  *#outcome({ id, outcome, sum }: Standing): Iterable<Piece> {
    const row = this.#store.raw.row(runName(id));
    // It may have gone on since: then the next time tells.
    if (row.sum !== sum || row.outcome !== outcome) return;
    yield* this.#wear(row);
    yield { kind: "outcome", row, chains: new Map() };
  }

  async *#rowsOfRun(run: number): AsyncIterable<Piece> {
    const isSealed = this.#handedOn.sealed.has(run);
    for (const table of runTables)
      if (!isSealed || table === "notes" || table === "labels") yield* this.rowsOf(table, run);
    const chain = this.#chain(run, "watches");
    const there = this.handed(run, "watches");
    if (isSealed || chain.rows === 0 || (chain.last === there.last && chain.rows === there.rows)) return;
    const row = this.#store.raw.prepare("SELECT settings FROM watches WHERE run = ?").get(run);
    const { settings } = row as unknown as { settings: string };
    yield {
      kind: "watch",
      run,
      settings,
      chain: { ...chain, last: chain.unchecked > 0 ? chain.last : sumOf([run, settings]) },
    };
  }

  /** Rows of a table that the server has not, some megabytes at a time. */
  async *rowsOf(
    table: Piece extends infer P ? (P extends { table: infer T } ? T : never) : never,
    run: number,
  ): AsyncIterable<Piece> {
    this.#refuseOther(table, run);
    const { rows: end, unchecked } = this.#chain(run, table);
    const { rows: begin } = this.handed(run, table);
    if (begin >= end) return;
    let [from, bytes, some] = [begin, 0, [] as SummedRow[]];
    const piece = (): Piece => ({ kind: "rows", table, run, from, rows: some, unchecked });
    const { raw } = this.#store;
    const rows =
      run === ofWorkspace
        ? (raw.prepare(`SELECT * FROM ${table} ORDER BY id LIMIT -1 OFFSET ?`).all(begin) as SummedRow[])
        : raw.rows(table as (typeof runTables)[number], runName(run), begin);
    for await (const row of rows) {
      some.push(row);
      bytes += bytesOf(Object.values(row));
      // What was written after the chain was read comes the next time, with how the run stands then.
      const isLast = from + some.length === end;
      if (bytes >= pieceBytes || isLast) {
        yield piece();
        [from, bytes, some] = [from + some.length, 0, []];
      }
      if (isLast) return;
    }
  }

  *#wear({ id: run, outcome }: RunRow): Iterable<Piece> {
    if (outcome === "running") return;
    const { rows: turns } = this.#chain(run, "turns");
    const rows = this.#store.raw
      .prepare("SELECT * FROM wear WHERE run = ? AND newest_turn = ? ORDER BY place")
      .all(run, turns) as unknown as (KeptWear & { sum: number })[];
    const sound = rows.filter((row) => sumOf(wearValuesOf(row)) === row.sum);
    if (sound.length > 0) yield { kind: "wear", run, rows: sound };
  }

  #chain(run: number, of: string): Chain {
    if (of === "clock_marks") return this.#marks();
    return this.#chains.get(chainKey(run, of)) ?? emptyChain;
  }

  /** Marks have a chain for each chip; they are handed on in the order in which they were made. */
  #marks(): Chain {
    const { raw } = this.#store;
    const { rows } = raw.prepare("SELECT count(*) AS rows FROM clock_marks").get() as unknown as Chain;
    const newest = raw.prepare("SELECT sum FROM clock_marks ORDER BY id DESC LIMIT 1").get();
    const { sum: last } = (newest ?? { sum: 0 }) as { sum: number | null };
    return { ...emptyChain, rows, last: last ?? 0 };
  }

  #chainsOfGone(run: number): Map<string, Chain> {
    return new Map(["run_tiles", "turns"].map((of) => [of, this.#chain(run, of)]));
  }

  #description(sha256: string): ChipDocument | undefined {
    const row = this.#store.raw.prepare("SELECT text FROM chip_descriptions WHERE sha256 = ?").get(sha256);
    return row === undefined ? undefined : { sha256, text: (row as unknown as { text: string }).text };
  }

  /** Throws where the server has rows of a chain that the workspace has not, or has others of. */
  #refuseOther(of: string, run: number): void {
    const [here, there] = [this.#chain(run, of), this.handed(run, of)];
    if (there.rows === 0) return;
    const what = run === ofWorkspace ? `${named[of] ?? of}` : `${named[of] ?? of} of run ${runName(run)}`;
    if (here.rows < there.rows)
      throw this.#older(`it has ${here.rows} ${what}, and the server has ${there.rows} of them`);
    const last = here.rows === there.rows ? here.last : this.#sumAt(of, run, there.rows - 1);
    if (last !== there.last)
      throw this.#older(`its ${what} are others than those that the server has, up to number ${there.rows}`);
  }

  /** The checksum of the row at a place of a chain; 0 where it has none. */
  #sumAt(of: string, run: number, place: number): number {
    const { raw } = this.#store;
    const found =
      of === "runs"
        ? raw.prepare("SELECT begun AS sum FROM runs NOT INDEXED ORDER BY id LIMIT 1 OFFSET ?").get(place)
        : run === ofWorkspace
          ? raw.prepare(`SELECT sum FROM ${of} ORDER BY id LIMIT 1 OFFSET ?`).get(place)
          : raw
              .prepare(
                `SELECT sum FROM ${of} WHERE run = ? ORDER BY ${of === "run_tiles" ? "place" : "id"} LIMIT 1 OFFSET ?`,
              )
              .get(run, place);
    return (found as { sum: number | null } | undefined)?.sum ?? 0;
  }

  #older(how: string): MhoError {
    return new MhoError(
      "workspace-failed",
      `The workspace ${this.#store.file} is not the one that was handed on: ${how}. It is an older copy, or it was changed. Nothing was ` +
        "handed on. Hand on the newer workspace; where that is lost, hand this one on as another bench: mho hand-on --bench NEW-NAME --restored.",
      { file: this.#store.file },
    );
  }
}

/** Runs that were sealed at the server, and of which it has less than the workspace. */
export function keptBack(store: Workspace, handedOn: HandedOn): number[] {
  const isMore = (run: number, of: string): boolean =>
    (store.raw.chains.find(run, of)?.rows ?? 0) > (handedOn.chains.get(chainKey(run, of))?.rows ?? 0);
  return [...handedOn.sealed].filter((run) => ["turns", "sweeps"].some((of) => isMore(run, of)));
}

/** How a run stood before its rows were looked at. */
type Standing = Pick<RunRow, "id" | "outcome" | "sum">;

const pieceBytes = 2 ** 22;

const named: Readonly<Record<string, string>> = {
  run_tiles: "tiles",
  clock_marks: "marks of clocks",
  foreign_tickets: "tickets that were used elsewhere",
  chip_notes: "notes of chips",
  run_groups: "changes of networks over several chips",
};
