import type { ChipCapabilities } from "../../src/chip/driver.ts";
import type { Dialect } from "../dialect.ts";
import { smuCapabilities } from "./answers.ts";
import { smuModels } from "./models.ts";
import { SmuDriver } from "./smuDriver.ts";
import { readSmuTranscript } from "./transcript.ts";

/** Source-measure units of laboratories: docs/smu.md. */
export const smu: Dialect = {
  name: "smu",
  line: "text",
  lacks: (Object.keys(smuCapabilities) as (keyof ChipCapabilities)[]).filter(
    (name) => !smuCapabilities[name],
  ),
  usualChip: "smu-device",
  parameters: ["switch", "channels", "compliance_microamperes", "power_line_cycles"],
  rowBytes: { read: (devices) => 300 * devices, pulse: (devices) => 400 * devices },
  open: (transport, options) => new SmuDriver(transport, options),
  // No probe: nothing is asked of a port that no person named. What answers *IDN? as scpi asks it is known all the same.
  perhaps: ({ vendorId }) => (vendorId?.toLowerCase() === "05e6" ? "a Keithley instrument" : undefined),
  claims: ({ name }) => smuModels.some(({ pattern }) => pattern.test(name.toUpperCase())),
  readTranscript: readSmuTranscript,
};
