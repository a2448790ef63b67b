import { createHash } from "node:crypto";
import { basename } from "node:path";
import { type Circumstances, fitRecord } from "../calibration/fitRecord.ts";
import { fittedModel } from "../calibration/fittedModel.ts";
import { fitFreeForm } from "../calibration/freeForm/fitFreeForm.ts";
import { freeFormDefinition, freeFormRecord } from "../calibration/freeForm/record.ts";
import type { Gathered } from "../calibration/gather.ts";
import { gatherToFit, measureRuns } from "../calibration/measured.ts";
import { living, withLost } from "../calibration/lostDevices.ts";
import type { PulseResponse } from "../calibration/pulseResponse.ts";
import { readOutOf } from "../calibration/readOut.ts";
import { onlyTheLawFails, type TableInstead, tableInstead } from "../calibration/tableInstead.ts";
import { definitionOf, modelFileOf, modelSchema, readModel } from "../files/model.ts";
import { refuseNoFolder, writeWhole } from "../files/writeWhole.ts";
import type { ChipDescription, ChipDocument } from "../src/chip/description.ts";
import { MhoError } from "../src/errors.ts";
import type {
  FitRecord,
  FreeFormDefinition,
  ModelDefinition,
  PowerLawDefinition,
} from "../src/model/definition.ts";
import { modelOf } from "../src/model/modelOf.ts";
import { asPowerLaw } from "../src/model/powerLaw.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import type { WarningEvent } from "./events.ts";
import { refuseOtherDevices } from "./modelOfChip.ts";
import { builtIn, type Registries } from "./registries.ts";
import { descriptionOf } from "./runDescription.ts";
import { runOrGroupNamed, runsNamed } from "./runName.ts";
import { version } from "./version.ts";
import type { Workplace } from "./workplace.ts";

export interface FitOptions {
  /** The model file to write; none where nothing is said. */
  readonly out?: string | undefined;
  /** What was believed before: a built-in name, a file or a definition. That of the first run where nothing is said. */
  readonly model?: string | ModelDefinition | undefined;
  /** The model's name; that of the file where nothing is said. */
  readonly name?: string | undefined;
}

/** A fitted model, and what was found on the way: intervals, checks, and whether to believe it. */
export interface Fit {
  readonly model: FittedDefinition;
  readonly record: FitRecord;
}

/** Devices that drift by a power law, and all others. */
export type FittedDefinition = PowerLawDefinition | FreeFormDefinition;

/** Fits a model to what was measured of runs. Whether to believe it stands in its record. */
export async function fit(place: Workplace, given: readonly string[], options: FitOptions): Promise<Fit> {
  given.forEach(runOrGroupNamed);
  const { out } = options;
  if (out !== undefined && !/[^/\\]\.json$/i.test(out)) {
    throw new MhoError(
      "bad-argument",
      `--out ${out}: a model is a JSON file, so give a name that ends in .json, such as mine.json.`,
      { file: out },
    );
  }
  const name =
    options.name ??
    basename(out ?? "fitted")
      .replace(/\.json$/, "")
      .slice(0, longestName);
  if (name.length < 1 || name.length > longestName) {
    throw new MhoError("bad-argument", `--name ${name}: give 1 to ${longestName} characters.`);
  }
  const store = await place.existingStore();
  const runs = await runsNamed(store, given);
  if (out !== undefined) await refuseNoFolder(out, advice);
  const believed = typeof options.model === "string" ? await readModel(options.model) : options.model;
  const found = await fitModel(store, runs, believed, name, place.seed, place.registries, place.emit);
  if (out !== undefined) {
    const text = `${JSON.stringify(modelFileOf(found.model), undefined, 2)}\n`;
    await writeWhole(out, text, advice);
  }
  return found;
}

const longestName = 100;
const advice = "Name another file with --out.";

/**
 * Fits a model to runs of chips of one kind.
 *
 * @param believed  before; what the first run was planned with when undefined.
 */
export async function fitModel(
  store: RunStore,
  runs: readonly RunId[],
  believed: ModelDefinition | undefined,
  name: string,
  seed: number,
  registries: Registries = builtIn,
  emit: (event: WarningEvent) => void = () => {},
): Promise<Fit> {
  const plan = await store.plan(runs[0]!);
  for (const run of runs) {
    const { chipName } = await store.plan(run);
    if (chipName === plan.chipName) continue;
    throw new MhoError(
      "bad-argument",
      `Run ${runs[0]} is of a ${plan.chipName} and ${run} of a ${chipName}: one model cannot serve both. Fit them one by one.`,
    );
  }
  const description = await descriptionOf(store, runs[0]!, emit, registries);
  await refuseOtherDescriptions(store, runs);
  const before = believed ?? plan.model;
  refuseOtherDevices(before, description);
  const law = asPowerLaw(before);
  const all = await gatherToFit(store, runs, description, {
    outsideToo: law === undefined,
    methods: registries.methods,
  });
  const alive = living(all, description.maxConductanceMicrosiemens);
  const { gathered } = alive;
  const circumstances: Circumstances = {
    runs,
    chip: plan.chipName,
    modelBefore: before.name,
    software: `mho ${version}`,
    seed,
    dataDigest: await digestOf(store, runs),
  };
  const found =
    law === undefined
      ? freeFormFit(gathered, before, name, circumstances)
      : await powerLawFit(store, gathered, description, law, name, circumstances);
  const record = withLost(found.record, alive);
  const { technology } = description.pulses;
  const model = asRead({
    ...found.model,
    ...(found.model.family === "free-form" && { technology: technology.name }),
    ...(alive.dying && { dying: alive.dying }),
    fit: record,
  });
  return { model, record: model.fit ?? record };
}

