import { z } from "zod";
import { pcm, type PcmPulses } from "../../src/chip/technologies/pcm.ts";
import { isSorted } from "../sorted.ts";
import { key, nanoseconds, positive, type TechnologyFile } from "./technologyFile.ts";

/** How conductance answers to the amplitude of a RESET pulse. */
export const amplitudeCurve = z
  .strictObject({
    amplitude_microamperes: key(
      z.array(z.number().nonnegative()).min(2),
      "µA",
      "Amplitudes of the nominal curve, ascending.",
    ),
    conductance_microsiemens: key(
      z.array(z.number().nonnegative()).min(2),
      "µS",
      "Conductance that a pulse of each amplitude leaves, never rising, linear in between: methods aim by it.",
    ),
    device_spread_microamperes: key(
      positive,
      "µA",
      "How far the curve of a device lies from this one, as a standard deviation along the amplitudes: starting point of what is learned of each device.",
    ),
    cycle_spread_microamperes: key(
      positive,
      "µA",
      "How far one pulse lies from the device's own curve, likewise.",
    ),
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
  microamperes_per_code: key(positive, "µA", "Amplitude of one code: amplitudes are sent as codes."),
  codes: key(
    z.int().min(2).max(65_536),
    "",
    "Codes of the amplitude are 0 … codes − 1; 0 leaves a device alone.",
  ),
  width_nanoseconds: key(nanoseconds, "ns", "Width of the pulse; the curve holds for it."),
  nominal_curve: key(
    amplitudeCurve,
    "",
    "How conductance answers to the amplitude, in the middle of all devices.",
  ),
});

const fullSetPulse = z.strictObject({
  amplitude_microamperes: key(positive, "µA", "Amplitude of the full SET."),
  width_nanoseconds: key(nanoseconds, "ns", "Its width."),
  trailing_nanoseconds: key(nanoseconds, "ns", "How long its amplitude takes to fall."),
});

const keys = {
  reset_pulse: key(
    resetPulse,
    "",
    "The pulse that sets a device by its amplitude, of chips whose technology is `pcm`.",
  ),
  set_pulse: key(
    fullSetPulse.optional(),
    "",
    "The pulse that brings any device to the top of its range.",
    "Methods that begin with a full SET are refused.",
  ),
};

const enforced = z.strictObject({
  max_amplitude_microamperes: key(
    positive.optional(),
    "µA",
    "Amplitude that the board itself never exceeds, in loops of its own too.",
    "The board's own loops may reach every code: they are refused where that is above the limit.",
  ),
  max_row_milliamperes: key(
    positive.optional(),
    "mA",
    "Current of a row that the board itself never exceeds, likewise.",
    "The board's own loops may pulse whole rows: they are refused where that is above the limit.",
  ),
});

const limitKeys = {
  max_amplitude_microamperes: key(
    positive,
    "µA",
    "No pulse has a higher amplitude; an order that does is refused before a byte leaves.",
  ),
  max_row_milliamperes: key(
    positive.optional(),
    "mA",
    "What the devices of a row may draw together in one pulse; a row that wants more is pulsed in parts.",
    "Rows are pulsed whole, whatever they draw.",
  ),
  board_enforces: key(
    enforced.optional(),
    "",
    "What the board itself never exceeds.",
    "Its own loops are refused where they could exceed a limit.",
  ),
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
