import { z } from "zod";
import { ecram, type EcramPulses, type StepPulse } from "../../src/chip/technologies/ecram.ts";
import { isSorted } from "../sorted.ts";
import { nanoseconds, positive, type TechnologyFile } from "./technologyFile.ts";

const stepPulse = z
  .strictObject({
    width_nanoseconds: nanoseconds,
    conductance_microsiemens: z.array(z.number().nonnegative()).min(2),
    step_microsiemens: z.array(positive).min(2),
    device_spread: positive,
    cycle_spread: positive,
  })
  .refine(
    (pulse) =>
      pulse.conductance_microsiemens.length === pulse.step_microsiemens.length &&
      isSorted(pulse.conductance_microsiemens, 1, true),
    "the conductances must ascend, with one step each",
  );

const keys = {
  ecram_pulses: z.strictObject({
    nanoamperes_per_code: positive,
    codes: z.int().min(2).max(65_536),
    set: stepPulse,
    reset: stepPulse,
  }),
};

const limitKeys = { max_amplitude_nanoamperes: positive };

export const ecramFile: TechnologyFile<typeof keys, typeof limitKeys> = {
  technology: ecram,
  keys,
  limitKeys,
  pulsesOf: ({ ecram_pulses: { nanoamperes_per_code, codes, set, reset } }): EcramPulses => ({
    technology: ecram,
    nanoamperesPerCode: nanoamperes_per_code,
    codes,
    set: stepOf(set),
    reset: stepOf(reset),
  }),
  limitsOf: (limits) => ({ maxAmplitude: limits.max_amplitude_nanoamperes }),
};

function stepOf(pulse: z.output<typeof stepPulse>): StepPulse {
  return {
    widthNanoseconds: pulse.width_nanoseconds,
    conductanceMicrosiemens: Float64Array.from(pulse.conductance_microsiemens),
    stepMicrosiemens: Float64Array.from(pulse.step_microsiemens),
    deviceSpread: pulse.device_spread,
    cycleSpread: pulse.cycle_spread,
  };
}
