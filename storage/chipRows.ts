import type { ChipKey } from "../src/chip/driver.ts";
import type { ClockMark } from "../src/run/journal.ts";
import type { ChipNote } from "../src/run/labels.ts";
import { ofWorkspace, valuesOf } from "./chains.ts";
import { damaged } from "./failure.ts";
import { chipNoteOf, DamagedRecord, markOf } from "./records.ts";
import { marksOf } from "./rowValues.ts";
import { sumOf } from "./sums.ts";
import { type Tables, wholeTable } from "./wholeTable.ts";

/** What a workspace knows of chips beside its runs: notes, marks of their clocks, tickets that were used elsewhere. What appends belongs into a commit. */
export class ChipRows {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  appendNote({ name, serialNumber }: ChipKey, note: ChipNote): void {
    this.#tables.chains.append("chip_notes", [name, serialNumber, JSON.stringify(note)], ofWorkspace);
  }

  notes({ name, serialNumber }: ChipKey): readonly ChipNote[] {
    return wholeTable(this.#tables, "chip_notes", "the notes of chips", (row) =>
      row["chip_name"] === name && row["chip_serial_number"] === serialNumber
        ? [chipNoteOf(row["note"] as string)]
        : [],
    ).flat();
  }

  bookForeignTicket({ name, serialNumber }: ChipKey, ticket: number): void {
    this.#tables.chains.append("foreign_tickets", [name, serialNumber, ticket], ofWorkspace);
  }

  /** The newest that another workspace used; 0 where none is known of. */
  newestForeignTicket({ name, serialNumber }: ChipKey): number {
    const tickets = wholeTable(
      this.#tables,
      "foreign_tickets",
      "the tickets that were used elsewhere",
      (row) =>
        row["chip_name"] === name && row["chip_serial_number"] === serialNumber
          ? (row["ticket"] as number)
          : 0,
    );
    return tickets.reduce((newest, ticket) => Math.max(newest, ticket), 0);
  }

  markClock(mark: ClockMark): void {
    const { chipName: name, chipSerialNumber: serialNumber } = mark;
    const values = [
      name,
      serialNumber,
      mark.boot,
      mark.chipTimeMicroseconds,
      mark.offsetMicroseconds,
      mark.markedAt,
    ];
    this.#tables.chains.append("clock_marks", values, ofWorkspace, marksOf({ name, serialNumber }));
  }

  newestMark({ name, serialNumber }: ChipKey): ClockMark | undefined {
    const { prepare, chains, file } = this.#tables;
    const [row, before] = prepare(
      `SELECT * FROM clock_marks WHERE chip_serial_number = ? AND chip_name IN (?, '') ORDER BY id DESC LIMIT 2`,
    ).all(serialNumber, name) as [MarkRow?, MarkRow?];
    const chain = chains.find(ofWorkspace, marksOf({ name, serialNumber }));
    const { unchecked } = chains.get(ofWorkspace, "clock_marks");
    const isRight =
      chain === undefined
        ? row === undefined || (row.sum === null && unchecked > 0)
        : row?.sum === chain.last && sumOf(valuesOf("clock_marks", row), before?.sum ?? 0) === row.sum;
    const named = `the newest mark of the clock of ${name} number ${serialNumber}`;
    if (!isRight) throw damaged(file, `${named} is another`);
    if (row === undefined) return undefined;
    try {
      return markOf({ name, serialNumber }, row);
    } catch (error) {
      if (error instanceof DamagedRecord) throw damaged(file, `${named}: ${error.message}`);
      throw error;
    }
  }
}

type MarkRow = {
  chip_name: string;
  chip_serial_number: string;
  boot: number;
  chip_time_microseconds: number;
  offset_microseconds: number;
  marked_at: string;
  sum: number | null;
};
