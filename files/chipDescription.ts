import { z } from "zod";
import type { ChipDescription, ChipPulses, LimitPulse } from "../src/chip/description.ts";
import { badFile, readInputFile } from "./readFile.ts";

const positive = z.number().positive();
/** A board is told of widths in whole nanoseconds, and has 32 bits for them. */
const mostNanoseconds = 0xffffffff;
const nanoseconds = z.int().positive().max(mostNanoseconds);
const count = z.int().positive().max(65_535);

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

/** The pulse of a row has to fit one frame of the packet dialect. */
const mostDevicesPerRow = 4000;

const schema = z
  .strictObject({
    format: z.literal("mho-chip"),
    version: z.literal(1),
    name: z.string().min(1).max(64),
    technology: z.enum(["pcm", "rram"]),
    geometry: z
      .strictObject({
        tiles: count,
        rows: z.int().positive().max(1023),
        columns: count,
        devices_per_cell: z.int().positive().max(16),
      })
      .refine(
        ({ columns, devices_per_cell }) => columns * devices_per_cell <= mostDevicesPerRow,
        `a row may have ${mostDevicesPerRow} devices at most`,
      ),
    max_conductance_microsiemens: positive,
    converter: z.strictObject({
      microsiemens_per_code: positive,
      offset_codes: z.number(),
      codes: z.int().min(2).max(65_535),
      read_volts: positive.optional(),
    }),
    references_microsiemens: z.array(z.number().nonnegative()).min(3).optional(),
    reset_pulse: resetPulse.optional(),
    set_pulse: fullSetPulse.optional(),
    rram_pulses: z
      .strictObject({
        volts_per_code: positive,
        codes: z.int().min(2).max(65_536),
        set: limitPulse,
        reset: limitPulse,
      })
      .optional(),
    multiply: z.strictObject({ microsiemens_per_code: positive }).optional(),
    limits: z.strictObject({
      max_amplitude_microamperes: positive.optional(),
      max_amplitude_volts: positive.optional(),
      max_row_milliamperes: positive.optional(),
      min_width_nanoseconds: positive,
      max_width_nanoseconds: positive.max(mostNanoseconds),
      /** Where it is not given: what the set pulse needs, or as long as a pulse may be. */
      max_trailing_nanoseconds: z.number().nonnegative().max(mostNanoseconds).optional(),
      pulses_per_device: z.int().positive(),
    }),
    timing: z.strictObject({ read_row_microseconds: positive, pulse_row_microseconds: positive }),
    line: z.strictObject({ baud: z.int().positive(), bits_per_byte: z.int().min(8).max(12) }),
  })
  .refine(
    ({ technology, reset_pulse, rram_pulses, limits }) =>
      technology === "pcm"
        ? reset_pulse !== undefined && limits.max_amplitude_microamperes !== undefined
        : rram_pulses !== undefined && limits.max_amplitude_volts !== undefined,
    "pcm needs reset_pulse and limits.max_amplitude_microamperes; rram needs rram_pulses and limits.max_amplitude_volts",
  )
  .refine(
    ({ set_pulse, limits }) =>
      (set_pulse?.trailing_nanoseconds ?? 0) <= (limits.max_trailing_nanoseconds ?? mostNanoseconds),
    "set_pulse.trailing_nanoseconds is above limits.max_trailing_nanoseconds",
  )
  .transform((file): ChipDescription => ({
    name: file.name,
    geometry: {
      tiles: file.geometry.tiles,
      rows: file.geometry.rows,
      columns: file.geometry.columns,
      devicesPerCell: file.geometry.devices_per_cell,
    },
    maxConductanceMicrosiemens: file.max_conductance_microsiemens,
    converter: {
      microsiemensPerCode: file.converter.microsiemens_per_code,
      offsetCodes: file.converter.offset_codes,
      codes: file.converter.codes,
      ...(file.converter.read_volts === undefined ? {} : { readVolts: file.converter.read_volts }),
    },
    ...(file.references_microsiemens === undefined
      ? {}
      : { referencesMicrosiemens: file.references_microsiemens }),
    pulses: pulsesOf(file),
    ...(file.multiply === undefined
      ? {}
      : { multiply: { microsiemensPerCode: file.multiply.microsiemens_per_code } }),
    limits: {
      maxAmplitude: (file.limits.max_amplitude_microamperes ?? file.limits.max_amplitude_volts)!,
      maxRowMilliamperes: file.limits.max_row_milliamperes,
      minWidthNanoseconds: file.limits.min_width_nanoseconds,
      maxWidthNanoseconds: file.limits.max_width_nanoseconds,
      maxTrailingNanoseconds:
        file.limits.max_trailing_nanoseconds ??
        file.set_pulse?.trailing_nanoseconds ??
        file.limits.max_width_nanoseconds,
      pulsesPerDevice: file.limits.pulses_per_device,
    },
    timing: {
      readRowMicroseconds: file.timing.read_row_microseconds,
      pulseRowMicroseconds: file.timing.pulse_row_microseconds,
    },
    line: { baud: file.line.baud, bitsPerByte: file.line.bits_per_byte },
  }));

type PulsesFile = Pick<z.input<typeof schema>, "reset_pulse" | "set_pulse" | "rram_pulses">;

function pulsesOf({ reset_pulse: reset, set_pulse: set, rram_pulses: rram }: PulsesFile): ChipPulses {
  if (rram !== undefined) {
    const { volts_per_code: voltsPerCode, codes } = rram;
    return { technology: "rram", voltsPerCode, codes, set: limitOf(rram.set), reset: limitOf(rram.reset) };
  }
  const curve = reset!.nominal_curve;
  return {
    technology: "pcm",
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
      microamperesPerCode: reset!.microamperes_per_code,
      codes: reset!.codes,
      widthNanoseconds: reset!.width_nanoseconds,
      nominalCurve: {
        amplitudeMicroamperes: Float64Array.from(curve.amplitude_microamperes),
        conductanceMicrosiemens: Float64Array.from(curve.conductance_microsiemens),
        deviceSpreadMicroamperes: curve.device_spread_microamperes,
        cycleSpreadMicroamperes: curve.cycle_spread_microamperes,
      },
    },
  };
}

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

/** Reads a chip description. Throws `bad-file` naming the field that is wrong. */
export async function readChipDescription(path: string): Promise<ChipDescription> {
  return parseChipDescription(await readInputFile(path), path);
}

/** The same of a file's bytes. */
export function parseChipDescription(bytes: Uint8Array, path: string): ChipDescription {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw badFile(path, "it is not JSON", "See chips/pcm-64.json for an example.", error);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue!.path.join(".");
  throw badFile(
    path,
    `${field === "" ? "" : `${field}: `}${issue!.message}`,
    "See chips/pcm-64.json for an example.",
  );
}

function isSorted(values: readonly number[], direction: 1 | -1, strictly: boolean): boolean {
  return values.every((value, i) => {
    const step = i === 0 ? 1 : direction * (value - values[i - 1]!);
    return strictly ? step > 0 : step >= 0;
  });
}
