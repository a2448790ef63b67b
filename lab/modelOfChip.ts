import { readModel } from "../files/model.ts";
import type { ChipDescription } from "../src/chip/description.ts";
import { MhoError } from "../src/errors.ts";
import { type ModelDefinition, technologyOf } from "../src/model/definition.ts";
import { modelOf } from "../src/model/modelOf.ts";

/** What is believed of a chip's devices where nothing else is said: its description's model, or its technology's. */
export function modelOfChip({ model, pulses }: ChipDescription): Promise<ModelDefinition> {
  return readModel(model ?? pulses.technology.usualModel);
}

/**
 * Throws `bad-argument` for a model of other devices than a chip's: of another technology, or of another range of conductances. What
 * it says of programming, drift and noise at a conductance is then of no device of the chip.
 */
export function refuseOtherDevices(definition: ModelDefinition, description: ChipDescription): void {
  const { name: chip, pulses, maxConductanceMicrosiemens: range } = description;
  const { name: technology, title, modelFamilies } = pulses.technology;
  const advice =
    'Give a model of its devices with --model (docs/models.md tells how one is made of measurements), or name it in the chip\'s description, "model": "FILE.json".';
  const of = technologyOf(definition) ?? technology;
  if (of !== technology || modelFamilies?.includes(definition.family) === false) {
    throw new MhoError(
      "bad-argument",
      `The model ${definition.name} is not of ${title} devices, and the chip ${chip} has those. ${advice}`,
      { model: definition.name, chip },
    );
  }
  if (fitsRange(definition, range)) return;
  const { maxConductanceMicrosiemens: most } = modelOf(definition);
  throw new MhoError(
    "bad-argument",
    `The model ${definition.name} is of devices of 0 … ${most} µS, and those of the chip ${chip} have 0 … ${range} µS. ${advice}`,
    { model: definition.name, chip, most, range },
  );
}

/** Whether a model is of devices of a range, µS. Measured moments may end below it: they say nothing of what is above. */
export function fitsRange(definition: ModelDefinition, range: number): boolean {
  const { maxConductanceMicrosiemens: most } = modelOf(definition);
  return (
    most <= range * (1 + mostApart) &&
    (definition.family === "measured-moments" || most >= range * (1 - mostApart))
  );
}

/** Share of the chip's range: data sheets round, and a fit may end a little below. */
const mostApart = 0.05;
