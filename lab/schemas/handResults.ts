import { z } from "zod";
import { result } from "./event.ts";
import * as part from "./parts.ts";

/** What readings, pulses by hand and measurements end with. */

const microsiemens = (what: string) => z.number().nullable().describe(what);

export const read = result(
  "read",
  {
    devices: part.count.describe("Devices that were read."),
    averages: part.count.describe("Reads that the chip averaged."),
    file: z.string().nullable().describe("The table or array; null without `--out`."),
    blocks: z
      .array(
        z.strictObject({
          chip: part.chip,
          serial_number: part.serialNumber,
          tile: part.tile,
          row_start: part.count.describe("First row."),
          row_count: part.count.describe("Rows."),
          device: part.count.nullable().describe("Number of the device in its row; null for all."),
          devices: part.count.describe("Devices that were read."),
          saturated: part.count.describe("Of them, those beyond the converter."),
          invalid: part.count.describe("Of them, those of which the converter gave nothing."),
          mean_microsiemens: microsiemens("Mean conductance, µS; null where no device gave a reading."),
          least_microsiemens: microsiemens("The least, µS; null likewise."),
          median_microsiemens: microsiemens("The median, µS; null likewise."),
          most_microsiemens: microsiemens("The most, µS; null likewise."),
          read_at_microseconds: z.number().describe("Chip time at which its first row was read, µs."),
          conductance_microsiemens: z
            .array(z.number().nullable())
            .nullable()
            .describe(
              "Every reading, row after row, µS, null where there was none; null for more than 1,024 devices: use `--out`.",
            ),
        }),
      )
      .describe("What was read: a tile each, or the row of it."),
  },
  "`read`: what the devices conduct; no pulse was fired.",
);

export const pulse = result(
  "pulse",
  {
    run: part.run.describe("Id of the run that the pulses stand in."),
    workspace: part.workspace,
    devices: z
      .array(
        z.strictObject({
          tile: part.tile,
          row: part.count.describe("Row of cells."),
          device: part.count.describe("Number of the device in its row."),
          pulses: part.count.describe("Pulses that it was given."),
          uncertain_pulses: part.count.describe("Of them, those that may not have fired."),
          before_microsiemens: microsiemens("Before the first, µS; null where nothing was read."),
          after_microsiemens: microsiemens("After the last, µS; null likewise."),
        }),
      )
      .describe(
        "The devices that were pulsed; those whose life allows no such number of pulses are missing.",
      ),
  },
  "`pulse`: what pulses by hand did.",
);

/** What was found, of a measurement. */
export const findings = {
  devices: part.count.describe("Devices that were measured."),
  counts: z
    .array(
      z.strictObject({
        name: z.string().describe("How they ended."),
        devices: part.count.describe("Devices that ended so."),
      }),
    )
    .describe("Devices by how they ended."),
  figures: z
    .array(
      z.strictObject({
        name: z.string().describe("Name of the figure, its unit at the end."),
        unit: z.string().describe("Its unit; empty for a plain number."),
        meaning: z.string().describe("What it is, for a person."),
        value: z.number().nullable().describe("The figure; null where it is not known."),
        low: z.number().nullable().describe("Lower end of its interval of 95 %; null where it has none."),
        high: z.number().nullable().describe("Upper end likewise."),
      }),
    )
    .describe("What was found."),
  out_of_pulses: part.count.describe("Devices that had no pulse left before they were done."),
};

export const measure = result(
  "measure",
  {
    run: part.run.describe("Id of the run."),
    workspace: part.workspace,
    kind: z.string().describe("What was measured, such as `form`."),
    ...findings,
  },
  "`measure`: what was found; the numbers of each device stand in the table of `mho report`.",
);
