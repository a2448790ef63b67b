import type { ChipDescription } from "../../src/chip/description.ts";
import { builtInMethods, methodFor } from "../../src/program/methods.ts";
import { pairsOf } from "./contest.ts";

/** What each contender is, in a sentence or two for people: one a contender, in their order. */
export function explanationsOf(description: ChipDescription): readonly string[] {
  const { usualMethods, ageing = "drift" } = description.pulses.technology;
  const { strategy, conductances, byHand = conductances } = usualMethods;
  const method = (name: string) => methodFor(builtInMethods, name, description);
  const dual = pairsOf(description.geometry) === 2;
  const rest = !method(strategy).needsCells
    ? ""
    : dual
      ? ", every weight's rest carried by its minor pair"
      : ", every weight's rest carried by one device of its pair";
  return [
    `By hand: ${dual ? "the major pair first" : "each weight in one device of its pair, at full range"}. Method ${byHand}: ${method(byHand).does}.`,
    `The optimiser's strategy for the published model, every device read back after every pulse${rest}. Never measured again.`,
    `The devices of the best open loop, with t = 0 one day after programming, for a fair comparison: ${ageing} slows with age, and the ` +
      "closed loop's first second is a day old too.",
    "The chip measured for a day, the model refitted, the strategy solved again for it, programmed, watched, and corrected twice within a " +
      "day by what each device was seen to do. Counted from the last correction.",
  ];
}
