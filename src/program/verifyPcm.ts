import type { PulseKind } from "../chip/amplitudeCurve.ts";
import { readingFlags } from "../chip/driver.ts";
import { pcmPulsesOf } from "../chip/technologies/pcm.ts";
import type { DeviceModel } from "../model/deviceModel.ts";
import {
  type Decision,
  firstVerdicts,
  isOpen,
  type ProgrammingMethod,
  type ProgrammingTask,
  type Seen,
  verdicts,
} from "./method.ts";
import { CurveTable } from "./curveTable.ts";
import { lateAverages, LateLooks, lateNoiseShare } from "./lateLooks.ts";
import { driftedLimit, Settling } from "./settling.ts";

/**
 * Program and verify, a device at a time but a block in one turn: read, pulse, read, until the reading lies
 * inside the margin or the pulses are spent.
 *
 * A RESET pulse melts and re-quenches, so what it leaves follows its amplitude and hardly the past. Devices
 * differ mostly by where on the amplitude axis their curve lies; each one's offset from the nominal curve is
 * learned by a scalar Kalman filter, as Papandreou et al. (ISCAS 2011) learn each device's own curve:
 *
 *     I = I_nominal(target) + offset
 *     observed offset = I − I_nominal(reading),  its variance from the scatter between pulses
 *
 * Targets are meant for the model's reference age, and a young reading is brought to that age before it is judged. When all are
 * inside their margins they are looked at at that age: what strayed meanwhile, by drift or because noise had shown it nearer than it
 * was, is pulsed again. A later look gives better retention (Nandakumar et al., IEDM 2020). Late looks give the verdicts, and
 * teach how these devices settle.
 *
 * Every device gets at least one pulse, even when it already reads inside its margin: one that was left alone
 * would drift out of step with neighbours whose drift has just begun anew.
 */
export const verifyPcm: ProgrammingMethod<VerifyState> = {
  name: "verify",
  does: "pulse, read, and pulse again, until the reading lies inside the margin; each device's offset is learned on the way",
  technologies: ["pcm"],
  needsCells: false,
  keepsTargets: true,
  looksBack: true,
  cost: {
    pulses: 6.3,
    idlePulses: 1.1,
    turns: 42,
    most: 30,
    rowPulses: { first: -13, perLog: 9 },
    looks: [
      {
        times: 8,
        rounds: { first: 1, perLog: 1.08, most: 7 },
        share: 0.5,
        secondsBetween: 1.25,
        settles: true,
        averages: 8,
      },
    ],
  },
  begin,
  next,
};

/** One entry a device. */
export interface VerifyState {
  readonly task: ProgrammingTask;
  readonly model: DeviceModel;
  readonly settling: Settling;
  readonly curve: CurveTable;
  readonly margin: Float32Array;
  /** µA for the target on the nominal curve. */
  readonly aimMicroamperes: Float32Array;
  readonly offsetMicroamperes: Float32Array;
  readonly offsetVariance: Float32Array;
  readonly lastCode: Uint16Array;
  /** Since the device was given its target. */
  readonly pulses: Uint16Array;
  readonly pulsesLeft: Uint32Array;
  /** Pulses spent beyond what any sound device needs, without getting there. */
  readonly pulsesAtLimit: Uint8Array;
  readonly unreadable: Uint8Array;
  /** µS and s of the reading that found a device in place; NaN where there is none since its last pulse. */
  readonly young: Float32Array;
  readonly youngAgesSeconds: Float32Array;
  readonly lateLooks: LateLooks;
  readonly lowestSeen: Float32Array;
  readonly highestSeen: Float32Array;
  readonly codes: Uint16Array;
  readonly verdicts: Uint8Array;
  phase: "found" | "pulsing" | "confirming";
  confirmationsLeft: number;
  readonly youngMargins: number;
}

const maxIterations = 30;
const maxPulsesAtLimit = 3;
const maxUnreadable = 3;
/** The published procedure leaves σ_p; this asks for more, and still converges in about six pulses. */
const marginInProgrammingStds = 0.58;
/** Bounds of a margin, as shares of full range: beneath the lower one a device only wears. */
const narrowestMargin = 0.01;
const widestMargin = 0.022;
/** What the lowest conductance of the curve may be exceeded by, as a factor, where nothing is wanted. */
const residualTolerance = 3.5;
/**
 * Reads that are averaged in one look. 1/f noise averages little, and the less the longer it takes: of the noise of one
 * read at the age of a second, four leave 0.9, sixteen 0.84, sixty-four 0.78, at the converter's 20 µs each.
 */
