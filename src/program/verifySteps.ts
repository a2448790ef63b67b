import { readingFlags } from "../chip/driver.ts";
import { type EcramPulses, ecramPulsesOf, type StepPulse } from "../chip/technologies/ecram.ts";
import type { DeviceModel } from "../model/deviceModel.ts";
import type { Microsiemens, Seconds } from "../units.ts";
import {
  type BlockPulse,
  type Decision,
  firstVerdicts,
  isOpen,
  type ProgrammingMethod,
  type ProgrammingTask,
  type Seen,
  verdicts,
} from "./method.ts";
import { ChargeLoss } from "./chargeLoss.ts";
import { driftedLimit } from "./settling.ts";
import { StepBelief } from "./stepBelief.ts";

/** Of every look while devices are pulsed, and of one at settled devices. */
const youngAverages = 4;
const lateAverages = 16;

/**
 * Program and verify for devices that every pulse moves by a small step, up or down. What each pulse did tells how long the device's
 * own steps are (`stepBelief.ts`). The next pulse has as many codes as bring it to its target, or as many as a pulse may have. A device
 * that went beyond its target is brought back by the other direction.
 *
 * A part of what pulses bring is lost within seconds. So the whole array is looked at again when it has settled, and what has strayed is
 * pulsed again: such a small pulse brings little that could be lost. What is still to be lost until the next look is foreseen from what was
 * lost so far (`chargeLoss.ts`). Verdicts stand on the last of these looks.
 */
export const verifySteps: ProgrammingMethod<StepsState> = {
  name: "verify",
  does: "step up or down, read, and step again, until the reading lies inside the margin; each device's steps are learned on the way",
  technologies: ["ecram"],
  needsCells: false,
  keepsTargets: true,
  looksBack: true,
  cost: {
    pulses: 9,
    idlePulses: 12,
    turns: 45,
    most: Infinity,
    rowPulses: { first: 16, perLog: 2.7 },
    rowReads: { first: 15, perLog: 2.15 },
    averages: youngAverages,
    // Six, in succession: each waits for the pulses before it to settle.
    looks: [{ times: 6, secondsBetween: 1, settles: true, averages: lateAverages }],
  },
  begin: (task: ProgrammingTask, model: DeviceModel) => beginSteps(task, model),
  next: nextSteps,
};

export interface StepsState {
  readonly task: ProgrammingTask;
  readonly model: DeviceModel;
  readonly pulses: EcramPulses;
  readonly belief: StepBelief;
  /** How far a device may lie from its target, µS. */
  readonly margin: Float64Array;
  readonly settledAfterSeconds: Seconds;
  readonly verdicts: Uint8Array;
  readonly pulsesLeft: Uint32Array;
  /** Codes of the last pulse, below 0 for one down; 0 when there was none since the last reading. */
  readonly lastCodes: Int32Array;
  readonly readingBefore: Float32Array;
  readonly lowestSeen: Float32Array;
  readonly highestSeen: Float32Array;
  /** Pulses in succession that did next to nothing, and readings that gave nothing. */
  readonly idle: Uint8Array;
  readonly unreadable: Uint8Array;
  /** 1 for what was in place before the run was stopped: it has drifted since, as devices do. */
  readonly kept: Uint8Array;
  readonly loss: ChargeLoss;
  /** Why the array was asked to be looked at. */
  looking: "found" | "settled" | undefined;
  looksLeft: number;
  readonly setCodes: Uint16Array;
  readonly resetCodes: Uint16Array;
}

/** Of full range. */
const marginShare = 0.0075;
/** A device outside the margin by its last look is accepted outside tolerance up to so many. */
export const outsideMargins = 2.5;
const looks = 8;
/**
 * At the first looks, what lies beyond this share of the margin from where it should be is pulsed again: it goes on losing, and would
 * stray later. From then on each look gives verdicts.
 */
const strictLooks = 4;
const strictShare = 0.4;
/** Devices settle for a second where the model does not say until when they do. */
const usualSettling: Seconds = 1;
/** Reading noise that is reckoned with: a share of the conductance, and µS, of the mean of a young reading. */
const relativeNoise = 0.003;
const absoluteNoise = 0.02;
/** A pulse that should have moved a device this far, in margins, and moved it less than this share of it, did next to nothing. */
const tellingMargins = 1.5;
const idleShare = 0.2;
const mostIdle = 8;
/** A device that comes so near an end of the datasheet's range, and no nearer, has its end there; one that came so far was sound once. */
const endShare = 0.12;
const movedMargins = 4;
const mostUnreadable = 3;

