import { z } from "zod";
import { result } from "./event.ts";
import { lakeRun } from "./lakeResults.ts";
import * as part from "./parts.ts";

/** What people write on runs and chips, and what commands that do so end with. */

export const labelFields = {
  tags: part.texts.describe("Its tags."),
  operator: z.string().nullable().describe("Who began it; null where that was not said."),
  archived: z.boolean().describe("Whether it is archived: lists leave it out."),
};

export const chipPlace = {
  wafer: z.string().nullable().describe("Wafer that its chip was cut from, as noted; null where it was not."),
  die: z.string().nullable().describe("Place of its chip on the wafer; likewise."),
};

export const benchPlace = {
  bench: z
    .string()
    .nullable()
    .describe("At a server: the bench that made it; null of a run that was made where it is kept."),
  bench_run: part.run.nullable().describe("Its id at that bench; null likewise."),
};

export const note = result(
  "note",
  {
    run: part.runOrNetwork
      .nullable()
      .describe("The run, or the network over several chips, that was written on; null for a chip."),
    chip: z.string().nullable().describe("Name of the kind of chip that was written on; null for a run."),
    serial_number: z.string().nullable().describe("Its serial number; likewise."),
    text: z.string().nullable().describe("The note; null where only the wafer or the die was noted."),
    wafer: z.string().nullable().describe("The wafer that was noted; null for none."),
    die: z.string().nullable().describe("The die that was noted; null for none."),
    workspace: part.workspace,
  },
  "`note`: what was written on a run or a chip.",
);

export const tag = result(
  "tag",
  {
    run: part.runOrNetwork.describe("Id of the run, or of the network over several chips."),
    tags: labelFields.tags,
    workspace: part.workspace,
  },
  "`tag`: the tags of a run as they are now; of a network those of all its runs.",
);

export const answer = result(
  "answer",
  {
    questions: z
      .array(
        z.strictObject({
          question: part.question,
          text: z.string().describe("What is asked."),
          answers: z
            .array(z.string())
            .describe("Answers that may be given; none where any line of text may."),
          asked_at: z.string().describe("When it was asked, wall time (ISO 8601)."),
          deadline_at: z.string().nullable().describe("When it is no longer waited for; null for never."),
          run: part.run
            .nullable()
            .describe("The run whose journal keeps the answer; null where none was named."),
          state: z.enum(["open", "answered", "closed"]).describe("How it stands."),
          answer: z.string().nullable().describe("What was answered; null where nothing was."),
          by: z.string().nullable().describe("Who answered; null where that is not known."),
        }),
      )
      .describe("The question that was answered or taken back; without a question, those that are open."),
    workspace: part.workspace,
  },
  "`answer`: questions of experiments.",
);

const runs = (what: string) => z.array(part.run).describe(what);

export const archive = result(
  "archive",
  {
    runs: runs("The runs."),
    archived: z.boolean().describe("Whether they are archived now; false after `--undo`."),
    lake: z
      .array(z.strictObject(lakeRun))
      .nullable()
      .describe("Where they are in the lake; null without `--lake`."),
    workspace: part.workspace,
  },
  "`archive`: runs that lists leave out from now on, or list again.",
);

export const deleted = result(
  "delete",
  {
    runs: runs("Runs that are gone."),
    pulses_kept: part.count.describe("Pulses of these runs, which the ledger of their chips keeps."),
    workspace: part.workspace,
  },
  "`delete`: runs whose measurements are gone.",
);

export const pack = result(
  "pack",
  {
    file: z.string().describe("The pack."),
    bytes: part.count.describe("Its size."),
    runs: runs("All runs that are in it whole."),
    alongside: runs("Of these, runs that were not named: a named trim corrects them."),
    worn_by: runs("Other runs of the same chips, of which it holds the wear."),
    networks: z
      .array(part.network)
      .describe(
        "Networks over several chips whose shares are all in it: they are networks where it is unpacked.",
      ),
  },
  "`pack`: what the file holds.",
);

export const unpack = result(
  "unpack",
  {
    packed_by: z.string().describe("Version of mho that wrote the pack."),
    packed_at: z.string().describe("Wall time at which it was written, ISO 8601."),
    runs: z
      .array(
        z.strictObject({
          packed: part.run.describe("Id of the run in the workspace that it was packed in."),
          run: part.run.describe("Its id here."),
          state: z.enum(["new", "known"]).describe("`known` where this workspace had the run already."),
        }),
      )
      .describe("Runs that the pack holds whole."),
    worn_by: part.count.describe("Other runs of the same chips whose wear is booked now."),
    networks: z
      .array(
        z.strictObject({
          packed: part.network.describe("Id of the network in the workspace that it was packed in."),
          network: part.network.describe("Its id here."),
          state: z.enum(["new", "known"]).describe("`known` where this workspace had the network already."),
          runs: z
            .array(part.run.nullable())
            .describe("Runs here that hold its shares, in order; null for a share that none holds."),
        }),
      )
      .describe("Networks over several chips that the pack holds whole."),
    workspace: part.workspace,
  },
  "`unpack`: the runs of a pack, and their ids here.",
);
