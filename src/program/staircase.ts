import type { DeviceModel } from "../model/deviceModel.ts";
import { type ProgrammingMethod, type ProgrammingTask, type Seen, verdicts } from "./method.ts";
import { beginTwoWay, nextTwoWay, type TwoWayState } from "./twoWay.ts";

/**
 * Incremental-step pulses for resistive devices: a SET ramp where too low, a RESET ramp where too high, begun anew at every
 * reversal. What others do, to compare with.
 *
 * @source NeuRRAM's procedure (Wan et al. 2022, Nature 608, 504): 0.1 V a step, at most 20 reversals.
 */
export const staircase: ProgrammingMethod<StaircaseState> = {
  name: "staircase",
  does: "steps of 0.1 V, SET where too low, RESET where too high, begun anew at each reversal: what others do, to compare with",
  technologies: ["rram"],
  needsCells: false,
  keepsTargets: true,
  looksBack: true,
  cost: {
    pulses: 17,
    idlePulses: 8,
    turns: 250,
    most: 200,
    rowPulses: { first: -38, perLog: 29.5 },
    rowReads: { first: -9, perLog: 15.7 },
    averages: 1,
  },
  begin: (task: ProgrammingTask, model: DeviceModel) => ({
    ...beginTwoWay(task, model),
    passesLeft: 0,
    relaxedAfterSeconds: 0,
    reversals: new Uint8Array(task.targetsMicrosiemens.length),
  }),
  next: (state, seen: Seen | undefined) => nextTwoWay(state, seen ?? undefined, step),
};

interface StaircaseState extends TwoWayState {
  readonly reversals: Uint8Array;
}

const stepVolts = 0.1;
const maxReversals = 20;

function step(state: StaircaseState, i: number, reading: number): void {
  const wanted = reading < state.task.targetsMicrosiemens[i]! ? 1 : -1;
  const pulse = wanted === 1 ? state.pulses.set : state.pulses.reset;
  if (wanted === state.direction[i]) {
    state.volts[i] = Math.min(pulse.toVolts, state.volts[i]! + stepVolts);
    return;
  }
  if (state.direction[i] !== 0 && ++state.reversals[i]! > maxReversals) {
    state.verdicts[i] = verdicts.budgetSpent;
    return;
  }
  state.direction[i] = wanted;
  state.volts[i] = pulse.fromVolts;
}