export function beginSteps(task: ProgrammingTask, model: DeviceModel): StepsState {
  const pulses = ecramPulsesOf(task);
  const count = task.targetsMicrosiemens.length;
  const given = firstVerdicts(task);
  const found = given.includes(verdicts.inPlace);
  return {
    task,
    model,
    pulses,
    belief: new StepBelief(pulses, count),
    margin: new Float64Array(count).fill(stepMargin(model)),
    settledAfterSeconds: Math.max(usualSettling, model.referenceAgeSeconds),
    verdicts: given,
    pulsesLeft: task.pulsesLeft.slice(),
    lastCodes: new Int32Array(count),
    readingBefore: new Float32Array(count).fill(Number.NaN),
    lowestSeen: new Float32Array(count).fill(Infinity),
    highestSeen: new Float32Array(count).fill(-Infinity),
    idle: new Uint8Array(count),
    unreadable: new Uint8Array(count),
    kept: Uint8Array.from(given, (verdict) => (verdict === verdicts.inPlace ? 1 : 0)),
    loss: new ChargeLoss(count),
    looking: found ? "found" : undefined,
    looksLeft: looks,
    setCodes: new Uint16Array(count),
    resetCodes: new Uint16Array(count),
  };
}

/** How far a device may lie from its target, µS. */
export function stepMargin({ maxConductanceMicrosiemens }: DeviceModel): Microsiemens {
  return marginShare * maxConductanceMicrosiemens;
}

export function nextSteps(state: StepsState, seen: Seen | undefined): Decision {
  const { verdicts: given, looking } = state;
  if (looking === "found" && seen === undefined) {
    return { ...look(state, isOpen, 0, youngAverages), orders: [] };
  }
  state.looking = undefined;
  state.setCodes.fill(0);
  state.resetCodes.fill(0);
  if (looking === "settled" && seen !== undefined) learnLoss(state, seen);
  let [pending, inPlace, blind] = [0, 0, 0];
  for (let i = 0; i < given.length; i++) {
    const looksAt = given[i] === verdicts.pending || (looking !== undefined && given[i] === verdicts.inPlace);
    if (seen !== undefined && looksAt && !judge(state, i, seen, looking)) blind++;
    if (given[i] === verdicts.pending) pending++;
    else if (given[i] === verdicts.inPlace) inPlace++;
  }
  if (pending > 0)
    return {
      ...look(state, (verdict) => verdict === verdicts.pending, 0, youngAverages),
      orders: ordersOf(state),
    };
  if (inPlace > 0 && (looking !== "settled" || blind > 0)) {
    state.looking = "settled";
    state.looksLeft--;
    return { ...look(state, isOpen, state.settledAfterSeconds, lateAverages), orders: [] };
  }
  for (let i = 0; i < given.length; i++) if (given[i] === verdicts.inPlace) given[i] = verdicts.accepted;
  return { orders: [], verdicts: given, look: { kind: "done" } };
}

/** Reads the rows that have a device of such a verdict. */
function look(
  { task, verdicts: given }: StepsState,
  such: (verdict: number) => boolean,
  afterSeconds: Seconds,
  averages: number,
): Pick<Decision, "verdicts" | "look"> {
  const rows = new Uint8Array(task.rowCount);
  for (let i = 0; i < given.length; i++) {
    if (such(given[i]!)) rows[Math.floor(i / task.devicesPerRow)] = 1;
  }
  return { verdicts: given, look: { kind: "read", averages, rows, afterSeconds } };
}

/**
 * Learns from a reading, and gives a device its verdict or sets the codes of its next pulse.
 *
 * @returns false where it is to be looked at again: nothing was read of it, or it is still on the way to its target.
 */
function judge(state: StepsState, i: number, seen: Seen, looking: StepsState["looking"]): boolean {
  const { verdicts: given } = state;
  const isLast = looking === "settled" && state.looksLeft <= 0;
  if (seen.flags[i] === readingFlags.invalid) {
    if (++state.unreadable[i]! < mostUnreadable && !isLast) return false;
    given[i] = verdicts.unreadable;
    return true;
  }
  const reading = seen.conductanceMicrosiemens[i]!;
  const saturated = seen.flags[i] === readingFlags.saturated;
  if (state.lastCodes[i] !== 0 && !saturated && seen.unsure[i] === 0) learn(state, i, reading);
  state.lastCodes[i] = 0;
  state.loss.note(i, reading);
  const { goal, limit } = goalOf(state, i, seen.agesSeconds[i]!);
  const error = reading - goal;
  // What has drifted since an earlier session is as old as it will be.
  const strict = state.kept[i] === 0 && looksTaken(state) <= strictLooks;
  const ahead = strict ? state.loss.ahead(i, reading) : 0;
  const share = strict && looking === "settled" ? strictShare : 1;
  if (Math.abs(error - ahead) <= share * limit && !saturated) {
    given[i] = looking === "settled" && !strict ? verdicts.accepted : verdicts.inPlace;
    // It is going to be in place, and the next look sees it there.
    return looking !== "settled" || Math.abs(error) <= limit;
  } else if (state.pulsesLeft[i]! <= 0 || isLast) {
    const near = Math.abs(error) <= outsideMargins * limit && !saturated;
    given[i] = near ? verdicts.acceptedOutside : verdicts.budgetSpent;
  } else if (state.idle[i]! >= mostIdle) given[i] = diagnosis(state, i, reading, error, saturated);
  else aim(state, i, reading);
  return true;
}

