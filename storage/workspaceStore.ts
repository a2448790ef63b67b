import { createHash } from "node:crypto";
import type { DatabaseSyncInstance, StatementSyncInstance } from "@photostructure/sqlite";
import { isModelDefinition } from "../files/model.ts";
import type { ChipDocument } from "../src/chip/description.ts";
import type { ChipIdentity, ChipKey } from "../src/chip/driver.ts";
import { assert, MhoError } from "../src/errors.ts";
import type { JobChange, JobList } from "../src/queue/job.ts";
import type { JobStore } from "../src/queue/jobStore.ts";
import type { GroupChange, GroupId, RunGroup } from "../src/run/groups.ts";
import type { Forecast } from "../src/run/forecast.ts";
import type {
  ClockMark,
  RunNote,
  SweepRecord,
  TileWear,
  TurnRecord,
  WatchSettings,
} from "../src/run/journal.ts";
import {
  type ChipNote,
  firstChange,
  foldLabels,
  type LabelChange,
  type RunLabels,
} from "../src/run/labels.ts";
import { type Question, type QuestionChange, type QuestionId } from "../src/run/questions.ts";
import { type RunPlan, usualPulsesPerDevice } from "../src/run/plan.ts";
import type {
  ListedFigures,
  ListReader,
  RowCounts,
  RunId,
  RunOutcome,
  RunRequest,
  RunSummary,
  RunWear,
} from "../src/run/store.ts";
import {
  type Chain,
  ChainReader,
  type ChainedTable,
  Chains,
  emptyChain,
  ofWorkspace,
  type RunTable,
  type SummedRow,
  valuesOf,
} from "./chains.ts";
import { damaged, guarded, readOnly } from "./failure.ts";
import { GroupRows } from "./groupRows.ts";
import { JobRows } from "./jobRows.ts";
import { ChipRows } from "./chipRows.ts";
import type { KeptRuns } from "./keptRuns.ts";
import { originOf } from "./origin.ts";
import type { PrivateCopy } from "./privateCopy.ts";
import {
  DamagedRecord,
  forecastOf,
  identityOf,
  labelOf,
  mustBe,
  noteOf,
  settingsOf,
  watchOf,
} from "./records.ts";
import { QuestionRows } from "./questionRows.ts";
import { noRun, numberIn, sealed, wasDeleted } from "./refusals.ts";
import { type Shape, sweepOf, turnOf } from "./rows.ts";
import {
  begunValuesOf,
  deletedOutcome,
  isRequest,
  type ListedRun,
  requestSumOf,
  rowSumOf,
  type RunRow,
  summaryOf,
} from "./runRows.ts";
import {
  chainsOfRun,
  type KeptWear,
  named,
  sweepValuesOf,
  tileOf,
  tileValuesOf,
  turnValuesOf,
  wearValuesOf,
} from "./rowValues.ts";
import { StandingFiles } from "./standingFiles.ts";
import { sumOf } from "./sums.ts";
import { wearOfRow, wearRowOf } from "./wearRows.ts";

/** Milliseconds. */
export const usualLockTimeout = 5000;

/** The runs and the jobs of a workspace, on SQLite. */
export class Workspace implements KeptRuns, JobStore {
  readonly file: string;
  readonly #database: DatabaseSyncInstance;
  readonly #files: StandingFiles;
  /** A statement's rows do not keep it alive; were it collected under them, the process would end with it. */
  readonly #reading = new Set<StatementSyncInstance>();
  readonly #prepared = new Map<string, StatementSyncInstance>();
  readonly #idle = new Map<string, StatementSyncInstance[]>();
  readonly #chains: Chains;
  readonly #jobs: JobRows;
  readonly #groups: GroupRows;
  readonly #questions: QuestionRows;
  readonly #ofChips: ChipRows;
  /** A run's tiles never change. */
  readonly #shapes = new Map<RunId, Shape>();
  /** What a run begins with never changes; only how it stands does. */
  readonly #begun: ListedRun[] = [];
  /** The checksum of the last of them. */
  #lastBegun = 0;
  #listed: { readonly outcomes: string; readonly runs: readonly RunSummary[] } | undefined;

  readonly #lockTimeoutMilliseconds: number;

  readonly #copy: PrivateCopy | undefined;

  /** @param file  its name for people; the database may be that of a copy. */
  constructor(
    database: DatabaseSyncInstance,
    file: string,
    {
      lockTimeoutMilliseconds = usualLockTimeout,
      copy,
    }: { readonly lockTimeoutMilliseconds?: number; readonly copy?: PrivateCopy | undefined } = {},
  ) {
    this.#lockTimeoutMilliseconds = lockTimeoutMilliseconds;
    this.#copy = copy;
    this.#database = database;
    this.file = file;
    this.#chains = new Chains(
      (sql) => this.#prepare(sql),
      (what) => damaged(file, what),
    );
    const tables = { prepare: (sql: string) => this.#prepare(sql), chains: this.#chains, file };
    this.#jobs = new JobRows(tables);
    this.#groups = new GroupRows(tables);
    this.#questions = new QuestionRows(tables);
    this.#ofChips = new ChipRows(tables);
    this.#files = new StandingFiles(file, database);
  }

