import type { Amplitude } from "../src/chip/amplitude.ts";
import type { Block } from "../src/chip/geometry.ts";
import { builtInTechnologies } from "../src/chip/technologies.ts";
import {
  type BlockPulse,
  firstVerdicts,
  type Look,
  type ProgrammingMethod,
  type ProgrammingTask,
  verdicts,
} from "../src/program/method.ts";
import type { LabelOptions } from "./labelOptions.ts";

/** Pulses of one kind for some devices of a block. */
export interface PulseRequest extends LabelOptions {
  readonly block: Block;
  readonly kind: "reset" | "set";
  /** One amplitude code a device of the block, row after row; 0 leaves a device alone. */
  readonly codes: Uint16Array;
  readonly widthNanoseconds: number;
  /** How long the amplitude takes to fall (0). */
  readonly trailingNanoseconds?: number | undefined;
  /** Gate of the select transistors; 0 for the usual voltage. */
  readonly gateCode?: number | undefined;
  /** Pulses that each of the devices is given, one after the other (1). A device that may not get all of them gets none. */
  readonly count?: number | undefined;
  /** Reads that the chip averages before the first pulse and after the last; 0 for no reading (0). */
  readonly averages?: number | undefined;
}

/** The same, for devices that are named. */
export interface PulseAtRequest extends LabelOptions {
  readonly tile?: number | undefined;
  readonly row: number;
  /** Numbers of devices in their row: column × devices a cell + device. */
  readonly devices: readonly number[];
  /** With its unit, or a text such as `310uA`. */
  readonly amplitude: Amplitude | string;
  readonly kind: "reset" | "set";
  readonly widthNanoseconds: number;
  readonly trailingNanoseconds?: number | undefined;
  readonly gateCode?: number | undefined;
  readonly count?: number | undefined;
  readonly averages?: number | undefined;
}

/** What is known of runs by hand when they are fitted, or gone on with: a pulse is not repeated. */
export const byHand: ProgrammingMethod = {
  name: "by-hand",
  unlisted: true,
  does: "fires what a person or a script says, and does not decide",
  technologies: builtInTechnologies.map(({ name }) => name),
  needsCells: false,
  keepsTargets: false,
  looksBack: false,
  cost: { pulses: 1, idlePulses: 1, turns: 1, most: 1 },
  requires: () =>
    "Pulses by hand are fired by mho pulse or bench.pulse, once, and are not gone on with. Fire others.",
  begin: () => undefined,
  next: () => {
    throw new Error("This is a mistake in mho itself: a pulse by hand was gone on with.");
  },
};

/** So many orders stand in one turn of the journal: a stop is heard between two turns. */
const ordersATurn = 16;

interface Firing {
  readonly task: ProgrammingTask;
  readonly verdicts: Uint8Array;
  /** Pulses that each device is still to get. */
  readonly left: Uint32Array;
  looked: boolean;
}

/** Fires what it was given, at devices with a pulse left, as often as it was told; reads before and after where it was told to. */
export function firing(
  {
    kind,
    codes,
    widthNanoseconds,
    trailingNanoseconds = 0,
    gateCode = 0,
    count = 1,
    averages = 0,
  }: PulseRequest,
  technology: string,
): ProgrammingMethod {
  const look = (task: ProgrammingTask, reads: boolean): Look => {
    const rows = new Uint8Array(task.rowCount);
    if (reads) codes.forEach((code, i) => code !== 0 && (rows[Math.floor(i / task.devicesPerRow)] = 1));
    return { kind: "read", averages: Math.max(1, averages), rows, afterSeconds: 0 };
  };
  const method: ProgrammingMethod<Firing> = {
    ...byHand,
    technologies: [technology],
    requires: () => undefined,
    begin(task) {
      const given = firstVerdicts(task);
      const left = Uint32Array.from(codes, (code, i) => {
        if (code === 0 || given[i] !== verdicts.pending) return 0;
        // It may have fired: a pulse by hand is not repeated.
        if ((task.standing?.pulses[i] ?? 0) > 0) given[i] = verdicts.uncertain;
        else if (task.pulsesLeft[i]! < count) given[i] = verdicts.budgetSpent;
        return given[i] === verdicts.pending ? count : 0;
      });
      return { task, verdicts: given, left, looked: averages === 0 };
    },
    next(state) {
      const { task, left, verdicts: given } = state;
      if (!state.looked) {
        state.looked = true;
        return { orders: [], verdicts: given, look: look(task, true) };
      }
      const orders: BlockPulse[] = [];
      while (orders.length < ordersATurn && left.some((pulses) => pulses > 0)) {
        const fired = codes.map((code, i) => (left[i]! > 0 ? code : 0));
        orders.push({ kind, codes: fired, widthNanoseconds, trailingNanoseconds, gateCode });
        for (let i = 0; i < left.length; i++) if (left[i]! > 0) left[i]!--;
      }
      const more = left.some((pulses) => pulses > 0);
      if (more || (orders.length > 0 && averages > 0))
        return { orders, verdicts: given, look: look(task, !more) };
      for (let i = 0; i < given.length; i++)
        if (given[i] === verdicts.pending) given[i] = verdicts.unverified;
      return { orders, verdicts: given, look: { kind: "done" } };
    },
  };
  return method as ProgrammingMethod;
}
