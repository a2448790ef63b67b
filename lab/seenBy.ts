import { MhoError } from "../src/errors.ts";
import type { ModelDefinition } from "../src/model/definition.ts";
import type { DeviceModel } from "../src/model/deviceModel.ts";
import { modelOf } from "../src/model/modelOf.ts";

/** A model's devices as the mean of so many reads shows them. */
export function seenBy(reads: number, definition: ModelDefinition): DeviceModel {
  if (!Number.isSafeInteger(reads) || reads < 1 || reads > mostReads)
    throw new MhoError("bad-argument", `--reads ${reads}: give a whole number from 1 to ${mostReads}.`);
  const model = modelOf(definition);
  const seen = reads === 1 ? model : model.meanOfReads(reads);
  if (seen !== undefined) return seen;
  throw new MhoError(
    "bad-argument",
    `--reads ${reads}: the model ${model.name} does not tell the noise of a read from the rest. Leave --reads away: its errors are those of one read.`,
  );
}

const mostReads = 4096;
