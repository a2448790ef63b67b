import { z } from "zod";
import type { fitRecordSchema } from "../../files/model.ts";
import { strategySchema } from "../../files/strategy.ts";
import * as part from "./parts.ts";

/** Larger parts of results. */

export const errorsByTime = {
  tnmse: part.tnmse.describe("TNMSE, averaged over the times."),
  tnmse_by_time: part.numbers.describe("TNMSE at each time."),
  rms_percent_by_time: part.numbers.describe("Root mean square error at each time, % of the largest weight."),
};

/** How a run went. */
export const runFields = {
  run: part.runOrNetwork.describe("Id of the run, or of the network over several chips, such as `n1`."),
  workspace: part.workspace,
  outcome: z
    .enum(["done", "interrupted", "failed", "running"])
    .describe(
      "`interrupted` and `failed` runs can be resumed; `running` ones are not over, or their process died.",
    ),
  started_at: z.string().describe("Wall time at which the run began, ISO 8601."),
  devices: part.count.describe("Devices with a target."),
  pulses: part.count.describe("Pulses that were fired."),
  turns: part.count.describe("Turns over all tiles."),
  yield_percent: z
    .number()
    .min(0)
    .max(100)
    .nullable()
    .describe(
      "Devices that were accepted, % of those that were read back at the end; null where none was, and until all have a verdict.",
    ),
  verdicts: part.verdicts,
  weight_errors: z
    .array(
      z.strictObject({
        time_seconds: part.seconds.describe("Age of the sweep, s."),
        rms_percent: z
          .number()
          .nonnegative()
          .describe("Root mean square weight error, % of the largest weight."),
        compensation: z.number().describe("Drift compensation α, mean over the tiles."),
      }),
    )
    .describe("Weight error at each sweep; empty where the weights are not known."),
};

/** The fields of a strategy file, but for its envelope, and with the model by name. */
const {
  format: _format,
  version: _version,
  model: _model,
  model_digest: _digest,
  ...strategyShape
} = strategySchema.shape;

export const strategyFields = {
  ...strategyShape,
  model: z.string().describe("Name of the device model."),
  times_seconds: strategyShape.times_seconds.describe("Times at which errors count, s after programming."),
  time_weights: strategyShape.time_weights.describe("How much each time counts; the sum is 1."),
  compensation_rule: strategyShape.compensation_rule.describe("How α is found."),
  pair_drift_correlation: strategyShape.pair_drift_correlation.describe(
    "Correlation of the drift of a pair's two devices.",
  ),
  layers: strategyShape.layers.describe("The layers, or tiles of them; docs/optimizer.md has their fields."),
  predicted_accuracy: strategyShape.predicted_accuracy.describe(
    "What a network is worth whose layers are held so; left out where it was not asked for; docs/optimizer.md has its fields.",
  ),
};

type FitShape = (typeof fitRecordSchema)["shape"];

/** The fields of a fit's record, each with its meaning. */
export function describedFit(shape: FitShape): FitShape {
  return {
    runs: shape.runs.describe("Runs that the model is fitted to."),
    chip: shape.chip.describe("Name of the kind of chip."),
    chip_serial_numbers: shape.chip_serial_numbers.describe("Serial numbers of the chips."),
    measured_from: shape.measured_from.describe("Wall time of the first sweep, ISO 8601."),
    measured_to: shape.measured_to.describe("Wall time of the last sweep, ISO 8601."),
    celsius: shape.celsius.describe("Temperature of the sweeps, °C; left out where it was not measured."),
    sweeps: shape.sweeps.describe("Sweeps that were used."),
    devices: shape.devices.describe(
      "How many devices were used, and how many were left out for which reason.",
    ),
    model_before: shape.model_before.describe("Name of the model that was believed before."),
    software: shape.software.describe("Version of mho."),
    seed: shape.seed.describe("Seed of the draws of chance."),
    data_digest: shape.data_digest.describe("SHA-256 of the sweeps."),
    measured_to_seconds: shape.measured_to_seconds.describe("Age of the oldest reads, s."),
    tested_to_seconds: shape.tested_to_seconds.describe(
      "The oldest age of which a fit to earlier reads foretold what was read then, s; 0 where none did.",
    ),
    forecasts: shape.forecasts.describe(
      "What fits to the first reads foretold of later ones, and how it came out.",
    ),
    believe: shape.believe.describe("Whether the model passes every check."),
    checks: shape.checks.describe("The checks: name, whether it is passed, and what was found."),
    remarks: shape.remarks.describe("What else to know, for a person."),
    laws: shape.laws.describe("Each law at a few conductances (µS), with standard errors."),
    residuals: shape.residuals.describe(
      "What the laws leave unexplained, in standard deviations: shares of devices in bins of width `step` from `from` on, and mean " +
        "and spread by conductance (µS).",
    ),
    figures: shape.figures.describe("Single figures with their standard errors."),
  };
}
