import { basename } from "node:path";
import { aihwkitOf, pythonLoader } from "../calibration/aihwkit.ts";
import { modelDigest, readModel } from "../files/model.ts";
import { sweepTableColumns, writeSweepsCsv, writeSweepsParquet } from "../files/writeSweeps.ts";
import { writeSweepsHdf5, writeSweepsMat, writeSweepsNpz } from "../files/writeCube.ts";
import { findingColumns, writeFindings } from "../files/writeFindings.ts";
import { turnTableColumns, writeTurnsCsv, writeTurnsParquet } from "../files/writeTurns.ts";
import { writeWhole, writeWholeBy } from "../files/writeWhole.ts";
import { MhoError } from "../src/errors.ts";
import { wholeReader } from "../src/results/wholeReader.ts";
import { turnTables } from "../src/results/turnTable.ts";
import { sweepTables } from "../src/results/sweepTable.ts";
import type { Seconds } from "../src/units.ts";
import { writeAbout } from "./aboutTable.ts";
import { exportCrosssim } from "./exportCrosssim.ts";
import { isGroupName } from "../src/run/groups.ts";
import { isRunName } from "./runName.ts";
import { loaderBeside } from "./loaderBeside.ts";
import { usualTimesSeconds } from "./usualTimes.ts";
import { version } from "./version.ts";
import type { Workplace } from "./workplace.ts";

const advice = "Name another file with --out.";
const writers = {
  csv: writeSweepsCsv,
  parquet: writeSweepsParquet,
  npz: writeSweepsNpz,
  hdf5: writeSweepsHdf5,
  mat: writeSweepsMat,
};

export type TableFormat = keyof typeof writers;

export interface ExportOptions {
  readonly to: TableFormat;
  /** Every pulse and reading of the run's turns, instead of its sweeps; as CSV or Parquet. */
  readonly turns?: boolean | undefined;
  /** Of a measurement: what was found of each device, instead; as CSV or Parquet. */
  readonly findings?: boolean | undefined;
  /** Named after the run where nothing is said. */
  readonly out?: string | undefined;
}

export interface ExportModelOptions {
  /** Named after the model where nothing is said. */
  readonly out?: string | undefined;
  /** When to infer. */
  readonly timesSeconds?: readonly Seconds[] | undefined;
}

/** Writes every reading of a run's sweeps as a table, or of those of a network over several chips. @returns the file and how many readings it holds. */
export async function exportRun(
  place: Workplace,
  run: string,
  {
    to,
    turns = false,
    findings = false,
    out = turns ? `${run}.turns.${to}` : findings ? `${run}.findings.${to}` : `${run}.${to}`,
  }: ExportOptions,
): Promise<{ readonly file: string; readonly readings: number }> {
  if (!Object.hasOwn(writers, to)) {
    throw new MhoError(
      "bad-argument",
      `There is no format ${String(to)} for a run's readings. Known are ${Object.keys(writers).join(", ")}.`,
      { to: String(to) },
    );
  }
  if (!isRunName(run) && !isGroupName(run)) {
    throw new MhoError(
      "bad-argument",
      `${run} is not a run, and --to ${to} is for the sweeps of one, such as r2. Models go --to aihwkit or crosssim.`,
    );
  }
  if (turns && findings)
    throw new MhoError("bad-argument", "--turns and --findings are two tables: export one, then the other.");
  if ((turns || findings) && to !== "csv" && to !== "parquet") {
    throw new MhoError(
      "bad-argument",
      `${turns ? "Turns" : "Findings"} are a table, and --to ${to} holds sweeps. Use --to parquet or --to csv.`,
    );
  }
  if (findings && isGroupName(run))
    throw new MhoError(
      "bad-argument",
      `${run} is a network over several chips, and findings are of a measurement of one.`,
    );
  const store = wholeReader(await place.existingStore(), "all");
  const plan = await store.plan(run);
  const header = {
    run,
    title: plan.title,
    chip: `${plan.chipName} number ${plan.chipSerialNumber}`,
    method: plan.method,
    model: plan.model.name,
    software: `mho ${version}`,
  };
  if (findings && (to === "csv" || to === "parquet")) {
    const { findingsOf } = await import("./measure.ts");
    const found = await findingsOf(place, run);
    const devices = await writeWholeBy(out, advice, (draft) => writeFindings(draft, to, header, found));
    if (to === "csv") await writeAbout(out, header, findingColumns(found));
    return { file: out, readings: devices };
  }
  const readings = await writeWholeBy(out, advice, (draft) =>
    turns
      ? (to === "csv" ? writeTurnsCsv : writeTurnsParquet)(draft, header, turnTables(store, run, plan))
      : writers[to](draft, header, sweepTables(store, run, plan)),
  );
  if (to === "csv") await writeAbout(out, header, turns ? turnTableColumns : sweepTableColumns);
  return { file: out, readings };
}

/** A model as the arguments of one of aihwkit's classes, in a file, and a loader in Python beside it. */
export async function exportModel(nameOrPath: string, { out: given, timesSeconds }: ExportModelOptions) {
  const definition = await readModel(nameOrPath);
  const found = aihwkitOf(definition, timesSeconds ?? usualTimesSeconds);
  const known = found.onlyTimesSeconds;
  const unknown = timesSeconds?.find((time) => known?.includes(time) === false);
  if (unknown !== undefined) {
    throw new MhoError(
      "bad-argument",
      `aihwkit knows ${definition.name} at ${known!.join(", ")} s only, not at ${unknown} s. Leave --times out, or name these.`,
      { model: definition.name, timeSeconds: unknown },
    );
  }
  const out = given ?? `${definition.name}.aihwkit.json`;
  const loader = await loaderBeside(out, ".json");
  const contents = {
    format: "mho-aihwkit" as const,
    version: 2 as const,
    class: found.class,
    arguments: found.arguments,
    times_seconds: timesSeconds ?? known ?? usualTimesSeconds,
    model: definition.name,
    model_digest: modelDigest(definition),
    mean_miss: found.miss.mean,
    std_miss: found.miss.std,
    std_miss_at_zero: found.miss.stdAtZero,
    software: `mho ${version}`,
  };
  await writeWhole(out, `${JSON.stringify(contents, undefined, 2)}\n`, advice);
  await writeWhole(loader, pythonLoader(basename(out), found.class), advice);
  const { version: formatVersion, ...rest } = contents;
  return { to: "aihwkit" as const, file: out, loader, format_version: formatVersion, ...rest };
}

/** The moments of a model for CrossSim, in a numpy archive, and a loader in Python beside it. */
export function exportMoments(nameOrPath: string, { out, timesSeconds }: ExportModelOptions) {
  return exportCrosssim(nameOrPath, timesSeconds, usualTimesSeconds, out);
}
