import type { Comparison } from "../src/results/comparison.ts";
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
  /** Takes a question back whose asker is gone. */
  withdraw(question: QuestionId): Promise<unknown>;
}

export const tableFormats = ["csv", "parquet", "npz", "hdf5", "mat"] as const;
export type TableFormat = (typeof tableFormats)[number];
