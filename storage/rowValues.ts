import type { ChipKey } from "../src/chip/driver.ts";
import type { SweepRecord, TurnRecord } from "../src/run/journal.ts";
import type { RunPlan } from "../src/run/plan.ts";
import { columnOf, toBlob } from "./blobs.ts";
import type { ChainedTable, SummedRow } from "./chains.ts";
import { blockOf, cellsOf, type Circumstances } from "./records.ts";
import { joined, withoutCodes } from "./rows.ts";
import type { Value } from "./sums.ts";
import type { WearRow } from "./wearRows.ts";

/** Values of rows in the order of their columns (`chained`), for every kind of store. @param run  the number that its rows have. */

type Tile = RunPlan["tiles"][number];

export function tileValuesOf(run: number, place: number, tile: Tile): Value[] {
  const { block, targetsMicrosiemens, cells } = tile;
  const { wantedMicrosiemens, ...layout } = cells ?? {};
  return [
    run,
    place,
    JSON.stringify(block),
    toBlob(targetsMicrosiemens),
    cells === undefined ? null : JSON.stringify(layout),
    wantedMicrosiemens === undefined ? null : toBlob(wantedMicrosiemens),
  ];
}

export function tileOf(row: SummedRow): Tile {
  const { block, targets, cells, wanted } = row as unknown as TileRow;
  const targetsMicrosiemens = columnOf(targets, Float32Array);
  const devices = targetsMicrosiemens.length;
  const tile = { block: blockOf(block, devices), targetsMicrosiemens };
  if (cells === null || wanted === null) return tile;
  const wantedMicrosiemens = columnOf(wanted, Float32Array);
  return {
    ...tile,
    cells: { ...cellsOf(cells, { count: wantedMicrosiemens.length, devices }), wantedMicrosiemens },
  };
}

interface TileRow {
  block: string;
  targets: Uint8Array;
  cells: string | null;
  wanted: Uint8Array | null;
}

export function turnValuesOf(run: number, turn: TurnRecord): Value[] {
  return [
    run,
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
    toBlob(turn.fired.pulsesGiven ?? nothing),
    turn.inside,
    turn.decidedAt,
  ];
}

export function sweepValuesOf(run: number, sweep: SweepRecord): Value[] {
  const { converter, takenAt, boot, environment, bakeCelsius } = sweep;
  return [
    run,
    sweep.tile,
    sweep.timeSeconds,
    sweep.averages,
    toBlob(sweep.rowTimesMicroseconds),
    // µS and flags of codes follow from them.
    sweep.codes === undefined ? toBlob(sweep.conductanceMicrosiemens) : nothing,
    sweep.codes === undefined ? toBlob(sweep.flags) : nothing,
    sweep.codes === undefined ? nothing : toBlob(sweep.codes),
    sweep.referenceCodes === undefined ? nothing : toBlob(sweep.referenceCodes),
    JSON.stringify({ converter, takenAt, boot, environment, bakeCelsius } satisfies Circumstances),
  ];
}

const nothing = new Uint8Array(0);

export type KeptWear = WearRow & { run: number; place: number; newest_turn: number };

export function wearValuesOf(row: KeptWear): (number | string | Uint8Array)[] {
  const { run, place, newest_turn, block, pulses, uncertain_pulses, pulsed_at_microseconds } = row;
  return [run, place, newest_turn, block, pulses, uncertain_pulses, pulsed_at_microseconds];
}

/** What a run has one of from its beginning. */
export const chainsOfRun = ["run_tiles", "turns", "sweeps", "notes", "watches", "forecasts", "labels"];

/** The tables, for people. */
export const named: Readonly<Record<ChainedTable, string>> = {
  run_tiles: "tiles",
  turns: "turns",
  sweeps: "sweeps",
  notes: "notes",
  forecasts: "forecasts",
  labels: "labels",
  clock_marks: "marks of clocks",
  foreign_tickets: "tickets that were used elsewhere",
  chip_notes: "notes of chips",
  questions: "questions",
  run_groups: "networks",
  job_changes: "changes of the queue",
  identity: "id of the workspace",
};

/** The chain of the marks of a chip's clock. */
export function marksOf({ name, serialNumber }: ChipKey): string {
  return `clock_marks ${JSON.stringify([name, serialNumber])}`;
}
