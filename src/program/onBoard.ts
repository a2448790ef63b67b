import { amplitudePerCode, type ChipDescription, codesOf, highestCode } from "../chip/description.ts";
import { readingFlags } from "../chip/driver.ts";
import { devicesPerRow } from "../chip/geometry.ts";
import { pcmPulsesOf } from "../chip/technologies/pcm.ts";
import type { DeviceModel } from "../model/deviceModel.ts";
import {
  type Decision,
  firstVerdicts,
  type ProgrammingMethod,
  type ProgrammingTask,
  type Seen,
  verdicts,
} from "./method.ts";
import { Settling } from "./settling.ts";

/** Pulses that a device may get in one round. */
const iterations = 30;

/**
 * The board's own verify loop: it pulses and reads each device until one young reading lies near its target. What it left is
 * looked at late and with averaging, and what is off goes to the board once more.
 */
export const onBoard: ProgrammingMethod<OnBoardState> = {
  name: "on-board",
  does: "the verify loop of the board's own firmware; what is off at the reference age goes to the board again, twice",
  technologies: ["pcm"],
  needsCells: false,
  keepsTargets: true,
  looksBack: true,
  cost: {
    pulses: 7,
    idlePulses: 1.5,
    turns: 4,
    most: 90,
    averages: 0,
    boardIterations: { first: 2, perLog: 7.5 },
    mostIterations: iterations,
    looks: [{ times: 1, rounds: 3, settles: true, averages: 64 }],
  },
  requires: (chip, { onBoardVerify }) =>
    onBoardVerify ? beyondLimits(chip) : `${chip.name} has no verify loop of its own. Use --method verify.`,
  begin: (task: ProgrammingTask, model: DeviceModel) => ({
    task,
    model,
    settling: new Settling(model),
    verdicts: firstVerdicts(task),
    pulsesLeft: task.pulsesLeft.slice(),
    roundsLeft: rounds,
  }),
  next,
};

/** The board chooses its amplitudes, and no dialect tells it the limits: the description must say that they hold. */
function beyondLimits(chip: ChipDescription): string | undefined {
  const { name, pulses, limits, geometry } = chip;
  const { boardEnforces, maxAmplitude, maxRowMilliamperes } = limits;
  const perCode = amplitudePerCode(pulses);
  const range = (codesOf(pulses) - 1) * perCode;
  const most = Math.min(range, boardEnforces?.maxAmplitude ?? range);
  const { amplitudeUnit } = pulses.technology;
  if (Math.floor(most / perCode + 1e-9) > highestCode(chip)) {
    return refusal(
      name,
      `pulses of up to ${figure(most)} ${amplitudeUnit}`,
      `${maxAmplitude} ${amplitudeUnit}`,
    );
  }
  const drawn = pulses.technology.drawnMicroamperesPerCode(pulses);
  if (maxRowMilliamperes === undefined || drawn === undefined) return undefined;
  const row = (devicesPerRow(geometry) * Math.floor(most / perCode + 1e-9) * drawn) / 1000;
  const rowMost = Math.min(row, boardEnforces?.maxRowMilliamperes ?? row);
  if (rowMost <= maxRowMilliamperes + 1e-9) return undefined;
  return refusal(name, `rows that draw up to ${figure(rowMost)} mA`, `${maxRowMilliamperes} mA`);
}

function refusal(name: string, may: string, allowed: string): string {
  return (
    `The board's own loop cannot be told the limits of ${name}: it may fire ${may}, and ${allowed} are allowed. ` +
    "Use --method verify. If the board itself keeps to less, say so in the chip's description, under limits.board_enforces."
  );
}

function figure(value: number): string {
  return value.toFixed(2).replace(/\.?0+$/, "");
}

interface OnBoardState {
  readonly task: ProgrammingTask;
  readonly model: DeviceModel;
  readonly settling: Settling;
  readonly verdicts: Uint8Array;
  readonly pulsesLeft: Uint32Array;
  roundsLeft: number;
}

const rounds = 3;
/** How old a device is when the board looks at it. */
const boardLookSeconds = 0.001;
const lookAverages = 64;
/** The board's margin, as a share of full range; what is accepted at the reference age is this many times as wide. */
const boardMarginShare = 0.016;
const acceptedMargins = 3;

function next(state: OnBoardState, seen: Seen | undefined): Decision {
  const { task, verdicts: given, model, settling, pulsesLeft } = state;
  const margin = boardMarginShare * model.maxConductanceMicrosiemens;
  if (seen !== undefined) judge(state, seen, acceptedMargins * margin);
  const targetsMicrosiemens = new Float32Array(given.length).fill(Number.NaN);
  let fewest = iterations;
  let pending = 0;
  for (let i = 0; i < given.length; i++) {
    if (given[i] !== verdicts.pending) continue;
    if (pulsesLeft[i]! < 1) {
      given[i] = verdicts.budgetSpent;
      continue;
    }
    const target = task.targetsMicrosiemens[i]!;
    // What is right at the reference age reads higher when it is young.
    targetsMicrosiemens[i] = target / settling.factor(target, boardLookSeconds);
    fewest = Math.min(fewest, pulsesLeft[i]!);
    pending++;
  }
  if (pending === 0) return { orders: [], verdicts: given, look: { kind: "done" } };
  state.roundsLeft--;
  for (let i = 0; i < given.length; i++) if (given[i] === verdicts.pending) pulsesLeft[i]! -= fewest;
  const rows = new Uint8Array(task.rowCount).fill(1);
  const { widthNanoseconds } = pcmPulsesOf(task).reset;
  return {
    orders: [],
    board: { targetsMicrosiemens, marginMicrosiemens: margin, iterations: fewest, widthNanoseconds },
    verdicts: given,
    look: { kind: "read", averages: lookAverages, rows, afterSeconds: model.referenceAgeSeconds },
  };
}

function judge(state: OnBoardState, seen: Seen, margin: number): void {
  const { task, verdicts: given, settling } = state;
  for (let i = 0; i < given.length; i++) {
    if (given[i] !== verdicts.pending) continue;
    const last = state.roundsLeft === 0;
    if (seen.flags[i] === readingFlags.invalid) {
      if (last) given[i] = verdicts.unreadable;
      continue;
    }
    const raw = seen.conductanceMicrosiemens[i]!;
    const error = raw * settling.factor(raw, seen.agesSeconds[i]!) - task.targetsMicrosiemens[i]!;
    if (Math.abs(error) <= margin) given[i] = verdicts.accepted;
    else if (last) given[i] = Math.abs(error) <= 2 * margin ? verdicts.acceptedOutside : verdicts.budgetSpent;
  }
}
