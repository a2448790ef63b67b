import { z } from "zod";
import { type ChipPulses, type Technology, type TechnologyFile } from "../../lab/index.ts";

/** A technology that mho does not know: every pulse moves a device a step up or down, and it stays there. */
export interface StepPulses extends ChipPulses {
  readonly millivoltsPerCode: number;
  readonly codes: number;
  readonly widthNanoseconds: number;
  /** What a device moves for each code, on average. */
  readonly microsiemensPerCode: number;
}

export const toyStep: Technology<StepPulses> = {
  name: "toy-step",
  title: "stepwise",
  amplitudeUnit: "mV",
  usualMethods: { strategy: "toy-bisection", conductances: "toy-bisection" },
  usualModel: "reram-wan-2022",
  codes: ({ codes }) => codes,
  amplitudePerCode: ({ millivoltsPerCode }) => millivoltsPerCode,
  drawnMicroamperesPerCode: () => undefined,
};

export function isStepwise(pulses: ChipPulses): pulses is StepPulses {
  return pulses.technology === toyStep;
}

const positive = z.number().positive();

const keys = {
  step_pulses: z.strictObject({
    millivolts_per_code: positive,
    codes: z.int().min(2),
    width_nanoseconds: positive,
    microsiemens_per_code: positive,
  }),
};

const limitKeys = { max_amplitude_millivolts: positive };

export const toyStepFile: TechnologyFile<typeof keys, typeof limitKeys> = {
  technology: toyStep,
  keys,
  limitKeys,
  pulsesOf: ({ step_pulses: pulses }): StepPulses => ({
    technology: toyStep,
    millivoltsPerCode: pulses.millivolts_per_code,
    codes: pulses.codes,
    widthNanoseconds: pulses.width_nanoseconds,
    microsiemensPerCode: pulses.microsiemens_per_code,
  }),
  limitsOf: (limits) => ({ maxAmplitude: limits.max_amplitude_millivolts }),
};

/** The description of a small chip of such devices, as its file says it. */
export const toyChip = {
  format: "mho-chip",
  version: 1,
  name: "toy-8",
  technology: "toy-step",
  geometry: { tiles: 2, rows: 8, columns: 4, devices_per_cell: 2 },
  max_conductance_microsiemens: 40,
  converter: { microsiemens_per_code: 0.05, offset_codes: 0, codes: 1024 },
  step_pulses: {
    millivolts_per_code: 10,
    codes: 256,
    width_nanoseconds: 100,
    microsiemens_per_code: 0.1,
  },
  limits: {
    max_amplitude_millivolts: 2000,
    min_width_nanoseconds: 50,
    max_width_nanoseconds: 1000,
    pulses_per_device: 1000,
  },
  timing: { read_row_microseconds: 20, pulse_row_microseconds: 10 },
  line: { baud: 115_200, bits_per_byte: 10 },
};
