import { dirname, resolve } from "node:path";
import { z } from "zod";
import type { ChipDescription } from "../src/chip/description.ts";
import { builtInDefinitions } from "../src/model/builtIn.ts";
import { builtInDefinition } from "../src/model/modelOf.ts";
import { chipDocument } from "./chipDocument.ts";
import { jsonIn, placeOf } from "./jsonText.ts";
import { narrowLimits } from "./narrowLimits.ts";
import { plainIssue } from "./plainIssue.ts";
import { badFile, readInputFile } from "./readFile.ts";
import { ecramFile } from "./technologies/ecram.ts";
import { pcmFile } from "./technologies/pcm.ts";
import { rramFile } from "./technologies/rram.ts";
import { key, mostNanoseconds, positive, type TechnologyFile } from "./technologies/technologyFile.ts";

/** How chips of the technologies that mho knows by itself are described. */
export const builtInTechnologyFiles: readonly TechnologyFile[] = [pcmFile, rramFile, ecramFile];

/**
 * Reads a chip description. A model's file that it names lies beside it, or where its path from there leads.
 *
 * @param technologies  all that the chip may be of.
 * @param limits        `any` where limits below the chip's own pulses may be read: nothing is planned by them.
 * @throws `bad-file` naming the field that is wrong.
 */
export async function readChipDescription(
  path: string,
  technologies: readonly TechnologyFile[] = builtInTechnologyFiles,
  limits: "fit" | "any" = "fit",
): Promise<ChipDescription> {
  const bytes = await readInputFile(path);
  const description = parseChipDescription(bytes, path, technologies);
  if (limits === "fit") refuseNarrowLimits(description, path, bytes);
  const { model } = description;
  if (model === undefined || builtInDefinition(model) !== undefined) return description;
  return { ...description, model: resolve(dirname(path), model) };
}

/** Throws `bad-file` where the limits of a description lie below its own pulses: none of them could leave. */
export function refuseNarrowLimits(description: ChipDescription, path: string, bytes?: Uint8Array): void {
  const [narrow] = narrowLimits(description);
  if (narrow === undefined) return;
  const line = bytes && placeOf(bytes, narrow.keys);
  throw badFile(path, `${narrow.text}${line === undefined ? "" : ` (${line})`}`, example);
}

/** The same of a file's bytes, whatever its limits. */
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
    throw badFile(path, `${field === "" ? "" : `${field}: `}${plainIssue(issue!, json)}${where}`, example);
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
    tiles: key(count, "", "Tiles of the chip; `?tiles=` of an address takes precedence."),
    rows: key(z.int().positive().max(1023), "", "Rows of cells of a tile."),
    columns: key(count, "", "Columns of cells. A row has columns × devices a cell devices, 4,000 at most."),
    devices_per_cell: key(
      z.int().positive().max(16),
      "",
      "Devices of a cell: 4 for two pairs, G+, G−, g+, g−, in this order.",
    ),
  })
  .refine(
    ({ columns, devices_per_cell }) => columns * devices_per_cell <= mostDevicesPerRow,
    `a row may have ${mostDevicesPerRow} devices at most`,
  );

