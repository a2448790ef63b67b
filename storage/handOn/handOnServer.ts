import { MhoError } from "../../src/errors.ts";
import type { ListedFigures } from "../../src/run/store.ts";
import { emptyChain, ofWorkspace, type SummedRow } from "../chains.ts";
import { damagedServer } from "../postgres/serverFailure.ts";
import type { Queries, Server } from "../postgres/connection.ts";
import { keepFiguresAt, runsWithoutFigures, type RunWithoutFigures } from "../postgres/runFigures.ts";
import { notAllowed, rightsAt } from "../postgres/schema.ts";
import { type ChainRow, ServerChains } from "../postgres/serverChains.ts";
import { columnsOf, insertRows } from "../postgres/serverRows.ts";
import { insertRun, keepDescription, keepWatch, keepWearRows } from "../postgres/serverWrites.ts";
import { labelOf } from "../records.ts";
import { chainsOfRun } from "../rowValues.ts";
import { deletedOutcome, rowSumOf, type RunRow } from "../runRows.ts";
import { chainKey, type HandedOn, type Piece } from "./piece.ts";

/** The server's side of a hand-on: what it has of one bench, and how it takes more. */
export class HandOnServer {
  readonly #server: Server;
  readonly #chains: ServerChains;
  /** Its number at the server. */
  readonly #bench: number;
  readonly name: string;

  /** By which the server's tables know the bench. */
  get bench(): number {
    return this.#bench;
  }

  private constructor(server: Server, bench: number, name: string) {
    this.#server = server;
    this.#bench = bench;
    this.name = name;
    this.#chains = new ServerChains((what) => damagedServer(server.address, what));
  }

  /**
   * Makes the bench known at the server, or finds it again by its workspace.
   *
   * @param name      that it is to have; the one that it has, or `usualName`, where none is given.
   * @param restored  whether a workspace that is known by another name may be handed on by this one, too.
   */
  static async open(
    server: Server,
    { workspace, name, usualName, restored }: BenchNames,
  ): Promise<HandOnServer> {
    if (!(await rightsAt(server)).operate) throw notAllowed(server, "operate");
    return server.together(async (queries) => {
      // One at a time: a name is taken by one of them.
      await queries.query("SELECT pg_advisory_xact_lock($1)", [namesLock]);
      const known = await queries.query<{ bench: number; name: string; workspace: string | null }>(
        "SELECT bench, name, workspace FROM mho.benches WHERE workspace = $1 OR name = $2 ORDER BY bench",
        [workspace, name ?? usualName],
      );
      const own = known.findLast((one) => one.workspace === workspace && (name ?? one.name) === one.name);
      if (own !== undefined) return new HandOnServer(server, own.bench, own.name);
      const wanted = name ?? usualName;
      const taken = known.find((one) => one.name === wanted);
      if (taken !== undefined) throw nameTaken(server, wanted);
      const other = known.find((one) => one.workspace === workspace);
      if (other !== undefined && !restored) throw otherName(server, other.name, wanted);
      const [made] = await queries.query<{ bench: number }>(
        "INSERT INTO mho.benches (name, workspace) VALUES ($1, $2) RETURNING bench",
        [wanted, workspace],
      );
      return new HandOnServer(server, made!.bench, wanted);
    });
  }