const usualAverages = 4;
/** Of a run that goes on, to see what it left. */
const foundAverages = 64;
/**
 * A young reading may lie this many margins off: what a device still drifts, unlike others, is more than that, and late looks find it.
 * Pulsing for less wears it in vain. Where little is wanted, devices that conduct nothing at all would pass: there it is one.
 */
const youngMargins = 1.5;
const littleInMargins = 10;
/**
 * How near its target late looks must find a device, so that it is no further off than is forgiven, whatever their noise: n is one
 * standard deviation of them, all in margins. The last look, after which there is no other, is less strict with the few that are left.
 */
const limitBy = { usual: { n: 0.9, square: 2.4 }, last: { n: 0.3, square: 2.6 } };
/** The same for what all of them were misjudged by when they were young. */
const leastCentred = 0.8;
const narrowestLimit = 0.4;
/** A device that has strayed this far at the reference age, in margins, is pulsed again if it has pulses for it. */
export const strayedInMargins = 2.5;
const fewestForAnotherTry = 3;
const mostConfirmations = 7;
/** In its last iterations a method takes what it can get, up to twice the margin. */
const lenientIterations = 5;
/** An offset that no sound device has, in standard deviations between devices. */
const implausibleOffset = 5;
/** What a pulse adds to the doubt about an offset, µA²: curves differ in more than their offset. */
const offsetWalkVariance = 9;
export interface VerifyOptions {
  /** How often what is in place is looked at again at the reference age, at most. */
  readonly confirmations: number;
  /** How many margins a young reading may lie off. */
  readonly youngMargins: number;
}

export function begin(
  task: ProgrammingTask,
  model: DeviceModel,
  options: VerifyOptions = { confirmations: mostConfirmations, youngMargins },
): VerifyState {
  const count = task.targetsMicrosiemens.length;
  const curve = new CurveTable(pcmPulsesOf(task).reset);
  const spread = curve.deviceSpread;
  const state: VerifyState = {
    task,
    model,
    settling: new Settling(model),
    curve,
    margin: new Float32Array(count),
    aimMicroamperes: new Float32Array(count),
    offsetMicroamperes: new Float32Array(count),
    offsetVariance: new Float32Array(count).fill(spread * spread),
    lastCode: new Uint16Array(count),
    pulses: new Uint16Array(count),
    pulsesLeft: task.pulsesLeft.slice(),
    pulsesAtLimit: new Uint8Array(count),
    unreadable: new Uint8Array(count),
    young: new Float32Array(count).fill(Number.NaN),
    youngAgesSeconds: new Float32Array(count).fill(Number.NaN),
    lateLooks: new LateLooks(count),
    lowestSeen: new Float32Array(count).fill(Infinity),
    highestSeen: new Float32Array(count).fill(-Infinity),
    codes: new Uint16Array(count),
    verdicts: firstVerdicts(task),
    phase: "pulsing",
    confirmationsLeft: options.confirmations,
    youngMargins: options.youngMargins,
  };
  for (let i = 0; i < count; i++) {
    const verdict = state.verdicts[i]!;
    if (!isOpen(verdict)) continue;
    aimAt(state, i, task.targetsMicrosiemens[i]!, model);
    state.verdicts[i] = verdict;
  }
  return state;
}

/** Gives a device a target. What is known of its offset stays. */
export function aimAt(state: VerifyState, i: number, target: number, model: DeviceModel): void {
  state.margin[i] = marginOf(model, target);
  state.task.targetsMicrosiemens[i] = target;
  state.aimMicroamperes[i] = state.curve.amplitude(target);
  state.pulses[i] = 0;
  state.pulsesAtLimit[i] = 0;
  state.verdicts[i] = verdicts.pending;
  state.lastCode[i] = 0;
  state.young[i] = Number.NaN;
}

/** What a device may read off its target, µS. */
export function marginOf(model: DeviceModel, target: number): number {
  const top = model.maxConductanceMicrosiemens;
  const wanted = marginInProgrammingStds * model.programmingStd(target);
  return Math.min(widestMargin * top, Math.max(narrowestMargin * top, wanted));
}

