import { dirname, resolve } from "node:path";
import { z } from "zod";
import type { ChipDescription } from "../src/chip/description.ts";
import { builtInDefinitions } from "../src/model/builtIn.ts";
import { builtInDefinition } from "../src/model/modelOf.ts";
import { chipDocument } from "./chipDocument.ts";
import { jsonIn, placeOf } from "./jsonText.ts";
import { badFile, readInputFile } from "./readFile.ts";
import { ecramFile } from "./technologies/ecram.ts";
import { pcmFile } from "./technologies/pcm.ts";
import { rramFile } from "./technologies/rram.ts";
import { mostNanoseconds, positive, type TechnologyFile } from "./technologies/technologyFile.ts";

/** How chips of the technologies that mho knows by itself are described. */
export const builtInTechnologyFiles: readonly TechnologyFile[] = [pcmFile, rramFile, ecramFile];

/**
 * Reads a chip description. A model's file that it names lies beside it, or where its path from there leads.
 *
 * @param technologies  all that the chip may be of.
 * @throws `bad-file` naming the field that is wrong.
 */
export async function readChipDescription(
  path: string,
  technologies: readonly TechnologyFile[] = builtInTechnologyFiles,
): Promise<ChipDescription> {
  const description = parseChipDescription(await readInputFile(path), path, technologies);
  const { model } = description;
  if (model === undefined || builtInDefinition(model) !== undefined) return description;
  return { ...description, model: resolve(dirname(path), model) };
}

/** The same of a file's bytes. */
export function parseChipDescription(
  bytes: Uint8Array,
  path: string,
  technologies: readonly TechnologyFile[] = builtInTechnologyFiles,
): ChipDescription {
  const json = jsonIn(bytes, path, example);
  const parsed = <T>(schema: z.ZodType<T>): T => {
    const result = schema.safeParse(json);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    const field = issue!.path.join(".");
    const line = placeOf(bytes, issue!.path);
    const where = line === undefined ? "" : ` (${line})`;
    throw badFile(path, `${field === "" ? "" : `${field}: `}${issue!.message}${where}`, example);
  };
  const { technology: name } = parsed(z.looseObject({ technology: z.string() }));
  const file = technologies.find(({ technology }) => technology.name === name);
  if (file !== undefined) {
    return { ...parsed(schemaOf(file)), document: chipDocument(json) };
  }
  const known = technologies.map(({ technology }) => technology.name).join(", ");
  throw badFile(path, `technology: ${JSON.stringify(name)} is not known`, `Known are ${known}.`);
}

const example = "See chips/pcm-64.json for an example.";

const count = z.int().positive().max(65_535);

/** An hour at most: a deadline has to end. */
const time = positive.max(3.6e9);

/** The pulse of a row has to fit one frame of the packet dialect. */
const mostDevicesPerRow = 4000;

const geometry = z
  .strictObject({
    tiles: count,
    rows: z.int().positive().max(1023),
    columns: count,
    devices_per_cell: z.int().positive().max(16),
  })
  .refine(
    ({ columns, devices_per_cell }) => columns * devices_per_cell <= mostDevicesPerRow,
    `a row may have ${mostDevicesPerRow} devices at most`,
  );

/** What every chip says, whatever its technology. */
const common = {
  format: z.literal("mho-chip"),
  version: z.literal(1),
  name: z.string().min(1).max(64),
  technology: z.string(),
  model: z
    .string()
    .refine((name) => builtInDefinition(name) !== undefined || /[./\\]/.test(name), {
      error: ({ input }) =>
        `there is no model ${JSON.stringify(input)}; name a JSON file, or one of ${builtInDefinitions.map((of) => of.name).join(", ")}`,
    })
    .optional(),
  geometry,
  max_conductance_microsiemens: positive,
  converter: z.strictObject({
    microsiemens_per_code: positive,
    offset_codes: z.number(),
    codes: z.int().min(2).max(65_535),
    read_volts: positive.optional(),
  }),
  references_microsiemens: z.array(z.number().nonnegative()).min(3).optional(),
  multiply: z.strictObject({ microsiemens_per_code: positive }).optional(),
  outputs_scaled_by: z.enum(["column", "tile"]).optional(),
  timing: z.strictObject({
    read_row_microseconds: time,
    pulse_row_microseconds: time,
    multiply_microseconds: time.optional(),
    verify_iteration_microseconds: time.optional(),
    answer_microseconds: time.optional(),
  }),
  watchdog_seconds: positive.max(86_400).optional(),
  line: z.strictObject({ baud: z.int().positive(), bits_per_byte: z.int().min(8).max(12) }),
};

