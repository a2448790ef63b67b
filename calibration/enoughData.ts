import { readingFlags } from "../src/chip/driver.ts";
import { MhoError } from "../src/errors.ts";
import type { DriftData } from "./driftData.ts";

/** Beneath these a fit would be a guess. */
export const fewestDevices = 100;
export const fewestSweeps = 4;

/**
 * Throws `bad-argument` when too few devices were read until the end to know anything of their kind.
 *
 * @param what  that takes more: `a fit`.
 */
export function refuseFewDevices(parts: readonly DriftData[], what: string): void {
  let devices = 0;
  for (const { sweeps, usable } of parts) {
    if (sweeps.length < fewestSweeps) continue;
    const last = sweeps.at(-1)!;
    for (let i = 0; i < usable.length; i++) {
      if (usable[i] === 1 && last.flags[i] === readingFlags.ok) devices++;
    }
  }
  if (devices >= fewestDevices) return;
  throw new MhoError(
    "bad-argument",
    `Only ${devices} devices ended where they were wanted and were read until the end; ${what} takes ${fewestDevices} at least.`,
  );
}
