import { createHash } from "node:crypto";
import { basename } from "node:path";
import { fitRecord } from "../calibration/fitRecord.ts";
import { fittedModel } from "../calibration/fittedModel.ts";
import { measureRuns } from "../calibration/measured.ts";
import type { PulseResponse } from "../calibration/pulseResponse.ts";
import { modelFileOf, readModel } from "../files/model.ts";
import { MhoError } from "../src/errors.ts";
import type { FitRecord, ModelDefinition, PowerLawDefinition } from "../src/model/definition.ts";
import { asPowerLaw } from "../src/model/powerLaw.ts";
import type { RunId, RunStore } from "../src/run/store.ts";
import { parseAddress } from "../lab/address.ts";
import { inWorkspace } from "../lab/existingWorkspace.ts";
import { describeChip } from "../lab/openChip.ts";
import type { FitOptions } from "./options.ts";
import type { Output } from "./output.ts";
import { runNamed } from "../lab/runName.ts";
import { describeFit } from "./showFit.ts";
import { version } from "../lab/version.ts";
import { writeWhole } from "../files/writeWhole.ts";

/** Fits a model to what was measured of runs, and says whether to believe it. Ends with 1 when not. */
export async function fit(given: readonly RunId[], options: FitOptions, output: Output): Promise<void> {
  const runs = [...new Set(given)];
  runs.forEach(runNamed);
  if (options.name !== undefined && !(options.name.length >= 1 && options.name.length <= longestName)) {
    throw new MhoError("bad-argument", `--name ${options.name}: give 1 to ${longestName} characters.`);
  }
  await inWorkspace(options, async (store) => {
    const name =
      options.name ??
      basename(options.out)
        .replace(/\.json$/, "")
        .slice(0, longestName);
    const believed = options.model === undefined ? undefined : await readModel(options.model);
    const { model, record } = await fitModel(store, runs, believed, name, options.seed);
    await writeWhole(
      options.out,
      `${JSON.stringify(modelFileOf(model), undefined, 2)}\n`,
      "Name another file with --out.",
    );
    for (const line of describeFit(record)) output.say(line);
    output.say(`Model: ${options.out}`);
    const { laws, figures, ...rest } = record;
    output.event({ type: "result", model: options.out, ...rest, laws, figures });
    if (!record.believe) process.exitCode = 1;
  });
}

const longestName = 100;

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
): Promise<{ readonly model: PowerLawDefinition; readonly record: FitRecord }> {
  const plan = await store.plan(runs[0]!);
  for (const run of runs) {
    const { chipName } = await store.plan(run);
    if (chipName === plan.chipName) continue;
    throw new MhoError(
      "bad-argument",
      `Run ${runs[0]} is of a ${plan.chipName} and ${run} of a ${chipName}: one model cannot serve both. Fit them one by one.`,
    );
  }
  const description = await describeChip(parseAddress(plan.chipAddress));
  const before = powerLawBefore(believed ?? plan.model);
  const { gathered, found, response } = await measureRuns(store, runs, description, before);
  const record = fitRecord(found, gathered, response, {
    runs,
    chip: plan.chipName,
    modelBefore: before.name,
    software: `mho ${version}`,
    seed,
    dataDigest: await digestOf(store, runs),
  });
  const model = fittedModel(found, before, name, {
    fit: record,
    ...(response && { pulseResponse: pulseResponseOf(response) }),
  });
  return { model, record };
}

/** Throws `bad-argument` for models that say nothing of drift exponents. */
export function powerLawBefore(definition: ModelDefinition): PowerLawDefinition {
  const law = asPowerLaw(definition);
  if (law !== undefined) return law;
  throw new MhoError(
    "bad-argument",
    `${definition.name} is no model of phase-change devices that drift by a power law, and mho fits no other yet. ` +
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
