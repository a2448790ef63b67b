import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { parseDuration } from "../src/units.ts";
import { readJson } from "./json.ts";
import { camelKeys, type Camel } from "./keys.ts";

/** A bench's settings, in a file beside the workspace: who works there, what its chips are called, and what commands take where they are told nothing. */

const line = z.string().min(1).max(200);
const duration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, "give a time such as 1d or 30d");

/** Nicknames have no colon, so none is taken for an address; `r1` is a run. */
const nickname = z
  .string()
  .regex(
    /^(?!r\d+$)[A-Za-z][\w.-]{0,63}$/,
    "a nickname has letters, digits and _ . -, begins with a letter, and is no run such as r1",
  );

const address = z
  .string()
  .regex(/^(serial|tcp|emulator):/, "give an address such as serial:/dev/ttyACM0")
  .describe("Where the chip is: an address such as `serial:/dev/ttyACM0?chip=pcm-64`.");

export const configSchema = z.strictObject({
  $schema: z.string().optional().describe("For editors: where this schema is."),
  format: z.literal("mho-config"),
  version: z.literal(1),
  operator: line.optional().describe("Who works here: kept with runs and notes."),
  chips: z
    .record(nickname, address)
    .default({})
    .describe("Nicknames of chips, which stand for their addresses wherever one is taken."),
  defaults: z
    .strictObject({
      chip: z
        .string()
        .min(1)
        .optional()
        .describe(
          "Nickname or address of the chip to work on, where neither `--chip` nor MHO_CHIP names one.",
        ),
      tags: z
        .array(line)
        .default([])
        .describe("Tags of every run that is begun, beside those that are given."),
      program: z
        .strictObject({
          method: line.optional().describe("How."),
          model: line.optional().describe("What is believed of the devices: a built-in name."),
          sweep_times_seconds: z
            .array(z.number().positive())
            .optional()
            .describe("Read everything at these ages, s."),
          pulses_per_device: z.int().positive().optional().describe("Pulses that a device may be given."),
        })
        .prefault({})
        .describe("Of `mho program`."),
      watch: z
        .strictObject({
          until: duration.optional().describe("The last age to read at."),
          per_decade: z.int().min(1).max(50).optional().describe("Ages a decade."),
          averages: z.int().min(1).max(256).optional().describe("Reads that the chip averages."),
        })
        .prefault({})
        .describe("Of `mho watch`, for runs whose watch was not set before."),
      trim: z
        .strictObject({
          pulses_per_device: z
            .int()
            .positive()
            .optional()
            .describe("Pulses that a device may be given in a trim."),
        })
        .prefault({})
        .describe("Of `mho trim`."),
    })
    .prefault({})
    .describe("What calls take where they are told nothing."),
});

type ConfigFile = Omit<z.output<typeof configSchema>, "$schema" | "format" | "version" | "chips">;

export interface Config extends Camel<ConfigFile> {
  /** Where it was read; undefined where there is none. */
  readonly file: string | undefined;
  /** Addresses by nickname. */
  readonly chips: Readonly<Record<string, string>>;
}

export const noConfig: Config = {
  file: undefined,
  chips: {},
  defaults: { tags: [], program: {}, watch: {}, trim: {} },
};

/**
 * The config of a bench.
 *
 * @param given  a file, or `none` (mho.config.json beside the workspace, where that file exists).
 * @throws `bad-file` with line and column.
 */
export async function readConfig(workspace: string, given?: string): Promise<Config> {
  if (given === "none") return noConfig;
  const beside = join(dirname(resolve(workspace)), "mho.config.json");
  if (given === undefined && !existsSync(beside)) return noConfig;
  const file = given ?? beside;
  const {
    $schema: _,
    format: __,
    version: ___,
    chips,
    ...rest
  } = await readJson(file, configSchema, "config");
  return { ...camelKeys(rest), chips, file };
}
