import type { ChipKey } from "../../src/chip/driver.ts";
import type { MhoError } from "../../src/errors.ts";
import type { ClockMark } from "../../src/run/journal.ts";
import type { ChipNote } from "../../src/run/labels.ts";
import { type SummedRow, valuesOf } from "../chains.ts";
import { chipNoteOf, DamagedRecord, markOf } from "../records.ts";
import { sumOf } from "../sums.ts";
import type { Queries } from "./connection.ts";
import type { ChainRow, ServerChains } from "./serverChains.ts";
import { columnsOf, insertRows } from "./serverRows.ts";
import { laidTogether, ownBench } from "./serverWrites.ts";

type Damaged = (what: string) => MhoError;
type Rows = readonly (SummedRow & { readonly bench: number; readonly before: number | null })[];

/** What is known of a chip over all benches that had it. */

/** A chip has been at one bench at a time, so their notes are laid together by their times; those of a bench stay in its order. */
export async function chipNotesOf(
  queries: Queries,
  { name, serialNumber }: ChipKey,
  damaged: Damaged,
): Promise<readonly ChipNote[]> {
  return notesOf(await ofChip(queries, "chip_notes", { name, serialNumber }, damaged), name, damaged);
}

/** The same of all chips by one request. Notes of a chip are checked when it is asked for. */
export async function chipNotesIn(
  queries: Queries,
  damaged: Damaged,
): Promise<(chip: ChipKey) => readonly ChipNote[]> {
  const rows = await queries.query<Rows[number]>(
    `SELECT bench, ${columnsOf("chip_notes").join(", ")}, sum, lag(sum) OVER (PARTITION BY bench ORDER BY seq) AS before
       FROM mho.chip_notes ORDER BY bench, seq`,
  );
  const keyOf = (name: unknown, serialNumber: unknown): string => JSON.stringify([name, serialNumber]);
  const ofChips = new Map<string, Rows[number][]>();
  for (const row of rows) {
    const key = keyOf(row["chip_name"], row["chip_serial_number"]);
    const own = ofChips.get(key);
    if (own === undefined) ofChips.set(key, [row]);
    else own.push(row);
  }
  return ({ name, serialNumber }) => {
    const own = ofChips.get(keyOf(name, serialNumber)) ?? [];
    checkSums("chip_notes", own, { name, serialNumber }, damaged);
    return notesOf(own, name, damaged);
  };
}

function notesOf(rows: Rows, chip: string, damaged: Damaged): readonly ChipNote[] {
  const noteOfRow = (row: SummedRow): ChipNote => {
    try {
      return chipNoteOf(row["note"] as string);
    } catch (error) {
      if (error instanceof DamagedRecord) throw damaged(`a note of the chip ${chip}: ${error.message}`);
      throw error;
    }
  };
  const ofBenches = new Map<number, ChipNote[]>();
  for (const row of rows) ofBenches.set(row.bench, [...(ofBenches.get(row.bench) ?? []), noteOfRow(row)]);
  return [...ofBenches.values()].reduce<ChipNote[]>(
    (all, notes) => laidTogether(all, notes, ({ notedAt }) => notedAt),
    [],
  );
}

/** The highest ticket of any bench. */
export async function newestTicketOf(
  queries: Queries,
  chains: ServerChains,
  { name, serialNumber }: ChipKey,
  damaged: Damaged,
): Promise<number> {
  const journals = await queries.query<ChainRow>(
    `SELECT c.* FROM mho.runs r JOIN mho.chains c ON c.bench = r.bench AND c.run = r.run AND c.of = 'turns'
       WHERE r.chip_name = $1 AND r.chip_serial_number = $2`,
    [name, serialNumber],
  );
  const foreign = await ofChip(queries, "foreign_tickets", { name, serialNumber }, damaged);
  return Math.max(
    0,
    ...journals.map((row) => chains.checked(row).newestTicket),
    ...foreign.map((row) => row["ticket"] as number),
  );
}