function learnLoss(state: StepsState, { conductanceMicrosiemens: now, flags }: Seen): void {
  const counts = (i: number): boolean =>
    state.verdicts[i] === verdicts.inPlace && state.kept[i] === 0 && flags[i] === readingFlags.ok;
  state.loss.learn(now, counts, noiseOf, looksTaken(state) === 1);
}

/** σ of a reading, µS. */
function noiseOf(reading: Microsiemens): Microsiemens {
  return relativeNoise * reading + absoluteNoise;
}

function looksTaken({ looksLeft }: StepsState): number {
  return looks - looksLeft;
}

/** Where a device is to read now, and how far it may lie from there, µS. */
function goalOf(
  { task, model, kept, margin: margins }: StepsState,
  i: number,
  age: Seconds,
): { readonly goal: Microsiemens; readonly limit: Microsiemens } {
  const target = task.targetsMicrosiemens[i]!;
  const margin = margins[i]!;
  const { from, to } = model.knownTimesSeconds;
  if (kept[i] === 0 || !(age > from)) return { goal: target, limit: margin };
  const believed = Math.min(model.maxConductanceMicrosiemens, target);
  const drift = model.mean(believed, Math.min(to, age)) - model.mean(believed, from);
  return { goal: target + drift, limit: driftedLimit(model, believed, margin, age) };
}

function learn(state: StepsState, i: number, reading: Microsiemens): void {
  const codes = Math.abs(state.lastCodes[i]!);
  const up = state.lastCodes[i]! > 0;
  const before = state.readingBefore[i]!;
  const noise = Math.SQRT2 * noiseOf(reading);
  const nominal = state.belief.nominal(up, codes, before);
  const moved = up ? reading - before : before - reading;
  state.lowestSeen[i] = Math.min(state.lowestSeen[i]!, before, reading);
  state.highestSeen[i] = Math.max(state.highestSeen[i]!, before, reading);
  if (moved > idleShare * nominal) state.idle[i] = 0;
  else if (nominal > tellingMargins * state.margin[i]!) state.idle[i]!++;
  state.belief.learn(i, up, codes, before, reading, noise);
}

function aim(state: StepsState, i: number, reading: Microsiemens): void {
  const { task, belief, setCodes, resetCodes } = state;
  const goal = task.targetsMicrosiemens[i]! + state.loss.ahead(i, reading);
  const up = reading < goal;
  const codes = Math.min(task.maxCode, belief.codesFor(i, reading, goal));
  (up ? setCodes : resetCodes)[i] = codes;
  state.verdicts[i] = verdicts.pending;
  state.kept[i] = 0;
  state.lastCodes[i] = up ? codes : -codes;
  state.readingBefore[i] = reading;
  state.pulsesLeft[i]!--;
}

/** Of a device that does not obey any more. */
function diagnosis(
  { pulses, lowestSeen, highestSeen, margin: margins }: StepsState,
  i: number,
  reading: Microsiemens,
  error: Microsiemens,
  saturated: boolean,
): number {
  if (saturated) return verdicts.saturated;
  const margin = margins[i]!;
  const [lowest, highest] = [
    pulses.reset.conductanceMicrosiemens[0]!,
    pulses.set.conductanceMicrosiemens.at(-1)!,
  ];
  const nearEnd = endShare * (highest - lowest);
  if (error > 0 ? reading < lowest + nearEnd : reading > highest - nearEnd) return verdicts.unreachable;
  if (highestSeen[i]! - lowestSeen[i]! > movedMargins * margin) return verdicts.weak;
  if (error > 0) return verdicts.stuckHigh;
  return reading < 0.1 * margin ? verdicts.open : verdicts.stuckLow;
}

function ordersOf({ pulses, setCodes, resetCodes }: StepsState): BlockPulse[] {
  const order = (
    kind: BlockPulse["kind"],
    { widthNanoseconds }: StepPulse,
    codes: Uint16Array,
  ): BlockPulse[] =>
    codes.some((code) => code !== 0)
      ? [{ kind, codes, widthNanoseconds, trailingNanoseconds: 0, gateCode: 0 }]
      : [];
  return [...order("set", pulses.set, setCodes), ...order("reset", pulses.reset, resetCodes)];
}
