import { z } from "zod";
import { strategyLayerSchema } from "../../files/strategy.ts";
import { result } from "./event.ts";
import * as part from "./parts.ts";
import { errorsByTime } from "./resultParts.ts";

/** What writes files ends with. */

const withoutCause = z.strictObject(part.accuracySpread).nullable();

export const optimize = result(
  "optimize",
  {
    strategy: z.string().describe("The strategy file."),
    seconds: part.seconds.describe("Time it took, s."),
    times_seconds: z.array(part.seconds).describe("Times at which errors count, s after programming."),
    tested_to_seconds: part.testedToSeconds,
    layers: z
      .array(
        z.strictObject({
          name: z.string().describe("Name of the layer."),
          tile: part.count
            .nullable()
            .describe("Number of the tile in its layer; null unless tiles have own curves."),
          shape: strategyLayerSchema.shape.shape.describe("Inputs (rows) and outputs (columns)."),
          significance: part.numbers.describe("Significance F of each pair of devices."),
          ...part.columnScales,
          predicted: z.strictObject(errorsByTime).describe("Errors to expect."),
          predicted_with_deaths: z
            .strictObject(errorsByTime)
            .nullable()
            .describe("Errors to expect with devices that die; null where the model knows of none."),
          baselines: z
            .array(z.strictObject({ name: z.string().describe("Name of the rule."), ...errorsByTime }))
            .describe("Errors to expect of today's rules."),
          perfect_programming: z
            .strictObject(errorsByTime)
            .nullable()
            .describe("Errors that perfect programming would leave; null where the model cannot tell."),
          error_budget: strategyLayerSchema.shape.error_budget.describe("TNMSE by cause at each time."),
          search: z
            .strictObject({
              stopped: z.string().describe("Why the search ended."),
              strategies_tried: part.count.describe("How many strategies it tried."),
            })
            .describe("The search for significance and scale."),
        }),
      )
      .describe("One for each layer, or each tile of it."),
    limit: z
      .strictObject({
        ...part.predictedAccuracy,
        layers: part.count.describe("Matrices of the network."),
        layers_held: part.count.describe(
          "Those of them that the strategy holds; the others are as they were trained.",
        ),
        perfect_programming: withoutCause.describe(
          "The same devices if programming never erred; null where the model cannot tell.",
        ),
        no_drift_spread: withoutCause.describe(
          "The same devices if equal ones drifted alike; null where the model cannot tell.",
        ),
        no_read_noise: withoutCause.describe(
          "The same devices if reads had no noise; null where the model cannot tell.",
        ),
      })
      .nullable()
      .describe("What the network is worth on chips as the model has them; null without `--limit`."),
    left_out: z
      .array(
        z.strictObject({
          name: z.string().describe("Name of the tensor or the node."),
          why: z.string().describe("Why it is not read."),
        }),
      )
      .describe("Weights of the file that are not read."),
  },
  "`optimize`: what was found, and the errors to expect.",
);

export const imported = result(
  "import",
  {
    run: part.run.describe("Id of the run that was made."),
    chip: part.chip,
    serial_number: part.serialNumber,
    technology: z.string().describe("Technology of the devices."),
    max_conductance_microsiemens: z.number().positive().describe("Range of the devices, µS."),
    devices: part.count.describe("Devices."),
    tiles: part.count.describe("Tiles on which they lie."),
    sweeps: part.count.describe("Ages at which they were read."),
    reads: part.count.describe("Reads after the write."),
    missing: part.count.describe("Of these, reads without a value."),
    negative: part.count.describe("Of these, reads below zero."),
    written: part.count.describe("Devices that were read directly after the write."),
    outside: part.count.describe("Devices that were written outside the range that they were aimed at."),
    files: z
      .array(
        z.strictObject({
          file: z.string().describe("The file."),
          sha256: z.string().describe("SHA-256 of its bytes."),
          reads: part.count.describe("Rows that are reads."),
          before: part.count.describe("Lines before the heading of the table."),
          left_out: part.count.describe("Rows that the mapping leaves out."),
        }),
      )
      .describe("The files that were read."),
    workspace: part.workspace,
  },
  "`import`: what was imported.",
);

export const report = result(
  "report",
  {
    report: z.string().describe("The page."),
    figures: z.string().describe("The numbers of its figures, CSV."),
  },
  "`report`: where the page is.",
);

const table = (to: "parquet" | "csv" | "npz" | "hdf5" | "mat") =>
  result(
    "export",
    {
      to: z.literal(to),
      file: z.string().describe("The table."),
      readings: part.count.describe("Readings that it holds, one a device and sweep."),
    },
    `\`export --to ${to}\`: where the table is.`,
  );

export const exported = z.discriminatedUnion("to", [
  table("parquet"),
  table("csv"),
  table("npz"),
  table("hdf5"),
  table("mat"),
  result(
    "export",
    {
      to: z.literal("aihwkit"),
      file: z
        .string()
        .describe("The JSON file with the arguments; the fields from `format` on are its contents."),
      loader: z.string().describe("The Python file that loads them."),
      format: z.literal("mho-aihwkit").describe("Format of the file."),
      // Its own version would stand where that of the event does.
      format_version: z.literal(2).describe("Version of the file's format."),
      class: z.string().describe("The class that takes the arguments."),
      arguments: z
        .record(
          z.string(),
          z.union([z.number(), part.numbers, z.record(z.string(), part.numbers)]).describe("One argument."),
        )
        .describe("Arguments of the class, under aihwkit's own names, in µS and s."),
      times_seconds: z.array(part.seconds).describe("When to infer, s after programming."),
      model: z.string().describe("Name of the model."),
      model_digest: z.string().describe("SHA-256 of the model."),
      mean_miss: z
        .number()
        .describe(
          "Relative difference of aihwkit's mean from the model's, at most, for targets from Gmax/8 on.",
        ),
      std_miss: z.number().describe("The same of the standard deviation."),
      std_miss_at_zero: z.number().describe("The same of the standard deviation, for a target of 0."),
      software: z.string().describe("Version of mho."),
    },
    "`export --to aihwkit`: where the arguments are, and what they are.",
  ),
  result(
    "export",
    {
      to: z.literal("crosssim"),
      file: z.string().describe("The numpy archive."),
      loader: z.string().describe("The Python file that loads it."),
      model: z.string().describe("Name of the model."),
      targets: part.count.describe("Targets in the table."),
      times_seconds: z.array(part.seconds).describe("Ages in the table, s."),
    },
    "`export --to crosssim`: where the moments are.",
  ),
]);
