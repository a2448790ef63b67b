import { z } from "zod";
import type { ChipDescription } from "../src/chip/description.ts";
import { badFile, readInputFile } from "./readFile.ts";

const positive = z.number().positive();
const count = z.int().positive().max(65_535);

const schema = z
  .strictObject({
    format: z.literal("mho-chip"),
    version: z.literal(1),
    name: z.string().min(1).max(64),
    technology: z.enum(["pcm"]),
    geometry: z.strictObject({
      tiles: count,
      rows: z.int().positive().max(1023),
      columns: count,
      devices_per_cell: z.int().positive().max(16),
    }),
    max_conductance_microsiemens: positive,
    converter: z.strictObject({
      microsiemens_per_code: positive,
      offset_codes: z.number(),
      codes: z.int().min(2).max(65_535),
    }),
    reset_pulse: z.strictObject({
      microamperes_per_code: positive,
      codes: z.int().min(2).max(65_536),
      width_nanoseconds: positive,
      nominal_curve: z
        .strictObject({
          amplitude_microamperes: z.array(z.number().nonnegative()).min(2),
          conductance_microsiemens: z.array(z.number().nonnegative()).min(2),
          device_spread_microamperes: positive,
          cycle_spread_microamperes: positive,
        })
        .refine(
          (curve) => curve.amplitude_microamperes.length === curve.conductance_microsiemens.length,
          "the nominal curve needs as many conductances as amplitudes",
        )
        .refine(
          (curve) => isSorted(curve.amplitude_microamperes, 1, true),
          "the amplitudes of the nominal curve must ascend",
        )
        .refine(
          (curve) => isSorted(curve.conductance_microsiemens, -1, false),
          "the conductances of the nominal curve must not rise",
        ),
    }),
    limits: z.strictObject({
      max_amplitude_microamperes: positive,
      min_width_nanoseconds: positive,
      max_width_nanoseconds: positive,
      pulses_per_device: z.int().positive(),
    }),
    timing: z.strictObject({ read_row_microseconds: positive, pulse_row_microseconds: positive }),
    line: z.strictObject({ baud: z.int().positive(), bits_per_byte: z.int().min(8).max(12) }),
  })
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
    },
    reset: {
      microamperesPerCode: file.reset_pulse.microamperes_per_code,
      codes: file.reset_pulse.codes,
      widthNanoseconds: file.reset_pulse.width_nanoseconds,
      nominalCurve: {
        amplitudeMicroamperes: Float64Array.from(file.reset_pulse.nominal_curve.amplitude_microamperes),
        conductanceMicrosiemens: Float64Array.from(file.reset_pulse.nominal_curve.conductance_microsiemens),
        deviceSpreadMicroamperes: file.reset_pulse.nominal_curve.device_spread_microamperes,
        cycleSpreadMicroamperes: file.reset_pulse.nominal_curve.cycle_spread_microamperes,
      },
    },
    limits: {
      maxAmplitudeMicroamperes: file.limits.max_amplitude_microamperes,
      minWidthNanoseconds: file.limits.min_width_nanoseconds,
      maxWidthNanoseconds: file.limits.max_width_nanoseconds,
      pulsesPerDevice: file.limits.pulses_per_device,
    },
    timing: {
      readRowMicroseconds: file.timing.read_row_microseconds,
      pulseRowMicroseconds: file.timing.pulse_row_microseconds,
    },
    line: { baud: file.line.baud, bitsPerByte: file.line.bits_per_byte },
  }));

/** Reads a chip description. Throws `bad-file` naming the field that is wrong. */
export async function readChipDescription(path: string): Promise<ChipDescription> {
  const bytes = await readInputFile(path);
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
