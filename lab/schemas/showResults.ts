import { z } from "zod";
import { modelSchema } from "../../files/model.ts";
import { result } from "./event.ts";
import { networkShares } from "./networkEvents.ts";
import * as part from "./parts.ts";
import { runFields, strategyFields } from "./resultParts.ts";
import { benchPlace, chipPlace, labelFields } from "./runLabels.ts";

const notes = z
  .array(
    z.strictObject({
      noted_at: z.string().describe("Wall time, ISO 8601."),
      what: z.string().describe("What happened, such as `link-lost`."),
      text: z.string().describe("The same for a person."),
      by: z.string().nullable().describe("Who wrote a `note`; null where that was not said, and for others."),
    }),
  )
  .describe("What else happened to the run, in order.");

/** What `show` ends with. */

export const show = z.discriminatedUnion("what", [
  result(
    "show",
    {
      what: z.literal("runs"),
      runs: z
        .array(
          z.strictObject({
            run: part.run.describe("Id of the run."),
            title: z.string().describe("What was programmed."),
            chip: part.chip,
            serial_number: part.serialNumber,
            ...chipPlace,
            ...benchPlace,
            started_at: runFields.started_at,
            age_seconds: part.seconds.describe("Time since it began, s."),
            outcome: runFields.outcome,
            method: z.string().describe("Name of the method."),
            corrects: part.run
              .nullable()
              .describe("The run that this trim corrects; null where it is not a trim."),
            devices: runFields.devices,
            pulses: runFields.pulses,
            yield_percent: runFields.yield_percent,
            error_percent: z
              .number()
              .nonnegative()
              .nullable()
              .describe(
                "Root mean square weight error when it was read last, % of the largest weight; null where it is not known.",
              ),
            error_age_seconds: part.seconds.nullable().describe("Age of that read, s; null likewise."),
            ...labelFields,
            damaged: z
              .boolean()
              .describe(
                "Some of its rows are damaged: labels are then missing, figures null, and devices and pulses 0.",
              ),
          }),
        )
        .describe("The runs that pass `--where`, the oldest first."),
      archived_left_out: part.count.describe("Archived runs that pass it and are not listed."),
      networks: z
        .array(
          z.strictObject({
            network: part.network.describe("Id of the network."),
            title: z.string().describe("What was programmed."),
            begun_at: z.string().describe("Wall time at which it began, ISO 8601."),
            corrects: part.network
              .nullable()
              .describe("The network that this trim corrects; null where it is not a trim."),
            outcome: runFields.outcome,
            runs: z
              .array(part.run.nullable())
              .describe("Runs that hold its shares, in order; null for a share that no run holds."),
            archived: z.boolean().describe("Whether all of its runs are archived or deleted."),
          }),
        )
        .describe(
          "Networks that are laid over several chips, the oldest first; without those that are archived unless `--archived` is given, and none with `--where`.",
        ),
    },
    "`show`: the runs of a workspace.",
  ),
  result(
    "show",
    {
      what: z.literal("run"),
      plan: z
        .strictObject({
          title: z.string().describe("What was programmed."),
          chip: part.chip,
          serial_number: part.serialNumber,
          address: z.string().describe("Address of the chip when the run began."),
          method: z.string().describe("Name of the method."),
          model: z.string().describe("Name of the device model."),
          sweep_times_seconds: z.array(part.seconds).describe("Ages of the sweeps after programming, s."),
          sweep_averages: part.count.describe("Reads that the chip averages in a sweep."),
          pulses_per_device: part.count.describe("Pulses that a device may be given, at most."),
          corrects: part.run
            .nullable()
            .describe("The run that this trim corrects; null where it is not a trim."),
          tiles: part.count.describe("Tiles with targets."),
          imported: z
            .strictObject({
              mapping: z.string().describe("Name of the mapping that the files were read by."),
              files: z
                .array(
                  z.strictObject({
                    name: z.string().describe("Name of the file."),
                    sha256: z.string().describe("SHA-256 of its bytes."),
                  }),
                )
                .describe("Files that it was made of."),
            })
            .nullable()
            .describe("Where an imported run came from; null for others."),
        })
        .describe("What the run was to do."),
      ...runFields,
      chain: z
        .strictObject({
          runs: z.array(part.run).describe("Ids of the runs, the first one first."),
          devices: runFields.devices,
          pulses: part.count.describe("Pulses that all of them fired."),
          yield_percent: runFields.yield_percent,
        })
        .nullable()
        .describe("Of a trim: together with the runs that it corrects; null of other runs."),
      ...labelFields,
      job: z.string().nullable().describe("The job of the queue that began it, such as j3; null for none."),
      ...chipPlace,
      ...benchPlace,
      chip_notes: z
        .array(
          z.strictObject({
            noted_at: z.string().describe("Wall time, ISO 8601."),
            by: z.string().nullable().describe("Who wrote it; null where that was not said."),
            text: z.string().describe("The note."),
          }),
        )
        .describe("What was noted of its chip, in order."),
      devices_by_pulses: z.array(part.count).describe("How many devices were given n pulses, at place n."),
      read_for_seconds: z.array(part.seconds).describe("Ages at which the run was read, s."),
      forecasts: z
        .array(z.strictObject(part.forecast))
        .describe("What was foretold of its weights, and how that came out."),
      audit: z
        .strictObject(part.audit)
        .nullable()
        .describe(
          "How the run's model did at the last age that the run was read at; null where it foresaw nothing of its devices.",
        ),
      notes,
    },
    "`show RUN`: how one run went.",
  ),
  result(
    "show",
    {
      what: z.literal("network"),
      network: part.network.describe("Id of the network."),
      title: z.string().describe("What was programmed."),
      begun_at: z.string().describe("Wall time at which it began, ISO 8601."),
      corrects: part.network
        .nullable()
        .describe("The network that this trim corrects; null where it is not a trim."),
      spares: part.texts.describe("Addresses of chips that wait to take the place of one that fails."),
      shares: networkShares.describe("What each chip holds."),
      whole: z
        .strictObject(runFields)
        .nullable()
        .describe("How its runs went as one; null where no run holds a share."),
      read_for_seconds: z.array(part.seconds).describe("Ages at which all of it was read, s."),
      partly_read: z
        .array(
          z.strictObject({
            time_seconds: part.seconds.describe("The age, s."),
            missing: z.array(part.run).describe("Runs that were not read as a whole at that age."),
          }),
        )
        .describe("Ages at which only some of its runs were read: nothing is said of the whole at these."),
      forecasts: z
        .array(z.strictObject(part.forecast))
        .describe("What was foretold of its weights, and how that came out."),
      notes,
    },
    "`show NETWORK`: how a network over several chips went.",
  ),
  result(
    "show",
    {
      what: z.literal("strategy"),
      strategy: z.strictObject(strategyFields).describe("The strategy, as it stands in its file."),
    },
    "`show STRATEGY`: what a strategy file holds.",
  ),
  result(
    "show",
    {
      what: z.literal("model"),
      model: modelSchema.describe("The model, as it stands in a model file; docs/models.md has its fields."),
      digest: z.string().describe("SHA-256 of the model."),
    },
    "`show MODEL`: a built-in or a fitted model.",
  ),
]);