const commonLimits = {
  min_width_nanoseconds: positive,
  max_width_nanoseconds: positive.max(mostNanoseconds),
  /** Where it is not given: what the pulses need, or as long as a pulse may be. */
  max_trailing_nanoseconds: z.number().nonnegative().max(mostNanoseconds).optional(),
  pulses_per_device: z.int().positive(),
  max_read_volts: positive.optional(),
};

interface OfConverter {
  readonly max_conductance_microsiemens: number;
  readonly converter: z.output<typeof common.converter>;
}

/**
 * A converter has to read both ends of the chip's range. The last code means saturated, so the top of the range has to round to the
 * one before it, or to less; 0 µS has to round to the first.
 */
function refuseShortConverter(
  { max_conductance_microsiemens: most, converter }: OfConverter,
  context: z.RefinementCtx,
): void {
  const { microsiemens_per_code: step, offset_codes: offset, codes } = converter;
  const [low, high] = [-offset * step, (codes - 2 - offset) * step];
  if (low - step / 2 <= 0 && high + step / 2 >= most) return;
  const shown = (microsiemens: number): number => Number(microsiemens.toPrecision(4));
  context.addIssue({
    code: "custom",
    path: ["converter"],
    message:
      `with ${codes} codes of ${step} µS, zero at code ${offset}, it reads ${shown(low)} … ${shown(high)} µS (the last code means ` +
      `saturated), and the chip's range is 0 … ${most} µS`,
  });
}

function schemaOf(technology: TechnologyFile): z.ZodType<ChipDescription> {
  const { keys, limitKeys } = technology;
  const limits = z.strictObject({ ...limitKeys, ...commonLimits });
  const trailing = (file: object): number | undefined =>
    technology.trailingNanosecondsOf?.(file as Parameters<typeof technology.pulsesOf>[0]);
  return z
    .strictObject({ ...keys, ...common, limits })
    .refine(
      (file) => (trailing(file) ?? 0) <= (file.limits.max_trailing_nanoseconds ?? mostNanoseconds),
      "a pulse's trailing_nanoseconds is above limits.max_trailing_nanoseconds",
    )
    .superRefine(refuseShortConverter)
    .transform((file): ChipDescription => ({
      name: file.name,
      geometry: {
        tiles: file.geometry.tiles,
        rows: file.geometry.rows,
        columns: file.geometry.columns,
        devicesPerCell: file.geometry.devices_per_cell,
      },
      maxConductanceMicrosiemens: file.max_conductance_microsiemens,
      ...(file.model === undefined ? {} : { model: file.model }),
      converter: {
        microsiemensPerCode: file.converter.microsiemens_per_code,
        offsetCodes: file.converter.offset_codes,
        codes: file.converter.codes,
        ...(file.converter.read_volts === undefined ? {} : { readVolts: file.converter.read_volts }),
      },
      ...(file.references_microsiemens === undefined
        ? {}
        : { referencesMicrosiemens: file.references_microsiemens }),
      pulses: technology.pulsesOf(file),
      ...(file.multiply === undefined
        ? {}
        : { multiply: { microsiemensPerCode: file.multiply.microsiemens_per_code } }),
      ...(file.outputs_scaled_by === undefined ? {} : { outputsScaledBy: file.outputs_scaled_by }),
      limits: {
        ...technology.limitsOf(file.limits),
        minWidthNanoseconds: file.limits.min_width_nanoseconds,
        maxWidthNanoseconds: file.limits.max_width_nanoseconds,
        maxTrailingNanoseconds:
          file.limits.max_trailing_nanoseconds ?? trailing(file) ?? file.limits.max_width_nanoseconds,
        pulsesPerDevice: file.limits.pulses_per_device,
        ...(file.limits.max_read_volts === undefined ? {} : { maxReadVolts: file.limits.max_read_volts }),
      },
      timing: {
        readRowMicroseconds: file.timing.read_row_microseconds,
        pulseRowMicroseconds: file.timing.pulse_row_microseconds,
        multiplyMicroseconds: file.timing.multiply_microseconds,
        verifyIterationMicroseconds: file.timing.verify_iteration_microseconds,
        answerMicroseconds: file.timing.answer_microseconds,
      },
      line: { baud: file.line.baud, bitsPerByte: file.line.bits_per_byte },
      ...(file.watchdog_seconds === undefined ? {} : { watchdogSeconds: file.watchdog_seconds }),
    }));
}
