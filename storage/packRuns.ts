import type { PackRecord } from "../files/packFile.ts";
import type { ChipKey } from "../src/chip/driver.ts";
import { MhoError } from "../src/errors.ts";
import { wearOf } from "../src/run/wear.ts";
import type { RunId } from "../src/run/store.ts";
import { chained, type ChainedTable, ofWorkspace } from "./chains.ts";
import { groupRecords } from "./packGroups.ts";
import type { RunRow } from "./runRows.ts";
import type { RawWorkspace, Workspace } from "./workspaceStore.ts";

/** The tables whose rows a pack holds of a run. */
export const packedTables = ["run_tiles", "turns", "sweeps", "notes", "forecasts", "labels"] as const;

/** What a pack is to hold. */
export interface PackOrder {
  /** Whole, the oldest first. */
  readonly runs: readonly RunId[];
  /** Only what they did to the devices: the other runs of the same chips. */
  readonly wornBy: readonly RunId[];
  /** Text of a description, for runs that kept none. */
  readonly descriptions: ReadonlyMap<RunId, { readonly sha256: string; readonly text: string }>;
  /** How each run ended; those of a full disk do not say so themselves. */
  readonly outcomes: ReadonlyMap<RunId, string>;
}

/** The records of a pack: what `unpackRuns` reads. Every row is checked as it is read. */
export async function* packRecords(
  store: Workspace,
  { runs, wornBy, descriptions, outcomes }: PackOrder,
): AsyncIterable<PackRecord> {
  const { raw } = store;
  const chips = new Map<string, ChipKey>();
  const said = new Set<string>();
  const all = [...runs, ...wornBy].sort((a, b) => numberOf(a) - numberOf(b));
  for (const run of all) {
    const whole = runs.includes(run);
    const row = raw.row(run);
    const { name } = JSON.parse(row.chip) as { name: string };
    chips.set(`${name}\n${row.chip_serial_number}`, { name, serialNumber: row.chip_serial_number });
    const kept = await descriptionKept(store, run, row);
    const description = whole ? (kept ?? descriptions.get(run)) : undefined;
    if (description !== undefined && !said.has(description.sha256)) {
      said.add(description.sha256);
      yield { kind: "description", values: [description.sha256, description.text] };
    }
    yield {
      kind: "run",
      values: [
        row.id,
        whole ? 1 : 0,
        row.chip_serial_number,
        row.chip,
        row.plan,
        row.started_at,
        description?.sha256 ?? null,
        outcomes.get(run) ?? row.outcome,
        await store.originOf(run),
      ],
    };
    if (whole) yield* wholeRecords(store, raw, run);
    else yield* wearRecords(store, raw, run);
  }
  for (const chip of chips.values()) yield* chipRecords(store, raw, chip);
  yield* groupRecords(await store.groups(), runs);
}

async function* wholeRecords(store: Workspace, raw: RawWorkspace, run: RunId): AsyncIterable<PackRecord> {
  for (const table of packedTables) {
    for await (const row of raw.rows(table, run)) {
      const values = columnsOf(table).map((column) => row[column]!);
      yield { kind: table, values: [row.sum === null ? 1 : 0, ...values] };
    }
  }
  const watch = await store.watch(run);
  if (watch !== undefined) yield { kind: "watches", values: [JSON.stringify(watch)] };
}

async function* wearRecords(store: Workspace, raw: RawWorkspace, run: RunId): AsyncIterable<PackRecord> {
  // Makes it where it was not kept.
  await wearOf(store, run);
  const { id } = raw.row(run);
  const { rows: turns, newestTicket } = raw.chains.get(id, "turns");
  yield { kind: "tickets", values: [turns, newestTicket] };
  const rows = raw
    .prepare(
      `SELECT place, block, pulses, uncertain_pulses, pulsed_at_microseconds FROM wear
         WHERE run = ? AND newest_turn = ? ORDER BY place`,
    )
    .all(id, turns) as Record<string, number | string | Uint8Array>[];
  for (const row of rows) yield { kind: "wear", values: Object.values(row) };
}

async function* chipRecords(
  store: Workspace,
  raw: RawWorkspace,
  { name, serialNumber }: ChipKey,
): AsyncIterable<PackRecord> {
  for (const note of await store.chipNotes({ name, serialNumber }))
    yield { kind: "chip_notes", values: [name, serialNumber, JSON.stringify(note)] };
  const mark = await store.newestMark({ name, serialNumber });
  if (mark !== undefined) {
    const { boot, chipTimeMicroseconds, offsetMicroseconds, markedAt } = mark;
    yield {
      kind: "clock_mark",
      values: [name, serialNumber, boot, chipTimeMicroseconds, offsetMicroseconds, markedAt],
    };
  }
  const { last } = raw.chains.get(ofWorkspace, "foreign_tickets");
  if (last !== 0)
    yield {
      kind: "newest_ticket",
      values: [name, serialNumber, await store.newestTicket({ name, serialNumber })],
    };
}

async function descriptionKept(
  store: Workspace,
  run: RunId,
  { description, outcome }: RunRow,
): Promise<{ readonly sha256: string; readonly text: string } | undefined> {
  return description === null || outcome === "deleted" ? undefined : store.description(run);
}

/** The columns of a row of a run in a pack: all but the run. */
export function columnsOf(table: ChainedTable): readonly string[] {
  return chained[table].filter((column) => column !== "run");
}

export function numberOf(run: RunId): number {
  return Number(run.slice(1));
}

/** Throws `bad-argument` where a run of the chips is going on: its wear would be missing. */
export function refuseUnderWay(runs: readonly { readonly id: RunId; readonly outcome: string }[]): void {
  const running = runs.find(({ outcome }) => outcome === "running");
  if (running === undefined) return;
  throw new MhoError(
    "bad-argument",
    `Run ${running.id} of the same chip is running, or its process died, and a pack holds all wear of its chips. Pack when it has ended; ` +
      `where its process died, mho resume ${running.id} goes on with it.`,
    { run: running.id },
  );
}
