import type { ChipDocument } from "../../src/chip/description.ts";
import type { RunId } from "../../src/run/store.ts";
import type { Chain, SummedRow } from "../chains.ts";
import type { RunTable } from "../chains.ts";
import type { KeptWear } from "../rowValues.ts";
import type { RunRow } from "../runRows.ts";

/** Tables whose rows belong to a bench as a whole. */
export type BenchTable = "clock_marks" | "foreign_tickets" | "chip_notes" | "run_groups";

export const runTables: readonly RunTable[] = [
  "run_tiles",
  "forecasts",
  "turns",
  "sweeps",
  "notes",
  "labels",
];
export const benchTables: readonly BenchTable[] = [
  "clock_marks",
  "foreign_tickets",
  "chip_notes",
  "run_groups",
];

/** A part of a workspace that a server has not, in the order in which they are handed on. Rows are as they stand in the workspace. */
export type Piece =
  | {
      readonly kind: "run";
      readonly row: RunRow;
      readonly chipName: string;
      readonly description: ChipDocument | undefined;
      /** Of one that was deleted: chains of rows that are gone. */
      readonly chains: ReadonlyMap<string, Chain>;
    }
  | {
      readonly kind: "rows";
      readonly table: RunTable | BenchTable;
      /** The number of the run; 0 for the bench's own. */
      readonly run: number;
      /** The place of the first in its chain. */
      readonly from: number;
      readonly rows: readonly SummedRow[];
      /** How many rows at the chain's beginning an older layout wrote. */
      readonly unchecked: number;
    }
  | { readonly kind: "watch"; readonly run: number; readonly settings: string; readonly chain: Chain }
  | { readonly kind: "wear"; readonly run: number; readonly rows: readonly KeptWear[] }
  /** How a run stands now; of one that was deleted before all of it was handed on, with the chains of what is gone. */
  | { readonly kind: "outcome"; readonly row: RunRow; readonly chains: ReadonlyMap<string, Chain> };

/** What a server has of a bench's workspace. */
export interface HandedOn {
  /** Counts the commits of its hand-ons. */
  readonly changes: number;
  /** By `chainKey`. */
  readonly chains: ReadonlyMap<string, Chain>;
  readonly runs: ReadonlyMap<number, { readonly sum: number | null; readonly outcome: RunRow["outcome"] }>;
  /** Numbers of runs that were sealed at the server. */
  readonly sealed: ReadonlySet<number>;
}

export function chainKey(run: number, of: string): string {
  return `${run} ${of}`;
}

export function runName(run: number): RunId {
  return `r${run}`;
}
