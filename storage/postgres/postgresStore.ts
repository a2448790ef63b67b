import { createHash } from "node:crypto";
import { isModelDefinition } from "../../files/model.ts";
import type { ChipDocument } from "../../src/chip/description.ts";
import type { ChipIdentity, ChipKey } from "../../src/chip/driver.ts";
import { MhoError } from "../../src/errors.ts";
import type { Forecast } from "../../src/run/forecast.ts";
import type {
  ClockMark,
  RunNote,
  SweepRecord,
  TileWear,
  TurnRecord,
  WatchSettings,
} from "../../src/run/journal.ts";
import { type ChipNote, foldLabels, type LabelChange, type RunLabels } from "../../src/run/labels.ts";
import { foldGroups, type GroupChange, type GroupId, type RunGroup } from "../../src/run/groups.ts";
import { type RunPlan, usualPulsesPerDevice } from "../../src/run/plan.ts";
import {
  foldQuestions,
  openQuestion,
  type Question,
  type QuestionChange,
  type QuestionId,
} from "../../src/run/questions.ts";
import type {
  ListedFigures,
  ListReader,
  RowCounts,
  RunId,
  RunOutcome,
  RunRequest,
  RunSummary,
  RunWear,
} from "../../src/run/store.ts";
import { emptyChain, type SummedRow } from "../chains.ts";
import type { KeptRuns } from "../keptRuns.ts";
import { originOf } from "../origin.ts";
import {
  forecastOf,
  identityOf,
  labelOf,
  mustBe,
  noteOf,
  groupChangeOf,
  questionOf,
  settingsOf,
  watchOf,
} from "../records.ts";
import { sealed } from "../refusals.ts";
import { type Shape, sweepOf, turnOf } from "../rows.ts";
import { named, sweepValuesOf, tileOf, turnValuesOf } from "../rowValues.ts";
import { deletedOutcome, isRequest, requestSumOf, rowSumOf } from "../runRows.ts";
import { sumOf } from "../sums.ts";
import { beginRunAt } from "./beginRun.ts";
import type { Queries, Server } from "./connection.ts";
import { keepFiguresAt } from "./runFigures.ts";
import { notAllowed, type Rights } from "./schema.ts";
import { ServerChains } from "./serverChains.ts";
import { appendMark, chipNotesOf, newestMarkOf, newestTicketOf } from "./serverChips.ts";
import { damagedServer } from "./serverFailure.ts";
import { ServerFolds } from "./serverFolds.ts";
import { groupsOfBenches } from "./serverGroups.ts";
import { serverLists } from "./serverLists.ts";
import { readRow, ServerReader } from "./serverReader.ts";
import type { RunKey, ServerTable } from "./serverRows.ts";
import { ServerRuns } from "./serverRuns.ts";
import { countChange, keepWatch, laidTogether, ownBench } from "./serverWrites.ts";

/**
 * The runs of a server: those that benches handed on, and those that were begun here. What a bench handed on stays as it is; what people
 * write on it here stands beside it.
 */
