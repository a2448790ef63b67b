import { z } from "zod";
import { actions } from "../../calibration/advice.ts";
import { fitRecordSchema } from "../../files/model.ts";
import { result } from "./event.ts";
import { findings } from "./handResults.ts";
import { networkShare, networkShares } from "./networkEvents.ts";
import * as part from "./parts.ts";
import { describedFit, runFields } from "./resultParts.ts";

/** What work on runs and chips ends with. */

export const program = z.discriminatedUnion("dry_run", [
  result(
    "program",
    {
      dry_run: z.literal(false),
      ...runFields,
      predicted_accuracy: z
        .strictObject(part.predictedAccuracy)
        .nullable()
        .describe(
          "What the strategy predicts of its network; null where `optimize --limit` was not asked for it.",
        ),
      shares: networkShares.nullable().describe("Of several chips, what each holds; null for one chip."),
    },
    "`program`: how the run went.",
  ),
  result(
    "program",
    {
      dry_run: z.literal(true),
      method: z.string().describe("Name of the method."),
      devices: part.count.describe("Devices with a target."),
      tiles: part.count.describe("Tiles that hold them."),
      pulses: part.count.describe("Pulses to expect."),
      pulses_per_device: z.number().nonnegative().describe("Mean pulses a device to expect."),
      most_pulses_per_device: part.count.describe("No device is given more."),
      seconds: part.seconds.describe("Time to expect, with settling and sweeps, s."),
      longest_request: z.string().describe("What the board is asked for at once, at the longest."),
      longest_request_seconds: part.seconds.describe("How long that takes; a stop waits for it, s."),
      chips: z
        .array(
          z.strictObject({
            ...networkShare,
            seconds: part.seconds.describe("Time to expect of this chip, s; chips work side by side."),
          }),
        )
        .nullable()
        .describe("Of several chips, what each will hold; null for one chip."),
    },
    "`program --dry-run`: what programming will take.",
  ),
]);

export const resume = result(
  "resume",
  {
    ...runFields,
    found: z
      .strictObject(findings)
      .nullable()
      .describe("Of a measurement, what was found; null for other runs."),
    shares: networkShares
      .nullable()
      .describe("Of a network over several chips, what each holds; null for a run."),
  },
  "`resume`: how the run went.",
);

export const watch = result(
  "watch",
  {
    runs: z.array(part.run).describe("Runs that were watched."),
    sweeps: part.count.describe("Sweeps that were taken."),
    workspace: part.workspace,
  },
  "`watch`: nothing is left to read.",
);

export const fit = result(
  "fit",
  {
    model: z.string().describe("The model file."),
    ...describedFit(fitRecordSchema.shape),
  },
  "`fit`: the record of the fit, as it stands in the model file.",
);

export const trim = z.discriminatedUnion("pulsed", [
  result(
    "trim",
    {
      pulsed: z.literal(true),
      ...runFields,
      ...part.trimPlan,
      earlier_forecasts: part.earlierForecasts,
      expected_once_reached: part.tnmse.describe("TNMSE to expect with what the trim reached."),
    },
    "`trim`: how the trim's own run went, and what it won.",
  ),
  result(
    "trim",
    {
      pulsed: z.literal(false),
      run: z.null().describe("No run: nothing was pulsed."),
      ...part.trimPlan,
      earlier_forecasts: part.earlierForecasts,
      expected_once_reached: z.null().describe("Unknown: nothing was pulsed."),
    },
    "`trim --dry-run`, or no device is worth a pulse.",
  ),
]);

const calibrationError = (what: string) =>
  z
    .strictObject({
      weight_rms_percent: z
        .number()
        .nonnegative()
        .describe("Root mean square weight error, % of each tile's largest weight."),
      product_rms_percent: z
        .number()
        .nonnegative()
        .describe("Root mean square error of products, offsets with it, % of that of the products as meant."),
    })
    .describe(what);

export const calibrate = result(
  "calibrate",
  {
    run: part.run.describe("Id of the run."),
    workspace: part.workspace,
    measured_by: z
      .enum(["products", "reads"])
      .describe("What it was measured by: products of whole tiles, or reads of every device."),
    why_reads: z.string().nullable().describe("Why no products were measured; null where they were."),
    scaled_by: z
      .enum(["column", "tile"])
      .describe(
        "What of the chip's outputs can have a factor of its own; of `tile`, those that are kept are of tiles.",
      ),
    count: part.count.describe("Products of each tile, or reads that were averaged."),
    calibrated_before: z
      .string()
      .nullable()
      .describe("Wall time of the calibration whose factors were in use, ISO 8601; null for none: α = 1."),
    errors: z
      .strictObject({
        before: calibrationError("With the factors in use until now."),
        tile: calibrationError("With one α a tile."),
        column: calibrationError("With an α a column."),
        column_with_offset: calibrationError("With an α and an offset a column."),
      })
      .describe("Errors on vectors that the factors were not found from."),
    tiles: z
      .array(
        z.strictObject({
          tile: part.tile,
          age_seconds: part.seconds.describe("Age of the tile, s since its last pulse."),
          compensation: z.number().describe("α of the tile."),
          compensation_by_column: part.numbers.describe("α of each column."),
          offset_microsiemens_by_column: part.numbers.describe("Offset of each column, µS, added after α."),
        }),
      )
      .describe("The factors, as they are kept with the run."),
    file: z.string().nullable().describe("File of the factors; null without `--out`."),
  },
  "`calibrate`: the digital factors of a run at its present age.",
);

export const advise = result(
  "advise",
  {
    run: part.run.describe("Id of the run."),
    advised: z
      .enum(actions)
      .describe("The best by expected error; the cheapest of those that do nearly as well."),
    next_command: z.string().nullable().describe("The command for it; null where there is nothing to do."),
    choices: z
      .array(
        z.strictObject({
          action: z.enum(actions).describe("What can be done."),
          tnmse: part.tnmse.describe("TNMSE to expect of one read, averaged over the times."),
          tnmse_by_time: part.numbers.describe("The same at each time."),
          rms_percent: z
            .number()
            .nonnegative()
            .describe("Root mean square weight error of the same, % of the largest weight."),
          gain_percent: z
            .number()
            .describe("How much less the mean square error is than with nothing done, %."),
          devices: part.count.describe("Devices that are programmed anew."),
          pulses: part.count.describe("Pulses to expect."),
          seconds: part.seconds.describe("Time that it takes, s."),
        }),
      )
      .describe("What can be done, the cheapest first."),
    times_seconds: z.array(part.seconds).describe("Times at which errors count, s from now on."),
    calibrated: z
      .string()
      .nullable()
      .describe("Wall time of the calibration whose factors are in use, ISO 8601; null for none: α = 1."),
    model: z.string().describe("Name of the model of devices that are programmed anew."),
    model_fitted: z.boolean().describe("Whether it was fitted to devices, and not published."),
    earlier_forecasts: part.earlierForecasts,
    tested_to_seconds: part.testedToSeconds,
  },
  "`advise`: what can be done about a run, and what is best.",
);

export const standby = result(
  "standby",
  {
    chip: part.chip,
    serial_number: z
      .string()
      .describe("Serial number of the chip; of a network, those of all its chips, a comma between."),
    standby: z.literal(true).describe("The chip, or each of them, confirmed that it is in standby."),
  },
  "`standby`: the chip is safe.",
);
