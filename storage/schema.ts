import { randomUUID } from "node:crypto";
import type { DatabaseSyncInstance } from "@photostructure/sqlite";
import { MhoError } from "../src/errors.ts";
import { Chains, emptyChain, ofWorkspace } from "./chains.ts";
import { damaged } from "./failure.ts";
import { sumOf } from "./sums.ts";

/** @param from  the layout that the file had before it was lifted at all: 0 of one that is made. */
type Lift = (database: DatabaseSyncInstance, file: string, from: number) => void;

/** Each entry lifts a workspace by one `user_version`. Never edit one that was released; add another. */
const migrations: readonly (string | Lift)[] = [
  `
  CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chip_serial_number TEXT NOT NULL,
    chip TEXT NOT NULL,                       -- identity, JSON
    plan TEXT NOT NULL,                       -- settings, JSON
    started_at TEXT NOT NULL,                 -- ISO 8601
    outcome TEXT NOT NULL                     -- running, done, interrupted, failed
  ) STRICT;

  CREATE TABLE run_tiles (
    run INTEGER NOT NULL REFERENCES runs (id),
    place INTEGER NOT NULL,
    block TEXT NOT NULL,                      -- JSON
    targets BLOB NOT NULL,                    -- float32, microsiemens, NaN for "leave alone"
    PRIMARY KEY (run, place)
  ) STRICT;

  CREATE TABLE turns (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES runs (id),
    tile INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    devices BLOB NOT NULL,                    -- uint32, places in the block
    conductance_microsiemens BLOB NOT NULL,   -- float32, one a device
    verdicts BLOB NOT NULL,                   -- uint8, one a device
    codes BLOB NOT NULL,                      -- uint16, one a device
    first_ticket INTEGER NOT NULL,            -- 0 when nothing is fired
    newest_ticket INTEGER NOT NULL,
    fired_row_times_microseconds BLOB NOT NULL -- float64, chip time, of the turn before
  ) STRICT;
  CREATE INDEX turns_of_run ON turns (run);

  CREATE TABLE sweeps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES runs (id),
    tile INTEGER NOT NULL,
    time_seconds REAL NOT NULL,               -- as asked for
    averages INTEGER NOT NULL,
    row_times_microseconds BLOB NOT NULL,     -- float64, chip time
    conductance_microsiemens BLOB NOT NULL,   -- float32, row-major
    flags BLOB NOT NULL                       -- uint8: 0 ok, 1 saturated, 2 invalid
  ) STRICT;
  CREATE INDEX sweeps_of_run ON sweeps (run);
  `,
  `
  -- uint8, one a row of the turn before: 0 nothing to fire, 1 fired, 2 not fired, 3 uncertain
  ALTER TABLE turns ADD COLUMN row_fates BLOB NOT NULL DEFAULT x'';
  -- settings of what is fired, one entry an order, JSON; codes and fates have one part for each
  ALTER TABLE turns ADD COLUMN orders TEXT NOT NULL DEFAULT '[]';
  -- uint8, one a device of the block: what a loop of the board's own gave in the turn before
  ALTER TABLE turns ADD COLUMN pulses_given BLOB NOT NULL DEFAULT x'';
  -- which weights the devices of a tile hold: JSON, and float32 in microsiemens, one a cell
  ALTER TABLE run_tiles ADD COLUMN cells TEXT;
  ALTER TABLE run_tiles ADD COLUMN wanted BLOB;

  CREATE TABLE notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES runs (id),
    noted_at TEXT NOT NULL,                   -- ISO 8601
    note TEXT NOT NULL                        -- JSON: what happened to the run, such as a lost link
  ) STRICT;
  CREATE INDEX notes_of_run ON notes (run);
  `,
  `
  -- uint16, one a device: what the converters said; conductance_microsiemens and flags, which follow, are then empty
  ALTER TABLE sweeps ADD COLUMN codes BLOB NOT NULL DEFAULT x'';
  -- uint16, the tile's known resistors
  ALTER TABLE sweeps ADD COLUMN reference_codes BLOB NOT NULL DEFAULT x'';
  -- converter, wall time, boot, temperature and supply, JSON
  ALTER TABLE sweeps ADD COLUMN circumstances TEXT NOT NULL DEFAULT '{}';

  CREATE TABLE watches (
    run INTEGER PRIMARY KEY REFERENCES runs (id),
    settings TEXT NOT NULL                    -- JSON: times in seconds, averages
  ) STRICT;

  CREATE TABLE clock_marks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chip_serial_number TEXT NOT NULL,
    boot INTEGER NOT NULL,
    chip_time_microseconds INTEGER NOT NULL,
    offset_microseconds INTEGER NOT NULL,     -- of that to what the chip's own clock showed
    marked_at TEXT NOT NULL                   -- ISO 8601
  ) STRICT;
  CREATE INDEX marks_of_chip ON clock_marks (chip_serial_number);
  `,
  `
  ALTER TABLE turns ADD COLUMN decided_at TEXT NOT NULL DEFAULT ''; -- ISO 8601
  ALTER TABLE turns ADD COLUMN inside INTEGER NOT NULL DEFAULT 0;  -- devices still to be confirmed

  -- what somebody who looks on wants of a run: pause or stop
  CREATE TABLE wishes (
    run INTEGER PRIMARY KEY REFERENCES runs (id),
    wish TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- empty in marks that are older: they may be of any chip of their number
  ALTER TABLE clock_marks ADD COLUMN chip_name TEXT NOT NULL DEFAULT '';
  `,
  `
  -- chips as runs found them described; runs that are older kept no description
  CREATE TABLE chip_descriptions (
    sha256 TEXT PRIMARY KEY,                  -- of the text, hexadecimal
    text TEXT NOT NULL                        -- JSON, keys sorted
  ) STRICT;
  ALTER TABLE runs ADD COLUMN description TEXT REFERENCES chip_descriptions (sha256);

  -- tickets that chips had fired and no run here had journalled: other workspaces used them, or this is an older copy
  CREATE TABLE foreign_tickets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chip_name TEXT NOT NULL,
    chip_serial_number TEXT NOT NULL,
    ticket INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX foreign_of_chip ON foreign_tickets (chip_serial_number);
  `,
  `
  -- what a run's turns add up to: made of them, made anew when a newer turn is there, and of no weight beside them
  CREATE TABLE wear (
    run INTEGER NOT NULL REFERENCES runs (id),
    place INTEGER NOT NULL,                   -- as in run_tiles
    newest_turn INTEGER NOT NULL,             -- id of the last turn that it holds; 0 for none
    block TEXT NOT NULL,                      -- JSON
    pulses BLOB NOT NULL,                     -- uint16 or, beyond it, uint32: one a device
    uncertain_pulses BLOB NOT NULL,           -- uint32, one a device; empty when all are 0
    pulsed_at_microseconds BLOB NOT NULL,     -- float64, chip time of the last pulse, NaN for none
    PRIMARY KEY (run, place)
  ) STRICT;
  CREATE INDEX tickets_of_run ON turns (run, newest_ticket);
  CREATE INDEX runs_of_chip ON runs (chip_serial_number);
  CREATE INDEX runs_by_outcome ON runs (outcome);
  `,
  withChecksums,
  withForecasts,
  withLabels,
  withJobs,
  withQuestions,
  withGroups,
  withIdentity,
  withCheckedIdentity,
];

