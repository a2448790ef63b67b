import { readingFlags } from "../chip/driver.ts";
import { type LimitPulse, type RramPulses, rramPulsesOf } from "../chip/technologies/rram.ts";
import type { DeviceModel } from "../model/deviceModel.ts";
import {
  type Decision,
  firstVerdicts,
  type ProgrammingTask,
  type BlockPulse,
  type Seen,
  verdicts,
} from "./method.ts";
import { driftedLimit } from "./settling.ts";
import { countUnformed, refuseUnformed } from "./unformed.ts";

/** What programming in two directions, with a reading after every pulse, has in common. One entry a device. */
export interface TwoWayState {
  readonly task: ProgrammingTask;
  readonly model: DeviceModel;
  readonly pulses: RramPulses;
  /** How far a device may lie from its target, µS. */
  readonly margin: Float64Array;
  readonly verdicts: Uint8Array;
  readonly pulsesLeft: Uint32Array;
  /** 1 SET, −1 RESET, 0 when not pulsed yet. */
  readonly direction: Int8Array;
  readonly volts: Float32Array;
  readonly readingBefore: Float32Array;
  readonly lowestSeen: Float32Array;
  readonly highestSeen: Float32Array;
  readonly pulsesAtTop: Uint8Array;
  readonly unreadable: Uint8Array;
  /** Looks at the whole array that are still to come, and how long after the last pulse. */
  passesLeft: number;
  readonly relaxedAfterSeconds: number;
  /** Why what is in place was asked to be looked at: it had been left by a run that was stopped, or has relaxed. */
  looking: "found" | "relaxed" | "last" | undefined;
  /** Whether the first look was taken. */
  begun: boolean;
  readonly setCodes: Uint16Array;
  readonly resetCodes: Uint16Array;
}

/** Sets the direction and the voltage of the next pulse for a device that reads off its target, or gives it a verdict. */
export type NextPulse<State extends TwoWayState> = (
  state: State,
  i: number,
  reading: number,
  /** Whether the last pulse may not have fired. */
  unsure: boolean,
) => void;

/** NeuRRAM accepts ± 1 µS of 40. */
const marginShare = 0.025;
const maxPulsesAtTop = 30;
const maxUnreadable = 3;

export function beginTwoWay(
  task: ProgrammingTask,
  model: DeviceModel,
): Omit<TwoWayState, "passesLeft" | "relaxedAfterSeconds"> {
  const pulses = rramPulsesOf(task);
  const count = task.targetsMicrosiemens.length;
  const given = firstVerdicts(task);
  // What was in place when a run was stopped is looked at before it is pulsed.
  return {
    task,
    model,
    pulses,
    margin: new Float64Array(count).fill(marginShare * model.maxConductanceMicrosiemens),
    verdicts: given,
    begun: false,
    looking: given.includes(verdicts.inPlace) ? "found" : undefined,
    pulsesLeft: task.pulsesLeft.slice(),
    direction: new Int8Array(count),
    volts: new Float32Array(count),
    readingBefore: new Float32Array(count).fill(Number.NaN),
    lowestSeen: new Float32Array(count).fill(Infinity),
    highestSeen: new Float32Array(count).fill(-Infinity),
    pulsesAtTop: new Uint8Array(count),
    unreadable: new Uint8Array(count),
    setCodes: new Uint16Array(count),
    resetCodes: new Uint16Array(count),
  };
}

/** Throws `bad-argument` where many of the devices that are to be programmed were never formed: none would be where it was aimed. */
function refuseNeverFormed(
  { task, verdicts: given, direction, pulses }: TwoWayState,
  { conductanceMicrosiemens, flags }: Seen,
): void {
  const { pulsesBefore, standing } = task;
  const { pristineBelowMicrosiemens: below } = pulses.technology;
  if (pulsesBefore === undefined || below === undefined) return;
  const counts = (i: number): boolean =>
    given[i] === verdicts.pending && direction[i] === 0 && (standing?.pulses[i] ?? 0) === 0;
  refuseUnformed(
    countUnformed(conductanceMicrosiemens, flags, pulsesBefore, below, counts),
    "programmed",
    below,
  );
}