export function next(state: VerifyState, seen: Seen | undefined): Decision {
  if (seen === undefined) return firstDecision(state);
  switch (state.phase) {
    case "found":
      findInside(state, seen);
      break;
    case "confirming":
      state.lateLooks.add(seen);
      if (!state.lateLooks.isThrough) return lookLate(state);
      confirm(state);
      break;
    case "pulsing":
  }
  return pulseOrConfirm(state, seen);
}

/** A run that goes on looks first: what was pulsed and lies inside its margin, or was in place and drifted as the model says, is not worn again. */
function firstDecision(state: VerifyState): Decision {
  const { standing } = state.task;
  const open = state.verdicts.some(isOpen);
  if (open && standing !== undefined) {
    state.phase = "found";
    return lookAgain(state, (i) => isOpen(state.verdicts[i]!), 0, foundAverages);
  }
  return open ? pulseOrConfirm(state, undefined) : done(state);
}

function findInside(state: VerifyState, seen: Seen): void {
  for (let i = 0; i < state.codes.length; i++) {
    const { pulses, lastCodes } = state.task.standing!;
    const pulsed = pulses[i]! > 0 && isOpen(state.verdicts[i]!);
    if (!pulsed || seen.flags[i] !== readingFlags.ok) continue;
    if (Math.abs(errorOf(state, i, seen)) <= foundLimit(state, i, seen)) {
      state.verdicts[i] = verdicts.inPlace;
      continue;
    }
    state.verdicts[i] = verdicts.pending;
    if (seen.unsure[i] === 0) {
      // What it was given last, and what became of it, tells where its curve lies.
      state.lastCode[i] = lastCodes[i]!;
      learn(state, i, settledReading(state, i, seen));
    }
  }
}

function foundLimit(state: VerifyState, i: number, { agesSeconds }: Seen): number {
  const { task, model, margin } = state;
  if (state.verdicts[i] !== verdicts.inPlace) return margin[i]!;
  return driftedLimit(model, task.targetsMicrosiemens[i]!, strayedInMargins * margin[i]!, agesSeconds[i]!);
}

/** Judges what is in place by its late looks: what has strayed is pulsed again, if it has pulses for it, and there is a look to come. */
function confirm(state: VerifyState): void {
  const { task, model, lateLooks, margin, verdicts: given } = state;
  learnSettling(state, lateLooks, verdicts.inPlace);
  for (let i = 0; i < given.length; i++) {
    if (given[i] !== verdicts.inPlace) continue;
    const [raw, age] = [lateLooks.mean(i), lateLooks.age(i)];
    if (Number.isNaN(raw)) {
      given[i] = verdicts.unreadable;
      continue;
    }
    const reading = raw * state.settling.factor(raw, age);
    const target = task.targetsMicrosiemens[i]!;
    const within = (margins: number): boolean =>
      isNear(state, i, reading, driftedLimit(model, target, margins * margin[i]!, age));
    if (within(limitOf(state, i))) {
      given[i] = verdicts.accepted;
    } else if (state.confirmationsLeft > 0 && pulsesLeft(state, i) >= fewestForAnotherTry) {
      given[i] = verdicts.pending;
      if (state.lastCode[i] !== 0) learn(state, i, reading);
      state.young[i] = Number.NaN;
    } else {
      given[i] = within(strayedInMargins) ? verdicts.acceptedOutside : verdicts.budgetSpent;
    }
  }
}

/** Whether a settled reading lies within a limit of the target, µS; where nothing is wanted, nearly nothing will do. */
export function isNear(state: VerifyState, i: number, reading: number, limit: number): boolean {
  const target = state.task.targetsMicrosiemens[i]!;
  return Math.abs(reading - target) <= limit || (reading > target && isResidual(state, target, reading));
}

/** Within how many margins late looks must find a device, so that it is no further off than is forgiven, whatever their noise. */
export function limitOf(state: VerifyState, i: number): number {
  const { task, model, settling, young, youngAgesSeconds } = state;
  const { from } = model.knownTimesSeconds;
  const target = task.targetsMicrosiemens[i]!;
  const n = (lateNoiseShare * Math.sqrt(model.varianceParts(target, from).read)) / state.margin[i]!;
  const by = state.confirmationsLeft > 0 ? limitBy.usual : limitBy.last;
  // Where all were misjudged when young, those on one side of their targets would be kept.
  const misjudged = leastCentred * target * Math.abs(settling.misjudged(young[i]!, youngAgesSeconds[i]!));
  const doubt = by.n * n + by.square * n * n + misjudged / state.margin[i]!;
  return Math.max(narrowestLimit, strayedInMargins - doubt);
}

