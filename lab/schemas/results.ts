import { z } from "zod";
import { modelSchema, fitRecordSchema } from "../../files/model.ts";
import { strategyLayerSchema } from "../../files/strategy.ts";
import { result } from "./event.ts";
import * as part from "./parts.ts";
import { describedFit, errorsByTime, runFields, strategyFields } from "./resultParts.ts";

const file = z.string();
const seconds = part.seconds;

const program = z.discriminatedUnion("dry_run", [
  result("program", { dry_run: z.literal(false), ...runFields }, "`program`: how the run went."),
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
      seconds: seconds.describe("Time to expect, s."),
    },
    "`program --dry-run`: what programming will take.",
  ),
]);

const resume = result("resume", { ...runFields }, "`resume`: how the run went.");

const watch = result(
  "watch",
  {
    runs: z.array(part.run).describe("Runs that were watched."),
    sweeps: part.count.describe("Sweeps that were taken."),
    workspace: part.workspace,
  },
  "`watch`: nothing is left to read.",
);

const fit = result(
  "fit",
  {
    model: file.describe("The model file."),
    ...describedFit(fitRecordSchema.shape),
  },
  "`fit`: the record of the fit, as it stands in the model file.",
);

const trim = z.discriminatedUnion("pulsed", [
  result(
    "trim",
    {
      pulsed: z.literal(true),
      ...runFields,
      ...part.trimPlan,
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
      expected_once_reached: z.null().describe("Unknown: nothing was pulsed."),
    },
    "`trim --dry-run`, or no device is worth a pulse.",
  ),
]);

const optimize = result(
  "optimize",
  {
    strategy: file.describe("The strategy file."),
    seconds: seconds.describe("Time it took, s."),
    times_seconds: z.array(seconds).describe("Times at which errors count, s after programming."),
    layers: z
      .array(
        z.strictObject({
          name: z.string().describe("Name of the layer."),
          tile: part.count
            .nullable()
            .describe("Number of the tile in its layer; null unless tiles have own curves."),
          shape: strategyLayerSchema.shape.shape.describe("Inputs (rows) and outputs (columns)."),
          significance: part.numbers.describe("Significance F of each pair of devices."),
          scale_microsiemens_per_unit: z.number().positive().describe("Scale β, µS per unit of weight."),
          predicted: z.strictObject(errorsByTime).describe("Errors to expect."),
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
  },
  "`optimize`: what was found, and the errors to expect.",
);

const report = result(
  "report",
  {
    report: file.describe("The page."),
    figures: file.describe("The numbers of its figures, CSV."),
  },
  "`report`: where the page is.",
);

const table = (to: "parquet" | "csv" | "npz") =>
  result(
    "export",
    {
      to: z.literal(to),
      file: file.describe("The table."),
      readings: part.count.describe("Readings that it holds, one a device and sweep."),
    },
    `\`export --to ${to}\`: where the table is.`,
  );

const exported = z.discriminatedUnion("to", [
  table("parquet"),
  table("csv"),
  table("npz"),
  result(
    "export",
    {
      to: z.literal("aihwkit"),
      file: file.describe("The JSON file with the arguments; the fields from `format` on are its contents."),
      loader: file.describe("The Python file that loads them."),
      format: z.literal("mho-aihwkit").describe("Format of the file."),
      // Its own version would stand where that of the event does.
      format_version: z.literal(1).describe("Version of the file's format."),
      class: z.string().describe("The class that takes the arguments."),
      arguments: z
        .strictObject({
          custom_drift_model: z
            .strictObject({
              g_lst: part.numbers.describe("Conductances, µS."),
              nu_mean_lst: part.numbers.describe("Mean drift exponent at each."),
              nu_std_lst: part.numbers.describe("Its standard deviation over devices."),
            })
            .describe("The drift law."),
          prog_coeff: part.numbers.describe("Polynomial of the programming error, µS, lowest power first."),
          prog_coeff_g_max_reference: z.number().describe("Conductance that the polynomial counts by, µS."),
          g_max: z.number().describe("Largest conductance, µS."),
          t_0: z.number().describe("Reference age of the drift law, s."),
          t_read: z.number().describe("Length of a read, s."),
          read_noise_scale: z.number().describe("Factor on aihwkit's own law of read noise."),
        })
        .describe("Arguments of the class, under aihwkit's own names."),
      times_seconds: z.array(seconds).describe("When to infer, s after programming."),
      model: z.string().describe("Name of the model."),
      model_digest: z.string().describe("SHA-256 of the model."),
      programming_miss_microsiemens: z
        .number()
        .describe("How far aihwkit's polynomial of the programming error lies from the model, at most, µS."),
      read_noise_miss: z
        .number()
        .describe("By what factor aihwkit's read noise differs from the model's, at most."),
      software: z.string().describe("Version of mho."),
    },
    "`export --to aihwkit`: where the arguments are, and what they are.",
  ),
]);

const show = z.discriminatedUnion("what", [
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
            started_at: runFields.started_at,
            outcome: runFields.outcome,
          }),
        )
        .describe("Every run of the workspace, the oldest first."),
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
          sweep_times_seconds: z.array(seconds).describe("Ages of the sweeps after programming, s."),
          sweep_averages: part.count.describe("Reads that the chip averages in a sweep."),
          pulses_per_device: part.count.describe("Pulses that a device may be given, at most."),
          corrects: part.run
            .nullable()
            .describe("The run that this trim corrects; null where it is no trim."),
          tiles: part.count.describe("Tiles with targets."),
        })
        .describe("What the run was to do."),
      ...runFields,
      devices_by_pulses: z.array(part.count).describe("How many devices were given n pulses, at place n."),
      read_for_seconds: z.array(seconds).describe("Ages at which the run was read, s."),
      notes: z
        .array(
          z.strictObject({
            noted_at: z.string().describe("Wall time, ISO 8601."),
            what: z.string().describe("What happened, such as `link-lost`."),
            text: z.string().describe("The same for a person."),
          }),
        )
        .describe("What else happened to the run, in order."),
    },
    "`show RUN`: how one run went.",
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

