import { readingFlags } from "../chip/driver.ts";
import { MhoError } from "../errors.ts";
import type { Microsiemens } from "../units.ts";

/** Devices of a block, as many as are looked at, and those of them that look as if they were never formed. */
export interface Unformed {
  readonly devices: number;
  readonly unformed: number;
}

/**
 * Counts devices that read as pristine ones do and were never pulsed: a device that was pulsed may read as low after a RESET.
 *
 * @param below   µS; `Technology.pristineBelowMicrosiemens`.
 * @param counts  whether a device counts.
 */
export function countUnformed(
  conductanceMicrosiemens: Float32Array,
  flags: Uint8Array,
  pulsesBefore: Uint32Array,
  below: Microsiemens,
  counts: (device: number) => boolean,
): Unformed {
  let [devices, unformed] = [0, 0];
  for (let i = 0; i < flags.length; i++) {
    if (!counts(i)) continue;
    devices++;
    const reads = flags[i] !== readingFlags.invalid && conductanceMicrosiemens[i]! < below;
    if (pulsesBefore[i] === 0 && reads) unformed++;
  }
  return { devices, unformed };
}

/**
 * Throws `bad-argument` where too many devices look as if they were never formed: a pulse would form them without a compliance. Another
 * program may have left them so, and their readings do not tell: the one who knows says so.
 */
export function refuseUnformed({ devices, unformed }: Unformed, what: string, below: Microsiemens): void {
  if (devices < fewestToRefuse || unformed <= unformedShare * devices) return;
  throw new MhoError(
    "bad-argument",
    `Of ${devices} devices that are to be ${what}, ${unformed} read below ${below} µS and were never pulsed from this workspace: they look as ` +
      "if they were never formed, and nothing was fired at them. Form them first (mho measure form). If another program left them so, " +
      "say so with --accept-unknown-wear.",
    { devices, unformed },
  );
}

/** A few devices may be open. */
const unformedShare = 0.1;
const fewestToRefuse = 4;