  beginRun(
    plan: RunPlan,
    identity: ChipIdentity,
    startedAt: string,
    description?: ChipDocument,
  ): Promise<RunId> {
    return this.#do(() => {
      const { tiles, forecasts = [], labels = {}, ...settings } = plan;
      const label = firstChange(labels, startedAt);
      return this.#together(() => {
        if (description !== undefined) {
          this.#prepare("INSERT OR IGNORE INTO chip_descriptions (sha256, text) VALUES (?, ?)").run(
            description.sha256,
            description.text,
          );
        }
        const begins = {
          chip_serial_number: identity.serialNumber,
          chip: JSON.stringify(identity),
          plan: JSON.stringify(settings),
          started_at: startedAt,
          description: description?.sha256 ?? null,
          outcome: "running",
        } as const;
        const { lastInsertRowid } = this.#prepare(
          `INSERT INTO runs (chip_serial_number, chip, plan, started_at, description, outcome)
             VALUES (?, ?, ?, ?, ?, ?)`,
        ).run(...Object.values(begins));
        const id = Number(lastInsertRowid);
        const chain = this.#chains.get(ofWorkspace, "runs");
        const row = { id, ...begins, begun: sumOf(begunValuesOf({ id, ...begins }), chain.last) };
        this.#prepare("UPDATE runs SET begun = ?, sum = ? WHERE id = ?").run(row.begun, rowSumOf(row), id);
        this.#chains.set(ofWorkspace, "runs", { ...chain, rows: chain.rows + 1, last: row.begun });
        for (const of of chainsOfRun) this.#chains.set(id, of, emptyChain);
        tiles.forEach((tile, place) => this.#chains.append("run_tiles", tileValuesOf(id, place, tile), id));
        for (const forecast of forecasts)
          this.#chains.append("forecasts", [id, JSON.stringify(forecast)], id);
        if (plan.share !== undefined) this.#groups.serve(plan.share, `r${id}`);
        if (label !== undefined) this.#chains.append("labels", [id, JSON.stringify(label)], id);
        if (labels.note !== undefined) {
          const note = { what: "note", text: labels.note, by: labels.operator };
          this.#chains.append("notes", [id, startedAt, JSON.stringify(note)], id);
        }
        return `r${id}`;
      });
    });
  }

  appendTurn(run: RunId, turn: TurnRecord): Promise<void> {
    return this.#do(() => {
      // What is about to fire must be found again by the next process.
      this.#files.refuseOther();
      const id = this.#rowOf(run);
      const values = turnValuesOf(id, turn);
      this.#together(() => this.#chains.append("turns", values, id, "turns", turn.newestTicket));
    });
  }

  appendSweep(run: RunId, sweep: SweepRecord): Promise<void> {
    return this.appendSweeps(run, [sweep]);
  }

  /** All of them in one commit. */
  appendSweeps(run: RunId, sweeps: readonly SweepRecord[]): Promise<void> {
    return this.#do(() => {
      const id = this.#rowOf(run);
      const rows = sweeps.map((sweep) => sweepValuesOf(id, sweep));
      this.#together(() => {
        this.#refuseSealed(run);
        for (const values of rows) this.#chains.append("sweeps", values, id);
      });
    });
  }

  appendNote(run: RunId, note: RunNote): Promise<void> {
    return this.#do(() => {
      const { notedAt, ...rest } = note;
      const id = this.#rowOf(run);
      this.#together(() => this.#chains.append("notes", [id, notedAt, JSON.stringify(rest)], id));
    });
  }

  notes(run: RunId): Promise<RunNote[]> {
    return this.#do(() =>
      this.#rowsOf("notes", "id", run, (row): RunNote => {
        const { noted_at: notedAt, note } = row as unknown as { noted_at: string; note: string };
        return { notedAt, ...noteOf(note) };
      }),
    );
  }

  appendLabel(run: RunId, change: LabelChange): Promise<void> {
    return this.#do(() => {
      const id = this.#row(run).id;
      this.#together(() => this.#chains.append("labels", [id, JSON.stringify(change)], id));
    });
  }

  labels(run: RunId): Promise<RunLabels> {
    return this.#do(() => this.#labelsOf(run));
  }

  appendChipNote(chip: ChipKey, note: ChipNote): Promise<void> {
    return this.#do(() => this.#together(() => this.#ofChips.appendNote(chip, note)));
  }

  chipNotes(chip: ChipKey): Promise<readonly ChipNote[]> {
    return this.#do(() => this.#ofChips.notes(chip));
  }

  newestLabel(): Promise<number> {
    return this.#do(() => {
      const { newest } = this.#prepare("SELECT max(id) AS newest FROM labels").get() as {
        newest: number | null;
      };
      return newest ?? 0;
    });
  }

  appendQuestion(change: QuestionChange): Promise<QuestionId> {
    return this.#do(() => this.#together(() => this.#questions.append(change)));
  }

  questions(): Promise<readonly Question[]> {
    return this.#do(() => this.#questions.list());
  }

  appendGroup(change: GroupChange): Promise<GroupId> {
    return this.#do(() => this.#together(() => this.#groups.append(change)));
  }

  groups(): Promise<readonly RunGroup[]> {
    return this.#do(() => this.#groups.list());
  }

  forecasts(run: RunId): Promise<readonly Forecast[]> {
    return this.#do(() =>
      this.#rowsOf("forecasts", "id", run, ({ forecast }) => forecastOf(forecast as string)),
    );
  }

  description(run: RunId): Promise<ChipDocument | undefined> {
    return this.#do(() => {
      const { description: sha256 } = this.#row(run);
      if (sha256 === null) return undefined;
      const row = this.#prepare("SELECT text FROM chip_descriptions WHERE sha256 = ?").get(sha256);
      const { text } = (row ?? {}) as { text?: string };
      if (text !== undefined && createHash("sha256").update(text).digest("hex") === sha256)
        return { sha256, text };
      throw damaged(this.file, `the description of the chip of run ${run} is not the one with its SHA-256`, {
        run,
      });
    });
  }

  originOf(run: RunId): Promise<string> {
    return this.#do(() => originOf(this.#anyRow(run), this.#labelsOf(run)));
  }

  identity(run: RunId): Promise<ChipIdentity> {
    return this.#do(() => this.#of(run, "its chip", () => identityOf(this.#row(run).chip)));
  }

  reopenRun(run: RunId, identity: ChipIdentity): Promise<void> {
    return this.#do(() =>
      this.#together(() => {
        this.#refuseSealed(run);
        this.#setOutcome(run, { outcome: "running", chip: JSON.stringify(identity) });
      }),
    );
  }

  endRun(run: RunId, outcome: RunOutcome): Promise<void> {
    return this.#do(() => {
      this.#change(run, { outcome });
      this.#emptyLog();
    });
  }

  newestTicket(chip: ChipKey): Promise<number> {
    return this.#do(() => {
      const journals = this.#chains.ofRuns("turns");
      let newest = this.#ofChips.newestForeignTicket(chip);
      for (const run of this.#runsOfChip(chip)) {
        const chain = journals.get(rowOf(run)) ?? this.#chains.get(rowOf(run), "turns");
        newest = Math.max(newest, chain.newestTicket);
      }
      return newest;
    });
  }

  bookForeignTicket(chip: ChipKey, ticket: number): Promise<void> {
    return this.#do(() => this.#together(() => this.#ofChips.bookForeignTicket(chip, ticket)));
  }

  runs(): Promise<readonly RunSummary[]> {
    return this.#do(() => {
      const outcomes = this.#prepare(
        "SELECT outcome, group_concat(id) AS ids FROM runs GROUP BY outcome ORDER BY outcome",
      ).all() as { outcome: RunRow["outcome"]; ids: string }[];
      const standing = JSON.stringify(outcomes);
      if (this.#listed?.outcomes === standing) return this.#listed.runs;
      this.#list();
      const outcomeOf = new Map<string, string>();
      for (const { outcome, ids } of outcomes)
        for (const id of ids.split(",")) outcomeOf.set(`r${id}`, outcome);
      // The index says whose row to look at; the row is what has a checksum.
      for (const run of this.#begun) {
        if (outcomeOf.get(run.id) !== run.outcome) run.outcome = this.#row(run.id).outcome;
      }
      const runs = this.#begun.flatMap(({ outcome, ...run }) =>
        outcome === deletedOutcome ? [] : { ...run, outcome },
      );
      this.#listed = { outcomes: standing, runs };
      return runs;
    });
  }

  runsOfChip(chip: ChipKey): Promise<readonly RunId[]> {
    return this.#do(() => this.#runsOfChip(chip));
  }

  summary(run: RunId): Promise<RunSummary> {
    return this.#do(() => {
      const { outcome, ...row } = this.#row(run);
      if (outcome === deletedOutcome) throw wasDeleted(run);
      return this.#of(run, "its plan or its chip", () => ({ ...summaryOf({ ...row, outcome }), outcome }));
    });
  }

  plan(run: RunId): Promise<RunPlan> {
    return this.#do(() => {
      const { id, plan, sum } = this.#row(run);
      const settings = this.#of(run, "its plan", () => {
        const found = settingsOf(plan);
        // What has a checksum is what mho wrote.
        mustBe(sum !== null || isModelDefinition(found.model), "a model in its plan");
        mustBe(found.corrects === undefined || rowOf(found.corrects) < id, "an earlier run to correct");
        return found;
      });
      const tiles = this.#rowsOf("run_tiles", "place", run, tileOf);
      const isOnce = new Set(tiles.map(({ block }) => block.tile)).size === tiles.length;
      this.#of(run, "its plan", () => mustBe(isOnce, "each tile once"));
      return { pulsesPerDevice: usualPulsesPerDevice, ...settings, tiles };
    });
  }

  turns(run: RunId, skip = 0, tiles?: ReadonlySet<number>): AsyncIterable<TurnRecord> {
    const of = (row: SummedRow, shape: Shape): TurnRecord => turnOf(row as never, shape);
    return tiles === undefined
      ? this.#each("turns", run, skip, of)
      : this.#eachOf("turns", run, skip, tiles, of);
  }

  sweeps(run: RunId, skip = 0, tiles?: ReadonlySet<number>): AsyncIterable<SweepRecord> {
    const of = (row: SummedRow, shape: Shape): SweepRecord => sweepOf(row as never, shape);
    return tiles === undefined
      ? this.#each("sweeps", run, skip, of)
      : this.#eachOf("sweeps", run, skip, tiles, of);
  }

  newestTurn(run: RunId): Promise<number> {
    return this.#do(() => this.#chainOf(run, "turns").rows);
  }

  keepWear(worn: readonly RunWear[]): Promise<void> {
    return this.#do(() => {
      const insert = this.#prepare(
        `INSERT OR REPLACE INTO wear
           (run, place, newest_turn, block, pulses, uncertain_pulses, pulsed_at_microseconds, sum)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      );
      this.#inOneCommit(() => {
        for (const { run, newestTurn, tiles } of worn) {
          tiles.forEach((tile, place) => {
            const values = wearValuesOf({
              run: this.#rowOf(run),
              place,
              newest_turn: newestTurn,
              ...wearRowOf(tile),
            });
            insert.run(...values, sumOf(values));
          });
        }
      });
    });
  }

  /** Made of turns, so a row that is damaged is no loss: it is made anew. */
  keptWear(run: RunId): Promise<readonly TileWear[] | undefined> {
    return this.#do(() => {
      const id = this.#rowOf(run);
      const turns = this.#chainOf(run, "turns").rows;
      const tiles = this.#chains.get(id, "run_tiles").rows;
      const rows = this.#prepare("SELECT * FROM wear WHERE run = ? AND newest_turn = ? ORDER BY place").all(
        id,
        turns,
      ) as unknown as (KeptWear & { sum: number | null })[];
      const worn = rows
        .filter((row) => sumOf(wearValuesOf(row)) === row.sum)
        .map(wearOfRow)
        .filter((tile) => tile !== undefined);
      if (worn.length > 0 && worn.length === tiles) return worn;
      // Of a run that was deleted there are no turns to make it of.
      if (this.#anyRow(run).outcome !== deletedOutcome || tiles === 0) return undefined;
      throw damaged(this.file, `the wear of run ${run}, which was deleted, is not as it was kept`, { run });
    });
  }

  rowCounts(run: RunId): Promise<RowCounts> {
    return this.#do(() => ({
      turns: this.#chainOf(run, "turns").rows,
      sweeps: this.#chainOf(run, "sweeps").rows,
    }));
  }

  keepFigures(run: RunId, { turns, sweeps }: RowCounts, figures: ListedFigures): Promise<void> {
    return this.#do(() => {
      const values = [this.#rowOf(run), turns, sweeps, JSON.stringify(figures)];
      this.#prepare(
        "INSERT OR REPLACE INTO figures (run, turns, sweeps, figures, sum) VALUES (?, ?, ?, ?, ?)",
      ).run(...values, sumOf(values));
    });
  }

  /** Made of turns and sweeps, so a row that is damaged is no loss. */
  keptFigures(run: RunId): Promise<ListedFigures | undefined> {
    return this.#do(() => {
      const id = this.#rowOf(run);
      const row = this.#prepare("SELECT turns, sweeps, figures, sum FROM figures WHERE run = ?").get(id) as
        { turns: number; sweeps: number; figures: string; sum: number } | undefined;
      if (row === undefined) return undefined;
      const { turns, sweeps, figures, sum } = row;
      const isRight =
        sumOf([id, turns, sweeps, figures]) === sum &&
        turns === this.#chainOf(run, "turns").rows &&
        sweeps === this.#chainOf(run, "sweeps").rows;
      return isRight ? (JSON.parse(figures) as ListedFigures) : undefined;
    });
  }

  forLists(): Promise<ListReader> {
    return Promise.resolve(this);
  }

  stamp(): Promise<string> {
    return this.#do(() => {
      // The first counts the commits of others, the second the rows that this connection wrote.
      const { data_version: others } = this.#prepare("PRAGMA data_version").get() as { data_version: number };
      const { own } = this.#prepare("SELECT total_changes() AS own").get() as { own: number };
      return `${others} ${own}`;
    });
  }

  setWatch(run: RunId, settings: WatchSettings): Promise<void> {
    return this.#do(() => {
      const values = [this.#row(run).id, JSON.stringify(settings)] as const;
      this.#together(() => {
        this.#refuseSealed(run);
        this.#prepare("INSERT OR REPLACE INTO watches (run, settings) VALUES (?, ?)").run(...values);
        this.#chains.set(values[0], "watches", { ...emptyChain, rows: 1, last: sumOf(values) });
      });
    });
  }

  watch(run: RunId): Promise<WatchSettings | undefined> {
    return this.#do(() => {
      const id = this.#rowOf(run);
      const row = this.#prepare("SELECT settings FROM watches WHERE run = ?").get(id) as
        { settings: string } | undefined;
      const { rows, unchecked, last } = this.#chains.get(this.#row(run).id, "watches");
      const isRight =
        row === undefined
          ? rows === 0
          : rows === 1 && (unchecked === 1 || sumOf([id, row.settings]) === last);
      if (!isRight) throw damaged(this.file, `the watch of run ${run} has another checksum`, { run });
      return row && this.#of(run, "its watch", () => watchOf(row.settings));
    });
  }

  setRequest(run: RunId, request: RunRequest | undefined): Promise<void> {
    return this.#do(() => {
      this.mustBeWritable();
      const id = this.#rowOf(run);
      if (request === undefined) this.#prepare("DELETE FROM wishes WHERE run = ?").run(id);
      else
        this.#prepare("INSERT OR REPLACE INTO wishes (run, wish, sum) VALUES (?, ?, ?)").run(
          id,
          request,
          requestSumOf(id, request),
        );
    });
  }

  request(run: RunId): Promise<RunRequest | undefined> {
    return this.#do(() => {
      const id = this.#rowOf(run);
      const row = this.#prepare("SELECT wish, sum FROM wishes WHERE run = ?").get(id) as
        { wish: string; sum: number | null } | undefined;
      if (row === undefined) return undefined;
      if (isRequest(row.wish) && requestSumOf(id, row.wish) === row.sum) return row.wish;
      throw damaged(this.file, `what is asked of run ${run} has another checksum`, { run });
    });
  }

  markClock(mark: ClockMark): Promise<void> {
    return this.#do(() => this.#together(() => this.#ofChips.markClock(mark)));
  }

  newestMark(chip: ChipKey): Promise<ClockMark | undefined> {
    return this.#do(() => this.#ofChips.newestMark(chip));
  }

  close(): Promise<void> {
    return this.#do(() => {
      this.#closeLog();
      this.#prepared.clear();
      this.#idle.clear();
      this.#database.close();
      this.#copy?.remove();
    });
  }

  /** Whether the file that stands at its path is open here. */
  get isOpen(): boolean {
    return this.#database.isOpen && this.#files.isThere;
  }

  /** Whether it may only be read: what is open is a copy, as it was then. */
  get readOnly(): boolean {
    return this.#copy !== undefined;
  }

  /** Throws `workspace-failed` where it may only be read. */
  mustBeWritable(): void {
    if (this.#copy !== undefined) throw readOnly(this.file);
  }

  /**
   * The id by which a server knows the workspace again, and whether its checksum says that it is as it was drawn. Throws
   * `workspace-failed` where it is another, or there is not one.
   */
  workspaceId(): Promise<{ readonly id: string; readonly isChecked: boolean }> {
    return this.#do(() => {
      const chain = this.#chains.get(ofWorkspace, "identity");
      const failed = (_: number, what: string): MhoError =>
        damaged(this.file, `the id of the workspace: ${what}`);
      const reader = new ChainReader(chain, 0, 0, failed);
      const rows = this.#prepare("SELECT * FROM identity").all() as SummedRow[];
      for (const row of rows) reader.take(valuesOf("identity", row), row.sum);
      reader.end();
      const { id } = (rows[0] ?? {}) as { readonly id?: string };
      if (rows.length !== 1 || typeof id !== "string") throw failed(0, `there are ${rows.length} of them`);
      return { id, isChecked: chain.unchecked === 0 };
    });
  }

  jobs(): Promise<JobList> {
    return this.#do(() => this.#atOneMoment(() => this.#jobs.list()));
  }

  changeJobs(decide: (jobs: JobList) => readonly JobChange[]): Promise<JobList> {
    return this.#do(() => {
      try {
        return this.#together(() => {
          this.#files.refuseRemoved();
          this.#jobs.append(decide(this.#jobs.list()));
          return this.#jobs.list();
        });
      } catch (error) {
        this.#jobs.forget();
        throw error;
      }
    });
  }

  /** What SQLite itself finds wrong with the file; at most a hundred faults. */
  faultsOfFile(): Promise<string[]> {
    return this.#do(() => this.#faults(100));
  }

  #faults(most: number): string[] {
    const rows = this.#database.prepare(`PRAGMA integrity_check(${most})`).all() as {
      integrity_check: string;
    }[];
    return rows.map((row) => row.integrity_check).filter((text) => text !== "ok");
  }

  /**
   * Deletes what a run measured. Its row, its labels and what it did to its devices stay, so that no budget and no ticket forgets it.
   * Its wear must be kept (`keepWear`) before. Throws `bad-argument` for a run that is running or not archived.
   */
  deleteRun(run: RunId, change: LabelChange): Promise<void> {
    return this.#do(() => {
      this.#together(() => {
        const row = this.#row(run);
        const { id } = row;
        const turns = this.#chains.get(id, "turns").rows;
        const worn = this.#prepare("SELECT count(*) AS rows FROM wear WHERE run = ? AND newest_turn = ?").get(
          id,
          turns,
        );
        assert(
          (worn as { rows: number }).rows === this.#chains.get(id, "run_tiles").rows,
          "the wear of a run is kept before the run is deleted",
        );
        for (const table of [
          "run_tiles",
          "turns",
          "sweeps",
          "notes",
          "forecasts",
          "watches",
          "wishes",
          "figures",
        ])
          this.#prepare(`DELETE FROM ${table} WHERE run = ?`).run(id);
        // Those of tiles and turns stay: they say how much wear there must be, and tell the newest ticket.
        for (const of of ["sweeps", "notes", "forecasts", "watches"]) this.#chains.set(id, of, emptyChain);
        this.#chains.append("labels", [id, JSON.stringify(change)], id);
        this.#setRow({ ...row, outcome: deletedOutcome });
      });
      this.#shapes.delete(run);
      this.#emptyLog();
    });
  }

  /** Gives the room of what was deleted back to the disk, where no other program is reading. */
  compact(): Promise<void> {
    return this.#do(() => {
      try {
        this.#database.exec("VACUUM");
      } catch {
        // The room is used by what is written next.
      }
      this.#emptyLog();
    });
  }

  /** For packs, which move rows as they are. */
  get raw(): RawWorkspace {
    return {
      prepare: (sql) => this.#prepare(sql),
      chains: this.#chains,
      row: (run) => this.#anyRow(run),
      rows: (table, run, skip = 0) =>
        table === "turns" || table === "sweeps"
          ? this.#each(table, run, skip, (row) => row)
          : this.#rowsOf(table, table === "run_tiles" ? "place" : "id", run, (row) => row).slice(skip),
      all: () => {
        this.#list();
        return this.#begun.map(({ id }) => id);
      },
      inOneCommit: (work) => this.#inOneLongCommit(work),
    };
  }

  async #inOneLongCommit<T>(work: () => Promise<T>): Promise<T> {
    this.mustBeWritable();
    const db = this.#database;
    guarded(this.file, () => db.exec("BEGIN IMMEDIATE"));
    try {
      const done = await work();
      guarded(this.file, () => db.exec("COMMIT"));
      this.#emptyLog();
      return done;
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    } finally {
      // Of rows that were taken back, nothing may be remembered.
      this.#begun.length = 0;
      this.#lastBegun = 0;
      this.#listed = undefined;
      this.#shapes.clear();
    }
  }

  /** Whether what a run measured was deleted. */
  wasDeleted(run: RunId): Promise<boolean> {
    return this.#do(() => this.#anyRow(run).outcome === deletedOutcome);
  }

  /** Every number that a run has, also where the list of them is damaged. */
  runNames(): Promise<RunId[]> {
    return this.#do(() => {
      const rows = this.#prepare("SELECT id FROM runs NOT INDEXED ORDER BY id").all() as { id: number }[];
      return rows.map(({ id }) => `r${id}`);
    });
  }

  /** How many rows of a run an older layout wrote: nothing tells whether they are as they were written. */
  uncheckedRows(run: RunId): Promise<number> {
    return this.#do(() => {
      const { id, sum } = this.#anyRow(run);
      return chainsOfRun.reduce(
        (rows, of) => rows + this.#chains.get(id, of).unchecked,
        sum === null ? 1 : 0,
      );
    });
  }

  /** Row by row: a run may be larger than memory, and damage may stand behind any of them. */
  async *#each<T>(
    table: "turns" | "sweeps",
    run: RunId,
    skip: number,
    of: (row: SummedRow, shape: Shape) => T,
  ): AsyncIterable<T> {
    const reader = await this.#do(() => this.#readerOf(table, run, skip));
    const shape = await this.#shapeOf(run);
    const sql = `SELECT * FROM ${table} WHERE run = ? ORDER BY id LIMIT -1 OFFSET ?`;
    // A statement has one set of rows at a time, and others may read the same table meanwhile.
    const idle = this.#idle.get(sql) ?? [];
    this.#idle.set(sql, idle);
    const statement = idle.pop() ?? (await this.#do(() => this.#database.prepare(sql)));
    this.#reading.add(statement);
    const rows = (statement.iterate(rowOf(run), skip) as Iterable<SummedRow>)[Symbol.iterator]();
    try {
      for (;;) {
        const next = guarded(this.file, () => {
          const { done, value } = rows.next();
          if (done !== true) return reader.take(value, (row) => of(row, shape));
          reader.end();
          return undefined;
        });
        if (next === undefined) break;
        yield next;
      }
      idle.push(statement);
    } finally {
      // Where the reader stops early: rows that are still to come would keep others from emptying the log.
      rows.return?.();
      this.#reading.delete(statement);
    }
  }

  /**
   * The same of some tiles. Rows of others are not read: each row is checked against the checksum of the one before it as that stands, and
   * that there are as many rows as there were. That rows of other tiles are theirs is for `mho check` to say.
   */
  async *#eachOf<T>(
    table: "turns" | "sweeps",
    run: RunId,
    skip: number,
    tiles: ReadonlySet<number>,
    of: (row: SummedRow, shape: Shape) => T,
  ): AsyncIterable<T> {
    const chain = await this.#do(() => this.#chains.get(this.#row(run).id, table));
    const shape = await this.#shapeOf(run);
    const failed = this.#failedRow(table, run);
    // The number of a tile stands before what takes place in a row.
    const rows = (await this.#do(() =>
      this.#prepare(`SELECT id, tile FROM ${table} WHERE run = ? ORDER BY id`).all(rowOf(run)),
    )) as { id: number; tile: number }[];
    if (rows.length < chain.rows) throw failed(rows.length, "it is missing");
    const sumOfRow = (place: number): number => {
      const found = this.#prepare(`SELECT sum FROM ${table} WHERE id = ?`).get(rows[place]!.id);
      return (found as { sum: number | null } | undefined)?.sum ?? 0;
    };
    let before: { readonly place: number; readonly sum: number } | undefined;
    for (let place = skip; place < chain.rows; place++) {
      if (!tiles.has(rows[place]!.tile)) continue;
      const next = await this.#do(() => {
        const row = this.#prepare(`SELECT * FROM ${table} WHERE id = ?`).get(rows[place]!.id) as
          SummedRow | undefined;
        if (row === undefined) throw failed(place, "it is missing");
        const last = place === 0 ? 0 : before?.place === place - 1 ? before.sum : sumOfRow(place - 1);
        new ChainReader(chain, place, last, failed).take(valuesOf(table, row), row.sum);
        before = { place, sum: row.sum ?? 0 };
        try {
          return of(row, shape);
        } catch (error) {
          if (error instanceof DamagedRecord) throw failed(place, error.message);
          throw error;
        }
      });
      yield next;
    }
  }

  #failedRow(table: ChainedTable, run: RunId): (at: number, what: string) => MhoError {
    return (at, what) =>
      damaged(this.file, `row ${at + 1} of the ${named[table]} of run ${run}: ${what}`, { run, row: at + 1 });
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

  /** All rows that a run has in a table. */
  #rowsOf<T>(table: ChainedTable, order: string, run: RunId, of: (row: SummedRow) => T): T[] {
    const reader = this.#readerOf(table, run, 0);
    const rows = this.#prepare(`SELECT * FROM ${table} WHERE run = ? ORDER BY ${order}`).all(rowOf(run));
    const found = (rows as SummedRow[]).map((row) => reader.take(row, of));
    reader.end();
    return found;
  }

  /** Checks rows of a run as they are read, and names the first that is damaged. */
  #readerOf(table: ChainedTable, run: RunId, skip: number): RowReader {
    const { id } = table === "labels" ? this.#anyRow(run) : this.#row(run);
    // Before the first row is read: rows that are appended meanwhile are more than it says, never fewer.
    const chain = this.#chains.get(id, table);
    const before =
      skip === 0
        ? undefined
        : (this.#prepare(`SELECT sum FROM ${table} WHERE run = ? ORDER BY id LIMIT 1 OFFSET ?`).get(
            id,
            skip - 1,
          ) as { sum: number | null } | undefined);
    let place = skip;
    const failed = this.#failedRow(table, run);
    const reader = new ChainReader(chain, skip, before?.sum ?? 0, failed);
    return {
      take: (row, of) => {
        reader.take(valuesOf(table, row), row.sum);
        try {
          place++;
          return of(row);
        } catch (error) {
          if (error instanceof DamagedRecord) throw failed(place - 1, error.message);
          throw error;
        }
      },
      end: () => reader.end(),
    };
  }

  /** Throws `bad-argument` for a run that there is not. */
  #chainOf(run: RunId, of: string): Chain {
    const id = this.#rowOf(run);
    // A run that is there has one, and what its row holds is not asked.
    return this.#chains.find(id, of) ?? this.#chains.get(this.#row(run).id, of);
  }

  /** Reads what a row of the run's holds. */
  #of<T>(run: RunId, what: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof DamagedRecord)
        throw damaged(this.file, `run ${run}, ${what}: ${error.message}`, { run });
      throw error;
    }
  }

  /** What a run begins with and how it stands. Throws `bad-argument` for a run that is not there, or was deleted. */
  #row(run: RunId): RunRow {
    const row = this.#anyRow(run);
    if (row.outcome === deletedOutcome) throw wasDeleted(run);
    return row;
  }

  /** The same, also of a run that was deleted. */
  #anyRow(run: RunId): RunRow {
    const id = this.#rowOf(run);
    const row = this.#prepare("SELECT * FROM runs WHERE id = ?").get(id) as RunRow | undefined;
    if (row === undefined) {
      this.#list();
      if (!this.#begun.some((known) => known.id === run)) throw noRun(run, this.file);
      throw damaged(this.file, `run ${run} is not found where it should stand`, { run });
    }
    // Of a run that an older layout began, this chain says so.
    if (row.sum === null ? this.#chains.find(id, "runs") === undefined : rowSumOf(row) !== row.sum)
      throw damaged(this.file, `what run ${run} began with, or how it ended, has another checksum`, { run });
    return row;
  }

  #change(run: RunId, change: Partial<Pick<RunRow, "outcome" | "chip">>): void {
    this.#together(() => this.#setOutcome(run, change));
  }

  #setOutcome(run: RunId, change: Partial<Pick<RunRow, "outcome" | "chip">>): void {
    const row = { ...this.#row(run), ...change };
    this.#setRow(row);
    this.#prepare("DELETE FROM wishes WHERE run = ?").run(row.id);
  }

  #labelsOf(run: RunId): RunLabels {
    return foldLabels(this.#rowsOf("labels", "id", run, ({ label }) => labelOf(label as string)));
  }

  /** Belongs into the commit that would change the run's journal. */
  #refuseSealed(run: RunId): void {
    if (this.#labelsOf(run).sealed) throw sealed(run);
  }

  #setRow(row: RunRow): void {
    this.#prepare("UPDATE runs SET outcome = ?, chip = ?, sum = ? WHERE id = ?").run(
      row.outcome,
      row.chip,
      row.sum === null ? null : rowSumOf(row),
      row.id,
    );
  }

  /** Takes in the runs that have begun since. All of them are read: an index may miss some. */
  #list(): void {
    const chain = this.#chains.get(ofWorkspace, "runs");
    const failed = (at: number, what: string): MhoError =>
      damaged(this.file, `entry ${at + 1} of the list of runs: ${what}`);
    const reader = new ChainReader(chain, this.#begun.length, this.#lastBegun, failed);
    const known = this.#begun.at(-1);
    const rows = this.#prepare("SELECT * FROM runs NOT INDEXED WHERE id > ? ORDER BY id").all(
      known === undefined ? 0 : rowOf(known.id),
    ) as RunRow[];
    for (const row of rows) {
      const place = this.#begun.length;
      reader.take(begunValuesOf(row), row.begun);
      if (row.sum === null ? place >= chain.unchecked : rowSumOf(row) !== row.sum)
        throw failed(place, `how run r${row.id} ended has another checksum`);
      this.#begun.push(this.#of(`r${row.id}`, "its plan or its chip", () => summaryOf(row)));
      this.#lastBegun = row.begun ?? 0;
    }
    reader.end();
  }

  #runsOfChip({ name, serialNumber }: ChipKey): RunId[] {
    this.#list();
    return this.#begun
      .filter(({ chipName, chipSerialNumber }) => chipName === name && chipSerialNumber === serialNumber)
      .map(({ id }) => id);
  }

  /** Brings what stands in the log into the file: it may be copied alone, while statements keep the log alive. */
  #closeLog(): void {
    try {
      this.#database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch {
      // A full disk, or a reader that has not come to its end: rows are as safe where they are.
    }
  }

  /** Moves the log into the file, so that a copy of the file alone holds all. Others may be reading: then it is done another time. */
  #emptyLog(): void {
    try {
      this.#database.exec("PRAGMA busy_timeout = 200");
      this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // What was to be written is in the log, and nothing is lost.
    } finally {
      this.#database.exec(`PRAGMA busy_timeout = ${this.#lockTimeoutMilliseconds}`);
    }
  }

  /** All of it in one commit, or nothing. */
  #together<T>(work: () => T): T {
    this.mustBeWritable();
    return this.#inOneCommit(work);
  }

  /** Reads of several tables that belong together. */
  #atOneMoment<T>(read: () => T): T {
    const db = this.#database;
    if (db.isTransaction) return read();
    db.exec("BEGIN");
    try {
      return read();
    } finally {
      if (db.isTransaction) db.exec("COMMIT");
    }
  }

  #inOneCommit<T>(work: () => T): T {
    const db = this.#database;
    db.exec("BEGIN IMMEDIATE");
    try {
      const done = work();
      db.exec("COMMIT");
      return done;
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }

  /** Once: what is done every turn, or for thousands of runs, need not be understood anew each time. */
  #prepare(sql: string): StatementSyncInstance {
    const known = this.#prepared.get(sql) ?? this.#database.prepare(sql);
    this.#prepared.set(sql, known);
    return known;
  }

  #rowOf(run: RunId): number {
    return numberIn(run, this.file);
  }

  #do<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => resolve(guarded(this.file, work)));
  }
}

/** Rows as they are, with their checksums checked and kept. */
export interface RawWorkspace {
  prepare(sql: string): StatementSyncInstance;
  readonly chains: Chains;
  /** Also of a run that was deleted. */
  row(run: RunId): RunRow;
  /** All of a run in a table, each checked as it is read; the first `skip` of them left out. */
  rows(table: RunTable, run: RunId, skip?: number): AsyncIterable<SummedRow> | Iterable<SummedRow>;
  /** Every run, the oldest first; deleted ones too. */
  all(): readonly RunId[];
  /** All that is written meanwhile, or nothing; no other work on this workspace may go on beside it. */
  inOneCommit<T>(work: () => Promise<T>): Promise<T>;
}

/** Reads rows of one table of one run, in their order. */
interface RowReader {
  take<T>(row: SummedRow, of: (row: SummedRow) => T): T;
  /** Throws where rows are missing at the end. */
  end(): void;
}

function rowOf(run: RunId): number {
  return Number(run.slice(1));
}
