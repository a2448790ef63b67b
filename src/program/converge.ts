import { beginLearned, type LearnedState, nextLearned } from "./verifyRram.ts";
import type { ProgrammingMethod } from "./method.ts";

/** What boards of resistive devices call converging to a state: near the target in proportion to it, and no later look. */
export const converge: ProgrammingMethod<LearnedState> = {
  name: "converge",
  does: "as verify, until the reading lies within 5 % of its target; no later look, as when a board converges to a state",
  technologies: ["rram"],
  needsCells: false,
  keepsTargets: true,
  looksBack: true,
  cost: {
    pulses: 13,
    idlePulses: 4,
    turns: 200,
    most: Infinity,
    rowPulses: { first: -81, perLog: 45 },
    rowReads: { first: -43, perLog: 29 },
    averages: 1,
  },
  begin(task, model) {
    const state = beginLearned(task, model, 0);
    const least = leastMarginShare * model.maxConductanceMicrosiemens;
    const margin = state.margin.map((_, i) => Math.max(least, tolerance * task.targetsMicrosiemens[i]!));
    return { ...state, margin };
  },
  next: nextLearned,
};

const tolerance = 0.05;
/** Of the range: what no read can tell apart. */
const leastMarginShare = 0.0025;
