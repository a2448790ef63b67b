import type { LimitPulse } from "../chip/technologies/rram.ts";
import type { DeviceModel } from "../model/deviceModel.ts";
import type { Seconds } from "../units.ts";
import type { Decision, ProgrammingMethod, ProgrammingTask, Seen } from "./method.ts";
import { beginTwoWay, nextTwoWay, type TwoWayState } from "./twoWay.ts";

/**
 * Program and verify for resistive devices, which are moved a share of the way towards a limit that follows the voltage:
 *
 *     G′ = G + u (L(V − d) − G)         d: how far the device's threshold lies from the nominal one
 *
 * Every pulse tells: the limit that would explain what it did, L = G + (G′ − G)/u, belongs on the nominal curve to a
 * voltage, and V less that voltage is d, which is learned for each direction. The next pulse has the voltage whose limit
 * would carry the device to its target. A pulse that did nothing tells only that its voltage was too low, as a step of a
 * staircase does. The usual staircase begins anew from the bottom at every reversal, and knows nothing of what it saw.
 */
export const verifyRram: ProgrammingMethod<LearnedState> = {
  name: "verify",
  does: "pulse up or down, read, and pulse again, until the reading lies inside the margin; each device's thresholds are learned on the way",
  technologies: ["rram"],
  needsCells: false,
  keepsTargets: true,
  looksBack: true,
  cost: {
    pulses: 11,
    idlePulses: 4,
    turns: 200,
    most: Infinity,
    rowPulses: { first: -81, perLog: 45 },
    rowReads: { first: -43, perLog: 29 },
    averages: 1,
    looks: [{ times: 1, rounds: 2, settles: true, averages: 1 }],
  },
  begin: (task: ProgrammingTask, model: DeviceModel) => beginLearned(task, model, model.referenceAgeSeconds),
  next: nextLearned,
};

/**
 * @param relaxedAfterSeconds  how old devices are when the array is looked at again; 0 for no such looks.
 */
export function beginLearned(
  task: ProgrammingTask,
  model: DeviceModel,
  relaxedAfterSeconds: Seconds,
): LearnedState {
  const count = task.targetsMicrosiemens.length;
  return {
    ...beginTwoWay(task, model),
    passesLeft: relaxationPasses,
    relaxedAfterSeconds,
    setOffset: new Float32Array(count),
    resetOffset: new Float32Array(count),
  };
}

export function nextLearned(state: LearnedState, seen: Seen | undefined): Decision {
  return nextTwoWay(state, seen, aim);
}

export interface LearnedState extends TwoWayState {
  /** V, one a device. */
  readonly setOffset: Float32Array;
  readonly resetOffset: Float32Array;
}

/**
 * Devices relax: at the model's reference age the whole array is looked at again, and what has strayed is programmed anew,
 * this often. Relaxation goes with the logarithm of time, so what has kept still for a second mostly keeps still.
 */
const relaxationPasses = 2;
/** How much of what one pulse says about an offset is believed: shares scatter by a factor of two and more. */
const belief = 0.2;
/** A pulse that did nothing is followed by one this much higher. */
const stepVolts = 0.06;
/** A change below this, relative and in µS, is noise. */
const relativeNoise = 0.03;
const absoluteNoise = 0.15;
/** An abrupt SET from a broken filament goes most of the way. */
const abruptBelow = 3;
const abruptShare = 0.85;
/** Aim a little short of the target: what is left takes one more pulse, what is too much takes a reversal. */
const aimShare = 0.9;

function aim(state: LearnedState, i: number, reading: number, unsure: boolean): void {
  const target = state.task.targetsMicrosiemens[i]!;
  if (state.direction[i] !== 0 && !unsure) learn(state, i, reading);
  const wanted = reading < target ? 1 : -1;
  const pulse = wanted === 1 ? state.pulses.set : state.pulses.reset;
  const offset = (wanted === 1 ? state.setOffset : state.resetOffset)[i]!;
  const limit = reading + (aimShare * (target - reading)) / shareOf(pulse, wanted, reading);
  const volts = voltsFor(pulse, limit) + offset;
  state.direction[i] = wanted;
  state.volts[i] = Math.min(pulse.toVolts, Math.max(pulse.fromVolts - 0.3, volts));
}

function learn(state: LearnedState, i: number, reading: number): void {
  const direction = state.direction[i]!;
  const pulse = direction === 1 ? state.pulses.set : state.pulses.reset;
  const offsets = direction === 1 ? state.setOffset : state.resetOffset;
  const before = state.readingBefore[i]!;
  const change = reading - before;
  if (change * direction < relativeNoise * before + absoluteNoise) {
    offsets[i]! += stepVolts;
    return;
  }
  const limit = before + change / shareOf(pulse, direction, before);
  const observed = state.volts[i]! - voltsFor(pulse, limit);
  const most = 5 * pulse.deviceSpreadVolts;
  const step = belief * (observed - offsets[i]!);
  offsets[i] = Math.max(-most, Math.min(2 * most, offsets[i]! + step));
}

function shareOf(pulse: LimitPulse, direction: number, reading: number): number {
  return direction === 1 && reading < abruptBelow ? abruptShare : pulse.share;
}

/** The voltage whose limit is the given one, on the nominal curve; beyond its ends it is brought to them. */
function voltsFor({ volts, limitMicrosiemens: limits }: LimitPulse, limit: number): number {
  const rising = limits.at(-1)! > limits[0]!;
  let low = 0;
  let high = limits.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (limits[middle]! <= limit === rising) low = middle;
    else high = middle;
  }
  const span = limits[high]! - limits[low]!;
  const part = span === 0 ? 0 : Math.min(1, Math.max(0, (limit - limits[low]!) / span));
  return volts[low]! + part * (volts[high]! - volts[low]!);
}
