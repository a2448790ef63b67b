import { writeFile } from "node:fs/promises";
import { refuseNoFolder, writeWhole, writeWholeBy } from "../files/writeWhole.ts";
import { MhoError } from "../src/errors.ts";
import { compareRuns, type Comparison } from "../src/results/comparison.ts";
import { wholeReader } from "../src/results/wholeReader.ts";
import { parseDuration, type Seconds } from "../src/units.ts";
import { procedureOfMethod } from "../src/measure/procedures.ts";
import { pageNamed } from "./pageName.ts";
import { runOrGroupNamed } from "./runName.ts";
import { version } from "./version.ts";
import type { Workplace } from "./workplace.ts";

export interface CompareOptions {
  /** The age to compare errors at: seconds, or such as "1d"; the last that all runs have in common where none is given. */
  readonly age?: Seconds | string | undefined;
  /** A page to draw; its numbers go beside it as NAME.figures.csv. None is written where none is named. */
  readonly out?: string | undefined;
}

export interface Compared extends Comparison {
  /** Undefined where none was asked for. */
  readonly report: string | undefined;
  readonly figures: string | undefined;
}

/** Compares runs, or networks over several chips, with the first of them, and draws them over one another. */
export async function compare(
  place: Workplace,
  given: readonly string[],
  { age, out }: CompareOptions,
): Promise<Compared> {
  const runs = given.map(runOrGroupNamed);
  const at = typeof age === "string" ? parseDuration(age) : age;
  if (age !== undefined && !(at !== undefined && at > 0))
    throw new MhoError("bad-argument", `--age ${age}: give a time such as 1h or 30d.`);
  const file = out === undefined ? undefined : pageNamed(out);
  const advice = "Name another file with --out.";
  if (file !== undefined) await refuseNoFolder(file, advice);
  const store = wholeReader(await place.existingStore());
  for (const run of runs) {
    const { method } = await store.summary(run);
    const procedure = procedureOfMethod(place.registries.procedures, method);
    if (procedure === undefined) continue;
    throw new MhoError(
      "bad-argument",
      `Run ${run} is a measurement (${procedure.name}), and compare is for programmed and imported runs. mho report ${run} draws it.`,
      { run },
    );
  }
  const comparison = await compareRuns(store, runs, at);
  if (file === undefined) return { ...comparison, report: undefined, figures: undefined };
  const { renderComparison } = await import("../report/compareReport.ts");
  const { html, csv } = renderComparison(comparison, version);
  const figures = `${file.replace(/\.html?$/i, "")}.figures.csv`;
  await writeWholeBy(figures, advice, async (draft) => {
    await writeFile(draft, csv);
    await writeWhole(file, html, advice);
  });
  return { ...comparison, report: file, figures };
}
