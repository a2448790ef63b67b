import { z } from "zod";
import { result } from "./event.ts";
import * as part from "./parts.ts";

const std = (between: string) =>
  z
    .number()
    .nullable()
    .describe(`Standard deviation between ${between}; null where there are too few to tell.`);

export const lot = result(
  "lot",
  {
    laws: z
      .array(
        z.strictObject({
          quantity: z
            .enum(["drift_exponent", "programming_error"])
            .describe("What devices are compared by: ν, or conductance − target at the reference age, µS."),
          bins: z
            .array(
              z.strictObject({
                conductance_microsiemens: z.number().describe("Middle of the bin, µS."),
                mean: z.number().describe("Mean of the chips’ means."),
                device_std: z
                  .number()
                  .describe("Between devices of a tile, without the errors of their lines."),
                devices: part.count.describe("Devices in the bin."),
                chips: part.count.describe("Chips with devices enough in the bin."),
              }),
            )
            .describe("The law by conductance."),
          device_std: z.number().describe("Standard deviation between devices of a tile."),
          tile_std: std("tiles of a chip"),
          chip_std: std("chips, of one wafer where wafers are known"),
          wafer_std: std("wafers, where each chip’s is known"),
          chips: z
            .array(
              z.strictObject({
                run: part.run.describe("The run that the chip was looked at by."),
                chip: part.chip,
                serial_number: part.serialNumber,
                wafer: z.string().nullable().describe("As noted; null where it was not."),
                die: z.string().nullable().describe("Likewise."),
                devices: part.count.describe("Devices whose lines count."),
                offset: z
                  .number()
                  .nullable()
                  .describe("How far its devices lie from the lot at their conductances."),
                error: z.number().nullable().describe("Standard error of the offset."),
                from_others: z
                  .number()
                  .nullable()
                  .describe("How far it lies from the mean of the other chips."),
                limit: z
                  .number()
                  .nullable()
                  .describe("How far a chip like the others may lie; null where there are too few chips."),
                like: z
                  .boolean()
                  .nullable()
                  .describe("Whether it is like the others; null where there are too few chips to tell."),
              }),
            )
            .describe("Where the chips lie, in the order in which their runs were named."),
        }),
      )
      .describe("A law for each quantity that is known."),
    report: z.string().describe("The page."),
    figures: z.string().describe("The numbers of its figures, CSV."),
    workspace: part.workspace,
  },
  "`lot`: how the chips of a lot differ.",
);
