import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from "@photostructure/sqlite";
import { makeFolder } from "../files/folder.ts";
import type { ChipDocument } from "../src/chip/description.ts";
import type { ChipIdentity, ChipKey } from "../src/chip/driver.ts";
import { MhoError } from "../src/errors.ts";
import type {
  ClockMark,
  RunNote,
  SweepRecord,
  TileWear,
  TurnRecord,
  WatchSettings,
} from "../src/run/journal.ts";
import { type RunPlan, usualPulsesPerDevice } from "../src/run/plan.ts";
import type { RunId, RunOutcome, RunRequest, RunStore, RunSummary, RunWear } from "../src/run/store.ts";
import { fromBlob, toBlob } from "./blobs.ts";
import { guarded, workspaceFailed } from "./failure.ts";
import {
  blockOf,
  cellsOf,
  type Circumstances,
  identityOf,
  mustBe,
  noteOf,
  settingsOf,
  watchOf,
} from "./records.ts";
import { joined, sweepOf, turnOf, withoutCodes } from "./rows.ts";
import { migrate } from "./schema.ts";
import { wearOfRow, type WearRow, wearRowOf } from "./wearRows.ts";

/**
 * Opens the workspace in a folder, creating both when they are missing: one SQLite file in WAL mode with full
 * synchronisation, which other programs may read while a run is on.
 *
 * @param lockTimeoutMilliseconds  how long to wait for another program that holds it locked.
 */
export async function openWorkspace(folder: string, lockTimeoutMilliseconds = 5000): Promise<Workspace> {
  const file = join(folder, "workspace.db");
  try {
    await makeFolder(folder);
  } catch (error) {
    throw workspaceFailed(folder, error);
  }
  return guarded(file, () => {
    // SQLite takes what is shorter than its first page for nothing, and writes over it.
    const length = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    mustBe(length === 0 || length >= smallestDatabaseBytes, "a database");
    const database = new DatabaseSync(file, { timeout: lockTimeoutMilliseconds });
    migrate(database, file);
    return new Workspace(database, file);
  });
}

const smallestDatabaseBytes = 512;

/** The runs of a workspace, on SQLite. */
export class Workspace implements RunStore {
  readonly file: string;
  readonly #database: DatabaseSyncInstance;
  /** The file as it was opened: SQLite goes on writing into one that was removed. */
  readonly #opened: string | undefined;
  /** A statement's rows do not keep it alive; were it collected under them, the process would end with it. */
  readonly #reading = new Set<StatementSyncInstance>();
  readonly #prepared = new Map<string, StatementSyncInstance>();
  readonly #idle = new Map<string, StatementSyncInstance[]>();
  /** What a run begins with never changes; only how it stands does. */
  readonly #begun: Omit<RunSummary, "outcome">[] = [];
  #listed: { readonly outcomes: string; readonly runs: readonly RunSummary[] } | undefined;

  constructor(database: DatabaseSyncInstance, file: string) {
    this.#database = database;
    this.file = file;
    this.#opened = fileNow(file);
  }

