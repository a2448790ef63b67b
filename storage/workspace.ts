import { join } from "node:path";
import { DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";
import { makeFolder } from "../files/folder.ts";
import { convertCodes } from "../src/chip/conversion.ts";
import { type ChipIdentity, rowFates } from "../src/chip/driver.ts";
import { MhoError } from "../src/errors.ts";
import type {
  ClockMark,
  JournalledOrder,
  RunNote,
  SweepRecord,
  TurnRecord,
  WatchSettings,
} from "../src/run/journal.ts";
import type { CellTask } from "../src/program/method.ts";
import { type RunPlan, usualPulsesPerDevice } from "../src/run/plan.ts";
import type { RunId, RunOutcome, RunStore, RunSummary } from "../src/run/store.ts";
import { fromBlob, toBlob } from "./blobs.ts";
import { migrate } from "./schema.ts";

/**
 * Opens the workspace in a folder, creating both when they are missing: one SQLite file in WAL mode with full
 * synchronisation, which other programs may read while a run is on.
 */
export async function openWorkspace(folder: string): Promise<Workspace> {
  const file = join(folder, "workspace.db");
  try {
    await makeFolder(folder);
  } catch (error) {
    throw workspaceFailed(folder, error);
  }
  return guarded(file, () => {
    const database = new DatabaseSync(file, { timeout: lockTimeoutMilliseconds });
    migrate(database, file);
    return new Workspace(database, file);
  });
}

const lockTimeoutMilliseconds = 5000;

/** The runs of a workspace, on SQLite. */
export class Workspace implements RunStore {
  readonly file: string;
  readonly #database: DatabaseSyncInstance;

  constructor(database: DatabaseSyncInstance, file: string) {
    this.#database = database;
    this.file = file;
  }

  beginRun(plan: RunPlan, identity: ChipIdentity, startedAt: string): Promise<RunId> {
    return this.#do((db) => {
      const { tiles, ...settings } = plan;
      db.exec("BEGIN IMMEDIATE");
      try {
        const { lastInsertRowid } = db
          .prepare(
            "INSERT INTO runs (chip_serial_number, chip, plan, started_at, outcome) VALUES (?, ?, ?, ?, 'running')",
          )
          .run(identity.serialNumber, JSON.stringify(identity), JSON.stringify(settings), startedAt);
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
      db.prepare(
        `INSERT INTO turns (run, tile, turn, devices, conductance_microsiemens, verdicts, codes, first_ticket,
                            newest_ticket, fired_row_times_microseconds, row_fates, orders, pulses_given)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
        JSON.stringify(turn.orders.map(settingsOf)),
        toBlob(turn.fired.pulsesGiven ?? new Uint8Array(0)),
      );
    });
  }

  appendSweep(run: RunId, sweep: SweepRecord): Promise<void> {
    return this.#do((db) => {
      const { converter, takenAt, boot, environment } = sweep;
      db.prepare(
        `INSERT INTO sweeps (run, tile, time_seconds, averages, row_times_microseconds, conductance_microsiemens,
                             flags, codes, reference_codes, circumstances)
         VALUES (?, ?, ?, ?, ?, x'', x'', ?, ?, ?)`,
      ).run(
        rowOf(run),
        sweep.tile,
        sweep.timeSeconds,
        sweep.averages,
        toBlob(sweep.rowTimesMicroseconds),
        toBlob(sweep.codes),
        toBlob(sweep.referenceCodes ?? new Uint16Array(0)),
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
        ...(JSON.parse(note) as Omit<RunNote, "notedAt">),
      })),
    );
  }

  identity(run: RunId): Promise<ChipIdentity> {
    return this.#do((db) => {
      const row = db.prepare("SELECT chip FROM runs WHERE id = ?").get(rowOf(run)) as
        { chip: string } | undefined;
      if (row === undefined) throw this.#noRun(run);
      return JSON.parse(row.chip) as ChipIdentity;
    });
  }

  reopenRun(run: RunId, identity: ChipIdentity): Promise<void> {
    return this.#do((db) => {
      db.prepare("UPDATE runs SET outcome = 'running', chip = ? WHERE id = ?").run(
        JSON.stringify(identity),
        rowOf(run),
      );
    });
  }

  endRun(run: RunId, outcome: RunOutcome): Promise<void> {
    return this.#do((db) => {
      db.prepare("UPDATE runs SET outcome = ? WHERE id = ?").run(outcome, rowOf(run));
    });
  }

  newestTicket(chipSerialNumber: string): Promise<number> {
    return this.#do((db) => {
      const row = db
        .prepare(
          `SELECT max(newest_ticket) AS newest FROM turns JOIN runs ON runs.id = turns.run
           WHERE runs.chip_serial_number = ?`,
        )
        .get(chipSerialNumber) as { newest: number | null };
      return row.newest ?? 0;
    });
  }

  runs(): Promise<RunSummary[]> {
    return this.#do((db) =>
      (
        db
          .prepare("SELECT id, plan, chip_serial_number, started_at, outcome FROM runs ORDER BY id")
          .all() as RunRow[]
      ).map((row) => ({
        id: `r${row.id}`,
        title: (JSON.parse(row.plan) as RunPlan).title,
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
        ...(JSON.parse(row.plan) as Omit<RunPlan, "tiles" | "pulsesPerDevice"> & {
          pulsesPerDevice?: number;
        }),
        tiles: tiles.map((tile) => ({
          block: JSON.parse(tile.block) as RunPlan["tiles"][number]["block"],
          targetsMicrosiemens: fromBlob(tile.targets, Float32Array),
          ...(tile.cells === null || tile.wanted === null
            ? {}
            : {
                cells: {
                  ...(JSON.parse(tile.cells) as Omit<CellTask, "wantedMicrosiemens">),
                  wantedMicrosiemens: fromBlob(tile.wanted, Float32Array),
                },
              }),
        })),
      };
    });
  }

  async *turns(run: RunId): AsyncIterable<TurnRecord> {
    const select = await this.#do((db) => db.prepare("SELECT * FROM turns WHERE run = ? ORDER BY id"));
    for (const row of select.iterate(rowOf(run)) as Iterable<TurnRow>) {
      yield {
        tile: row.tile,
        turn: row.turn,
        devices: fromBlob(row.devices, Uint32Array),
        conductanceMicrosiemens: fromBlob(row.conductance_microsiemens, Float32Array),
        verdicts: fromBlob(row.verdicts, Uint8Array),
        orders: ordersOf(row),
        firstTicket: row.first_ticket,
        newestTicket: row.newest_ticket,
        fired: {
          rowTimesMicroseconds: fromBlob(row.fired_row_times_microseconds, Float64Array),
          fates: fatesOf(row),
          ...(row.pulses_given.length > 0 ? { pulsesGiven: fromBlob(row.pulses_given, Uint8Array) } : {}),
        },
      };
    }
  }

  async *sweeps(run: RunId): AsyncIterable<SweepRecord> {
    const select = await this.#do((db) => db.prepare("SELECT * FROM sweeps WHERE run = ? ORDER BY id"));
    for (const row of select.iterate(rowOf(run)) as Iterable<SweepRow>) {
      yield sweepOf(row);
    }
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
      return row && (JSON.parse(row.settings) as WatchSettings);
    });
  }

  markClock(mark: ClockMark): Promise<void> {
    return this.#do((db) => {
      db.prepare(
        `INSERT INTO clock_marks (chip_serial_number, boot, chip_time_microseconds, offset_microseconds, marked_at)
         VALUES (?, ?, ?, ?, ?)`,
      ).run(
        mark.chipSerialNumber,
        mark.boot,
        mark.chipTimeMicroseconds,
        mark.offsetMicroseconds,
        mark.markedAt,
      );
    });
  }

  newestMark(chipSerialNumber: string): Promise<ClockMark | undefined> {
    return this.#do((db) => {
      const row = db
        .prepare(
          `SELECT chip_serial_number AS chipSerialNumber, boot, chip_time_microseconds AS chipTimeMicroseconds,
                  offset_microseconds AS offsetMicroseconds, marked_at AS markedAt
           FROM clock_marks WHERE chip_serial_number = ? ORDER BY id DESC LIMIT 1`,
        )
        .get(chipSerialNumber) as ClockMark | undefined;
      return row && { ...row };
    });
  }

  close(): Promise<void> {
    return this.#do((db) => db.close());
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

/** What stands beside a sweep's numbers. */
type Circumstances = Pick<SweepRecord, "converter" | "takenAt" | "boot" | "environment">;

function sweepOf(row: SweepRow): SweepRecord {
  const codes = fromBlob(row.codes, Uint16Array);
  const referenceCodes = fromBlob(row.reference_codes, Uint16Array);
  const circumstances = JSON.parse(row.circumstances) as Partial<Circumstances>;
  const sweep = {
    tile: row.tile,
    timeSeconds: row.time_seconds,
    averages: row.averages,
    rowTimesMicroseconds: fromBlob(row.row_times_microseconds, Float64Array),
    codes,
    ...(referenceCodes.length === 0 ? {} : { referenceCodes }),
  };
  if (circumstances.converter === undefined) {
    return {
      ...sweep,
      ...beforeCircumstances,
      conductanceMicrosiemens: fromBlob(row.conductance_microsiemens, Float32Array),
      flags: fromBlob(row.flags, Uint8Array),
    };
  }
  const conductanceMicrosiemens = new Float32Array(codes.length);
  const flags = new Uint8Array(codes.length);
  convertCodes({ codes, conductanceMicrosiemens, flags }, circumstances.converter);
  return { ...sweep, ...(circumstances as Circumstances), conductanceMicrosiemens, flags };
}

/** Workspaces of the second layout kept µS, and not what they were read with. */
const beforeCircumstances: Circumstances = {
  converter: { microsiemensPerCode: Number.NaN, offsetCodes: 0, codes: 0 },
  takenAt: "",
  boot: 0,
};

/** A workspace of the first layout kept times alone: whatever has one fired. */
function fatesOf(row: TurnRow): Uint8Array {
  if (row.row_fates.length > 0) return fromBlob(row.row_fates, Uint8Array);
  const times = fromBlob(row.fired_row_times_microseconds, Float64Array);
  return Uint8Array.from(times, (time) => (Number.isNaN(time) ? rowFates.nothingToFire : rowFates.fired));
}

interface TileRow {
  block: string;
  targets: Uint8Array;
  cells: string | null;
  wanted: Uint8Array | null;
}

function joined(parts: readonly Uint16Array[]): Uint16Array {
  const all = new Uint16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A workspace of the first layout knew RESET pulses of one width only, and kept their codes alone. */
function ordersOf(row: TurnRow): JournalledOrder[] {
  const codes = fromBlob(row.codes, Uint16Array);
  const settings = JSON.parse(row.orders) as Omit<JournalledOrder, "codes">[];
  if (settings.length === 0 && row.first_ticket > 0) settings.push(firstLayoutPulse);
  const devices = row.devices.length / Uint32Array.BYTES_PER_ELEMENT;
  return settings.map((order, k) => ({ ...order, codes: codes.slice(k * devices, (k + 1) * devices) }));
}

const firstLayoutPulse = {
  kind: "reset",
  widthNanoseconds: 100,
  trailingNanoseconds: 0,
  gateCode: 0,
} as const;

function guarded<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof MhoError) throw error;
    throw workspaceFailed(file, error);
  }
}

const reasons: readonly [pattern: RegExp, what: string, advice: string][] = [
  [/FULL|ENOSPC/, "the disk is full", "Free some space; all that was acknowledged is safe."],
  [/IOERR/, "it could not be read or written", "Check the disk, its quota and the file size limit."],
  [/BUSY|LOCKED/, "another program holds it locked", "Close that program, then try again."],
  [/CORRUPT|NOTADB/, "it is damaged or no workspace", "Restore it from a copy, or name another --workspace."],
  [
    /READONLY|EROFS|EACCES|EPERM|CANTOPEN|ENOTDIR|EEXIST/,
    "it may not be written here",
    "Check who owns the folder.",
  ],
];

function workspaceFailed(file: string, error: unknown): MhoError {
  const { sqliteCodeName, code, message } = error as {
    sqliteCodeName?: string;
    code?: string;
    message: string;
  };
  const text = `${sqliteCodeName ?? ""} ${code ?? ""} ${message}`;
  const known = reasons.find(([pattern]) => pattern.test(text));
  const what = known?.[1] ?? message;
  const advice = known?.[2] ?? "Check the folder.";
  return new MhoError(
    "workspace-failed",
    `The workspace ${file} failed: ${what}. ${advice}`,
    { file },
    error,
  );
}

function rowOf(run: RunId): number {
  return Number(run.slice(1));
}

interface RunRow {
  id: number;
  plan: string;
  chip_serial_number: string;
  started_at: string;
  outcome: RunSummary["outcome"];
}

interface TurnRow {
  tile: number;
  turn: number;
  devices: Uint8Array;
  conductance_microsiemens: Uint8Array;
  verdicts: Uint8Array;
  codes: Uint8Array;
  first_ticket: number;
  newest_ticket: number;
  fired_row_times_microseconds: Uint8Array;
  row_fates: Uint8Array;
  orders: string;
  pulses_given: Uint8Array;
}

interface SweepRow {
  tile: number;
  time_seconds: number;
  averages: number;
  row_times_microseconds: Uint8Array;
  conductance_microsiemens: Uint8Array;
  flags: Uint8Array;
  codes: Uint8Array;
  reference_codes: Uint8Array;
  circumstances: string;
}

function settingsOf(order: JournalledOrder): Omit<JournalledOrder, "codes"> {
  const { codes: _codes, ...settings } = order;
  return settings;
}
