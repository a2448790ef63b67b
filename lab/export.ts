import { basename } from "node:path";
import { aihwkitOf, pythonLoader } from "../calibration/aihwkit.ts";
import { modelDigest, readModel } from "../files/model.ts";
import { writeSweepsCsv, writeSweepsNpz, writeSweepsParquet } from "../files/writeSweeps.ts";
import { writeWhole, writeWholeBy } from "../files/writeWhole.ts";
import { MhoError } from "../src/errors.ts";
import { asPowerLaw } from "../src/model/powerLaw.ts";
import { sweepTables } from "../src/results/sweepTable.ts";
import type { Seconds } from "../src/units.ts";
import { isRunName } from "./runName.ts";
import { version } from "./version.ts";
import type { Workplace } from "./workplace.ts";

const advice = "Name another file with --out.";
const writers = { csv: writeSweepsCsv, parquet: writeSweepsParquet, npz: writeSweepsNpz };

export type TableFormat = keyof typeof writers;

export interface ExportOptions {
  readonly to: TableFormat;
  /** Named after the run where nothing is said. */
  readonly out?: string | undefined;
}

export interface ExportModelOptions {
  /** Named after the model where nothing is said. */
  readonly out?: string | undefined;
  /** When to infer. */
  readonly timesSeconds?: readonly Seconds[] | undefined;
}

/** Writes every reading of a run's sweeps as a table. @returns the file and how many readings it holds. */
export async function exportRun(
  place: Workplace,
  run: string,
  to: TableFormat,
  out = `${run}.${to}`,
): Promise<{ readonly file: string; readonly readings: number }> {
  if (!Object.hasOwn(writers, to)) {
    throw new MhoError(
      "bad-argument",
      `There is no format ${String(to)} for a run's readings. Known are ${Object.keys(writers).join(", ")}.`,
      { to: String(to) },
    );
  }
  if (!isRunName(run)) {
    throw new MhoError(
      "bad-argument",
      `${run} is no run, and --to ${to} is for the sweeps of one, such as r2. Models go --to aihwkit.`,
    );
  }
  const store = await place.existingStore();
  const plan = await store.plan(run);
  const header = {
    run,
    title: plan.title,
    chip: `${plan.chipName} number ${plan.chipSerialNumber}`,
    method: plan.method,
    model: plan.model.name,
    software: `mho ${version}`,
  };
  const readings = await writeWholeBy(out, advice, (draft) =>
    writers[to](draft, header, sweepTables(store, run, plan)),
  );
  return { file: out, readings };
}

const usualTimesSeconds: readonly Seconds[] = [1, 60, 3600, 86_400, 30 * 86_400, 360 * 86_400];

/** A model as aihwkit's arguments, in a file, and a loader in Python beside it. */
export async function exportModel(
  nameOrPath: string,
  { out: given, timesSeconds = usualTimesSeconds }: ExportModelOptions,
) {
  const definition = await readModel(nameOrPath);
  const law = asPowerLaw(definition);
  if (law === undefined) {
    throw new MhoError(
      "bad-argument",
      `${definition.name} does not drift by a power law, and aihwkit's CustomDriftPCMLikeNoiseModel does.`,
      { model: definition.name },
    );
  }
  const found = aihwkitOf(law);
  const out = given ?? `${definition.name}.aihwkit.json`;
  const loader = `${out.replace(/\.json$/, "")}.py`;
  const contents = {
    format: "mho-aihwkit" as const,
    version: 1 as const,
    class: "aihwkit.inference.noise.pcm.CustomDriftPCMLikeNoiseModel",
    arguments: found.arguments,
    times_seconds: timesSeconds,
    model: definition.name,
    model_digest: modelDigest(definition),
    programming_miss_microsiemens: found.programmingMissMicrosiemens,
    read_noise_miss: found.readNoiseMiss,
    software: `mho ${version}`,
  };
  await writeWhole(out, `${JSON.stringify(contents, undefined, 2)}\n`, advice);
  await writeWhole(loader, pythonLoader(basename(out)), advice);
  const { version: formatVersion, ...rest } = contents;
  return { to: "aihwkit" as const, file: out, loader, format_version: formatVersion, ...rest };
}
