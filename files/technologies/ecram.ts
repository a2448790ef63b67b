import { z } from "zod";
import { ecram, type EcramPulses, type StepPulse } from "../../src/chip/technologies/ecram.ts";
import { isSorted } from "../sorted.ts";
import { key, nanoseconds, positive, type TechnologyFile } from "./technologyFile.ts";

const stepPulse = z
  .strictObject({
    width_nanoseconds: key(nanoseconds, "ns", "Width of the pulse; the steps hold for it."),
    conductance_microsiemens: key(
      z.array(z.number().nonnegative()).min(2),
      "µS",
      "Conductances of the nominal curve, ascending: methods look up how far a pulse moves a device from there.",
    ),
    step_microsiemens: key(
      z.array(positive).min(2),
      "µS a pulse",
      "Size of the step at each of these conductances, linear in between.",
    ),
    device_spread: key(
      positive,
      "share of the step",
      "How far the steps of a device lie from the curve, as a standard deviation: starting point of what is learned of each device.",
    ),
    cycle_spread: key(
      positive,
      "share of the step",
      "How far one step lies from the device's own, likewise.",
    ),
  })
  .refine(
    (pulse) =>
      pulse.conductance_microsiemens.length === pulse.step_microsiemens.length &&
      isSorted(pulse.conductance_microsiemens, 1, true),
    "the conductances must ascend, with one step each",
  );

const keys = {
  ecram_pulses: key(
    z.strictObject({
      nanoamperes_per_code: key(positive, "nA", "Amplitude of one code: amplitudes are sent as codes."),
      codes: key(
        z.int().min(2).max(65_536),
        "",
        "Codes of the amplitude are 0 … codes − 1; 0 leaves a device alone.",
      ),
      set: key(stepPulse, "", "The pulse that raises the conductance by a step."),
      reset: key(stepPulse, "", "The pulse that lowers it."),
    }),
    "",
    "How devices are pulsed, of chips whose technology is `ecram`.",
  ),
};

const limitKeys = {
  max_amplitude_nanoamperes: key(
    positive,
    "nA",
    "No pulse has a higher amplitude; an order that does is refused before a byte leaves.",
  ),
};

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
