import { writeFile } from "node:fs/promises";
import { refuseNoFolder, writeWhole, writeWholeBy } from "../files/writeWhole.ts";
import { MhoError } from "../src/errors.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { DriftLines, type LineLaw } from "../src/results/driftLines.ts";
import { type LotLaw, lotLaws, type LotRun } from "../src/results/lot.ts";
import { LotSums, type LotSum } from "../src/results/lotSums.ts";
import { sweepTables } from "../src/results/sweepTable.ts";
import { verdicts } from "../src/program/method.ts";
import { placeOnWafer } from "../src/run/labels.ts";
import type { RunAtBench, RunId, RunStore } from "../src/run/store.ts";
import { pageNamed } from "./pageName.ts";
import { runsNamed } from "./runName.ts";
import { version } from "./version.ts";
import type { Workplace } from "./workplace.ts";

export interface LotOptions {
  /** A page to draw; its numbers go beside it as NAME.figures.csv. None is written where none is named. */
  readonly out?: string | undefined;
}

export interface Lot {
  readonly runs: readonly LotRun[];
  readonly laws: readonly LotLaw[];
  /** What the laws are made of: they add up with those of other benches, and `lotLaws` makes the laws of all. */
  readonly sums: readonly LotSum[];
  /** µS: the end of the last bin of conductance. */
  readonly maxConductanceMicrosiemens: number;
  /** Undefined where none was asked for. */
  readonly report: string | undefined;
  readonly figures: string | undefined;
}

/**
 * The laws of a lot by the runs of its chips, and which chips are unlike the others.
 *
 * @throws `bad-argument` for fewer than two chips, two runs of one, chips of different ranges, and runs that were not read over a decade of age.
 */
export async function lot(
  place: Workplace,
  given: readonly string[],
  { out }: LotOptions = {},
): Promise<Lot> {
  const file = out === undefined ? undefined : pageNamed(out);
  const advice = "Name another file with --out.";
  if (file !== undefined) await refuseNoFolder(file, advice);
  const store = await place.existingStore();
  const names = await runsNamed(store, given);
  const runs: LotRun[] = [];
  for (const run of names) runs.push(await chipOf(store, run));
  refuseAlike(runs);
  const law: LineLaw = modelOf((await store.plan(names[0]!)).model);
  const sums: LotSum[] = [];
  for (const run of runs) {
    const own = await sumsOf(store, run, law);
    if (own.length === 0) throw notRead(run.run, (await store.summary(run.run)).madeAt);
    sums.push(...own);
  }
  const laws = lotLaws(runs, sums);
  const found = { runs, laws, sums, maxConductanceMicrosiemens: law.maxConductanceMicrosiemens };
  if (file === undefined) return { ...found, report: undefined, figures: undefined };
  const { renderLot } = await import("../report/lotReport.ts");
  const { html, csv } = renderLot(found, version);
  const figures = `${file.replace(/\.html?$/i, "")}.figures.csv`;
  await writeWholeBy(figures, advice, async (draft) => {
    await writeFile(draft, csv);
    await writeWhole(file, html, advice);
  });
  return { ...found, report: file, figures };
}

async function chipOf(store: RunStore, run: RunId): Promise<LotRun> {
  const { chipName, chipSerialNumber: serialNumber } = await store.summary(run);
  const { wafer, die } = placeOnWafer(await store.chipNotes({ name: chipName, serialNumber }));
  return { run, chip: `${chipName} ${serialNumber}`, chipName, serialNumber, wafer, die };
}

function refuseAlike(runs: readonly LotRun[]): void {
  if (runs.length < 2) {
    throw new MhoError("bad-argument", "Name runs of two chips or more: a lot is compared chip by chip.");
  }
  for (const [k, { run, chip }] of runs.entries()) {
    const before = runs.slice(0, k).find((one) => one.chip === chip);
    if (before === undefined) continue;
    throw new MhoError(
      "bad-argument",
      `Runs ${before.run} and ${run} are both of the chip ${chip}. Name one run of each chip; mho compare ${before.run} ${run} compares these two.`,
      { run, chip },
    );
  }
}

/** Devices that were accepted, or programmed without a look: the others are not where they were meant to be. */
async function sumsOf(store: RunStore, { run, chip }: LotRun, law: LineLaw): Promise<readonly LotSum[]> {
  const plan = await store.plan(run);
  const { maxConductanceMicrosiemens: max } = modelOf(plan.model);
  if (max !== law.maxConductanceMicrosiemens) {
    throw new MhoError(
      "bad-argument",
      `Run ${run} is of a chip whose range ends at ${max} µS, and that of the first run at ${law.maxConductanceMicrosiemens} µS. ` +
        "A lot is of chips that were made alike.",
      { run },
    );
  }
  const lines = new Map<number, { lines: DriftLines; targets: Float32Array }>();
  for await (const table of sweepTables(store, run, plan)) {
    const { sweep, verdicts: given, targetsMicrosiemens: targets } = table;
    const own = lines.get(sweep.tile) ?? { lines: new DriftLines(law, given.length), targets };
    lines.set(sweep.tile, own);
    own.lines.add(table, (i) => given[i] === verdicts.accepted || given[i] === verdicts.unverified);
  }
  const sums = new LotSums(chip, max);
  for (const [tile, { lines: own, targets }] of lines) {
    for (let i = 0; i < own.devices; i++) {
      const line = own.line(i);
      if (line !== undefined) sums.add(tile, line, targets[i]!);
    }
  }
  return sums.sums();
}

/** @param madeAt  of a run of a server, which only its bench can read. */
function notRead(run: RunId, madeAt: RunAtBench | undefined): MhoError {
  const how =
    madeAt === undefined
      ? `Read them with mho watch ${run}`
      : `Read them at the bench ${madeAt.bench}, where the run is called ${madeAt.run}, with mho watch ${madeAt.run}`;
  return new MhoError(
    "bad-argument",
    `The devices of ${run} were not read at three ages over a decade of time or more: how they drift is not known. ${how}, or leave the ` +
      "run out.",
    { run, ...(madeAt !== undefined && { bench: madeAt.bench }) },
  );
}
