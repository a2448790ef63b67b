import type { ChipCapabilities } from "../../src/chip/driver.ts";
import type { Dialect } from "../dialect.ts";
import { readsAndPulsesOnly } from "../lacking.ts";
import { readLineTranscript } from "../textLines.ts";
import { OpenmenaDriver } from "./openmenaDriver.ts";

/** The OpenMENA, an open board of 8 × 8 devices: docs/new-board.md. Opening its port resets it, so no port is asked whether it leads to one. */
export const openmena: Dialect = {
  name: "openmena",
  line: "text",
  lacks: Object.keys(readsAndPulsesOnly) as (keyof ChipCapabilities)[],
  usualChip: "openmena-8",
  rowBytes: { read: () => 250, pulse: (devices) => 120 * devices },
  perhaps: ({ vendorId, productId }) =>
    vendorId === "2341" && /^003[de]$/i.test(productId ?? "")
      ? "an OpenMENA or another Arduino Due"
      : undefined,
  open: (transport, options) => new OpenmenaDriver(transport, options),
  readTranscript: readLineTranscript,
};