export class PostgresStore implements KeptRuns {
  readonly file: string;
  readonly #server: Server;
  readonly #rights: Rights;
  readonly #chains: ServerChains;
  readonly #runs: ServerRuns;
  readonly #reader: ServerReader;
  readonly #folds: ServerFolds;
  /** A run's tiles never change. */
  readonly #shapes = new Map<RunId, Shape>();
  readonly #damaged = (what: string, facts?: Record<string, string | number>): MhoError =>
    damagedServer(this.#server.address, what, facts);

  constructor(server: Server, rights: Rights) {
    this.#server = server;
    this.#rights = rights;
    this.file = server.address.text;
    this.#chains = new ServerChains(this.#damaged);
    this.#reader = new ServerReader(this.#chains, this.#damaged);
    this.#runs = new ServerRuns(server, this.#chains, this.#damaged);
    this.#folds = new ServerFolds({ server, chains: this.#chains, runs: this.#runs, damaged: this.#damaged });
  }

  get readOnly(): boolean {
    return !this.#rights.operate;
  }

  mustBeWritable(): void {
    if (this.readOnly) throw notAllowed(this.#server, "operate");
  }

  async beginRun(
    plan: RunPlan,
    identity: ChipIdentity,
    startedAt: string,
    description?: ChipDocument,
  ): Promise<RunId> {
    if (plan.corrects !== undefined) await this.#ownKey(plan.corrects);
    const begun = { plan, identity, startedAt, description };
    return this.#together({ runs: 1, labels: 1 }, async (queries, changed) => {
      const run = await beginRunAt(queries, this.#chains, begun, changed);
      if (plan.share !== undefined) {
        const { group, share } = plan.share;
        await this.#appendGroup(queries, { kind: "serves", group, share, run });
      }
      return run;
    });
  }

  async appendTurn(run: RunId, turn: TurnRecord): Promise<void> {
    const key = await this.#ownKey(run);
    await this.#together({}, (queries) =>
      this.#chains.append(queries, "turns", key, [turnValuesOf(key.run, turn)], {
        newestTicket: turn.newestTicket,
      }),
    );
  }

  appendSweep(run: RunId, sweep: SweepRecord): Promise<void> {
    return this.appendSweeps(run, [sweep]);
  }

  async appendSweeps(run: RunId, sweeps: readonly SweepRecord[]): Promise<void> {
    const key = await this.#ownKey(run);
    await this.#together({}, async (queries) => {
      await this.#refuseSealed(run, queries);
      await this.#chains.append(
        queries,
        "sweeps",
        key,
        sweeps.map((sweep) => sweepValuesOf(key.run, sweep)),
      );
    });
  }

  async appendNote(run: RunId, { notedAt, ...rest }: RunNote): Promise<void> {
    const { bench, id } = await this.#runs.row(run);
    await this.#together({}, (queries) =>
      this.#chains.append(queries, bench === ownBench ? "notes" : "server_notes", { bench, run: id }, [
        [id, notedAt, JSON.stringify(rest)],
      ]),
    );
  }

  async notes(run: RunId): Promise<RunNote[]> {
    const of = (row: SummedRow): RunNote => ({
      notedAt: row["noted_at"] as string,
      ...noteOf(row["note"] as string),
    });
    await this.#runs.row(run);
    const notes = await this.#rowsOf("notes", run, of);
    return laidTogether(notes, await this.#rowsOf("server_notes", run, of), ({ notedAt }) => notedAt);
  }

  async appendLabel(run: RunId, change: LabelChange): Promise<void> {
    const { bench, id } = await this.#runs.row(run);
    await this.#together({ labels: 1 }, (queries) =>
      this.#chains.append(queries, bench === ownBench ? "labels" : "server_labels", { bench, run: id }, [
        [id, JSON.stringify(change)],
      ]),
    );
  }

  labels(run: RunId): Promise<RunLabels> {
    return this.#labelsOf(run, this.#server);
  }

  async newestLabel(): Promise<number> {
    const [row] = await this.#server.query<{ newest: string }>(
      "SELECT sum(label_changes)::text AS newest FROM mho.benches",
    );
    return Number(row!.newest);
  }

  async appendChipNote({ name, serialNumber }: ChipKey, note: ChipNote): Promise<void> {
    await this.#together({}, (queries) =>
      this.#chains.append(queries, "chip_notes", ofServer, [[name, serialNumber, JSON.stringify(note)]]),
    );
  }

  chipNotes(chip: ChipKey): Promise<readonly ChipNote[]> {
    return chipNotesOf(this.#server, chip, this.#damaged);
  }

  appendGroup(change: GroupChange): Promise<GroupId> {
    return this.#together({}, (queries) => this.#appendGroup(queries, change));
  }

  /** Those that benches handed on, behind those that were begun here. */
  async groups(): Promise<readonly RunGroup[]> {
    const own = await this.#groupsOf(this.#server);
    return [...own, ...(await groupsOfBenches(this.#server, this.#reader))];
  }

  async #appendGroup(queries: Queries, change: GroupChange): Promise<GroupId> {
    const { length } = await this.#groupsOf(queries);
    await this.#chains.append(queries, "run_groups", ofServer, [[JSON.stringify(change)]]);
    return change.kind === "begun" ? `n${length + 1}` : change.group;
  }

  async #groupsOf(queries: Queries): Promise<readonly RunGroup[]> {
    return foldGroups(
      await this.#reader.all(queries, "run_groups", ofServer, "the networks over several chips", (row) =>
        groupChangeOf(row["change"] as string),
      ),
    );
  }

  appendQuestion(change: QuestionChange): Promise<QuestionId> {
    return this.#together({}, async (queries) => {
      const before = await this.#questions(queries);
      const id = change.kind === "asked" ? `q${before.length + 1}` : openQuestion(before, change.question).id;
      await this.#chains.append(queries, "questions", ofServer, [[JSON.stringify(change)]]);
      return id;
    });
  }

  /** Those that were asked here: a bench asks the people beside it. */
  questions(): Promise<readonly Question[]> {
    return this.#questions(this.#server);
  }

  async #questions(queries: Queries): Promise<readonly Question[]> {
    return foldQuestions(
      await this.#reader.all(queries, "questions", ofServer, "the questions", (row) =>
        questionOf(row["change"] as string),
      ),
    );
  }

  async forecasts(run: RunId): Promise<readonly Forecast[]> {
    await this.#runs.row(run);
    return this.#rowsOf("forecasts", run, ({ forecast }) => forecastOf(forecast as string));
  }

  async description(run: RunId): Promise<ChipDocument | undefined> {
    const { description: sha256 } = await this.#runs.row(run);
    if (sha256 === null) return undefined;
    const [row] = await this.#server.query<{ text: string }>(
      "SELECT text FROM mho.chip_descriptions WHERE sha256 = $1",
      [sha256],
    );
    if (row !== undefined && sha256Of(row.text) === sha256) return { sha256, text: row.text };
    throw this.#damaged(`the description of the chip of run ${run} is not the one with its SHA-256`, { run });
  }

  async identity(run: RunId): Promise<ChipIdentity> {
    const { chip } = await this.#runs.row(run);
    return this.#of(run, "its chip", () => identityOf(chip));
  }

  async originOf(run: RunId): Promise<string> {
    return originOf(await this.#runs.anyRow(run), await this.labels(run));
  }

  reopenRun(run: RunId, identity: ChipIdentity): Promise<void> {
    return this.#setOutcome(run, { outcome: "running", chip: JSON.stringify(identity) }, true);
  }

  endRun(run: RunId, outcome: RunOutcome): Promise<void> {
    return this.#setOutcome(run, { outcome });
  }

  newestTicket(chip: ChipKey): Promise<number> {
    return newestTicketOf(this.#server, this.#chains, chip, this.#damaged);
  }

  async bookForeignTicket({ name, serialNumber }: ChipKey, ticket: number): Promise<void> {
    await this.#together({}, (queries) =>
      this.#chains.append(queries, "foreign_tickets", ofServer, [[name, serialNumber, ticket]]),
    );
  }

  runs(): Promise<readonly RunSummary[]> {
    return this.#runs.list();
  }

  runsOfChip({ name, serialNumber }: ChipKey): Promise<readonly RunId[]> {
    return this.#runs.ofChip(name, serialNumber);
  }

  summary(run: RunId): Promise<RunSummary> {
    return this.#runs.summary(run);
  }

  async plan(run: RunId): Promise<RunPlan> {
    const { bench, id, plan, sum } = await this.#runs.row(run);
    const settings = this.#of(run, "its plan", () => {
      const found = settingsOf(plan);
      mustBe(sum !== null || isModelDefinition(found.model), "a model in its plan");
      mustBe(
        found.corrects === undefined || Number(found.corrects.slice(1)) < id,
        "an earlier run to correct",
      );
      return found;
    });
    const tiles = await this.#rowsOf("run_tiles", run, tileOf);
    const isOnce = new Set(tiles.map(({ block }) => block.tile)).size === tiles.length;
    this.#of(run, "its plan", () => mustBe(isOnce, "each tile once"));
    const { corrects } = settings;
    return {
      pulsesPerDevice: usualPulsesPerDevice,
      ...settings,
      ...(corrects === undefined ? {} : { corrects: await this.#runs.runOf({ bench, run: id }, corrects) }),
      tiles,
    };
  }

  turns(run: RunId, skip = 0, tiles?: ReadonlySet<number>): AsyncIterable<TurnRecord> {
    return this.#each("turns", run, skip, tiles, (row, shape) => turnOf(row as never, shape));
  }

  sweeps(run: RunId, skip = 0, tiles?: ReadonlySet<number>): AsyncIterable<SweepRecord> {
    return this.#each("sweeps", run, skip, tiles, (row, shape) => sweepOf(row as never, shape));
  }

  async newestTurn(run: RunId): Promise<number> {
    return (await this.#chains.get(this.#server, await this.#runs.keyOf(run), "turns")).rows;
  }

  /** Saves time and decides nothing: one who may only look does without. */
  async keepWear(worn: readonly RunWear[]): Promise<void> {
    if (this.readOnly) return;
    const keys = await Promise.all(worn.map(({ run }) => this.#runs.keyOf(run)));
    await this.#together({}, (queries) => this.#folds.keepWear(queries, worn, keys));
  }

  keptWear(run: RunId): Promise<readonly TileWear[] | undefined> {
    return this.#folds.keptWear(run);
  }

  rowCounts(run: RunId): Promise<RowCounts> {
    return this.#folds.rowCounts(run);
  }

  async keepFigures(run: RunId, counts: RowCounts, figures: ListedFigures): Promise<void> {
    if (this.readOnly) return;
    const { bench, run: number } = await this.#runs.keyOf(run);
    await this.#together({}, (queries) => keepFiguresAt(queries, bench, { run: number, ...counts }, figures));
  }

  keptFigures(run: RunId): Promise<ListedFigures | undefined> {
    return this.#folds.keptFigures(run);
  }

  forLists({ notes }: { readonly notes: boolean }): Promise<ListReader> {
    const keyOf = (run: RunId): Promise<RunKey> => this.#runs.keyOf(run);
    const parts = { chains: this.#chains, damaged: this.#damaged, keyOf, notes };
    return Promise.resolve(serverLists(this.#server, parts));
  }

  async stamp(): Promise<string> {
    const [row] = await this.#server.query<{ stamp: string }>(
      "SELECT sum(changes)::text AS stamp FROM mho.benches",
    );
    return row!.stamp;
  }

  async setWatch(run: RunId, settings: WatchSettings): Promise<void> {
    const key = await this.#ownKey(run);
    const text = JSON.stringify(settings);
    await this.#together({}, async (queries) => {
      await this.#refuseSealed(run, queries);
      await keepWatch(queries, key, text);
      await this.#chains.set(queries, key, "watches", {
        ...emptyChain,
        rows: 1,
        last: sumOf([key.run, text]),
      });
    });
  }

  async watch(run: RunId): Promise<WatchSettings | undefined> {
    const { bench, id } = await this.#runs.row(run);
    const [row] = await this.#server.query<{ settings: string }>(
      "SELECT settings FROM mho.watches WHERE bench = $1 AND run = $2",
      [bench, id],
    );
    const { rows, unchecked, last } = await this.#chains.get(this.#server, { bench, run: id }, "watches");
    const isRight =
      row === undefined ? rows === 0 : rows === 1 && (unchecked === 1 || sumOf([id, row.settings]) === last);
    if (!isRight) throw this.#damaged(`the watch of run ${run} has another checksum`, { run });
    return row && this.#of(run, "its watch", () => watchOf(row.settings));
  }

  async setRequest(run: RunId, request: RunRequest | undefined): Promise<void> {
    const { bench, run: id } = await this.#ownKey(run);
    await this.#together({}, async (queries) => {
      await queries.query("DELETE FROM mho.wishes WHERE bench = $1 AND run = $2", [bench, id]);
      if (request === undefined) return;
      await queries.query("INSERT INTO mho.wishes (bench, run, wish, sum) VALUES ($1, $2, $3, $4)", [
        bench,
        id,
        request,
        requestSumOf(id, request),
      ]);
    });
  }

  async request(run: RunId): Promise<RunRequest | undefined> {
    const { bench, run: id } = await this.#runs.keyOf(run);
    const [row] = await this.#server.query<{ wish: string; sum: number }>(
      "SELECT wish, sum FROM mho.wishes WHERE bench = $1 AND run = $2",
      [bench, id],
    );
    if (row === undefined) return undefined;
    if (isRequest(row.wish) && requestSumOf(id, row.wish) === row.sum) return row.wish;
    throw this.#damaged(`what is asked of run ${run} has another checksum`, { run });
  }

  async markClock(mark: ClockMark): Promise<void> {
    await this.#together({}, (queries) => appendMark(queries, this.#chains, mark));
  }

  newestMark(chip: ChipKey): Promise<ClockMark | undefined> {
    return newestMarkOf(this.#server, chip, this.#damaged);
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  /** Row by row: a run may be larger than memory, and damage may stand behind any of them. */
  async *#each<T>(
    table: "turns" | "sweeps",
    run: RunId,
    skip: number,
    tiles: ReadonlySet<number> | undefined,
    of: (row: SummedRow, shape: Shape) => T,
  ): AsyncIterable<T> {
    const { bench, id } = await this.#runs.row(run);
    const shape = await this.#shapeOf(run);
    const key = { bench, run: id };
    const what = `the ${named[table]} of run ${run}`;
    const read = (row: SummedRow): T => of(row, shape);
    yield* tiles === undefined
      ? this.#reader.rows(this.#server, table, key, what, read, skip)
      : this.#reader.ofTiles(this.#server, table, key, what, read, skip, tiles);
  }

  async #shapeOf(run: RunId): Promise<Shape> {
    const known = this.#shapes.get(run);
    if (known !== undefined) return known;
    const { tiles } = await this.plan(run);
    const shape = new Map(
      tiles.map(({ block: { tile, rowCount: rows }, targetsMicrosiemens: { length: devices } }) => [
        tile,
        { rows, devices },
      ]),
    );
    this.#shapes.set(run, shape);
    return shape;
  }

  async #rowsOf<T>(
    table: ServerTable,
    run: RunId,
    of: (row: SummedRow) => T,
    queries: Queries = this.#server,
  ): Promise<T[]> {
    const what = named[table.replace("server_", "") as "notes"];
    return this.#reader.all(
      queries,
      table,
      await this.#runs.keyOf(run, queries),
      `the ${what} of run ${run}`,
      of,
    );
  }

  #of<T>(run: RunId, what: string, read: () => T): T {
    return readRow(read, (why) => this.#damaged(`run ${run}, ${what}: ${why}`, { run }));
  }

  async #labelsOf(run: RunId, queries: Queries): Promise<RunLabels> {
    const { outcome } = await this.#runs.anyRow(run, queries);
    const of = ({ label }: SummedRow): LabelChange => labelOf(label as string);
    const changes = laidTogether(
      await this.#rowsOf("labels", run, of, queries),
      await this.#rowsOf("server_labels", run, of, queries),
      ({ at }) => at,
    );
    // A bench that deleted it to have room left it here.
    const isHere = outcome !== deletedOutcome;
    return foldLabels(isHere ? changes.map((change) => ({ ...change, deleted: undefined })) : changes);
  }

  async #refuseSealed(run: RunId, queries: Queries): Promise<void> {
    if ((await this.#labelsOf(run, queries)).sealed) throw sealed(run);
  }

  async #setOutcome(
    run: RunId,
    change: { readonly outcome: RunSummary["outcome"]; readonly chip?: string },
    unlessSealed = false,
  ): Promise<void> {
    await this.#ownKey(run);
    await this.#together({ runs: 1 }, async (queries, changed) => {
      if (unlessSealed) await this.#refuseSealed(run, queries);
      const row = { ...(await this.#runs.row(run, queries)), ...change };
      await queries.query(
        "UPDATE mho.runs SET outcome = $3, chip = $4, sum = $5, changed = $6 WHERE bench = $1 AND run = $2",
        [row.bench, row.id, row.outcome, row.chip, rowSumOf(row), changed],
      );
      await queries.query("DELETE FROM mho.wishes WHERE bench = $1 AND run = $2", [row.bench, row.id]);
    });
  }

  /** Throws `bad-argument` for a run that a bench handed on: it goes on there. */
  async #ownKey(run: RunId): Promise<RunKey> {
    const key = await this.#runs.keyOf(run);
    if (key.bench === ownBench) return key;
    const [bench] = await this.#server.query<{ name: string }>(
      "SELECT name FROM mho.benches WHERE bench = $1",
      [key.bench],
    );
    throw new MhoError(
      "bad-argument",
      `Run ${run} was handed on by the bench ${bench?.name}, where it is called r${key.run}: it goes on there, and not at the server. ` +
        "Do it with the bench's own --workspace, and hand it on again.",
      { run, bench: bench?.name ?? "" },
    );
  }

  /** All of it in one commit, or nothing; others that write for the server's own bench wait. @param changed  `run_changes` after it. */
  #together<T>(
    count: { readonly runs?: number; readonly labels?: number },
    work: (queries: Queries, changed: number) => Promise<T>,
  ): Promise<T> {
    this.mustBeWritable();
    return this.#server.together(async (queries) =>
      work(queries, await countChange(queries, ownBench, count)),
    );
  }
}

const ofServer: RunKey = { bench: ownBench, run: 0 };

function sha256Of(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
