import { z } from "zod";
import { steps } from "../checkChip/findings.ts";
import { advise, calibrate, fit, program, resume, standby, trim, watch } from "./chipResults.ts";
import { compare } from "./compareResult.ts";
import { lot } from "./lotResult.ts";
import { result } from "./event.ts";
import { measure, pulse, read } from "./handResults.ts";
import { fleet, queue, work } from "./jobEvents.ts";
import { exported, imported, optimize, report } from "./fileResults.ts";
import { checkLake, query } from "./lakeResults.ts";
import * as part from "./parts.ts";
import { answer, archive, deleted, note, pack, tag, unpack } from "./runLabels.ts";
import { handOn, serverInit } from "./serverResults.ts";
import { show } from "./showResults.ts";

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
          answer: z
            .enum(["chip", "instrument", "silent", "not asked"])
            .describe("What came of asking for a chip."),
          chip: z
            .strictObject({
              dialect: z.string().describe("Dialect in which the chip answered."),
              name: part.chip,
              serial_number: part.serialNumber,
              firmware: z.string().describe("Name and version of the board's firmware."),
            })
            .nullable()
            .describe("The chip that answered; null where none did."),
          instrument: z
            .string()
            .nullable()
            .describe(
              "Answer to `*IDN?` of an instrument that is no chip that mho knows; null where there is none.",
            ),
          reason: z.string().nullable().describe("Why the port was not asked; null where it was."),
        }),
      )
      .describe("Serial ports of this machine, and those that were named."),
  },
  "`ports`: serial ports, and which of them answer as a chip.",
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

const check = result(
  "check",
  {
    workspace: part.workspace,
    sound: z.boolean().describe("Whether nothing is damaged."),
    identity: z
      .enum(["sound", "unchecked", "damaged"])
      .describe(
        "The id by which a server knows the workspace; `unchecked`: an older layout wrote it without a checksum.",
      ),
    damage: z.array(z.string()).describe("What is damaged beside the runs, for a person."),
    runs: z
      .array(
        z.strictObject({
          run: part.run.describe("Id of the run."),
          state: z
            .enum(["sound", "unchecked", "deleted", "damaged"])
            .describe(
              "`unchecked`: nothing is wrong that can be seen, but an older layout wrote rows without checksums; `deleted`: the run was deleted, and its wear is sound.",
            ),
          turns: part.count.describe("Turns that were read."),
          sweeps: part.count.describe("Sweeps that were read."),
          unchecked_rows: part.count.describe("Rows without a checksum."),
          damage: z.array(z.string()).describe("What is damaged, for a person."),
        }),
      )
      .describe("Every run, the oldest first."),
  },
  "`check`: what of a workspace is damaged.",
);

const checkChip = result(
  "check-chip",
  {
    checked: z.enum(["file", "board"]).describe("Whether a description or a board was checked."),
    chip: z.string().nullable().describe("Name of the chip; null where it is not known."),
    serial_number: z
      .string()
      .nullable()
      .describe("Serial number of the board; null of a file, and where it is not known."),
    sound: z.boolean().describe("Whether nothing has to be mended."),
    findings: z
      .array(
        z.strictObject({
          step: z.enum(steps).describe("What was tried."),
          verdict: z
            .enum(["good", "fault", "note", "not tried"])
            .describe(
              "`fault`: to be mended. `note`: to be known; it works. `not tried`: nothing is known of it.",
            ),
          text: z.string().describe("What was found, and the remedy of a fault, for a person."),
        }),
      )
      .describe("What was found, in the order in which it was tried."),
  },
  "`check-chip`: what of a description or a board has to be mended.",
);

const percents = part.numbers;
const shares = z.array(z.number().nullable());
const cosines = shares;

