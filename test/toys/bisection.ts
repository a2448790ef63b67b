import {
  type BlockPulse,
  type Decision,
  firstVerdicts,
  type ProgrammingMethod,
  type ProgrammingTask,
  type Seen,
  verdicts,
} from "../../lab/index.ts";
import { isStepwise, type StepPulses } from "./stepTechnology.ts";

/** A method that mho does not know: towards the target in steps, each half as long as the last where the target was passed. */
export const bisection: ProgrammingMethod<BisectionState> = {
  name: "toy-bisection",
  does: "towards the target, in steps that are halved where it was passed",
  technologies: ["toy-step"],
  needsCells: false,
  keepsTargets: true,
  looksBack: true,
  cost: { pulses: 9, idlePulses: 2, turns: 12, most: 40 },
  requires: ({ name, geometry }) =>
    geometry.devicesPerCell > 2 ? `${name} has more than one pair a cell.` : undefined,
  begin: (task) => ({
    task,
    pulses: stepsOf(task),
    verdicts: firstVerdicts(task),
    left: task.pulsesLeft.slice(),
    step: new Float64Array(task.targetsMicrosiemens.length).fill(64),
    direction: new Int8Array(task.targetsMicrosiemens.length),
  }),
  next,
};

interface BisectionState {
  readonly task: ProgrammingTask;
  readonly pulses: StepPulses;
  readonly verdicts: Uint8Array;
  readonly left: Uint32Array;
  /** Codes. */
  readonly step: Float64Array;
  /** 1 up, −1 down, 0 before the first pulse. */
  readonly direction: Int8Array;
}

const marginMicrosiemens = 0.2;

function next(state: BisectionState, seen: Seen | undefined): Decision {
  const { task, verdicts: given, left, step, direction, pulses } = state;
  const up = new Uint16Array(given.length);
  const down = new Uint16Array(given.length);
  for (let i = 0; i < given.length && seen !== undefined; i++) {
    if (given[i] !== verdicts.pending) continue;
    const error = seen.conductanceMicrosiemens[i]! - task.targetsMicrosiemens[i]!;
    if (Math.abs(error) <= marginMicrosiemens) given[i] = verdicts.accepted;
    else if (left[i]! < 1) given[i] = verdicts.budgetSpent;
    if (given[i] !== verdicts.pending) continue;
    const wanted = error < 0 ? 1 : -1;
    if (direction[i] === -wanted) step[i] = Math.max(1, step[i]! / 2);
    direction[i] = wanted;
    (wanted === 1 ? up : down)[i] = Math.min(task.maxCode, Math.round(step[i]!));
    left[i]!--;
  }
  const { widthNanoseconds } = pulses;
  const order = (kind: BlockPulse["kind"], codes: Uint16Array): BlockPulse[] =>
    codes.every((code) => code === 0)
      ? []
      : [{ kind, codes, widthNanoseconds, trailingNanoseconds: 0, gateCode: 0 }];
  const orders = [...order("set", up), ...order("reset", down)];
  if (!given.includes(verdicts.pending)) return { orders: [], verdicts: given, look: { kind: "done" } };
  const rows = new Uint8Array(task.rowCount).fill(1);
  return { orders, verdicts: given, look: { kind: "read", averages: 1, rows, afterSeconds: 0 } };
}

function stepsOf({ pulses }: ProgrammingTask): StepPulses {
  if (isStepwise(pulses)) return pulses;
  throw new Error("the method works on stepwise devices");
}
