import { createHash } from "node:crypto";
import type { RunLabels } from "../src/run/labels.ts";
import type { RunRow } from "./runRows.ts";

/** By this a run is known again, wherever it is kept: SHA-256 of what it began with in the workspace that measured it. */
export function originOf(
  { chip_serial_number, started_at, plan, description }: RunRow,
  { unpacked }: RunLabels,
): string {
  if (unpacked !== undefined) return unpacked.origin;
  return createHash("sha256")
    .update(JSON.stringify([chip_serial_number, started_at, plan, description]))
    .digest("hex");
}
