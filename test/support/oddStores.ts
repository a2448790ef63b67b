import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";
import { Bench, Workplace } from "../../lab/bench.ts";
import { EventStream } from "../../lab/events.ts";
import { MhoError } from "../../src/errors.ts";
import { openWorkspace } from "../../storage/workspace.ts";
import { LiveDesk } from "../../web/liveDesk.ts";
import { writeAgedRun } from "./agedRuns.ts";
import { forgetChecksums } from "./forgetChecksums.ts";

/** Every table that is read, and its columns. */
export const columns: readonly (readonly [table: string, column: string])[] = Object.entries({
  runs: ["chip_serial_number", "chip", "plan", "started_at", "outcome", "description", "begun", "sum"],
  run_tiles: ["run", "place", "block", "targets", "cells", "wanted", "sum"],
  turns: [
    ..."run tile turn devices conductance_microsiemens verdicts codes first_ticket newest_ticket".split(" "),
    ..."fired_row_times_microseconds row_fates orders pulses_given decided_at inside sum".split(" "),
  ],
  sweeps: [
    ..."run tile time_seconds averages row_times_microseconds conductance_microsiemens flags codes".split(
      " ",
    ),
    ..."reference_codes circumstances sum".split(" "),
  ],
  notes: ["run", "noted_at", "note", "sum"],
  watches: ["run", "settings"],
  wear: [
    "run",
    "place",
    "newest_turn",
    "block",
    "pulses",
    "uncertain_pulses",
    "pulsed_at_microseconds",
    "sum",
  ],
  wishes: ["run", "wish", "sum"],
  clock_marks: [
    ..."chip_serial_number boot chip_time_microseconds offset_microseconds marked_at".split(" "),
    "chip_name",
    "sum",
  ],
  labels: ["run", "label", "sum"],
  chip_notes: ["chip_name", "chip_serial_number", "note", "sum"],
  questions: ["change", "sum"],
  figures: ["run", "turns", "sweeps", "figures", "sum"],
  foreign_tickets: ["chip_name", "chip_serial_number", "ticket", "sum"],
  chip_descriptions: ["sha256", "text"],
  chains: ["run", "of", "unchecked", "rows", "last", "newest_ticket", "sum"],
}).flatMap(([table, names]) => names.map((name) => [table, name] as const));

/** SQL for values that a column should not have; `%` is the column. */
export const oddValues = [
  "NULL",
  "-1",
  "0",
  "9007199254740991",
  "9223372036854775807",
  "1.5",
  "9e999",
  "'x'",
  "''",
  "'{'",
  "'[]'",
  "'{}'",
  "'null'",
  "'[1e999]'",
  "x''",
  "x'ff'",
  "x'ffffffffffffff'",
  "zeroblob(8)",
  "zeroblob(100000)",
  "CAST(% AS BLOB)",
  "CAST(% AS TEXT)",
  "substr(%, 2)",
  "% || %",
  "zeroblob(length(%))",
  "replace(zeroblob(length(%)), x'00', x'ff')",
  `replace(%, '"', '')`,
  "replace(%, '1', '-1')",
  "replace(%, ':1', ':null')",
  "replace(%, '0', '1e300')",
  "replace(%, ':', ':[') || ']'",
  "replace(replace(%, '[', '{'), ']', '}')",
] as const;

/** A workspace with two runs to be read, damaged and fitted. */
export async function makeStore(folder: string): Promise<void> {
  const store = await openWorkspace(folder);
  const chip = { name: "pcm-64", serialNumber: "EMU-7" };
  for (let run = 1; run <= 2; run++) await writeAgedRun(store, run, 8);
  await store.appendNote("r1", { notedAt: "2026-01-01T00:00:00Z", what: "link-lost", text: "a cable" });
  await store.setWatch("r1", { timesSeconds: [1, 60], averages: 1 });
  await store.setWatch("r2", { timesSeconds: [1, 2e6, 3e6, 4e6], averages: 1 });
  await store.setRequest("r1", "pause");
  await store.bookForeignTicket(chip, 7);
  const times = { boot: 1, chipTimeMicroseconds: 5, offsetMicroseconds: 0, markedAt: "2026-01-01T00:00:00Z" };
  await store.markClock({ chipName: chip.name, chipSerialNumber: chip.serialNumber, ...times });
  await store.close();
}

/** Lets a copy of a workspace hold a wrong value. @returns false where SQLite refuses it. */
export function makeOdd(
  from: string,
  to: string,
  table: string,
  column: string,
  value: string,
  checked: boolean,
): boolean {
  mkdirSync(to, { recursive: true });
  copyFileSync(join(from, "workspace.db"), join(to, "workspace.db"));
  const file = join(to, "workspace.db");
  if (!checked) inDatabase(file, forgetChecksums);
  // As damage would: nothing keeps a column to its type.
  inDatabase(file, (database) => {
    database.exec("PRAGMA writable_schema = ON");
    database.exec(
      `UPDATE sqlite_schema SET sql = replace(replace(replace(sql, ') STRICT, WITHOUT', ') WITHOUT'), ') STRICT', ')'), 'NOT NULL', '')`,
    );
    database.exec("PRAGMA writable_schema = RESET");
  });
  try {
    inDatabase(file, (database) => {
      database.exec("PRAGMA foreign_keys = OFF");
      database.exec(`UPDATE ${table} SET "${column}" = ${value.replaceAll("%", `"${column}"`)}`);
    });
    return true;
  } catch {
    return false;
  }
}

function inDatabase(file: string, work: (database: DatabaseSyncInstance) => void): void {
  const database = new DatabaseSync(file, { defensive: false });
  try {
    work(database);
  } finally {
    database.close();
  }
}

/** Commands that read, and those that go on with a run, each with its own bench. `long` ones take a second. */
export const commands: Readonly<
  Record<string, { long: boolean; run: (bench: Bench, out: string) => Promise<unknown> }>
> = {
  show: { long: false, run: (bench) => bench.runs() },
  "show r1": { long: false, run: (bench) => bench.run("r1") },
  serve: {
    long: false,
    run: async (bench) => {
      const desk = new LiveDesk(await bench.store());
      await desk.runs();
      await desk.state("r1", undefined);
      await desk.devicesOf("r1", 0);
    },
  },
  "export csv": { long: false, run: (bench, out) => bench.export("r1", { to: "csv", out: `${out}.csv` }) },
  "export npz": { long: false, run: (bench, out) => bench.export("r1", { to: "npz", out: `${out}.npz` }) },
  "export parquet": {
    long: false,
    run: (bench, out) => bench.export("r1", { to: "parquet", out: `${out}.parquet` }),
  },
  report: { long: true, run: (bench, out) => bench.report("r1", { out: `${out}.html` }) },
  fit: { long: true, run: (bench) => bench.fit(["r1", "r2"]) },
  trim: { long: true, run: (bench) => bench.trim("r1", { dryRun: true }) },
  watch: { long: true, run: (bench) => bench.watch(["r2"]) },
  resume: {
    long: true,
    run: async (bench) => {
      await (await bench.store()).endRun("r2", "interrupted");
      await bench.resume("r2");
    },
  },
};

/** @returns the error where it is a crash of our own; undefined where it went well or was told. */
export async function crashOf(folder: string, name: string): Promise<unknown> {
  const place = new Workplace(
    { workspace: folder },
    new EventStream(
      () => {},
      () => "t",
    ),
  );
  const bench = new Bench(place);
  try {
    await commands[name]!.run(bench, join(folder, "out"));
    return undefined;
  } catch (error) {
    return error instanceof MhoError ? undefined : error;
  } finally {
    await bench.close();
  }
}
