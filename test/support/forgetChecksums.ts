import type { DatabaseSyncInstance } from "@photostructure/sqlite";
import { chained, Chains } from "../../storage/chains.ts";

/** Makes a workspace one whose rows an older layout wrote: damage is then met by whatever reads them. */
export function forgetChecksums(database: DatabaseSyncInstance): void {
  const chains = new Chains(
    (sql) => database.prepare(sql),
    (what) => new Error(what),
  );
  for (const table of [...Object.keys(chained), "runs", "wear"])
    database.exec(`UPDATE ${table} SET sum = NULL`);
  database.exec("UPDATE runs SET begun = NULL; DELETE FROM wishes");
  database.exec("DELETE FROM chains WHERE run = 0 AND of LIKE 'clock_marks %'");
  const rows = database.prepare("SELECT * FROM chains").all() as {
    run: number;
    of: string;
    rows: number;
    newest_ticket: number;
  }[];
  for (const { run, of, rows: count, newest_ticket: newestTicket } of rows)
    chains.set(run, of, { unchecked: count, rows: count, last: 0, newestTicket });
  const marks = database.prepare("SELECT count(*) AS count FROM clock_marks").get() as { count: number };
  chains.set(0, "clock_marks", { unchecked: marks.count, rows: marks.count, last: 0, newestTicket: 0 });
  for (const { id } of database.prepare("SELECT id FROM runs").all() as { id: number }[])
    chains.set(id, "runs", { unchecked: 1, rows: 1, last: 0, newestTicket: 0 });
}