const demo = result(
  "demo",
  {
    headline: z.string().describe("What it comes to, for a person."),
    network: z.string().describe("Name of the network."),
    times_seconds: z.array(part.seconds).describe("Ages at which everything was read, s of chip time."),
    chips: part.count.describe("Chips over which means and spreads are taken."),
    serial_number: part.serialNumber,
    believed: z.boolean().describe("Whether the fit passes every check."),
    corrected_devices: z.array(part.count).describe("Devices that each trim programmed anew."),
    measure: z
      .enum(["accuracy", "similarity"])
      .nullable()
      .describe(
        "By what the network is judged: images right, or without labels its outputs; null without inputs.",
      ),
    inputs: part.count.describe(
      "Images or other inputs by which the network is judged; 0 where none were given.",
    ),
    images: part.count.describe("Images with labels among them; 0 where none were given."),
    software_accuracy: z
      .number()
      .nullable()
      .describe("Share of images right in software; null without images."),
    characterisation_pulses: part.count.describe(
      "Pulses by which the first chip was measured for the closed loop, on devices that hold no weights of it.",
    ),
    characterisation_chip_seconds: part.seconds.describe(
      "How long that kept the chip at work, without the day of waiting.",
    ),
    contenders: z
      .array(
        z.strictObject({
          name: z.string().describe("Name of the way of programming."),
          run: part.run.describe("Id of its run, of its last correction where there was one."),
          pulses: part.count.describe("Pulses that it took, on the first chip, its corrections included."),
          chip_seconds: part.seconds.describe(
            "How long these kept the first chip at work by its own clock, waits for later reads left out.",
          ),
          verdicts: part.verdicts,
          weight_error_rms_percent: percents.describe("Weight error at each age, % of the largest weight."),
          weight_error_spread: percents.describe("Its standard deviation over the chips, %."),
          product_error_percent: percents.describe("Matrix–vector error at each age, %."),
          product_error_spread: percents.describe("Its standard deviation over the chips, %."),
          accuracy: shares.describe("Share of images right at each age; null without images."),
          accuracy_spread: shares.describe("Its standard deviation over the chips; null likewise."),
          predicted_accuracy: z
            .strictObject(part.accuracySpread)
            .nullable()
            .describe(
              "What its strategy's model predicted before the first pulse, at each age; null where there is none or no image.",
            ),
          similarity: cosines.describe(
            "Mean cosine of the network's outputs to those in software at each age; null but for a network without labels.",
          ),
          similarity_spread: cosines.describe("Its standard deviation over the chips; null likewise."),
          similarity_worst_tenth: cosines.describe(
            "The same over the tenth of the inputs that did worst; null likewise.",
          ),
          similarity_worst_tenth_spread: cosines.describe(
            "Its standard deviation over the chips; null likewise.",
          ),
          predicted_similarity: z
            .strictObject(part.accuracySpread)
            .nullable()
            .describe("As predicted_accuracy, of the similarity; null where there is none."),
        }),
      )
      .describe("The ways of programming that are compared."),
    report: z.string().describe("The page."),
    figures: z.string().describe("The numbers of its figures, CSV."),
    workspace: part.workspace,
  },
  "`demo`: how the ways of programming compare.",
);

const run = result(
  "run",
  {
    file: z.string().describe("The experiment's file."),
    sha256: z.string().describe("SHA-256 of it."),
    runs: z.array(part.run).describe("Ids of the runs that it made."),
    value: z.unknown().describe("What its run(bench) returned; null for nothing."),
  },
  "`run`: what an experiment did.",
);

/** What each command ends with, when it does not fail. `emulate` ends without one. */
export const resultSchema = z.discriminatedUnion("command", [
  program,
  resume,
  watch,
  fit,
  trim,
  calibrate,
  advise,
  optimize,
  report,
  compare,
  lot,
  exported,
  imported,
  read,
  measure,
  pulse,
  run,
  queue,
  work,
  show,
  note,
  tag,
  answer,
  archive,
  checkLake,
  query,
  deleted,
  pack,
  unpack,
  fleet,
  handOn,
  serverInit,
  check,
  checkChip,
  ports,
  standby,
  serve,
  replay,
  demo,
]);
