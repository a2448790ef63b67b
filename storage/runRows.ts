import type { RunRequest, RunSummary } from "../src/run/store.ts";
import { identityOf, mustBe, settingsOf } from "./records.ts";
import { sumOf, type Value } from "./sums.ts";

/** A row of `runs`. */
export interface RunRow {
  readonly id: number;
  readonly chip_serial_number: string;
  /** The chip's identity, JSON: as the run found it the last time. */
  readonly chip: string;
  readonly plan: string;
  readonly started_at: string;
  readonly description: string | null;
  readonly outcome: RunSummary["outcome"] | typeof deletedOutcome;
  /** Checksums; null in rows of older layouts. */
  readonly begun: number | null;
  readonly sum: number | null;
}

/** Of a run that was deleted: its row, its wear and its labels stay. */
export const deletedOutcome = "deleted";

/** A run in the list. */
export type ListedRun = { -readonly [K in keyof Omit<RunSummary, "outcome">]: RunSummary[K] } & {
  outcome: RunRow["outcome"];
};

/** What never changes of a run: the chain over all runs is of these. */
export function begunValuesOf(row: Omit<RunRow, "chip" | "outcome" | "begun" | "sum">): Value[] {
  return [row.id, row.chip_serial_number, row.plan, row.started_at, row.description];
}

/** The checksum of the whole row by itself. */
export function rowSumOf(row: Omit<RunRow, "sum">): number {
  return sumOf([...begunValuesOf(row), row.chip, row.outcome, row.begun]);
}

export function summaryOf({ id, plan, chip, chip_serial_number, started_at, outcome }: RunRow): ListedRun {
  mustBe((outcomes as readonly string[]).includes(outcome), "how a run ended");
  mustBe(typeof chip_serial_number === "string" && typeof started_at === "string", "a run");
  const { title, chipAddress, method, model, corrects } = settingsOf(plan);
  mustBe(typeof model.name === "string", "a model in its plan");
  return {
    id: `r${id}`,
    title,
    chipName: identityOf(chip).name,
    chipSerialNumber: chip_serial_number,
    chipAddress,
    method,
    modelName: model.name,
    corrects,
    startedAt: started_at,
    outcome,
  };
}

const outcomes = ["running", "done", "interrupted", "failed", deletedOutcome] as const;

export function isRequest(wish: string): wish is RunRequest {
  return wish === "pause" || wish === "stop";
}

export function requestSumOf(run: number, request: RunRequest): number {
  return sumOf([run, request]);
}
