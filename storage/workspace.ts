import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from "@photostructure/sqlite";
import { makeFolder } from "../files/folder.ts";
import type { ChipDocument } from "../src/chip/description.ts";
import type { ChipIdentity, ChipKey } from "../src/chip/driver.ts";
import { MhoError } from "../src/errors.ts";
import type { ClockMark, RunNote, SweepRecord, TurnRecord, WatchSettings } from "../src/run/journal.ts";
import { type RunPlan, usualPulsesPerDevice } from "../src/run/plan.ts";
import type { RunId, RunOutcome, RunStore, RunSummary, RunRequest } from "../src/run/store.ts";
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
    return this.#do((db) => {
      const { tiles, ...settings } = plan;
      db.exec("BEGIN IMMEDIATE");
      try {
        if (description !== undefined) {
          db.prepare("INSERT OR IGNORE INTO chip_descriptions (sha256, text) VALUES (?, ?)").run(
            description.sha256,
            description.text,
          );
        }
        const { lastInsertRowid } = db
          .prepare(
            `INSERT INTO runs (chip_serial_number, chip, plan, started_at, description, outcome)
             VALUES (?, ?, ?, ?, ?, 'running')`,
          )
          .run(
            identity.serialNumber,
            JSON.stringify(identity),
            JSON.stringify(settings),
            startedAt,
            description?.sha256 ?? null,
          );
        const insert = db.prepare(
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
        db.exec("COMMIT");
        return `r${lastInsertRowid}`;
      } catch (error) {
        if (db.isTransaction) db.exec("ROLLBACK");
        throw error;
      }
    });
  }

  appendTurn(run: RunId, turn: TurnRecord): Promise<void> {
    return this.#do((db) => {
      // What is about to fire must be found again by the next process.
      if (fileNow(this.file) !== this.#opened) throw removed(this.file);
      db.prepare(
        `INSERT INTO turns (run, tile, turn, devices, conductance_microsiemens, verdicts, codes, first_ticket,
                            newest_ticket, fired_row_times_microseconds, row_fates, orders, pulses_given,
                            inside, decided_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(
        rowOf(run),
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
    return this.#do((db) => {
      const { converter, takenAt, boot, environment } = sweep;
      db.prepare(
        `INSERT INTO sweeps (run, tile, time_seconds, averages, row_times_microseconds, conductance_microsiemens,
                             flags, codes, reference_codes, circumstances)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ).run(
        rowOf(run),
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
    return this.#do((db) => {
      const { notedAt, ...rest } = note;
      db.prepare("INSERT INTO notes (run, noted_at, note) VALUES (?, ?, ?)").run(
        rowOf(run),
        notedAt,
        JSON.stringify(rest),
      );
    });
  }

  notes(run: RunId): Promise<RunNote[]> {
    return this.#do((db) =>
      (
        db.prepare("SELECT noted_at, note FROM notes WHERE run = ? ORDER BY id").all(rowOf(run)) as {
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
    return this.#do((db) => {
      const row = db
        .prepare(
          `SELECT sha256, text FROM runs LEFT JOIN chip_descriptions ON sha256 = runs.description WHERE runs.id = ?`,
        )
        .get(rowOf(run)) as { sha256: string | null; text: string | null } | undefined;
      if (row === undefined) throw this.#noRun(run);
      const { sha256, text } = row;
      return sha256 === null || text === null ? undefined : { sha256, text };
    });
  }

  identity(run: RunId): Promise<ChipIdentity> {
    return this.#do((db) => {
      const row = db.prepare("SELECT chip FROM runs WHERE id = ?").get(rowOf(run)) as
        { chip: string } | undefined;
      if (row === undefined) throw this.#noRun(run);
      return identityOf(row.chip);
    });
  }

  reopenRun(run: RunId, identity: ChipIdentity): Promise<void> {
    return this.#do((db) => {
      db.prepare("UPDATE runs SET outcome = 'running', chip = ? WHERE id = ?").run(
        JSON.stringify(identity),
        rowOf(run),
      );
      db.prepare("DELETE FROM wishes WHERE run = ?").run(rowOf(run));
    });
  }

  endRun(run: RunId, outcome: RunOutcome): Promise<void> {
    return this.#do((db) => {
      db.prepare("UPDATE runs SET outcome = ? WHERE id = ?").run(outcome, rowOf(run));
      db.prepare("DELETE FROM wishes WHERE run = ?").run(rowOf(run));
    });
  }

  newestTicket({ name, serialNumber }: ChipKey): Promise<number> {
    return this.#do((db) => {
      const row = db
        .prepare(
          `SELECT max(newest) AS newest FROM (
             SELECT max(newest_ticket) AS newest FROM turns JOIN runs ON runs.id = turns.run
             WHERE runs.chip_serial_number = ?1 AND json_extract(runs.chip, '$.name') = ?2
             UNION ALL
             SELECT max(ticket) FROM foreign_tickets WHERE chip_serial_number = ?1 AND chip_name = ?2
           )`,
        )
        .get(serialNumber, name) as { newest: number | null };
      return row.newest ?? 0;
    });
  }

  bookForeignTicket({ name, serialNumber }: ChipKey, ticket: number): Promise<void> {
    return this.#do((db) => {
      db.prepare("INSERT INTO foreign_tickets (chip_name, chip_serial_number, ticket) VALUES (?, ?, ?)").run(
        name,
        serialNumber,
        ticket,
      );
    });
  }

  runs(): Promise<RunSummary[]> {
    return this.#do((db) =>
      (
        db
          .prepare(
            `SELECT id, plan, json_extract(chip, '$.name') AS chip_name, chip_serial_number, started_at, outcome
             FROM runs ORDER BY id`,
          )
          .all() as RunRow[]
      ).map((row) => ({
        id: `r${row.id}`,
        title: settingsOf(row.plan).title,
        chipName: row.chip_name,
        chipSerialNumber: row.chip_serial_number,
        startedAt: row.started_at,
        outcome: row.outcome,
      })),
    );
  }

  plan(run: RunId): Promise<RunPlan> {
    return this.#do((db) => {
      const row = db.prepare("SELECT plan FROM runs WHERE id = ?").get(rowOf(run)) as
        { plan: string } | undefined;
      if (row === undefined) throw this.#noRun(run);
      const tiles = db
        .prepare("SELECT block, targets, cells, wanted FROM run_tiles WHERE run = ? ORDER BY place")
        .all(rowOf(run)) as TileRow[];
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

  setWatch(run: RunId, settings: WatchSettings): Promise<void> {
    return this.#do((db) => {
      db.prepare("INSERT OR REPLACE INTO watches (run, settings) VALUES (?, ?)").run(
        rowOf(run),
        JSON.stringify(settings),
      );
    });
  }

  watch(run: RunId): Promise<WatchSettings | undefined> {
    return this.#do((db) => {
      const row = db.prepare("SELECT settings FROM watches WHERE run = ?").get(rowOf(run)) as
        { settings: string } | undefined;
      return row && watchOf(row.settings);
    });
  }

  setRequest(run: RunId, request: RunRequest | undefined): Promise<void> {
    return this.#do((db) => {
      if (request === undefined) db.prepare("DELETE FROM wishes WHERE run = ?").run(rowOf(run));
      else db.prepare("INSERT OR REPLACE INTO wishes (run, wish) VALUES (?, ?)").run(rowOf(run), request);
    });
  }

  request(run: RunId): Promise<RunRequest | undefined> {
    return this.#do((db) => {
      const row = db.prepare("SELECT wish FROM wishes WHERE run = ?").get(rowOf(run)) as
        { wish: RunRequest } | undefined;
      return row?.wish;
    });
  }

  markClock(mark: ClockMark): Promise<void> {
    return this.#do((db) => {
      db.prepare(
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
    return this.#do((db) => {
      const row = db
        .prepare(
          `SELECT chip_serial_number AS chipSerialNumber, boot, chip_time_microseconds AS chipTimeMicroseconds,
                  offset_microseconds AS offsetMicroseconds, marked_at AS markedAt
           FROM clock_marks WHERE chip_serial_number = ? AND chip_name IN (?, '') ORDER BY id DESC LIMIT 1`,
        )
        .get(serialNumber, name) as Omit<ClockMark, "chipName"> | undefined;
      return row && { chipName: name, ...row };
    });
  }

  close(): Promise<void> {
    return this.#do((db) => db.close());
  }

  /** Row by row: a run may be larger than memory, and damage may stand behind any of them. */
  async *#each<Row, T>(sql: string, run: RunId, skip: number, of: (row: Row) => T): AsyncIterable<T> {
    const statement = await this.#do((db) => db.prepare(sql));
    this.#reading.add(statement);
    try {
      const rows = (statement.iterate(rowOf(run), skip) as Iterable<Row>)[Symbol.iterator]();
      for (;;) {
        const next = guarded(this.file, () => {
          const { done, value } = rows.next();
          return done === true ? undefined : of(value);
        });
        if (next === undefined) return;
        yield next;
      }
    } finally {
      this.#reading.delete(statement);
    }
  }

  #noRun(run: RunId): MhoError {
    return new MhoError("bad-argument", `There is no run ${run} in ${this.file}. mho show lists the runs.`, {
      run,
    });
  }

  #do<T>(work: (database: DatabaseSyncInstance) => T): Promise<T> {
    return new Promise((resolve) => resolve(guarded(this.file, () => work(this.#database))));
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

interface RunRow {
  id: number;
  plan: string;
  chip_name: string;
  chip_serial_number: string;
  started_at: string;
  outcome: RunSummary["outcome"];
}
