import { z } from "zod";
import { pcm, type PcmPulses } from "../../src/chip/technologies/pcm.ts";
import { isSorted } from "../sorted.ts";
import { nanoseconds, positive, type TechnologyFile } from "./technologyFile.ts";

/** How conductance answers to the amplitude of a RESET pulse. */
export const amplitudeCurve = z
  .strictObject({
    amplitude_microamperes: z.array(z.number().nonnegative()).min(2),
    conductance_microsiemens: z.array(z.number().nonnegative()).min(2),
    device_spread_microamperes: positive,
    cycle_spread_microamperes: positive,
  })
  .refine(
    (curve) => curve.amplitude_microamperes.length === curve.conductance_microsiemens.length,
    "the curve needs as many conductances as amplitudes",
  )
  .refine(
    (curve) => isSorted(curve.amplitude_microamperes, 1, true),
    "the amplitudes of the curve must ascend",
  )
  .refine(
    (curve) => isSorted(curve.conductance_microsiemens, -1, false),
    "the conductances of the curve must not rise",
  );

const resetPulse = z.strictObject({
  microamperes_per_code: positive,
  codes: z.int().min(2).max(65_536),
  width_nanoseconds: nanoseconds,
  nominal_curve: amplitudeCurve,
});

const fullSetPulse = z.strictObject({
  amplitude_microamperes: positive,
  width_nanoseconds: nanoseconds,
  trailing_nanoseconds: nanoseconds,
});

const keys = { reset_pulse: resetPulse, set_pulse: fullSetPulse.optional() };

const enforced = z.strictObject({
  max_amplitude_microamperes: positive.optional(),
  max_row_milliamperes: positive.optional(),
});

const limitKeys = {
  max_amplitude_microamperes: positive,
  max_row_milliamperes: positive.optional(),
  board_enforces: enforced.optional(),
};

export const pcmFile: TechnologyFile<typeof keys, typeof limitKeys> = {
  technology: pcm,
  keys,
  limitKeys,
  pulsesOf({ reset_pulse: reset, set_pulse: set }): PcmPulses {
    const curve = reset.nominal_curve;
    return {
      technology: pcm,
      ...(set === undefined
        ? {}
        : {
            set: {
              amplitudeMicroamperes: set.amplitude_microamperes,
              widthNanoseconds: set.width_nanoseconds,
              trailingNanoseconds: set.trailing_nanoseconds,
            },
          }),
      reset: {
        microamperesPerCode: reset.microamperes_per_code,
        codes: reset.codes,
        widthNanoseconds: reset.width_nanoseconds,
        nominalCurve: {
          amplitudeMicroamperes: Float64Array.from(curve.amplitude_microamperes),
          conductanceMicrosiemens: Float64Array.from(curve.conductance_microsiemens),
          deviceSpreadMicroamperes: curve.device_spread_microamperes,
          cycleSpreadMicroamperes: curve.cycle_spread_microamperes,
        },
      },
    };
  },
  trailingNanosecondsOf: ({ set_pulse: set }) => set?.trailing_nanoseconds,
  limitsOf: (limits) => ({
    maxAmplitude: limits.max_amplitude_microamperes,
    maxRowMilliamperes: limits.max_row_milliamperes,
    ...(limits.board_enforces && {
      boardEnforces: {
        maxAmplitude: limits.board_enforces.max_amplitude_microamperes,
        maxRowMilliamperes: limits.board_enforces.max_row_milliamperes,
      },
    }),
  }),
};
