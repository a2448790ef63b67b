import { z } from "zod";
import { fitRecordSchema } from "../../files/model.ts";
import { result } from "./event.ts";
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
    },
    "`program --dry-run`: what programming will take.",
  ),
]);

export const resume = result("resume", { ...runFields }, "`resume`: how the run went.");

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

export const standby = result(
  "standby",
  {
    chip: part.chip,
    serial_number: part.serialNumber,
    standby: z.literal(true).describe("The chip confirmed that it is in standby."),
  },
  "`standby`: the chip is safe.",
);