/** Of each bench its last; of these the latest. */
export async function newestMarkOf(
  queries: Queries,
  { name, serialNumber }: ChipKey,
  damaged: Damaged,
): Promise<ClockMark | undefined> {
  const rows = await ofChip(queries, "clock_marks", { name, serialNumber }, damaged);
  const newest = new Map(rows.map((row) => [row.bench, row]));
  let found: (typeof rows)[number] | undefined;
  for (const row of newest.values())
    if (found === undefined || (row["marked_at"] as string) >= (found["marked_at"] as string)) found = row;
  if (found === undefined) return undefined;
  try {
    return markOf({ name, serialNumber }, found);
  } catch (error) {
    if (!(error instanceof DamagedRecord)) throw error;
    throw damaged(`the newest mark of the clock of ${name} number ${serialNumber}: ${error.message}`);
  }
}

/** Notes a mark of a chip's clock at the server's own bench. Belongs into a commit. */
export async function appendMark(queries: Queries, chains: ServerChains, mark: ClockMark): Promise<void> {
  const { chipName, chipSerialNumber, boot, chipTimeMicroseconds, offsetMicroseconds, markedAt } = mark;
  const values = [chipName, chipSerialNumber, boot, chipTimeMicroseconds, offsetMicroseconds, markedAt];
  const [before] = await queries.query<{ sum: number | null }>(
    `SELECT sum FROM mho.clock_marks WHERE bench = $1 AND chip_name = $2 AND chip_serial_number = $3 ORDER BY seq DESC LIMIT 1`,
    [ownBench, chipName, chipSerialNumber],
  );
  const ofBench = { bench: ownBench, run: 0 };
  const chain = await chains.get(queries, ofBench, "clock_marks");
  const sum = sumOf(values, before?.sum ?? 0);
  await insertRows(queries, "clock_marks", ownBench, chain.rows, [{ values, sum }]);
  await chains.set(queries, ofBench, "clock_marks", { ...chain, rows: chain.rows + 1, last: sum });
}

/** The rows of a chip, bench by bench, each checked with the row before it. */
async function ofChip(
  queries: Queries,
  table: "chip_notes" | "foreign_tickets" | "clock_marks",
  { name, serialNumber }: ChipKey,
  damaged: Damaged,
): Promise<Rows> {
  // Marks have a chain for each chip; those of older layouts have no name. The other tables have one for all chips.
  const isMarks = table === "clock_marks";
  const columns = columnsOf(table).map((column) => `t.${column}`);
  const rows = await queries.query<Rows[number]>(
    `SELECT t.bench, ${columns.join(", ")}, t.sum, b.sum AS before
       FROM mho.${table} t LEFT JOIN mho.${table} b ON b.bench = t.bench AND b.seq = ${isMarks ? beforeOfChip : "t.seq - 1"}
       WHERE t.chip_name = ANY ($1) AND t.chip_serial_number = $2 ORDER BY t.bench, t.seq`,
    [isMarks ? [name, ""] : [name], serialNumber],
  );
  checkSums(table, rows, { name, serialNumber }, damaged);
  return rows;
}

function checkSums(
  table: "chip_notes" | "foreign_tickets" | "clock_marks",
  rows: Rows,
  { name, serialNumber }: ChipKey,
  damaged: Damaged,
): void {
  for (const row of rows)
    if (row.sum !== null && sumOf(valuesOf(table, row), row.before ?? 0) !== row.sum)
      throw damaged(
        `what bench ${row.bench} noted of the chip ${name} number ${serialNumber} has another checksum`,
      );
}

const beforeOfChip = `(SELECT max(seq) FROM mho.clock_marks m WHERE m.bench = t.bench AND m.seq < t.seq
                         AND m.chip_name = t.chip_name AND m.chip_serial_number = t.chip_serial_number)`;
