import { z } from "zod";
import { event } from "./event.ts";
import { lakeNetwork, lakeRun } from "./lakeResults.ts";
import { fleetEvents, jobEvents } from "./jobEvents.ts";
import { networkEvents } from "./networkEvents.ts";
import { serverEvents } from "./serverResults.ts";
import * as part from "./parts.ts";

/** What the library tells: lab/events.ts and src/run/events.ts, field by field. */
export const benchEvents = [
  event(
    "chip",
    {
      name: part.chip,
      serial_number: part.serialNumber,
      firmware: z.string().describe("Name and version of the board's firmware."),
      boot: part.count.describe(
        "How many times the board has been started; chip time begins anew with each.",
      ),
      port: z.string().describe("The port at which the chip answered."),
    },
    "A chip was opened and named itself.",
  ),
  event(
    "chip_described",
    {
      name: part.chip,
      sha256: z.string().describe("SHA-256 of the description as runs keep it: JSON, its keys sorted."),
      bytes: part.count.describe("Its length."),
    },
    "A board gave its own description, which is used and kept with every run.",
  ),
  ...serverEvents,
  event("run_in_lake", lakeRun, "`archive --lake`: a run is sealed and in the lake."),
  event(
    "network_in_lake",
    lakeNetwork,
    "`archive --lake`: all runs of a network over several chips are in the lake, which says now that they are one network.",
  ),
  event(
    "warning",
    {
      code: z
        .enum([
          "model_not_believed",
          "chip_file_differs",
          "chip_taken",
          "chip_assumed",
          "no_tickets",
          "plain_http",
          "weights_left_out",
          "model_no_longer_holds",
          "job_not_checked",
          "worker_goes_on",
          "job_at_bench",
          "sealed_at_server",
          "network_not_in_lake",
        ])
        .describe(
          "`model_not_believed`: the fitted model failed its checks. `chip_file_differs`: the file that describes the chip says " +
            "something else than when the run was begun, or is gone. `chip_taken`: the address names no description, and the board named " +
            "itself. `chip_assumed`: the same in a dry run, which asks no board. `no_tickets`: the dialect has no tickets, so a run cannot tell whether " +
            "another workspace or a restored copy has pulsed the chip. `plain_http`: the live page is served to other machines unencrypted. " +
            "`weights_left_out`: the file holds weights that are not read. `model_no_longer_holds`: a watch read devices elsewhere than the " +
            "model of their run foresaw. `job_not_checked`: a job was queued for a board that could not be asked which chip it is. " +
            "`worker_goes_on`: a worker that the live page started does not end with `mho serve`. " +
            "`job_at_bench`: a job of a server that is to be removed is at a bench, which may have begun it. " +
            "`sealed_at_server`: runs were sealed at the server, so that it takes no more turns and sweeps of them. " +
            "`network_not_in_lake`: a lake has some runs of a network over several chips, and does not say that they are one network, as not all are in it and done.",
        ),
      message: z.string().describe("The same for a person."),
      name: z
        .string()
        .nullable()
        .describe(
          "What it is about: the model, the chip, or the tensor that is left out; null for the others.",
        ),
      why: z.string().nullable().describe("The reason by itself; null where the message is all."),
    },
    "Something to know before a figure is believed.",
  ),
  event(
    "started",
    {
      run: part.run.describe("Id of the run."),
      title: z.string().describe("What is programmed: the file that was given."),
      method: z
        .string()
        .describe("How: a method of programming, `by-hand`, or a measurement such as `measure-form`."),
      chip: part.chip,
      serial_number: part.serialNumber,
      firmware: z.string().describe("Name and version of the board's firmware."),
      boot: part.count.describe("How many times the board has been started."),
      devices: part.count.describe("Devices with a target."),
      resumed: z.boolean().describe("Whether the run goes on after a stop, a crash or a pulled cable."),
      network: part.network
        .nullable()
        .describe("The network that the run holds a share of; null for a run by itself."),
    },
    "A run begins or goes on.",
  ),
  ...networkEvents,
  event(
    "asked",
    {
      question: part.question,
      text: z.string().describe("The question."),
      answers: z.array(z.string()).describe("Answers that may be given; none where any line of text may."),
      deadline_at: z
        .string()
        .nullable()
        .describe(
          "When it is no longer waited for, wall time (ISO 8601); null where it is waited for without end.",
        ),
      run: part.run
        .nullable()
        .describe("The run whose journal keeps the answer, too; null where none was named."),
    },
    "An experiment asks the people at the bench, and waits.",
  ),
  event(
    "answered",
    {
      question: part.question,
      answer: z.string().nullable().describe("What the experiment goes on with; null where it does not."),
      by: z.string().nullable().describe("Who answered; null where that is not known."),
      how: z
        .enum(["answered", "deadline", "closed"])
        .describe(
          "`deadline`: no answer came in time. `closed`: the question was taken back, or the program was stopped.",
        ),
    },
    "A question is no longer waited for.",
  ),
  event(
    "turn",
    {
      run: part.run.describe("Id of the run."),
      tile: part.tile,
      turn: part.count.describe("Number of the turn on this tile, from 0."),
      tile_done: z.boolean().describe("Whether the tile is done with this turn."),
      devices: part.count.describe("Devices with a target, of the whole run."),
      devices_done: part.count.describe("Devices with a final verdict."),
      accepted: part.count.describe("Those of them that were accepted."),
      inside: part.count.describe("Devices inside their margins that are still to be confirmed."),
      pulses: part.count.describe("Pulses that the run has fired so far."),
    },
    "A tile was read, decided upon and pulsed.",
  ),
  event(
    "uncertain",
    {
      run: part.run.describe("Id of the run."),
      tile: part.tile,
      turn: part.count.describe("Number of the turn on this tile, from 0."),
      rows: part.count.describe("Rows of which it is not known whether they fired."),
    },
    "Some rows of a turn may or may not have fired. They are read before anything else is decided.",
  ),
  event(
    "sweep",
    {
      run: part.run.describe("Id of the run."),
      tile: part.tile,
      time_seconds: part.seconds.describe("Age that was asked for, s since the tile's last pulse."),
      late_seconds: z.number().describe("How much later than that the tile was read, s."),
      celsius: z
        .number()
        .nullable()
        .describe("Temperature of the chip, °C; null where the board does not measure it."),
      left: part.count
        .nullable()
        .describe("Sweeps of this command that are still to come; null where it is not known."),
    },
    "A tile was read as a whole.",
  ),
  event(
    "ended",
    {
      run: part.run.describe("Id of the run."),
      outcome: part.outcome,
      standby: z.boolean().describe("Whether the chip confirmed that it is in standby."),
    },
    "A run is over, for now or for good.",
  ),
  event(
    "watching",
    {
      runs: z.array(part.run).describe("Runs that are watched on one chip."),
      sweeps: part.count.describe("Sweeps to take."),
    },
    "A watch begins.",
  ),
  event(
    "model_audited",
    { run: part.run.describe("Id of the run."), ...part.audit },
    "A sweep of a watch was compared with what the model of its run foresaw; of runs whose method keeps devices at their targets.",
  ),
  event(
    "left_out",
    {
      run: part.run.describe("The run that was to be watched."),
      tile: part.tile,
      by: part.run.describe("The later run that holds the tile now."),
    },
    "A later run pulsed devices of this tile, so it is not read for the run before.",
  ),
  event(
    "rows_read",
    {
      run: part.run.nullable().describe("The run that is read; null of `mho read`."),
      tile: part.tile,
      rows: part.count.describe("Rows of the tile that were read."),
      of: part.count.describe("Rows that are to be read."),
      left_seconds: part.seconds.describe(
        "Until the others are read, by what the chip's description says of a row.",
      ),
    },
    "A tile of a slow board is read, a few rows at a time: about every two seconds.",
  ),
  event(
    "next_look",
    {
      run: part.run.describe("Id of the run."),
      tile: part.tile,
      time_seconds: part.seconds.describe("Age of the tile's last pulse at that look, s."),
      due_in_seconds: part.seconds.describe("How long the run waits for that, s; 1 or more."),
    },
    "A run waits until it may look at what it pulsed, on a chip whose time goes by itself.",
  ),
  event(
    "next_sweep",
    {
      run: part.run.describe("Id of the run."),
      tile: part.tile,
      time_seconds: part.seconds.describe("Age at which the tile is read next, s since its last pulse."),
      due_in_seconds: part.seconds.describe("How long the watch or the run waits for that, s; 1 or more."),
    },
    "A watch waits for its next read, or a run for its next sweep, on a chip whose time goes by itself.",
  ),
  event(
    "paused",
    { run: part.run.describe("Id of the run.") },
    "A run was paused from the live page; the chip is in standby.",
  ),
  event("unpaused", { run: part.run.describe("Id of the run.") }, "A paused run goes on."),
  event(
    "link_lost",
    {
      address: part.address,
      reason: z.string().describe("What happened, for a person."),
      patience_milliseconds: part.count.describe("How long mho looks for the chip before it gives up, ms."),
    },
    "The link to the chip is gone.",
  ),
  event(
    "link_back",
    {
      address: part.address,
      port: z.string().describe("The port at which the chip answers now."),
      after_milliseconds: z.number().nonnegative().describe("How long the link was gone, ms."),
    },
    "The chip answers again.",
  ),
  event(
    "woken",
    {
      address: part.address,
      after_milliseconds: z.number().nonnegative().describe("How long the host was silent, ms."),
    },
    "The host was silent for so long that the chip went into standby by itself. It was woken, and the work goes on.",
  ),
  event(
    "unknown_wear",
    {
      run: part.run.describe("The run that begins or goes on."),
      newest_ticket: part.count.describe("The newest ticket that the chip had fired."),
    },
    "The chip had fired pulses that this workspace did not book: its devices are worn by more than any budget counts.",
  ),
  event(
    "standby_failed",
    {
      address: part.address,
      reason: z.string().describe("What happened, for a person."),
    },
    "The chip did not confirm that it is in standby: its outputs may be on.",
  ),
  event(
    "translating",
    {
      model: z.string().describe("Name of the device model."),
      layers: part.texts.describe("Names of the layers, in order."),
    },
    "`optimize` begins.",
  ),
  event(
    "calculating",
    {
      what: z
        .enum(["curves", "chips"])
        .describe("`curves` of a strategy, or `chips` that are drawn to judge it."),
      parts: part.count.describe("How many layers, tiles or chips there are."),
      parts_done: part.count.describe("How many of them are done."),
      share: z.number().min(0).max(1).describe("How much of the work is done, roughly."),
      elapsed_seconds: part.seconds.describe("Since the calculation began."),
      left_seconds: part.seconds
        .nullable()
        .describe("Until it ends, roughly; null while too little is known."),
    },
    "How far a calculation is that takes seconds; every two seconds.",
  ),
  event(
    "layer",
    {
      name: z.string().describe("Name of the layer."),
      tile: part.count
        .nullable()
        .describe("Number of the tile in its layer; null unless tiles have own curves."),
      significance: part.numbers.describe("Significance F of each pair of devices."),
      ...part.columnScales,
      tnmse: part.tnmse.describe("TNMSE to expect, averaged over the times."),
      rms_percent_by_time: part.numbers.describe(
        "Root mean square weight error to expect at each time, % of the largest weight.",
      ),
    },
    "The conductances of a layer, or of a tile of it, were found.",
  ),
  event(
    "trim_planned",
    { ...part.trimPlan },
    "What a trim is expected to win. The run that carries it out follows.",
  ),
  event(
    "chapter",
    {
      number: z.int().positive().describe("Number of the chapter, from 1."),
      title: z.string().describe("What the demo does next, for a person."),
    },
    "`demo` begins a chapter.",
  ),
  event(
    "model_compared",
    {
      conductance_microsiemens: part.numbers.describe("Conductances at which the models are compared, µS."),
      models: z
        .array(
          z.strictObject({
            name: z.string().describe("Name of the model."),
            left_percent: part.numbers.describe("What is left of each conductance after a day, %."),
            spread_microsiemens: part.numbers.describe(
              "Standard deviation of equal devices after a day, without read noise, µS.",
            ),
          }),
        )
        .describe("The published model and the fitted one."),
      believed: z.boolean().describe("Whether the fit passes every check."),
      failed_checks: part.texts.describe("Names of the checks that it does not pass."),
    },
    "`demo` has fitted a model to its chip.",
  ),
  event(
    "corrected",
    {
      devices: z.array(part.count).describe("Devices that each trim programmed anew."),
    },
    "`demo` has trimmed its closed loop.",
  ),
  ...jobEvents,
  ...fleetEvents,
] as const;
