import { basename } from "node:path";
import { aihwkitOf, pythonLoader } from "../calibration/aihwkit.ts";
import { modelDigest, readModel } from "../files/model.ts";
import { writeSweepsCsv, writeSweepsNpz, writeSweepsParquet } from "../files/writeSweeps.ts";
import { counted } from "../src/counted.ts";
import { MhoError } from "../src/errors.ts";
import { asPowerLaw } from "../src/model/powerLaw.ts";
import { sweepTables } from "../src/results/sweepTable.ts";
import { inWorkspace } from "../lab/existingWorkspace.ts";
import type { ExportOptions } from "./options.ts";
import type { Output } from "./output.ts";
import { timesOf } from "./program.ts";
import { isRunName } from "../lab/runName.ts";
import { version } from "../lab/version.ts";
import { writeWhole, writeWholeBy } from "../files/writeWhole.ts";

/** Writes a run's sweeps, or a model, for other tools. */
export function exportTo(what: string, options: ExportOptions, output: Output): Promise<void> {
  const { to } = options;
  return to === "aihwkit" ? exportModel(what, options, output) : exportRun(what, { ...options, to }, output);
}

const advice = "Name another file with --out.";
const writers = { csv: writeSweepsCsv, parquet: writeSweepsParquet, npz: writeSweepsNpz };

async function exportRun(
  run: string,
  options: ExportOptions & { to: keyof typeof writers },
  output: Output,
): Promise<void> {
  if (!isRunName(run)) {
    throw new MhoError(
      "bad-argument",
      `${run} is no run, and --to ${options.to} is for the sweeps of one, such as r2. Models go --to aihwkit.`,
    );
  }
  const out = options.out ?? `${run}.${options.to}`;
  await inWorkspace(options, async (store) => {
    const plan = await store.plan(run);
    const header = {
      run,
      title: plan.title,
      chip: `${plan.chipName} number ${plan.chipSerialNumber}`,
      method: plan.method,
      model: plan.model.name,
      software: `mho ${version}`,
    };
    const rows = await writeWholeBy(out, advice, (draft) =>
      writers[options.to](draft, header, sweepTables(store, run, plan)),
    );
    if (rows === 0) output.say(`Run ${run} was never read: the table is empty. mho watch ${run} reads it.`);
    output.say(`${counted(rows, "reading")}: ${out}`);
    output.event({ type: "result", file: out, readings: rows });
  });
}

async function exportModel(nameOrPath: string, options: ExportOptions, output: Output): Promise<void> {
  const definition = await readModel(nameOrPath);
  const law = asPowerLaw(definition);
  if (law === undefined) {
    throw new MhoError(
      "bad-argument",
      `${definition.name} does not drift by a power law, and aihwkit's CustomDriftPCMLikeNoiseModel does.`,
      { model: definition.name },
    );
  }
  const timesSeconds = timesOf("--times", options.times);
  const found = aihwkitOf(law);
  const out = options.out ?? `${definition.name}.aihwkit.json`;
  const loader = `${out.replace(/\.json$/, "")}.py`;
  const contents = {
    format: "mho-aihwkit",
    version: 1,
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
  output.say(`aihwkit's arguments: ${out}; five lines that load them: ${loader}`);
  output.say(
    `  its polynomial of the programming error is off by ${found.programmingMissMicrosiemens.toFixed(3)} µS at most, ` +
      `its read noise by a factor of ${found.readNoiseMiss.toFixed(2)}`,
  );
  output.event({ type: "result", file: out, loader, ...contents });
}
