import type { Dialect } from "../dialect.ts";
import { probeScpi } from "./probe.ts";
import { ScpiDriver } from "./scpiDriver.ts";
import { ScpiTrials } from "./trials.ts";
import { readScpiTranscript } from "./transcript.ts";

/** Lines of text that instruments speak: protocols/scpi/README.md. */
export const scpi: Dialect = {
  name: "scpi",
  line: "text",
  lacks: ["multiply", "onBoardVerify", "tickets"],
  rowBytes: { read: (devices) => 4 * devices + 130, pulse: (devices) => 4 * devices + 160 },
  open: (transport, options) => new ScpiDriver(transport, options),
  probe: probeScpi,
  trials: (transport, options) => new ScpiTrials(transport, options),
  readTranscript: readScpiTranscript,
};