/** What late looks show of devices that were read young tells how devices settle: of those with a verdict that says they obey. */
export function learnSettling(
  { settling, young, youngAgesSeconds, verdicts: given }: VerifyState,
  looks: LateLooks,
  sound: number,
): void {
  const late = young.map((_, i) => (given[i] === sound ? looks.mean(i) : Number.NaN));
  const lateAgesSeconds = young.map((_, i) => looks.age(i));
  settling.learn({ young, youngAgesSeconds, late, lateAgesSeconds });
}

/** Pulses what is not yet inside; when all is, looks once more at the reference age, and ends. */
function pulseOrConfirm(state: VerifyState, seen: Seen | undefined): Decision {
  const { codes, verdicts: given } = state;
  const perRow = state.task.devicesPerRow;
  const rows = new Uint8Array(state.task.rowCount);
  let fired = 0;
  let inPlace = 0;
  for (let i = 0; i < codes.length; i++) {
    codes[i] = 0;
    if (given[i] === verdicts.pending && state.phase === "pulsing" && seen && state.lastCode[i] !== 0)
      judge(state, i, seen);
    if (given[i] === verdicts.inPlace) inPlace++;
    if (given[i] !== verdicts.pending) continue;
    if (pulsesLeft(state, i) <= 0) {
      given[i] = verdicts.budgetSpent;
      continue;
    }
    codes[i] = nextCode(state, i);
    state.lastCode[i] = codes[i]!;
    state.pulses[i]!++;
    state.pulsesLeft[i]!--;
    rows[Math.floor(i / perRow)] = 1;
    fired++;
  }
  if (fired > 0) {
    state.phase = "pulsing";
    return {
      orders: [resetWith(pcmPulsesOf(state.task).reset, codes)],
      verdicts: given,
      look: { kind: "read", averages: usualAverages, rows, afterSeconds: 0 },
    };
  }
  if (inPlace === 0) return done(state);
  if (state.confirmationsLeft <= 0) {
    for (let i = 0; i < given.length; i++) if (given[i] === verdicts.inPlace) given[i] = verdicts.accepted;
    return done(state);
  }
  state.confirmationsLeft--;
  state.phase = "confirming";
  state.lateLooks.begin();
  return lookLate(state);
}

function lookLate(state: VerifyState): Decision {
  const due = state.lateLooks.afterSeconds(state.model.referenceAgeSeconds);
  return lookAgain(state, (i) => state.verdicts[i] === verdicts.inPlace, due, lateAverages);
}

function lookAgain(
  state: VerifyState,
  which: (i: number) => boolean,
  afterSeconds: number,
  averages: number,
): Decision {
  const rows = new Uint8Array(state.task.rowCount);
  for (let i = 0; i < state.codes.length; i++)
    if (which(i)) rows[Math.floor(i / state.task.devicesPerRow)] = 1;
  const look = { kind: "read", averages, rows, afterSeconds } as const;
  return { orders: [], verdicts: state.verdicts, look };
}

function done(state: VerifyState): Decision {
  return { orders: [], verdicts: state.verdicts, look: { kind: "done" } };
}

/** What a device will read at the reference age, by a reading now, µS. */
function settledReading(state: VerifyState, i: number, seen: Seen): number {
  const raw = seen.conductanceMicrosiemens[i]!;
  return raw * state.settling.factor(raw, seen.agesSeconds[i]!);
}

/** What it will be off by then, µS. */
function errorOf(state: VerifyState, i: number, seen: Seen): number {
  return settledReading(state, i, seen) - state.task.targetsMicrosiemens[i]!;
}