/** Judges what was seen and asks for one pulse, up or down, for every device that is still off its target. */
export function nextTwoWay<State extends TwoWayState>(
  state: State,
  seen: Seen | undefined,
  choose: NextPulse<State>,
): Decision {
  const { task, verdicts: given, setCodes, resetCodes } = state;
  const rows = new Uint8Array(task.rowCount);
  let pending = 0;
  let inPlace = 0;
  let fired = 0;
  if (state.looking !== undefined) {
    if (seen === undefined) {
      const look = { kind: "read", averages: 1, rows: rows.fill(1), afterSeconds: 0 } as const;
      return { orders: [], verdicts: given, look };
    }
    findStrayed(state, seen);
  }
  state.looking = undefined;
  if (seen !== undefined && !state.begun) {
    refuseNeverFormed(state, seen);
    state.begun = true;
  }
  setCodes.fill(0);
  resetCodes.fill(0);
  for (let i = 0; i < given.length; i++) {
    if (given[i] === verdicts.pending && seen !== undefined) judge(state, i, seen, choose);
    if (given[i] === verdicts.inPlace) inPlace++;
    if (given[i] !== verdicts.pending) continue;
    if (state.direction[i] !== 0 && state.pulsesLeft[i]! <= 0) {
      given[i] = verdicts.budgetSpent;
      continue;
    }
    pending++;
    rows[Math.floor(i / task.devicesPerRow)] = 1;
    if (state.direction[i] === 0) continue;
    const code = Math.min(task.maxCode, Math.max(1, Math.round(state.volts[i]! / state.pulses.voltsPerCode)));
    (state.direction[i] === 1 ? setCodes : resetCodes)[i] = code;
    state.pulsesLeft[i]!--;
    fired++;
  }
  const orders: BlockPulse[] = [];
  if (fired > 0) {
    if (setCodes.some((code) => code !== 0)) orders.push(blockPulse("set", state.pulses.set, setCodes));
    if (resetCodes.some((code) => code !== 0))
      orders.push(blockPulse("reset", state.pulses.reset, resetCodes));
  }
  if (pending > 0) {
    const look = { kind: "read", averages: 1, rows, afterSeconds: 0 } as const;
    return { orders, verdicts: given, look };
  }
  const looksLate = state.relaxedAfterSeconds > 0;
  if (inPlace === 0 || !looksLate) {
    for (let i = 0; i < given.length; i++) if (given[i] === verdicts.inPlace) given[i] = verdicts.accepted;
    return { orders: [], verdicts: given, look: { kind: "done" } };
  }
  // What was pulsed again since the last look is looked at as well: no verdict stands on a reading that is still to relax.
  state.looking = state.passesLeft > 0 ? "relaxed" : "last";
  state.passesLeft--;
  rows.fill(1);
  const look = { kind: "read", averages: 1, rows, afterSeconds: state.relaxedAfterSeconds } as const;
  return { orders: [], verdicts: given, look };
}

/** A device that has relaxed this many margins away is programmed anew. */
export const strayedInMargins = 2.5;
/** One that took more pulses than this is erratic, and would only be worn. */
const mostSpent = 25;

function findStrayed(state: TwoWayState, seen: Seen): void {
  for (let i = 0; i < state.verdicts.length; i++) {
    if (state.verdicts[i] !== verdicts.inPlace) continue;
    const target = state.task.targetsMicrosiemens[i]!;
    if (state.looking === "last" && seen.flags[i] === readingFlags.invalid) {
      state.verdicts[i] = verdicts.unreadable;
      continue;
    }
    const error = seen.conductanceMicrosiemens[i]! - target;
    const forgiven = strayedInMargins * state.margin[i]!;
    const spent = state.task.pulsesLeft[i]! - state.pulsesLeft[i]!;
    const pays = spent <= mostSpent && state.pulsesLeft[i]! > 0;
    const limit =
      state.looking === "found"
        ? driftedLimit(state.model, target, forgiven, seen.agesSeconds[i]!)
        : forgiven;
    if (state.looking === "last") {
      state.verdicts[i] = Math.abs(error) <= limit ? verdicts.accepted : verdicts.acceptedOutside;
    } else if (pays && Math.abs(error) > limit) {
      state.verdicts[i] = verdicts.pending;
    }
  }
}

function blockPulse(kind: "set" | "reset", pulse: LimitPulse, codes: Uint16Array): BlockPulse {
  const { widthNanoseconds, gateCode } = pulse;
  return { kind, codes, widthNanoseconds, trailingNanoseconds: 0, gateCode };
}

function judge<State extends TwoWayState>(
  state: State,
  i: number,
  seen: Seen,
  choose: NextPulse<State>,
): void {
  const { task, verdicts: given } = state;
  const target = task.targetsMicrosiemens[i]!;
  if (seen.flags[i] === readingFlags.invalid) {
    if (++state.unreadable[i]! >= maxUnreadable) given[i] = verdicts.unreadable;
    return;
  }
  const reading = seen.conductanceMicrosiemens[i]!;
  const error = reading - target;
  const saturated = seen.flags[i] === readingFlags.saturated;
  if (Math.abs(error) <= state.margin[i]! && !saturated) {
    given[i] = verdicts.inPlace;
    return;
  }
  if (state.direction[i] !== 0) {
    state.lowestSeen[i] = Math.min(state.lowestSeen[i]!, reading);
    state.highestSeen[i] = Math.max(state.highestSeen[i]!, reading);
  }
  if (state.pulsesLeft[i]! <= 0) {
    given[i] = Math.abs(error) <= 2 * state.margin[i]! ? verdicts.acceptedOutside : verdicts.budgetSpent;
    return;
  }
  const wanted = error < 0 ? 1 : -1;
  const { toVolts } = wanted === 1 ? state.pulses.set : state.pulses.reset;
  const atTop = wanted === state.direction[i] && state.volts[i]! >= toVolts - 1e-6;
  if (atTop && ++state.pulsesAtTop[i]! >= maxPulsesAtTop) {
    given[i] = diagnosis(state, i, reading, error, saturated);
    return;
  }
  choose(state, i, reading, seen.unsure[i] !== 0);
  state.readingBefore[i] = reading;
}

function diagnosis(
  state: TwoWayState,
  i: number,
  reading: number,
  error: number,
  saturated: boolean,
): number {
  if (saturated) return verdicts.saturated;
  const moved = state.highestSeen[i]! - state.lowestSeen[i]! > 4 * state.margin[i]!;
  if (moved) return verdicts.weak;
  if (error > 0) return verdicts.stuckHigh;
  return reading < 0.1 * state.margin[i]! ? verdicts.open : verdicts.stuckLow;
}
