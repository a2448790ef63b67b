import type { StatementSyncInstance } from "@photostructure/sqlite";
import { type JobChange, JobFold, type JobList } from "../src/queue/job.ts";
import { ChainReader, type Chains, ofWorkspace, type SummedRow, valuesOf } from "./chains.ts";
import { damaged } from "./failure.ts";
import { jobChangeOf } from "./jobRecords.ts";
import { DamagedRecord } from "./records.ts";

/** The queue of a workspace: a table of changes, each read once. */
export class JobRows {
  readonly #prepare: (sql: string) => StatementSyncInstance;
  readonly #chains: Chains;
  readonly #file: string;
  #fold = new JobFold();
  #read = 0;
  #lastSum = 0;

  constructor(prepare: (sql: string) => StatementSyncInstance, chains: Chains, file: string) {
    this.#prepare = prepare;
    this.#chains = chains;
    this.#file = file;
  }

  /** The jobs as they are now. */
  list(): JobList {
    try {
      this.#readNew();
    } catch (error) {
      // What is damaged is met again by the next call.
      this.forget();
      throw error;
    }
    return this.#fold.list;
  }

  /** Belongs into a commit. */
  append(changes: readonly JobChange[]): void {
    for (const change of changes) this.#chains.append("job_changes", [JSON.stringify(change)], ofWorkspace);
  }

  /** Of a commit that failed: what it had added is not there. */
  forget(): void {
    this.#fold = new JobFold();
    this.#read = 0;
    this.#lastSum = 0;
  }

  #readNew(): void {
    const failed = (at: number, what: string): Error =>
      damaged(this.#file, `row ${at + 1} of the queue: ${what}`);
    const chain = this.#chains.get(ofWorkspace, "job_changes");
    if (chain.rows === this.#read) return;
    const reader = new ChainReader(chain, this.#read, this.#lastSum, failed);
    const rows = this.#prepare("SELECT * FROM job_changes ORDER BY id LIMIT -1 OFFSET ?").all(
      this.#read,
    ) as SummedRow[];
    for (const row of rows) {
      reader.take(valuesOf("job_changes", row), row.sum);
      try {
        this.#fold.take(jobChangeOf(row["change"] as string));
      } catch (error) {
        if (error instanceof DamagedRecord || error instanceof RangeError)
          throw failed(this.#read, error.message);
        throw error;
      }
      this.#read++;
      this.#lastSum = row.sum ?? 0;
    }
    reader.end();
  }
}