export const newestLayout = migrations.length;

/** Rows that are there already stay without a checksum: nothing is known of what happened to them before. */
function withChecksums(database: DatabaseSyncInstance, file: string): void {
  database.exec(`
    -- CRC-32 of a row, going on from that of the row before it: storage/sums.ts; NULL where an older layout wrote the row
    ALTER TABLE run_tiles ADD COLUMN sum INTEGER;
    ALTER TABLE turns ADD COLUMN sum INTEGER;
    ALTER TABLE sweeps ADD COLUMN sum INTEGER;
    ALTER TABLE notes ADD COLUMN sum INTEGER;
    ALTER TABLE clock_marks ADD COLUMN sum INTEGER;
    ALTER TABLE foreign_tickets ADD COLUMN sum INTEGER;
    ALTER TABLE runs ADD COLUMN begun INTEGER;  -- the same, of what never changes: id, number, plan, start, description
    ALTER TABLE runs ADD COLUMN sum INTEGER;    -- of the whole row by itself
    ALTER TABLE wear ADD COLUMN sum INTEGER;    -- of the row by itself
    ALTER TABLE wishes ADD COLUMN sum INTEGER;  -- of the row by itself

    -- where each chain of rows ends; written in the same commit as the rows
    CREATE TABLE chains (
      run INTEGER NOT NULL,                     -- 0 for chains of the whole workspace
      of TEXT NOT NULL,                         -- the table; of marks, with the chip's name and number
      unchecked INTEGER NOT NULL,               -- rows at the beginning that an older layout wrote
      rows INTEGER NOT NULL,
      last INTEGER NOT NULL,                    -- the checksum of the last row
      newest_ticket INTEGER NOT NULL,           -- the highest of turns
      sum INTEGER NOT NULL,                     -- of this row by itself
      PRIMARY KEY (run, of)
    ) STRICT, WITHOUT ROWID;

    DELETE FROM wear;                           -- newest_turn is the number of turns from now on
    DELETE FROM wishes;
  `);
  const chains = new Chains(
    (sql) => database.prepare(sql),
    (what) => damaged(file, what),
  );
  const unchecked = (run: number, of: string, rows: number, newestTicket = 0): void =>
    chains.set(run, of, { ...emptyChain, unchecked: rows, rows, newestTicket });
  const count = (table: string): number =>
    (database.prepare(`SELECT count(*) AS rows FROM ${table}`).get() as { rows: number }).rows;
  for (const table of ["runs", "clock_marks", "foreign_tickets"]) unchecked(ofWorkspace, table, count(table));
  const runs = database.prepare("SELECT id FROM runs").all() as { id: number }[];
  const tickets = tallied(database, "turns", "max(newest_ticket)");
  for (const table of ["run_tiles", "turns", "sweeps", "notes", "watches"]) {
    const rows = tallied(database, table, "count(*)");
    for (const { id } of runs)
      unchecked(id, table, rows.get(id) ?? 0, table === "turns" ? (tickets.get(id) ?? 0) : 0);
  }
  for (const { id } of runs) unchecked(id, "runs", 1);
  // The chains tell the newest ticket, and lists of runs are read as a whole.
  database.exec("DROP INDEX tickets_of_run; DROP INDEX runs_of_chip");
}