  beginRun(
    plan: RunPlan,
    identity: ChipIdentity,
    startedAt: string,
    description?: ChipDocument,
  ): Promise<RunId> {
    return this.#do(() => {
      const { tiles, ...settings } = plan;
      return this.#together(() => {
        if (description !== undefined) {
          this.#prepare("INSERT OR IGNORE INTO chip_descriptions (sha256, text) VALUES (?, ?)").run(
            description.sha256,
            description.text,
          );
        }
        const { lastInsertRowid } = this.#prepare(
          `INSERT INTO runs (chip_serial_number, chip, plan, started_at, description, outcome)
             VALUES (?, ?, ?, ?, ?, 'running')`,
        ).run(
          identity.serialNumber,
          JSON.stringify(identity),
          JSON.stringify(settings),
          startedAt,
          description?.sha256 ?? null,
        );
        const insert = this.#prepare(
          "INSERT INTO run_tiles (run, place, block, targets, cells, wanted) VALUES (?, ?, ?, ?, ?, ?)",
        );
        tiles.forEach(({ block, targetsMicrosiemens, cells }, place) => {
          const { wantedMicrosiemens, ...layout } = cells ?? {};
          insert.run(
            lastInsertRowid,
            place,
            JSON.stringify(block),
            toBlob(targetsMicrosiemens),
            cells === undefined ? null : JSON.stringify(layout),
            wantedMicrosiemens === undefined ? null : toBlob(wantedMicrosiemens),
          );
        });
        return `r${lastInsertRowid}`;
      });
    });
  }

  appendTurn(run: RunId, turn: TurnRecord): Promise<void> {
    return this.#do(() => {
      // What is about to fire must be found again by the next process.
      if (fileNow(this.file) !== this.#opened) throw removed(this.file);
      this.#prepare(
        `INSERT INTO turns (run, tile, turn, devices, conductance_microsiemens, verdicts, codes, first_ticket,
                            newest_ticket, fired_row_times_microseconds, row_fates, orders, pulses_given,
                            inside, decided_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(
        this.#rowOf(run),
        turn.tile,
        turn.turn,
        toBlob(turn.devices),
        toBlob(turn.conductanceMicrosiemens),
        toBlob(turn.verdicts),
        toBlob(joined(turn.orders.map(({ codes }) => codes))),
        turn.firstTicket,
        turn.newestTicket,
        toBlob(turn.fired.rowTimesMicroseconds),
        toBlob(turn.fired.fates),
        JSON.stringify(turn.orders.map(withoutCodes)),
        toBlob(turn.fired.pulsesGiven ?? new Uint8Array(0)),
        turn.inside,
        turn.decidedAt,
      );
    });
  }

  appendSweep(run: RunId, sweep: SweepRecord): Promise<void> {
    return this.#do(() => {
      const { converter, takenAt, boot, environment } = sweep;
      this.#prepare(
        `INSERT INTO sweeps (run, tile, time_seconds, averages, row_times_microseconds, conductance_microsiemens,
                             flags, codes, reference_codes, circumstances)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(
        this.#rowOf(run),
        sweep.tile,
        sweep.timeSeconds,
        sweep.averages,
        toBlob(sweep.rowTimesMicroseconds),
        // µS and flags of codes follow from them.
        sweep.codes === undefined ? toBlob(sweep.conductanceMicrosiemens) : nothing,
        sweep.codes === undefined ? toBlob(sweep.flags) : nothing,
        sweep.codes === undefined ? nothing : toBlob(sweep.codes),
        sweep.referenceCodes === undefined ? nothing : toBlob(sweep.referenceCodes),
        JSON.stringify({ converter, takenAt, boot, environment } satisfies Circumstances),
      );
    });
  }

  appendNote(run: RunId, note: RunNote): Promise<void> {
    return this.#do(() => {
      const { notedAt, ...rest } = note;
      this.#prepare("INSERT INTO notes (run, noted_at, note) VALUES (?, ?, ?)").run(
        this.#rowOf(run),
        notedAt,
        JSON.stringify(rest),
      );
    });
  }

  notes(run: RunId): Promise<RunNote[]> {
    return this.#do(() =>
      (
        this.#prepare("SELECT noted_at, note FROM notes WHERE run = ? ORDER BY id").all(this.#rowOf(run)) as {
          noted_at: string;
          note: string;
        }[]
      ).map(({ noted_at: notedAt, note }) => ({
        notedAt,
        ...noteOf(note),
      })),
    );
  }

  description(run: RunId): Promise<ChipDocument | undefined> {
    return this.#do(() => {
      const row = this.#prepare(
        `SELECT sha256, text FROM runs LEFT JOIN chip_descriptions ON sha256 = runs.description WHERE runs.id = ?`,
      ).get(this.#rowOf(run)) as { sha256: string | null; text: string | null } | undefined;
      if (row === undefined) throw this.#noRun(run);
      const { sha256, text } = row;
      return sha256 === null || text === null ? undefined : { sha256, text };
    });
  }

  identity(run: RunId): Promise<ChipIdentity> {
    return this.#do(() => {
      const row = this.#prepare("SELECT chip FROM runs WHERE id = ?").get(this.#rowOf(run)) as
        { chip: string } | undefined;
      if (row === undefined) throw this.#noRun(run);
      return identityOf(row.chip);
    });
  }

  reopenRun(run: RunId, identity: ChipIdentity): Promise<void> {
    return this.#do(() => {
      this.#prepare("UPDATE runs SET outcome = 'running', chip = ? WHERE id = ?").run(
        JSON.stringify(identity),
        this.#rowOf(run),
      );
      this.#prepare("DELETE FROM wishes WHERE run = ?").run(this.#rowOf(run));
    });
  }

  endRun(run: RunId, outcome: RunOutcome): Promise<void> {
    return this.#do(() => {
      this.#prepare("UPDATE runs SET outcome = ? WHERE id = ?").run(outcome, this.#rowOf(run));
      this.#prepare("DELETE FROM wishes WHERE run = ?").run(this.#rowOf(run));
    });
  }

  newestTicket({ name, serialNumber }: ChipKey): Promise<number> {
    return this.#do(() => {
      const row = this.#prepare(
        `SELECT max(newest) AS newest FROM (
           SELECT max((SELECT max(newest_ticket) FROM turns WHERE run = runs.id)) AS newest FROM runs
           WHERE chip_serial_number = ?1 AND json_extract(chip, '$.name') = ?2
           UNION ALL
           SELECT max(ticket) FROM foreign_tickets WHERE chip_serial_number = ?1 AND chip_name = ?2
         )`,
      ).get(serialNumber, name) as { newest: number | null };
      return row.newest ?? 0;
    });
  }

  bookForeignTicket({ name, serialNumber }: ChipKey, ticket: number): Promise<void> {
    return this.#do(() => {
      this.#prepare(
        "INSERT INTO foreign_tickets (chip_name, chip_serial_number, ticket) VALUES (?, ?, ?)",
      ).run(name, serialNumber, ticket);
    });
  }

  runs(): Promise<readonly RunSummary[]> {
    return this.#do(() => {
      const outcomes = this.#prepare(
        "SELECT outcome, group_concat(id) AS ids FROM runs GROUP BY outcome ORDER BY outcome",
      ).all() as { outcome: RunSummary["outcome"]; ids: string }[];
      const standing = JSON.stringify(outcomes);
      if (this.#listed?.outcomes === standing) return this.#listed.runs;
      const known = this.#begun.at(-1);
      const rows = this.#prepare(`${summaries} WHERE id > ? ORDER BY id`).all(
        known === undefined ? 0 : rowOf(known.id),
      ) as RunRow[];
      for (const row of rows) this.#begun.push(summaryOf(row));
      const outcomeOf = new Map<string, RunSummary["outcome"]>();
      for (const { outcome, ids } of outcomes)
        for (const id of ids.split(",")) outcomeOf.set(`r${id}`, outcome);
      const runs = this.#begun.map((begun) => ({ ...begun, outcome: outcomeOf.get(begun.id)! }));
      this.#listed = { outcomes: standing, runs };
      return runs;
    });
  }

  runsOfChip({ name, serialNumber }: ChipKey): Promise<readonly RunId[]> {
    return this.#do(() => {
      const rows = this.#prepare(
        "SELECT id FROM runs WHERE chip_serial_number = ? AND json_extract(chip, '$.name') = ? ORDER BY id",
      ).all(serialNumber, name) as { id: number }[];
      return rows.map(({ id }) => `r${id}`);
    });
  }

  summary(run: RunId): Promise<RunSummary> {
    return this.#do(() => {
      const row = this.#prepare(`${summaries} WHERE id = ?`).get(this.#rowOf(run)) as RunRow | undefined;
      if (row === undefined) throw this.#noRun(run);
      return summaryOf(row);
    });
  }

  plan(run: RunId): Promise<RunPlan> {
    return this.#do(() => {
      const row = this.#prepare("SELECT plan FROM runs WHERE id = ?").get(this.#rowOf(run)) as
        { plan: string } | undefined;
      if (row === undefined) throw this.#noRun(run);
      const tiles = this.#prepare(
        "SELECT block, targets, cells, wanted FROM run_tiles WHERE run = ? ORDER BY place",
      ).all(this.#rowOf(run)) as TileRow[];
      return {
        pulsesPerDevice: usualPulsesPerDevice,
        ...settingsOf(row.plan),
        tiles: tiles.map((tile) => ({
          block: blockOf(tile.block, tile.targets.length / Float32Array.BYTES_PER_ELEMENT),
          targetsMicrosiemens: fromBlob(tile.targets, Float32Array),
          ...(tile.cells === null || tile.wanted === null
            ? {}
            : {
                cells: {
                  ...cellsOf(tile.cells),
                  wantedMicrosiemens: fromBlob(tile.wanted, Float32Array),
                },
              }),
        })),
      };
    });
  }

  turns(run: RunId, skip = 0): AsyncIterable<TurnRecord> {
    return this.#each("SELECT * FROM turns WHERE run = ? ORDER BY id LIMIT -1 OFFSET ?", run, skip, turnOf);
  }

  sweeps(run: RunId, skip = 0): AsyncIterable<SweepRecord> {
    return this.#each("SELECT * FROM sweeps WHERE run = ? ORDER BY id LIMIT -1 OFFSET ?", run, skip, sweepOf);
  }

  newestTurn(run: RunId): Promise<number> {
    return this.#do(() => {
      const row = this.#prepare("SELECT max(id) AS newest FROM turns WHERE run = ?").get(
        this.#rowOf(run),
      ) as {
        newest: number | null;
      };
      return row.newest ?? 0;
    });
  }

  keepWear(worn: readonly RunWear[]): Promise<void> {
    return this.#do(() => {
      const insert = this.#prepare(
        `INSERT OR REPLACE INTO wear (run, place, newest_turn, block, pulses, uncertain_pulses, pulsed_at_microseconds)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      );
      this.#together(() => {
        for (const { run, newestTurn, tiles } of worn) {
          tiles.forEach((tile, place) => {
            const { block, pulses, uncertain_pulses, pulsed_at_microseconds } = wearRowOf(tile);
            const row = [this.#rowOf(run), place, newestTurn, block] as const;
            insert.run(...row, pulses, uncertain_pulses, pulsed_at_microseconds);
          });
        }
      });
    });
  }

  keptWear(run: RunId): Promise<readonly TileWear[] | undefined> {
    return this.#do(() => {
      const id = this.#rowOf(run);
      const rows = this.#prepare(
        `SELECT block, pulses, uncertain_pulses, pulsed_at_microseconds,
                (SELECT count(*) FROM run_tiles WHERE run = ?1) AS tiles
         FROM wear WHERE run = ?1 AND newest_turn = (SELECT coalesce(max(id), 0) FROM turns WHERE run = ?1)
         ORDER BY place`,
      ).all(id) as unknown as (WearRow & { tiles: number })[];
      const worn = rows.map(wearOfRow).filter((tile) => tile !== undefined);
      return worn.length > 0 && worn.length === rows[0]?.tiles ? worn : undefined;
    });
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
      this.#prepare("INSERT OR REPLACE INTO watches (run, settings) VALUES (?, ?)").run(
        this.#rowOf(run),
        JSON.stringify(settings),
      );
    });
  }

  watch(run: RunId): Promise<WatchSettings | undefined> {
    return this.#do(() => {
      const row = this.#prepare("SELECT settings FROM watches WHERE run = ?").get(this.#rowOf(run)) as
        { settings: string } | undefined;
      return row && watchOf(row.settings);
    });
  }

  setRequest(run: RunId, request: RunRequest | undefined): Promise<void> {
    return this.#do(() => {
      if (request === undefined) this.#prepare("DELETE FROM wishes WHERE run = ?").run(this.#rowOf(run));
      else
        this.#prepare("INSERT OR REPLACE INTO wishes (run, wish) VALUES (?, ?)").run(
          this.#rowOf(run),
          request,
        );
    });
  }

  request(run: RunId): Promise<RunRequest | undefined> {
    return this.#do(() => {
      const row = this.#prepare("SELECT wish FROM wishes WHERE run = ?").get(this.#rowOf(run)) as
        { wish: RunRequest } | undefined;
      return row?.wish;
    });
  }

  markClock(mark: ClockMark): Promise<void> {
    return this.#do(() => {
      this.#prepare(
        `INSERT INTO clock_marks (chip_name, chip_serial_number, boot, chip_time_microseconds, offset_microseconds,
                                  marked_at)
         VALUES (?, ?, ?, ?, ?, ?)`,
      ).run(
        mark.chipName,
        mark.chipSerialNumber,
        mark.boot,
        mark.chipTimeMicroseconds,
        mark.offsetMicroseconds,
        mark.markedAt,
      );
    });
  }

  newestMark({ name, serialNumber }: ChipKey): Promise<ClockMark | undefined> {
    return this.#do(() => {
      const row = this.#prepare(
        `SELECT chip_serial_number AS chipSerialNumber, boot, chip_time_microseconds AS chipTimeMicroseconds,
                  offset_microseconds AS offsetMicroseconds, marked_at AS markedAt
           FROM clock_marks WHERE chip_serial_number = ? AND chip_name IN (?, '') ORDER BY id DESC LIMIT 1`,
      ).get(serialNumber, name) as Omit<ClockMark, "chipName"> | undefined;
      return row && { chipName: name, ...row };
    });
  }

  close(): Promise<void> {
    return this.#do(() => {
      this.#checkpoint();
      this.#prepared.clear();
      this.#idle.clear();
      this.#database.close();
    });
  }

  /** Brings what stands in the second file, -wal, into the first: it may be copied alone, while statements keep the other alive. */
  #checkpoint(): void {
    try {
      this.#database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch {
      // A full disk, or a reader that has not come to its end: rows are as safe where they are.
    }
  }

  /** Row by row: a run may be larger than memory, and damage may stand behind any of them. */
  async *#each<Row, T>(sql: string, run: RunId, skip: number, of: (row: Row) => T): AsyncIterable<T> {
    const id = await this.#do(() => this.#rowOf(run));
    // A statement has one set of rows at a time, and others may read the same table meanwhile.
    const idle = this.#idle.get(sql) ?? [];
    this.#idle.set(sql, idle);
    const statement = idle.pop() ?? (await this.#do(() => this.#database.prepare(sql)));
    this.#reading.add(statement);
    try {
      const rows = (statement.iterate(id, skip) as Iterable<Row>)[Symbol.iterator]();
      for (;;) {
        const next = guarded(this.file, () => {
          const { done, value } = rows.next();
          return done === true ? undefined : of(value);
        });
        if (next === undefined) break;
        yield next;
      }
      idle.push(statement);
    } finally {
      this.#reading.delete(statement);
    }
  }

  #noRun(run: RunId): MhoError {
    return new MhoError("bad-argument", `There is no run ${run} in ${this.file}. mho show lists the runs.`, {
      run,
    });
  }

  /** All of it in one commit, or nothing. */
  #together<T>(work: () => T): T {
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

  /** Throws `bad-argument` for what is no name of a run, such as r1e0 or x1. */
  #rowOf(run: RunId): number {
    if (/^r[1-9]\d{0,14}$/.test(run)) return rowOf(run);
    throw this.#noRun(run);
  }

  #do<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => resolve(guarded(this.file, work)));
  }
}

const nothing = new Uint8Array(0);

/** Which file stands at a path: its device and its number there; undefined where none does. */
function fileNow(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev} ${found.ino}`;
}

function removed(file: string): MhoError {
  return new MhoError(
    "workspace-failed",
    `The workspace ${file} was removed or replaced while it was in use. Nothing more is fired. ` +
      "Put its folder back where it was, or begin a new run in another --workspace.",
    { file },
  );
}

interface TileRow {
  block: string;
  targets: Uint8Array;
  cells: string | null;
  wanted: Uint8Array | null;
}

function rowOf(run: RunId): number {
  return Number(run.slice(1));
}

const summaries = `SELECT id, plan, json_extract(chip, '$.name') AS chip_name, chip_serial_number, started_at, outcome
  FROM runs`;

function summaryOf(row: RunRow): RunSummary {
  return {
    id: `r${row.id}`,
    title: settingsOf(row.plan).title,
    chipName: row.chip_name,
    chipSerialNumber: row.chip_serial_number,
    startedAt: row.started_at,
    outcome: row.outcome,
  };
}

interface RunRow {
  id: number;
  plan: string;
  chip_name: string;
  chip_serial_number: string;
  started_at: string;
  outcome: RunSummary["outcome"];
}
