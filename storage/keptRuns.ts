import type { SweepRecord } from "../src/run/journal.ts";
import type { RunId, RunStore } from "../src/run/store.ts";

/** A store of runs as a workplace has it: a folder's or a server's. */
export interface KeptRuns extends RunStore {
  /** Its name for people: a file, or the address of a server. */
  readonly file: string;
  /** Whether it may only be read. */
  readonly readOnly: boolean;
  /** Throws `workspace-failed` where it may only be read. */
  mustBeWritable(): void;
  /** All of them in one commit. */
  appendSweeps(run: RunId, sweeps: readonly SweepRecord[]): Promise<void>;
  /** By this a run is known again, wherever it is kept: SHA-256 of what it began with in the workspace that measured it. */
  originOf(run: RunId): Promise<string>;
}
