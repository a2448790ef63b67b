import { z } from "zod";
import { type LimitPulse, rram, type RramPulses } from "../../src/chip/technologies/rram.ts";
import { isSorted } from "../sorted.ts";
import { key, nanoseconds, positive, type TechnologyFile } from "./technologyFile.ts";

const limitPulse = z
  .strictObject({
    width_nanoseconds: key(nanoseconds, "ns", "Width of the pulse."),
    gate_code: key(
      z.int().nonnegative().max(65_535),
      "",
      "Gate of the select transistors during the pulse; 0 is the board's usual voltage.",
    ),
    from_volts: key(positive, "V", "Where a staircase of such pulses begins."),
    to_volts: key(positive, "V", "Where it ends: no higher voltage is tried."),
    volts: key(z.array(z.number().nonnegative()).min(2), "V", "Voltages of the nominal curve, ascending."),
    limit_microsiemens: key(
      z.array(z.number().nonnegative()).min(2),
      "µS",
      "Conductance that pulses of each voltage move a device towards, linear in between: methods choose the voltage by it.",
    ),
    share: key(
      z.number().positive().max(1),
      "",
      "Share of the way to the limit that one pulse moves a device.",
    ),
    device_spread_volts: key(
      positive,
      "V",
      "How far the curve of a device lies from this one, as a standard deviation.",
    ),
  })
  .refine(
    (pulse) => pulse.volts.length === pulse.limit_microsiemens.length && isSorted(pulse.volts, 1, true),
    "volts must ascend, with one limit each",
  );

const keys = {
  rram_pulses: key(
    z.strictObject({
      volts_per_code: key(positive, "V", "Amplitude of one code: amplitudes are sent as codes."),
      codes: key(
        z.int().min(2).max(65_536),
        "",
        "Codes of the amplitude are 0 … codes − 1; 0 leaves a device alone.",
      ),
      set: key(
        limitPulse.refine(
          (pulse) => isSorted(pulse.limit_microsiemens, 1, false),
          "limit_microsiemens must not fall: a SET of a higher voltage raises the conductance further",
        ),
        "",
        "The pulse that raises the conductance.",
      ),
      reset: key(
        limitPulse.refine(
          (pulse) => isSorted(pulse.limit_microsiemens, -1, false),
          "limit_microsiemens must not rise: a RESET of a higher voltage lowers the conductance further",
        ),
        "",
        "The pulse that lowers it.",
      ),
      forming: key(
        z
          .strictObject({
            width_nanoseconds: key(nanoseconds, "ns", "Width of the forming pulses."),
            from_volts: key(positive, "V", "Where the staircase of forming begins."),
            to_volts: key(positive, "V", "Where it ends."),
            compliance_microsiemens: key(
              positive,
              "µS",
              "Conductance to which the gate holds a device that forms.",
            ),
            compliance_microsiemens_per_gate_code: key(positive, "µS", "Compliance of one gate code."),
          })
          .refine(
            (forming) => forming.from_volts < forming.to_volts,
            "forming must rise: from_volts below to_volts",
          )
          .optional(),
        "",
        "How pristine devices are formed.",
        "`mho measure form` is refused.",
      ),
    }),
    "",
    "How devices are pulsed, of chips whose technology is `rram`.",
  ),
};

const limitKeys = {
  max_amplitude_volts: key(
    positive,
    "V",
    "No pulse has a higher amplitude; an order that does is refused before a byte leaves.",
  ),
};

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
