import { z } from "zod";
import { type LimitPulse, rram, type RramPulses } from "../../src/chip/technologies/rram.ts";
import { isSorted } from "../sorted.ts";
import { nanoseconds, positive, type TechnologyFile } from "./technologyFile.ts";

const limitPulse = z
  .strictObject({
    width_nanoseconds: nanoseconds,
    gate_code: z.int().nonnegative().max(65_535),
    from_volts: positive,
    to_volts: positive,
    volts: z.array(z.number().nonnegative()).min(2),
    limit_microsiemens: z.array(z.number().nonnegative()).min(2),
    share: z.number().positive().max(1),
    device_spread_volts: positive,
  })
  .refine(
    (pulse) => pulse.volts.length === pulse.limit_microsiemens.length && isSorted(pulse.volts, 1, true),
    "volts must ascend, with one limit each",
  );

const keys = {
  rram_pulses: z.strictObject({
    volts_per_code: positive,
    codes: z.int().min(2).max(65_536),
    set: limitPulse,
    reset: limitPulse,
    forming: z
      .strictObject({
        width_nanoseconds: nanoseconds,
        from_volts: positive,
        to_volts: positive,
        compliance_microsiemens: positive,
        compliance_microsiemens_per_gate_code: positive,
      })
      .refine(
        (forming) => forming.from_volts < forming.to_volts,
        "forming must rise: from_volts below to_volts",
      )
      .optional(),
  }),
};

const limitKeys = { max_amplitude_volts: positive };

export const rramFile: TechnologyFile<typeof keys, typeof limitKeys> = {
  technology: rram,
  keys,
  limitKeys,
  pulsesOf: ({ rram_pulses: { volts_per_code: voltsPerCode, codes, set, reset, forming } }): RramPulses => ({
    technology: rram,
    voltsPerCode,
    codes,
    set: limitOf(set),
    reset: limitOf(reset),
    ...(forming && {
      forming: {
        widthNanoseconds: forming.width_nanoseconds,
        fromVolts: forming.from_volts,
        toVolts: forming.to_volts,
        complianceMicrosiemens: forming.compliance_microsiemens,
        complianceMicrosiemensPerGateCode: forming.compliance_microsiemens_per_gate_code,
      },
    }),
  }),
  limitsOf: (limits) => ({ maxAmplitude: limits.max_amplitude_volts }),
};

function limitOf(pulse: z.input<typeof limitPulse>): LimitPulse {
  return {
    widthNanoseconds: pulse.width_nanoseconds,
    gateCode: pulse.gate_code,
    fromVolts: pulse.from_volts,
    toVolts: pulse.to_volts,
    volts: Float64Array.from(pulse.volts),
    limitMicrosiemens: Float64Array.from(pulse.limit_microsiemens),
    share: pulse.share,
    deviceSpreadVolts: pulse.device_spread_volts,
  };
}