/** What every chip says, whatever its technology. */
const common = {
  $schema: key(
    z.string().optional(),
    "",
    "For editors: where `schemas/chip.json` is.",
    "Editors do not help.",
  ),
  format: key(z.literal("mho-chip"), "", "Says that this is a chip's description."),
  version: key(z.literal(1), "", "Version of the format."),
  name: key(z.string().min(1).max(64), "", "What the chip calls itself: a board of another name is refused."),
  technology: key(
    z.string(),
    "",
    "What its devices are; it says which of the keys of pulses there are. Of mho itself: `pcm`, `rram`, `ecram`.",
  ),
  model: key(
    z
      .string()
      .refine((name) => builtInDefinition(name) !== undefined || /[./\\]/.test(name), {
        error: ({ input }) =>
          `there is no model ${JSON.stringify(input)}; name a JSON file, or one of ${builtInDefinitions.map((of) => of.name).join(", ")}`,
      })
      .optional(),
    "",
    "What is believed of its devices where nothing else is said: a built-in model, or a file beside the description. A board's own description names a built-in one.",
    "The usual model of its technology is believed.",
  ),
  geometry: key(geometry, "", "How the chip is laid out. A board of another geometry is refused."),
  max_conductance_microsiemens: key(
    positive,
    "µS",
    "Top of the range in which devices are programmed: targets and strategies fill it, and models of another range are refused.",
  ),
  converter: key(
    z.strictObject({
      microsiemens_per_code: key(
        positive,
        "µS",
        "Step of the read converter: conductance = (code − offset) × step.",
      ),
      offset_codes: key(z.number(), "codes", "Code of 0 µS."),
      codes: key(
        z.int().min(2).max(65_535),
        "",
        "Codes are 0 … codes − 1, and the last one means saturated. They have to cover 0 … `max_conductance_microsiemens`.",
      ),
      read_volts: key(
        positive.optional(),
        "V",
        "What devices are read with: current–voltage loops are drawn by it.",
        "Loops are drawn for 1 V.",
      ),
    }),
    "",
    "What the codes of a reading mean.",
  ),
  references_microsiemens: key(
    z.array(z.number().nonnegative()).min(3).optional(),
    "µS",
    "Known resistors that the converters can look at instead of the array, where the board declares that it can: sweeps look at them, and fits correct the converters by them.",
    "Converters are believed as they are described.",
  ),
  multiply: key(
    z.strictObject({ microsiemens_per_code: key(positive, "µS", "Step of a product's code.") }).optional(),
    "",
    "How products of a whole tile are measured, where the board declares that it can.",
    "Products are not asked for: `mho calibrate` reads instead.",
  ),
  outputs_scaled_by: key(
    z.enum(["column", "tile"]).optional(),
    "",
    "What has a digital factor of its own behind the converters.",
    "Each column has one.",
  ),
  timing: key(
    z.strictObject({
      read_row_microseconds: key(
        time,
        "µs",
        "How long the board reads a row once: deadlines and estimates follow from it.",
      ),
      pulse_row_microseconds: key(time, "µs", "How long it takes to pulse a row, without the pulse itself."),
      multiply_microseconds: key(
        time.optional(),
        "µs",
        "How long a product of a tile takes.",
        "As long as a row read once.",
      ),
      verify_iteration_microseconds: key(
        time.optional(),
        "µs",
        "How long one iteration of the board's own verify loop takes.",
        "A read, a pulse and a millisecond.",
      ),
      answer_microseconds: key(
        time.optional(),
        "µs",
        "What any answer takes beyond that.",
        "Answers come at once.",
      ),
    }),
    "",
    "How long the board takes. State rather too much than too little: a board that answers later is asked again, and then given up.",
  ),
  watchdog_seconds: key(
    positive.max(86_400).optional(),
    "s",
    "Silence of the host after which the board goes to standby by itself: `mho check-chip` waits for it.",
    "`mho check-chip` waits for 10 s.",
  ),
  line: key(
    z.strictObject({
      baud: key(
        z.int().positive(),
        "bit/s",
        "Rate of the serial line, where the address names none; deadlines follow from it.",
      ),
      bits_per_byte: key(z.int().min(8).max(12), "bits", "Start, data, parity and stop: 10 for 8N1."),
    }),
    "",
    "The line to the board.",
  ),
};

const commonLimits = {
  min_width_nanoseconds: key(positive, "ns", "No pulse is shorter."),
  max_width_nanoseconds: key(positive.max(mostNanoseconds), "ns", "No pulse is longer."),
  max_trailing_nanoseconds: key(
    z.number().nonnegative().max(mostNanoseconds).optional(),
    "ns",
    "No amplitude takes longer to fall.",
    "What the set pulse needs, else the largest width.",
  ),
  pulses_per_device: key(
    z.int().positive(),
    "",
    "Pulses that a device may be given in its life: mho counts them in the workspace.",
  ),
  max_read_volts: key(
    positive.optional(),
    "V",
    "The highest voltage that devices may be read with, on boards that can read with another than their usual one.",
    "No more than `converter.read_volts`.",
  ),
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

/** Every key of a description of a technology. */
function shapeOf({ keys, limitKeys }: TechnologyFile) {
  const limits = key(z.strictObject({ ...limitKeys, ...commonLimits }), "", limitsUse);
  return z.strictObject({ ...keys, ...common, limits });
}

const limitsUse =
  "What a pulse may be. The driver refuses what lies outside before a byte leaves, and the board does so again.";

/** What a description of a technology may hold, for editors and pages. */
export function chipFileSchema(file: TechnologyFile): z.ZodType {
  const { name } = file.technology;
  return shapeOf(file).extend({
    technology: key(z.literal(name), "", common.technology.meta()!.description!),
  });
}

function schemaOf(technology: TechnologyFile): z.ZodType<ChipDescription> {
  const trailing = (file: object): number | undefined =>
    technology.trailingNanosecondsOf?.(file as Parameters<typeof technology.pulsesOf>[0]);
  return shapeOf(technology)
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