  /** What the server has of it, at one moment. */
  handedOn(): Promise<HandedOn> {
    return this.#server.together(async (queries) => {
      const [bench] = await queries.query<{ changes: number }>(
        "SELECT changes FROM mho.benches WHERE bench = $1 FOR UPDATE",
        [this.#bench],
      );
      if (bench === undefined) throw this.#lost();
      const chains = await queries.query<ChainRow>("SELECT * FROM mho.chains WHERE bench = $1", [
        this.#bench,
      ]);
      const runs = await queries.query<Pick<RunRow, "id" | "sum" | "outcome">>(
        "SELECT run AS id, sum, outcome FROM mho.runs WHERE bench = $1",
        [this.#bench],
      );
      const labels = await queries.query<{ run: number; label: string }>(
        `SELECT run, label FROM mho.server_labels WHERE bench = $1 AND label LIKE '%"sealed"%' ORDER BY run, seq`,
        [this.#bench],
      );
      const sealed = new Map(labels.map(({ run, label }) => [run, labelOf(label).sealed === true]));
      return {
        changes: bench.changes,
        chains: new Map(chains.map((row) => [chainKey(row.run, row.of), this.#chains.checked(row)])),
        runs: new Map(runs.map(({ id, sum, outcome }) => [id, { sum, outcome }])),
        sealed: new Set([...sealed].filter(([, isSealed]) => isSealed).map(([run]) => run)),
      };
    });
  }

  /**
   * Takes pieces, all of them in one commit.
   *
   * @param before  what it had before; where another program handed on meanwhile, nothing is taken.
   * @returns       what it has then; undefined where nothing was taken.
   */
  take(pieces: readonly Piece[], before: HandedOn): Promise<HandedOn | undefined> {
    return this.#server.together(async (queries) => {
      const runs = pieces.filter(({ kind }) => kind === "run" || kind === "outcome").length;
      const labels = pieces.filter((piece) => piece.kind === "rows" && piece.table === "labels").length;
      const [counted] = await queries.query<{ changes: number; run_changes: number }>(
        `UPDATE mho.benches SET changes = changes + 1, run_changes = run_changes + $3, label_changes = label_changes + $4,
                handed_on_at = now()
           WHERE bench = $1 AND changes = $2 RETURNING changes, run_changes`,
        [this.#bench, before.changes, Math.min(1, runs), labels],
      );
      if (counted === undefined) return undefined;
      const taking = new Taking(queries, this.#chains, this.#bench, before, counted.run_changes);
      for (const piece of pieces) await taking.take(piece);
      return { ...taking.now, changes: counted.changes };
    });
  }

  runsWithoutFigures(): Promise<readonly RunWithoutFigures[]> {
    return runsWithoutFigures(this.#server, this.#bench);
  }

  keepFigures(run: RunWithoutFigures, figures: ListedFigures): Promise<void> {
    return keepFiguresAt(this.#server, this.#bench, run, figures);
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #lost(): MhoError {
    return new MhoError(
      "workspace-failed",
      `The server ${this.#server.address.text} no longer knows the bench ${this.name}: it was restored from a backup, or the bench was removed. ` +
        "Begin the hand-on again.",
      { server: this.#server.address.text, bench: this.name },
    );
  }
}

/** Any number that no other lock has. */
const namesLock = 0x6d686f + 1;

export interface BenchNames {
  /** The workspace's id. */
  readonly workspace: string;
  readonly name: string | undefined;
  readonly usualName: string;
  readonly restored: boolean;
}

/** Writes pieces within one commit, and knows what the server has after each. */
class Taking {
  readonly #queries: Queries;
  readonly #chains: ServerChains;
  readonly #bench: number;
  readonly #changed: number;
  readonly now: {
    readonly chains: Map<string, HandedOn["chains"] extends ReadonlyMap<string, infer C> ? C : never>;
    readonly runs: Map<number, { readonly sum: number | null; readonly outcome: RunRow["outcome"] }>;
    readonly sealed: ReadonlySet<number>;
  };

  constructor(queries: Queries, chains: ServerChains, bench: number, before: HandedOn, changed: number) {
    this.#queries = queries;
    this.#chains = chains;
    this.#bench = bench;
    this.#changed = changed;
    this.now = { chains: new Map(before.chains), runs: new Map(before.runs), sealed: before.sealed };
  }

  async take(piece: Piece): Promise<void> {
    switch (piece.kind) {
      case "run":
        return this.#begin(piece);
      case "rows":
        return this.#rows(piece);
      case "watch":
        await keepWatch(this.#queries, { bench: this.#bench, run: piece.run }, piece.settings);
        return this.#setChains(piece.run, new Map([["watches", piece.chain]]));
      case "wear":
        return keepWearRows(this.#queries, this.#bench, piece.rows);
      case "outcome":
        return this.#outcome(piece.row, piece.chains);
    }
  }

  async #begin({ row, chipName, description, chains }: Extract<Piece, { kind: "run" }>): Promise<void> {
    if (description !== undefined) await keepDescription(this.#queries, description);
    // How it ended is told when its rows are there.
    const outcome = row.outcome === deletedOutcome ? row.outcome : "running";
    const begun = { ...row, outcome } as const;
    const sum = row.sum === null ? null : rowSumOf(begun);
    await insertRun(this.#queries, this.#bench, { ...begun, sum }, chipName, this.#changed);
    this.now.runs.set(row.id, { sum, outcome });
    const list = this.now.chains.get(chainKey(ofWorkspace, "runs")) ?? emptyChain;
    await this.#setChains(
      ofWorkspace,
      new Map([
        [
          "runs",
          {
            ...list,
            rows: list.rows + 1,
            unchecked: list.unchecked + (row.begun === null ? 1 : 0),
            last: row.begun ?? 0,
          },
        ],
      ]),
    );
    await this.#setChains(
      row.id,
      new Map([...chainsOfRun.map((of) => [of, emptyChain] as const), ...chains]),
    );
  }

  async #rows({ table, run, from, rows, unchecked }: Extract<Piece, { kind: "rows" }>): Promise<void> {
    const chain = this.now.chains.get(chainKey(run, table)) ?? emptyChain;
    const columns = columnsOf(table);
    const valuesOf = (row: SummedRow): SummedRow[string][] => columns.map((column) => row[column]!);
    await insertRows(
      this.#queries,
      table,
      this.#bench,
      from,
      rows.map((row) => ({ values: valuesOf(row), sum: row.sum })),
    );
    const tickets = table === "turns" ? rows.map((row) => row["newest_ticket"] as number) : [];
    await this.#setChains(
      run,
      new Map([
        [
          table,
          {
            unchecked: Math.min(unchecked, from + rows.length),
            rows: from + rows.length,
            last: rows.at(-1)!.sum ?? 0,
            newestTicket: Math.max(chain.newestTicket, ...tickets),
          },
        ],
      ]),
    );
  }

  async #outcome(row: RunRow, chains: Extract<Piece, { kind: "outcome" }>["chains"]): Promise<void> {
    await this.#queries.query(
      "UPDATE mho.runs SET outcome = $3, chip = $4, sum = $5, changed = $6 WHERE bench = $1 AND run = $2",
      [this.#bench, row.id, row.outcome, row.chip, row.sum, this.#changed],
    );
    this.now.runs.set(row.id, { sum: row.sum, outcome: row.outcome });
    if (chains.size > 0) await this.#setChains(row.id, chains);
  }

  async #setChains(run: number, chains: Extract<Piece, { kind: "outcome" }>["chains"]): Promise<void> {
    await this.#chains.setAll(this.#queries, { bench: this.#bench, run }, chains);
    for (const [of, chain] of chains) this.now.chains.set(chainKey(run, of), chain);
  }
}

function nameTaken(server: Server, name: string): MhoError {
  const { text } = server.address;
  return new MhoError(
    "bad-argument",
    `Another workspace hands on its runs to ${text} as the bench ${name}. Give this one a name of its own: --bench NAME.`,
    { server: text, bench: name },
  );
}

function otherName(server: Server, name: string, wanted: string): MhoError {
  const { text } = server.address;
  return new MhoError(
    "bad-argument",
    `This workspace is handed on to ${text} as the bench ${name}. Leave --bench ${wanted} away; --restored is for a workspace that was ` +
      "restored from an older copy, whose runs are then handed on once more.",
    { server: text, bench: name },
  );
}
