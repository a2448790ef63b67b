import { z } from "zod";
import { result } from "./event.ts";
import * as part from "./parts.ts";

const end = z.number().nullable();

const estimate = (what: string) =>
  z
    .strictObject({
      value: z.number().describe("The value."),
      low: end.describe("Lower end of its interval of 95 %; null where there are fewer than two devices."),
      high: end.describe("Upper end; null likewise."),
      devices: part.count.describe("Devices, or weights, that it is of."),
    })
    .nullable()
    .describe(what);

export const compare = result(
  "compare",
  {
    runs: z
      .array(
        z.strictObject({
          run: part.runOrNetwork.describe("Id of the run, or of the network over several chips."),
          title: z.string().describe("What was programmed."),
          chip: part.chip,
          serial_number: part.serialNumber,
          method: z.string().describe("Name of the method."),
          started_at: z.string().describe("Wall time at which the run began, ISO 8601."),
          yield_percent: estimate("Devices that were accepted, %; null where none was read back at the end."),
          weight_error_percent: estimate(
            "Root mean square weight error, % of the largest weight; null where it is not known at the age.",
          ),
          device_error_microsiemens: estimate("Root mean square error of the devices, µS; null likewise."),
          pulses_per_device: estimate("Mean pulses of a device with a target; null for imported runs."),
        }),
      )
      .describe("The runs, in the order in which they were named."),
    age_seconds: part.seconds
      .nullable()
      .describe("Age at which errors are compared, s; null where the runs have none in common."),
    differences: z
      .array(
        z.strictObject({
          quantity: z.enum(["yield", "weight_error", "device_error", "pulses"]).describe("What differs."),
          run: part.runOrNetwork.describe("The run."),
          against: part.runOrNetwork.describe("The run that it is compared with: the first."),
          paired: z.boolean().describe("Each device is compared with itself."),
          shown: z.boolean().describe("False where the interval includes zero: no difference is claimed."),
          value: end.describe("How much the run is above the other, in the quantity's unit."),
          low: end.describe("Lower end of the interval of 95 %."),
          high: end.describe("Upper end."),
          devices: part.count.describe("Devices or weights of both, or pairs of them."),
        }),
      )
      .describe("Each run against the first, quantity by quantity."),
    report: z.string().describe("The page."),
    figures: z.string().describe("The numbers of its figures, CSV."),
    workspace: part.workspace,
  },
  "`compare`: how runs differ.",
);
