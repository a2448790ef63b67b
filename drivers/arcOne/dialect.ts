import type { ChipCapabilities } from "../../src/chip/driver.ts";
import type { Dialect } from "../dialect.ts";
import { readsAndPulsesOnly } from "../lacking.ts";
import { ArcOneDriver } from "./arcOneDriver.ts";
import { readArcOneTranscript } from "./transcript.ts";

/**
 * The ArC ONE of Arc Instruments: protocols/arcOne/README.md. No board is asked on a port: whatever is sent to one may be a job, and what
 * asks another board may be an order to it.
 */
export const arcOne: Dialect = {
  name: "arc-one",
  line: "bytes",
  parity: "even",
  lacks: Object.keys(readsAndPulsesOnly) as (keyof ChipCapabilities)[],
  usualChip: "arc-one-32",
  // A token is about four bytes; each waits for the board for half a millisecond, which is as long as 50 bytes more.
  rowBytes: { read: (devices) => 4 * devices + 200, pulse: (devices) => devices * 5 * 55 },
  perhaps: ({ vendorId, productId }) => (isMbed(vendorId, productId) ? "an ArC ONE" : undefined),
  open: (transport, options) => new ArcOneDriver(transport, options),
  readTranscript: readArcOneTranscript,
};

/** The board's serial port is that of an mbed. */
function isMbed(vendorId: string | undefined, productId: string | undefined): boolean {
  return vendorId?.toLowerCase() === "0d28" && productId?.toLowerCase() === "0204";
}