/** Of runs that are there already, nothing was kept. */
function withForecasts(database: DatabaseSyncInstance, file: string): void {
  database.exec(`
    -- what was foretold of a run's weights when it began
    CREATE TABLE forecasts (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      run INTEGER NOT NULL REFERENCES runs (id),
      forecast TEXT NOT NULL,                   -- JSON: by, model, modelDigest, timesSeconds (s) and rmsPercent (% of a tile's largest weight)
      sum INTEGER NOT NULL                      -- as in the other tables
    ) STRICT;
    CREATE INDEX forecasts_of_run ON forecasts (run);
  `);
  const chains = new Chains(
    (sql) => database.prepare(sql),
    (what) => damaged(file, what),
  );
  const runs = database.prepare("SELECT id FROM runs").all() as { id: number }[];
  for (const { id } of runs) chains.set(id, "forecasts", emptyChain);
}

/** Runs that are there already have no labels. */
function withLabels(database: DatabaseSyncInstance, file: string): void {
  database.exec(`
    -- what people wrote on a run, one change a row: tags, operator, archived; where it was unpacked from; that it was deleted
    CREATE TABLE labels (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      run INTEGER NOT NULL REFERENCES runs (id),
      label TEXT NOT NULL,                      -- JSON: LabelChange of src/run/labels.ts
      sum INTEGER NOT NULL                      -- as in the other tables
    ) STRICT;
    CREATE INDEX labels_of_run ON labels (run);

    -- what people wrote on a chip; the last wafer and die hold
    CREATE TABLE chip_notes (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      chip_name TEXT NOT NULL,
      chip_serial_number TEXT NOT NULL,
      note TEXT NOT NULL,                       -- JSON: ChipNote of src/run/labels.ts
      sum INTEGER NOT NULL                      -- as in the other tables
    ) STRICT;

    -- yield and error by which runs are listed: made of turns and sweeps, made anew when there are more, and of no weight beside them
    CREATE TABLE figures (
      run INTEGER PRIMARY KEY REFERENCES runs (id),
      turns INTEGER NOT NULL,                   -- how many there were
      sweeps INTEGER NOT NULL,
      figures TEXT NOT NULL,                    -- JSON: ListedFigures of src/run/store.ts
      sum INTEGER NOT NULL                      -- of the row by itself
    ) STRICT;
  `);
  const chains = new Chains(
    (sql) => database.prepare(sql),
    (what) => damaged(file, what),
  );
  const runs = database.prepare("SELECT id FROM runs").all() as { id: number }[];
  for (const { id } of runs) chains.set(id, "labels", emptyChain);
  chains.set(ofWorkspace, "chip_notes", emptyChain);
}

/** A workspace has no job until one is added. */
function withJobs(database: DatabaseSyncInstance, file: string): void {
  database.exec(`
    -- the queue, one change a row: jobs that were added, moved, begun, done
    CREATE TABLE job_changes (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      change TEXT NOT NULL,                     -- JSON: JobChange of src/queue/job.ts
      sum INTEGER NOT NULL                      -- as in the other tables
    ) STRICT;
  `);
  const chains = new Chains(
    (sql) => database.prepare(sql),
    (what) => damaged(file, what),
  );
  chains.set(ofWorkspace, "job_changes", emptyChain);
}