const ports = result(
  "ports",
  {
    ports: z
      .array(
        z.strictObject({
          path: z.string().describe("Path of the port."),
          vendor: z.string().nullable().describe("Maker of the USB device; null where it is not known."),
          vendor_id: z.string().nullable().describe("USB vendor id; null likewise."),
          product_id: z.string().nullable().describe("USB product id; null likewise."),
          serial_number: z.string().nullable().describe("Serial number of the USB device; null likewise."),
          answer: z.enum(["chip", "silent", "not asked"]).describe("What came of asking for a chip."),
          chip: z
            .strictObject({
              dialect: z.string().describe("Dialect in which the chip answered."),
              name: part.chip,
              serial_number: part.serialNumber,
              firmware: z.string().describe("Name and version of the board's firmware."),
            })
            .nullable()
            .describe("The chip that answered; null where none did."),
          reason: z.string().nullable().describe("Why the port was not asked; null where it was."),
        }),
      )
      .describe("Serial ports of this machine, and those that were named."),
  },
  "`ports`: serial ports, and which of them answer as a chip.",
);

const standby = result(
  "standby",
  {
    chip: part.chip,
    serial_number: part.serialNumber,
    standby: z.literal(true).describe("The chip confirmed that it is in standby."),
  },
  "`standby`: the chip is safe.",
);

const serve = result(
  "serve",
  {
    address: z.string().describe("Address at which the live page was."),
  },
  "`serve`: it was stopped.",
);

const replay = result(
  "replay",
  {
    requests: part.count.describe("Requests in the transcript."),
    replies: part.count.describe("Replies in it."),
    damaged_frames: part.count.describe("Frames that arrived damaged, both ways."),
    emulator: z
      .enum(["same", "different", "not emulated"])
      .describe("Whether today's emulator gives the same bytes; `not emulated` where a board answered."),
    differences: part.count.describe("Places at which today's code differs."),
    first_difference: z
      .strictObject({
        microseconds: z.number().nonnegative().describe("When, µs since the transcript began."),
        what: z.string().describe("What differs, for a person."),
      })
      .nullable()
      .describe("The first of them; null where nothing differs."),
  },
  "`replay`: whether today's code understands a transcript.",
);

const percents = part.numbers;
const shares = z.array(z.number().nullable());

const demo = result(
  "demo",
  {
    network: z.string().describe("Name of the network."),
    times_seconds: z.array(seconds).describe("Ages at which everything was read, s of chip time."),
    chips: part.count.describe("Chips over which means and spreads are taken."),
    serial_number: part.serialNumber,
    believed: z.boolean().describe("Whether the fit passes every check."),
    corrected_devices: z.array(part.count).describe("Devices that each trim programmed anew."),
    images: part.count.describe("Images by which the network is judged; 0 where none were given."),
    software_accuracy: z
      .number()
      .nullable()
      .describe("Share of images right in software; null without images."),
    contenders: z
      .array(
        z.strictObject({
          name: z.string().describe("Name of the way of programming."),
          run: part.run.describe("Id of its run."),
          pulses: part.count.describe("Pulses that it took."),
          verdicts: part.verdicts,
          weight_error_rms_percent: percents.describe("Weight error at each age, % of the largest weight."),
          weight_error_spread: percents.describe("Its standard deviation over the chips, %."),
          product_error_percent: percents.describe("Matrix–vector error at each age, %."),
          product_error_spread: percents.describe("Its standard deviation over the chips, %."),
          accuracy: shares.describe("Share of images right at each age; null without images."),
          accuracy_spread: shares.describe("Its standard deviation over the chips; null likewise."),
        }),
      )
      .describe("The ways of programming that are compared."),
    report: file.describe("The page."),
    figures: file.describe("The numbers of its figures, CSV."),
    workspace: part.workspace,
  },
  "`demo`: how the ways of programming compare.",
);

/** What each command ends with, when it does not fail. `emulate` ends without one. */
export const resultSchema = z.discriminatedUnion("command", [
  program,
  resume,
  watch,
  fit,
  trim,
  optimize,
  report,
  exported,
  show,
  ports,
  standby,
  serve,
  replay,
  demo,
]);
