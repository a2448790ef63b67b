import { builtInTechnologies } from "../chip/technologies.ts";
import type { ProgrammingMethod } from "./method.ts";

/** How devices came to be that another tester measured. A run of them has no chip to reach, so it is read and never gone on with. */
function imported(name: string, does: string, looksBack: boolean): ProgrammingMethod {
  return {
    name,
    unlisted: true,
    does,
    technologies: builtInTechnologies.map((technology) => technology.name),
    needsCells: false,
    keepsTargets: true,
    looksBack,
    cost: { pulses: 1, idlePulses: 1, turns: 2, most: 1 },
    requires: () => "It stands for what another tester did, and mho cannot do that again.",
    begin: () => undefined,
    next: () => {
      throw new Error("This is a mistake in mho itself: an imported run was gone on with.");
    },
  };
}

/** Devices were read and pulsed again until they fitted. */
export const importedVerified = imported(
  "imported-verified",
  "was programmed and verified by another tester",
  true,
);

/** Devices were written once and left as they were. */
export const importedUnverified = imported("imported", "was programmed by another tester", false);