/** Accepts a reading, gives the device up, or learns from it. */
function judge(state: VerifyState, i: number, seen: Seen): void {
  const { task } = state;
  const left = pulsesLeft(state, i);
  if (seen.flags[i] === readingFlags.invalid) {
    if (++state.unreadable[i]! >= maxUnreadable) state.verdicts[i] = verdicts.unreadable;
    return;
  }
  const reading = settledReading(state, i, seen);
  const target = task.targetsMicrosiemens[i]!;
  const error = reading - target;
  const saturated = seen.flags[i] === readingFlags.saturated;
  const inside = Math.abs(error) <= youngLimit(state, i) || (error > 0 && isResidual(state, target, reading));
  if (inside && !saturated) {
    state.verdicts[i] = verdicts.inPlace;
    state.young[i] = seen.conductanceMicrosiemens[i]!;
    state.youngAgesSeconds[i] = seen.agesSeconds[i]!;
    return;
  }
  if (reading < state.lowestSeen[i]!) state.lowestSeen[i] = reading;
  if (reading > state.highestSeen[i]!) state.highestSeen[i] = reading;
  if (left < lenientIterations && !saturated) {
    const leniency = 2 - Math.max(0, left) / lenientIterations;
    if (Math.abs(error) <= leniency * state.margin[i]!) {
      state.verdicts[i] = verdicts.acceptedOutside;
      return;
    }
  }
  if (isBeyondReason(state, i, error) && ++state.pulsesAtLimit[i]! >= maxPulsesAtLimit) {
    state.verdicts[i] = diagnosis(state, i, reading, error, saturated);
    return;
  }
  if (seen.unsure[i] === 0) learn(state, i, reading);
}

function youngLimit({ task, margin, youngMargins: margins }: VerifyState, i: number): number {
  const share = Math.min(1, task.targetsMicrosiemens[i]! / (littleInMargins * margin[i]!));
  return (1 + (margins - 1) * share) * margin[i]!;
}

function pulsesLeft(state: VerifyState, i: number): number {
  return Math.min(maxIterations - state.pulses[i]!, state.pulsesLeft[i]!);
}

/** Where nothing is wanted, nearly nothing will do. */
function isResidual(state: VerifyState, target: number, reading: number): boolean {
  const { lowest } = state.curve;
  return target <= lowest && reading <= residualTolerance * lowest;
}

/** At the end of the amplitudes, or at an offset that no sound device has, and still on the wrong side. */
function isBeyondReason(state: VerifyState, i: number, error: number): boolean {
  const { task, curve } = state;
  const offset = state.offsetMicroamperes[i]!;
  const high = state.lastCode[i] === task.maxCode || offset > implausibleOffset * curve.deviceSpread;
  const low = state.lastCode[i] === 1 || offset < -implausibleOffset * curve.deviceSpread;
  return (error > 0 && high) || (error < 0 && low);
}

/** Why a device does not get there. */
function diagnosis(
  state: VerifyState,
  i: number,
  reading: number,
  error: number,
  saturated: boolean,
): number {
  const { curve } = state;
  if (saturated) return verdicts.saturated;
  const moved = state.highestSeen[i]! - state.lowestSeen[i]! > 0.15 * curve.highest;
  if (error > 0) {
    if (reading > 0.3 * curve.highest) return moved ? verdicts.weak : verdicts.stuckHigh;
    // It went down as far as it goes.
    return reading <= 2 * residualTolerance * curve.lowest ? verdicts.acceptedOutside : verdicts.unreachable;
  }
  if (reading < 0.03 * curve.highest) {
    if (moved) return verdicts.weak;
    return reading < 0.25 * curve.lowest ? verdicts.open : verdicts.stuckLow;
  }
  return verdicts.unreachable;
}

/**
 * One step of the Kalman filter. Where the curve is flat a reading tells no amplitude, only that the device lies
 * beyond the knee: such a reading counts as one at the knee, and leaves the doubt as it was.
 */
function learn(state: VerifyState, i: number, reading: number): void {
  const { curve } = state;
  const telling = Math.min(curve.highestTelling, Math.max(curve.lowestTelling, reading));
  const observed = state.lastCode[i]! * curve.microamperesPerCode - curve.amplitude(telling);
  const prior = state.offsetVariance[i]! + offsetWalkVariance;
  const gain = prior / (prior + curve.observationVariance(telling));
  state.offsetMicroamperes[i]! += gain * (observed - state.offsetMicroamperes[i]!);
  state.offsetVariance[i] = telling === reading ? (1 - gain) * prior : prior;
}

function nextCode(state: VerifyState, i: number): number {
  const amplitude = state.aimMicroamperes[i]! + state.offsetMicroamperes[i]!;
  return Math.min(state.task.maxCode, Math.max(1, Math.round(amplitude / state.curve.microamperesPerCode)));
}

/** A RESET pulse as the chip's description has it. */
export function resetWith({ widthNanoseconds }: PulseKind, codes: Uint16Array) {
  return { kind: "reset", codes, widthNanoseconds, trailingNanoseconds: 0, gateCode: 0 } as const;
}
