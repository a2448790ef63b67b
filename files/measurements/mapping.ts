import { z } from "zod";
import { parseJson } from "../json.ts";
import { camelKeys, type Camel } from "../keys.ts";
import { readInputFile } from "../readFile.ts";

/** A mapping says which column of another tester's file is what. */

export const timeUnits = ["us", "ms", "s", "min", "h", "d"] as const;
export type TimeUnit = (typeof timeUnits)[number];

export const resistanceUnits = ["ohm", "kohm", "Mohm"] as const;
export type ResistanceUnit = (typeof resistanceUnits)[number];

export const siemensUnits = ["S", "mS", "uS", "nS"] as const;
export type SiemensUnit = (typeof siemensUnits)[number];

const column = z
  .union([z.int().positive().max(100_000), z.string().min(1)])
  .describe(
    "Number of the column, from 1, or its heading; a unit in brackets at the heading's end does not count.",
  );

const pattern = z
  .string()
  .refine(isExpression, "this is no regular expression")
  .optional()
  .describe(
    "Regular expression that finds the number in the cell: its first group, or all of it where it has none.",
  );

const scaled = {
  times: z.number().optional().describe("The number in the cell is multiplied by this first (1)."),
  plus: z.number().optional().describe("This is added then (0), in the unit."),
};

const resistance = z.strictObject({
  column,
  unit: z
    .enum(resistanceUnits)
    .optional()
    .describe("That of the heading, or else ohm, where it is not given."),
  pattern,
});

const conductance = z.strictObject({
  column,
  unit: z.enum(siemensUnits).optional().describe("That of the heading, or else S, where it is not given."),
  pattern,
  ...scaled,
});

const eitherUnit = z
  .enum([...siemensUnits, ...resistanceUnits])
  .optional()
  .describe("That of the heading, or else S, where it is not given.");

const either = z.strictObject({ column, unit: eitherUnit, pattern, ...scaled });

const duration = {
  column,
  unit: z.enum(timeUnits).optional().describe("That of the heading, or else s, where it is not given."),
  pattern,
};

const instant = {
  column,
  unit: z
    .enum([...timeUnits, "iso"])
    .optional()
    .describe("iso for stamps such as 2024-05-01T12:00:00.5Z; else as for times since the write."),
  pattern,
};

/** What a mapping must look like. */
export const mappingSchema = z
  .strictObject({
    format: z.literal("mho-mapping"),
    version: z.literal(1),
    name: z.string().min(1).max(100),
    about: z
      .string()
      .optional()
      .describe("What files it is for, and what was decided about them. For people."),
    chip: z
      .strictObject({
        name: z.string().min(1).max(64).optional().describe("Name of the chip that the devices belong to."),
        technology: z.string().min(1).optional().describe("pcm or rram."),
        max_conductance_microsiemens: z.number().positive().optional().describe("Range of its devices, µS."),
      })
      .default({}),
    table: z
      .strictObject({
        delimiter: z
          .enum(["tab", "semicolon", "comma", "blank"])
          .optional()
          .describe("Found where not given."),
        columns: z
          .int()
          .positive()
          .max(100_000)
          .optional()
          .describe("Columns that each line has. A table with others is refused: it is of another kind."),
        skip_lines: z.int().nonnegative().default(0).describe("Lines before the table and its heading."),
      })
      .prefault({}),
    rows: z
      .array(
        z.strictObject({ column, pattern: z.string().refine(isExpression, "this is no regular expression") }),
      )
      .default([])
      .describe("Rows are reads where each of these columns matches; the others are counted and left out."),
    resistance: resistance.optional().describe("What a read gave, as a resistance; or:"),
    conductance: conductance.optional().describe("what it gave, as a conductance."),
    time: z.strictObject({
      ...instant,
      since: z
        .union([z.enum(["write", "first-read"]), z.strictObject(instant)])
        .default("write")
        .describe(
          "What it counts from: the device's write; the device's first read, which is then what was written; or the time in " +
            "another column.",
        ),
    }),
    nominal_time: z
      .strictObject(duration)
      .optional()
      .describe("The age that a read was planned for. Reads of one nominal time become one sweep."),
    device: z
      .strictObject({
        columns: z.array(column).min(1).optional().describe("Columns that name the device together."),
        file: z.literal(true).optional().describe("The file's name names the device, or begins its name."),
        order: z
          .union([
            z.strictObject({ devices: z.int().positive().describe("So many devices are read in turn.") }),
            z.strictObject({
              reads: z.int().positive().describe("Each device has so many rows, one after the other."),
            }),
          ])
          .optional()
          .describe("The order of the rows of a file tells the device."),
      })
      .refine(
        ({ columns, file, order }) => columns !== undefined || file !== undefined || order !== undefined,
        "say how a device is known: by columns, by its file, or by the order of the rows",
      )
      .refine(
        ({ columns, order }) => columns === undefined || order === undefined,
        "give columns or order, not both",
      ),
    written: either
      .optional()
      .describe("What the device conducted directly after its write. A read at time 0 says the same."),
    target: z
      .union([either, z.strictObject({ low: either, high: either })])
      .optional()
      .describe("What the device was aimed at: a value, or both ends of a range."),
    averages: z
      .union([z.int().positive().max(65_535), z.strictObject({ column })])
      .default(1)
      .describe("Reads that were averaged."),
    bake_celsius: z
      .union([z.number(), z.strictObject({ column })])
      .optional()
      .describe("Temperature at which the device was kept since its write, °C."),
    chip_celsius: z
      .union([z.number(), z.strictObject({ column })])
      .optional()
      .describe("Temperature of the chip when it was read, °C."),
    verified: z
      .boolean()
      .default(true)
      .describe(
        "Whether devices were read and pulsed again until they fitted. Those that drift unlike the rest are then picked out.",
      ),
  })
  .refine(
    ({ resistance: r, conductance: g }) => (r === undefined) !== (g === undefined),
    "give resistance or conductance, one of them",
  )
  .refine(({ time }) => time.unit !== "iso" || time.since !== "write", {
    path: ["time", "since"],
    error: 'stamps count from no write: say "first-read", or name the column with the time of the write',
  });

export type Mapping = Camel<Omit<z.output<typeof mappingSchema>, "format" | "version">>;
export type ColumnName = z.output<typeof column>;

/** Reads a mapping. Throws `bad-file` with the first place that is wrong. */
export async function readMapping(path: string): Promise<Mapping> {
  return parseMapping(await readInputFile(path), path);
}

/** The same of a file's bytes. */
export function parseMapping(bytes: Uint8Array, path: string): Mapping {
  return mappingOf(parseJson(bytes, path, mappingSchema, "mapping"));
}

/** The same of what a script has at hand, checked already. */
export function mappingOf(file: z.output<typeof mappingSchema>): Mapping {
  const { format: _, version: __, ...rest } = file;
  return camelKeys(rest);
}

function isExpression(text: string): boolean {
  try {
    return new RegExp(text, "u") instanceof RegExp;
  } catch {
    return false;
  }
}
