import { z } from "zod";
import { result } from "./event.ts";
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

export const note = result(
  "note",
  {
    run: part.run.nullable().describe("The run that was written on; null for a chip."),
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
  { run: part.run.describe("Id of the run."), tags: labelFields.tags, workspace: part.workspace },
  "`tag`: the tags of a run as they are now.",
);