function withQuestions(database: DatabaseSyncInstance, file: string): void {
  database.exec(`
    -- what programs asked the people at the bench, and what was answered, one change a row
    CREATE TABLE questions (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      change TEXT NOT NULL,                     -- JSON: QuestionChange of src/run/questions.ts
      sum INTEGER NOT NULL                      -- as in the other tables
    ) STRICT;
  `);
  const chains = new Chains(
    (sql) => database.prepare(sql),
    (what) => damaged(file, what),
  );
  chains.set(ofWorkspace, "questions", emptyChain);
}

function withGroups(database: DatabaseSyncInstance, file: string): void {
  database.exec(`
    -- networks that are laid over several chips, one change a row
    CREATE TABLE run_groups (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      change TEXT NOT NULL,                     -- JSON: GroupChange of src/run/groups.ts
      sum INTEGER NOT NULL                      -- as in the other tables
    ) STRICT;
  `);
  const chains = new Chains(
    (sql) => database.prepare(sql),
    (what) => damaged(file, what),
  );
  chains.set(ofWorkspace, "run_groups", emptyChain);
}

/** By this a server knows the workspace again that hands on its runs; a copy of the file is the same workspace, as it was then. */
function withIdentity(database: DatabaseSyncInstance): void {
  database.exec("CREATE TABLE identity (id TEXT NOT NULL) STRICT");
  database.prepare("INSERT INTO identity (id) VALUES (?)").run(randomUUID());
}

/** An id that an older layout drew stays without a checksum: it may have been changed before. */
function withCheckedIdentity(database: DatabaseSyncInstance, file: string, from: number): void {
  database.exec(`
    -- as in the other tables; NULL where an older layout wrote it
    ALTER TABLE identity ADD COLUMN sum INTEGER;
  `);
  const chains = new Chains(
    (sql) => database.prepare(sql),
    (what) => damaged(file, what),
  );
  if (from >= layoutOfIdentity) {
    chains.set(ofWorkspace, "identity", { ...emptyChain, unchecked: 1, rows: 1 });
    return;
  }
  const { id } = database.prepare("SELECT id FROM identity").get() as { id: string };
  const sum = sumOf([id]);
  database.prepare("UPDATE identity SET sum = ?").run(sum);
  chains.set(ofWorkspace, "identity", { ...emptyChain, rows: 1, last: sum });
}

const layoutOfIdentity = 14;

function tallied(database: DatabaseSyncInstance, table: string, of: string): Map<number, number> {
  const rows = database.prepare(`SELECT run, ${of} AS number FROM ${table} GROUP BY run`).all();
  return new Map((rows as { run: number; number: number }[]).map(({ run, number }) => [run, number]));
}

/**
 * Sets the file up and brings it to a layout: today's, but for tests of how older ones are lifted. All of it is one commit, which looks
 * again at the layout inside: several programs may open a new workspace at once.
 *
 * @throws `workspace-failed` when the file was written by a newer program, or by another.
 */
export function migrate(database: DatabaseSyncInstance, file: string, layout = newestLayout): void {
  // Another program may be making it just now: both questions are asked of one moment.
  database.exec("BEGIN");
  let version: number;
  try {
    version = versionOf(database, file);
  } finally {
    if (database.isTransaction) database.exec("ROLLBACK");
  }
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  if (version >= layout) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    const from = versionOf(database, file);
    for (let next = from; next < layout; next++) {
      const step = migrations[next]!;
      if (typeof step === "string") database.exec(step);
      else step(database, file, from);
      database.exec(`PRAGMA user_version = ${next + 1}`);
    }
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** The layout of a file that is a workspace; 0 for one that is empty. */
function versionOf(database: DatabaseSyncInstance, file: string): number {
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (version > migrations.length) {
    throw new MhoError(
      "workspace-failed",
      `The workspace ${file} was written by a newer mho (layout ${version}; this one knows ${migrations.length}). ` +
        "Update mho, or name another --workspace.",
      { file, version },
    );
  }
  const { tables } = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() as {
    tables: number;
  };
  if (version === 0 && tables > 0) {
    throw new MhoError(
      "workspace-failed",
      `The workspace ${file} failed: it is a database of another program. Name another --workspace.`,
      { file },
    );
  }
  return version;
}
