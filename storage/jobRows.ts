import { type JobChange, JobFold, type JobList } from "../src/queue/job.ts";
import { ChainReader, ofWorkspace, type SummedRow, valuesOf } from "./chains.ts";
import { jobChangeOf } from "./jobRecords.ts";
import { DamagedRecord } from "./records.ts";
import { damageIn, type Tables } from "./wholeTable.ts";

/** The queue of a workspace: a table of changes, each read once. */
export class JobRows {
  readonly #tables: Tables;
  #fold = new JobFold();
  #read = 0;
  #lastSum = 0;

  constructor(tables: Tables) {
    this.#tables = tables;
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
    for (const change of changes)
      this.#tables.chains.append("job_changes", [JSON.stringify(change)], ofWorkspace);
  }

  /** Of a commit that failed: what it had added is not there. */
  forget(): void {
    this.#fold = new JobFold();
    this.#read = 0;
    this.#lastSum = 0;
  }

  #readNew(): void {
    const failed = damageIn(this.#tables.file, "the queue");
    const chain = this.#tables.chains.get(ofWorkspace, "job_changes");
    if (chain.rows === this.#read) return;
    const reader = new ChainReader(chain, this.#read, this.#lastSum, failed);
    const rows = this.#tables
      .prepare("SELECT * FROM job_changes ORDER BY id LIMIT -1 OFFSET ?")
      .all(this.#read) as SummedRow[];
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
