import type { PulseKind } from "../chip/description.ts";
import type { DeviceModel } from "../model/deviceModel.ts";

/**
 * A closed-loop programming method. It decides for a whole block in one turn and never acts: it asks for pulses
 * and says what it wants to see next; the engine fires, reads and comes back. It keeps no clock and draws no
 * chance of its own, so the same method runs on the emulator, on hardware and in a property test.
 */
export interface ProgrammingMethod<State = unknown> {
  readonly name: string;
  begin(task: ProgrammingTask, model: DeviceModel): State;
  /** `seen` is undefined on the first turn. The decision's arrays belong to the method until the next call. */
  next(state: State, seen: Seen | undefined): Decision;
}

/** What is to be programmed. All arrays are over one block, row-major, one entry a device. */
export interface ProgrammingTask {
  readonly rowCount: number;
  readonly devicesPerRow: number;
  /** µS; NaN leaves the device alone. */
  readonly targetsMicrosiemens: Float32Array;
  readonly reset: PulseKind;
  /** The highest amplitude code within the chip's limits. */
  readonly maxCode: number;
  /** Pulses that each device may still get in this run. */
  readonly pulseBudget: number;
}

export interface Seen {
  readonly conductanceMicrosiemens: Float32Array;
  /** One of `readingFlags` a device. */
  readonly flags: Uint8Array;
}

export interface Decision {
  /** One amplitude code a device, 0 for none; undefined when nothing is to be fired. */
  readonly codes: Uint16Array | undefined;
  /** One of `verdicts` a device. */
  readonly verdicts: Uint8Array;
  readonly look: Look;
}

export type Look = { readonly kind: "read"; readonly averages: number } | { readonly kind: "done" };

/** How a device ended, and why. */
export const verdicts = {
  pending: 0,
  /** Read inside the margin since its last pulse. */
  accepted: 1,
  /** Outside the margin at the end of the amplitude range: this device cannot get there. */
  unreachable: 2,
  /** Still outside the margin when its pulses were spent. */
  budgetSpent: 3,
  /** Fired at and, by the method's nature, not read back. */
  unverified: 4,
  /** No target. */
  leftAlone: 5,
  /** Whether its last pulse fired is unknown, and it was not read since. */
  uncertain: 6,
} as const;

export const verdictNames = [
  "pending",
  "accepted",
  "unreachable",
  "budget spent",
  "unverified",
  "left alone",
  "uncertain",
] as const;

export type VerdictCounts = Record<(typeof verdictNames)[number], number>;

export function countVerdicts(given: Uint8Array, counts = noVerdicts()): VerdictCounts {
  for (const verdict of given) counts[verdictNames[verdict]!]++;
  return counts;
}

export function noVerdicts(): VerdictCounts {
  return {
    pending: 0,
    accepted: 0,
    unreachable: 0,
    "budget spent": 0,
    unverified: 0,
    "left alone": 0,
    uncertain: 0,
  };
}
