import { invalidCode, type VerifyRow } from "../protocols/packet/messages.ts";
import type { Microseconds } from "../src/units.ts";
import type { EmulatedChip } from "./chip.ts";

export const mostIterations = 64;

/** What a board is told to reach by itself, in one row. */
export type RowVerify = Omit<VerifyRow, "ticket">;

/**
 * The loop that a board runs by itself: RESET every device that is off its target, read, and try again with an
 * amplitude corrected by what its own pulses did. It knows the nominal curve of its devices and nothing else of them.
 *
 * @returns chip time when it ends, and the pulses given to each device.
 */
export function verifyRow(
  chip: EmulatedChip,
  { tile, row, targets, marginCodes, iterations, widthNanoseconds }: RowVerify,
  start: Microseconds,
): { endedAt: Microseconds; pulses: Uint8Array } {
  const { readout, firmware } = chip.preset;
  const offsets = new Float64Array(targets.length);
  const codes = new Uint16Array(targets.length);
  const seen = new Uint16Array(targets.length);
  /** Once near its target, a device is left alone: a later read may be noise. */
  const done = Uint8Array.from(targets, (target) => (target === invalidCode ? 1 : 0));
  const pulses = new Uint8Array(targets.length);
  let now = start;
  for (let iteration = 0; iteration < iterations; iteration++) {
    chip.readRow(tile, row, 1, now, seen);
    now += readout.readRowMicroseconds;
    let off = 0;
    for (let k = 0; k < targets.length; k++) {
      codes[k] = 0;
      const wanted = targets[k]!;
      if (done[k] || seen[k] === invalidCode) continue;
      if (Math.abs(seen[k]! - wanted) <= marginCodes) {
        done[k] = 1;
        continue;
      }
      // What the last pulse missed by, as amplitude; the first pulse has nothing to learn from.
      if (iteration > 0) offsets[k]! += 0.6 * (nominal(wanted, chip) - nominal(seen[k]!, chip));
      const amplitude = nominal(wanted, chip) + offsets[k]!;
      const code = Math.round(amplitude / firmware.microamperesPerCode);
      codes[k] = Math.min(firmware.maxAmplitudeCode, Math.max(1, code));
      pulses[k]!++;
      off++;
    }
    if (off === 0) break;
    const pulse = { kind: "reset", codes, widthNanoseconds, trailingNanoseconds: 0, gateCode: 0 } as const;
    chip.pulseRow(tile, row, pulse, now);
    now += readout.pulseRowMicroseconds;
    // The devices settle for a millisecond before they are looked at.
    now += 1000;
  }
  return { endedAt: now, pulses };
}

/** Amplitude for a converter code by the nominal curve, µA. */
function nominal(code: number, chip: EmulatedChip): number {
  const { readout } = chip.preset;
  const top = readout.microsiemensPerCode * readout.codes * 0.75;
  const share = Math.min(0.98, Math.max(0.005, (code * readout.microsiemensPerCode) / top));
  return 250 + 22 * Math.log((1 - share) / share);
}
