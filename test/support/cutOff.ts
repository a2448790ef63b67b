import { CutOff } from "../../drivers/linkErrors.ts";
import type { PulseReport } from "../../src/chip/driver.ts";

/** What is known of the rows of an order whose link was lost. */
export async function reportOfCut(pulse: Promise<PulseReport>): Promise<PulseReport> {
  const error: unknown = await pulse.then(
    () => new Error("the order was not cut off"),
    (cut: unknown) => cut,
  );
  if (error instanceof CutOff && error.report !== undefined) return error.report;
  throw error;
}