/** In the order in which a file of it is read again: so its digest stays. */
function asRead(model: FittedDefinition): FittedDefinition {
  return definitionOf(modelSchema.parse(modelFileOf(model))) as FittedDefinition;
}

async function powerLawFit(
  store: RunStore,
  gathered: Gathered,
  description: ChipDescription,
  before: PowerLawDefinition,
  name: string,
  circumstances: Circumstances,
): Promise<Fit> {
  const { found, forecasts, response } = await measureRuns(store, gathered, description, before);
  const record = fitRecord(
    found,
    forecasts,
    gathered,
    response,
    circumstances,
    description.maxConductanceMicrosiemens,
  );
  const pulses = response && { pulseResponse: pulseResponseOf(response) };
  if (!onlyTheLawFails(found.verdict)) {
    return { model: fittedModel(found, before, name, { fit: record, ...pulses }), record };
  }
  const parts = gathered.parts.map(({ data }) => data);
  const tried = tableInstead(parts, readOutOf(description, before), before, found);
  const failed = found.verdict.checks.filter(({ ok }) => !ok).map(({ name: check }) => check);
  const believed = modelOf(before);
  const ofTable =
    tried && freeFormRecord(tried.table, gathered, circumstances, believed.maxConductanceMicrosiemens);
  const remark = remarkOnTable(tried, failed, ofTable?.believe === true);
  if (tried?.isBetter === true && ofTable?.believe === true) {
    const told = { ...ofTable, remarks: [remark, ...ofTable.remarks] };
    return {
      model: { ...freeFormDefinition(tried.table, believed, name, false, told), ...pulses },
      record: told,
    };
  }
  const told = { ...record, remarks: [...record.remarks, remark] };
  return { model: fittedModel(found, before, name, { fit: told, ...pulses }), record: told };
}

/** Which of the two laws was taken, and what it was chosen by. */
function remarkOnTable(tried: TableInstead | undefined, failed: readonly string[], believe: boolean): string {
  const why = `these devices do not drift by a power law (${failed.join(", ")})`;
  if (tried === undefined) {
    return `${why}, and a table of what was read could not be tried: that takes devices that verify looked at again, read over three decades`;
  }
  const { reads, gain, isBetter } = tried;
  const compared =
    `of ${reads} later reads of devices that it was not fitted to, a table gives ${Math.exp(gain).toFixed(2)} times the density that the ` +
    "power law gives";
  if (!isBetter) return `${why}, and ${compared}: it is no better, so the power law was kept`;
  return believe
    ? `${why}: ${compared}, so this model is a table`
    : `${why}, and ${compared}, but the table fails checks of its own: the power law was kept`;
}

function freeFormFit(
  gathered: Gathered,
  before: ModelDefinition,
  name: string,
  circumstances: Circumstances,
): Fit {
  const found = fitFreeForm(gathered.parts.map(({ data }) => data));
  const believed = modelOf(before);
  const record = freeFormRecord(found, gathered, circumstances, believed.maxConductanceMicrosiemens);
  return { model: freeFormDefinition(found, believed, name, true, record), record };
}

/** One fit takes pulses and codes of all runs alike: it would be wrong where these stand for something else. */
async function refuseOtherDescriptions(store: RunStore, runs: readonly RunId[]): Promise<void> {
  const first = deviceSide(await store.description(runs[0]!));
  for (const run of runs) {
    const other = deviceSide(await store.description(run));
    if (first === undefined || other === undefined || other === first) continue;
    throw new MhoError(
      "bad-argument",
      `Runs ${runs[0]} and ${run} were programmed by descriptions of the chip that differ in its pulses or its converter: ` +
        "one fit cannot serve both. Fit them one by one.",
      { run },
    );
  }
}

/** What a description says of devices, pulses and converters; limits, timing, line and the model that it names do not touch a fit. */
function deviceSide(kept: ChipDocument | undefined): string | undefined {
  if (kept === undefined) return undefined;
  const {
    limits: _limits,
    timing: _timing,
    line: _line,
    model: _model,
    ...rest
  } = JSON.parse(kept.text) as Record<string, unknown>;
  return JSON.stringify(rest);
}

/** Throws `bad-argument` for models that say nothing of drift exponents. */
export function powerLawBefore(definition: ModelDefinition): PowerLawDefinition {
  const law = asPowerLaw(definition);
  if (law !== undefined) return law;
  throw new MhoError(
    "bad-argument",
    `${definition.name} is not a model of phase-change devices that drift by a power law, and mho fits only those yet. ` +
      "Name one with --model, such as pcm-90nm.",
    { model: definition.name },
  );
}

/** SHA-256 of what every sweep was kept as, codes or µS, and of its times. */
async function digestOf(store: RunStore, runs: readonly RunId[]): Promise<string> {
  const hash = createHash("sha256");
  for (const run of runs) {
    for await (const { tile, codes, rowTimesMicroseconds, conductanceMicrosiemens } of store.sweeps(run)) {
      hash.update(`${run} ${tile} `);
      hash.update(codes ?? conductanceMicrosiemens);
      hash.update(rowTimesMicroseconds);
    }
  }
  return hash.digest("hex");
}

function pulseResponseOf(response: PulseResponse): PowerLawDefinition["pulseResponse"] {
  const { amplitudeMicroamperes, conductanceMicrosiemens } = response;
  return {
    amplitudeMicroamperes: [...amplitudeMicroamperes],
    conductanceMicrosiemens: Array.from(conductanceMicrosiemens, (g) => Number(g.toPrecision(6))),
    deviceSpreadMicroamperes: response.deviceSpreadMicroamperes,
    cycleSpreadMicroamperes: response.cycleSpreadMicroamperes,
  };
}
