import type { Block } from "../src/chip/geometry.ts";
import { builtInTechnologies } from "../src/chip/technologies.ts";
import {
  firstVerdicts,
  type ProgrammingMethod,
  type ProgrammingTask,
  verdicts,
} from "../src/program/method.ts";

/** A pulse of one kind for some devices of a block. */
export interface PulseRequest {
  readonly block: Block;
  readonly kind: "reset" | "set";
  /** One amplitude code a device of the block, row after row; 0 leaves a device alone. */
  readonly codes: Uint16Array;
  readonly widthNanoseconds: number;
  /** How long the amplitude takes to fall (0). */
  readonly trailingNanoseconds?: number | undefined;
  /** Gate of the select transistors; 0 for the usual voltage. */
  readonly gateCode?: number | undefined;
}

/** What is known of runs by hand when they are fitted, or gone on with: a pulse is not repeated. */
export const byHand: ProgrammingMethod = {
  name: "by-hand",
  unlisted: true,
  does: "fires what a script says, once",
  technologies: builtInTechnologies.map(({ name }) => name),
  needsCells: false,
  keepsTargets: false,
  looksBack: false,
  cost: { pulses: 1, idlePulses: 1, turns: 1, most: 1 },
  requires: () => "A pulse by hand is fired by bench.pulse, once, and is not gone on with. Fire another.",
  begin: () => undefined,
  next: () => {
    throw new Error("This is a mistake in mho itself: a pulse by hand was gone on with.");
  },
};

/** Fires what it was given, at devices with a pulse left. */
export function firing(
  { kind, codes, widthNanoseconds, trailingNanoseconds = 0, gateCode = 0 }: PulseRequest,
  technology: string,
): ProgrammingMethod {
  const method: ProgrammingMethod<ProgrammingTask> = {
    ...byHand,
    technologies: [technology],
    requires: () => undefined,
    begin: (task) => task,
    next(task) {
      const given = firstVerdicts(task);
      const fired = codes.slice();
      for (let i = 0; i < fired.length; i++) {
        if (given[i] !== verdicts.pending) fired[i] = 0;
        else if ((task.standing?.pulses[i] ?? 0) > 0) {
          // It may have fired: a pulse by hand is not repeated.
          given[i] = verdicts.uncertain;
          fired[i] = 0;
        } else if (task.pulsesLeft[i]! > 0) given[i] = verdicts.unverified;
        else {
          given[i] = verdicts.budgetSpent;
          fired[i] = 0;
        }
      }
      const order = { kind, codes: fired, widthNanoseconds, trailingNanoseconds, gateCode };
      const orders = fired.some((code) => code !== 0) ? [order] : [];
      return { orders, verdicts: given, look: { kind: "done" } };
    },
  };
  return method as ProgrammingMethod;
}
