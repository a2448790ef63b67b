import type { PageFleet } from "./pageFleet.ts";
import type { Comparison } from "../src/results/comparison.ts";
import type { Job, JobId } from "../src/queue/job.ts";
import type { Wait } from "../src/queue/order.ts";
import type { ListedRun } from "../src/results/runFilter.ts";
import type { Question, QuestionId } from "../src/run/questions.ts";
import type { RunId } from "../src/run/store.ts";

/** Calls of the library that the page makes. A bench has them all; `lab` is not imported, which stands above. */
export interface PageLibrary {
  list(options: {
    readonly where?: string;
  }): Promise<{ readonly runs: readonly ListedRun[]; readonly archivedLeftOut: number }>;
  note(run: RunId, text: string): Promise<unknown>;
  tag(run: RunId, tags: readonly string[], options: { readonly remove?: boolean }): Promise<unknown>;
  report(
    run: RunId,
    options: { readonly out: string },
  ): Promise<{ readonly report: string; readonly figures: string }>;
  compare(runs: readonly RunId[], options: { readonly out?: string }): Promise<Comparison>;
  export(
    run: RunId,
    options: {
      readonly to: TableFormat;
      readonly out: string;
      readonly turns?: boolean;
      readonly findings?: boolean;
    },
  ): Promise<{ readonly file: string }>;
  /** Those that wait for an answer. */
  questions(): Promise<readonly Question[]>;
  answer(question: QuestionId, answer: string): Promise<unknown>;
  readonly queue: PageQueue;
  /** Has a worker begin with the jobs that may begin, in a process that the page does not end. */
  startWork?(): Promise<void>;
  /** The benches of a server; undefined where the workspace is a folder. */
  lookAtFleet?(): Promise<PageFleet>;
  /** Takes a question back whose asker is gone. */
  withdraw(question: QuestionId): Promise<unknown>;
}

/** The queue of the workspace. */
export interface PageQueue {
  list(): Promise<readonly PageJob[]>;
  add(command: string, subjects: string): Promise<unknown>;
  move(job: JobId, options: { readonly first: boolean }): Promise<void>;
  retry(job: JobId): Promise<void>;
  remove(job: JobId): Promise<void>;
}

export interface PageJob extends Job {
  /** The chip's nickname, or its address. */
  readonly chipName: string;
  /** The same of the other chips that it works on, of a network over several. */
  readonly otherChips: readonly string[];
  /** Why it does not begin yet; undefined of one that may. */
  readonly wait: Wait | undefined;
  /** Whether a worker is at it just now. */
  readonly worked: boolean;
}

export const tableFormats = ["csv", "parquet", "npz", "hdf5", "mat"] as const;
export type TableFormat = (typeof tableFormats)[number];
