import { amplitudeFor, slopeAt } from "../chip/amplitudeCurve.ts";
import type { AmplitudeCurve } from "../chip/description.ts";
import { readingFlags } from "../chip/driver.ts";
import type { DeviceModel } from "../model/deviceModel.ts";
import {
  type Decision,
  type ProgrammingMethod,
  type ProgrammingTask,
  type Seen,
  verdicts,
} from "./method.ts";

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
 * Every device gets at least one pulse, even when it already reads inside its margin: one that was left alone
 * would drift out of step with neighbours whose drift has just begun anew.
 */
export const verify: ProgrammingMethod<VerifyState> = { name: "verify", begin, next };

/** One entry a device. */
interface VerifyState {
  readonly task: ProgrammingTask;
  readonly margin: Float32Array;
  readonly lowestTelling: number;
  readonly highestTelling: number;
  readonly offsetMicroamperes: Float32Array;
  readonly offsetVariance: Float32Array;
  readonly lastCode: Uint16Array;
  readonly pulses: Uint16Array;
  /** Pulses spent at an end of the amplitude range without getting there. */
  readonly pulsesAtLimit: Uint8Array;
  readonly codes: Uint16Array;
  readonly verdicts: Uint8Array;
}

const maxIterations = 30;
const maxPulsesAtLimit = 3;
/** The published procedure leaves σ_p; half of it asks for more and still converges in about five pulses. */
const marginInProgrammingStds = 0.5;
const minMarginMicrosiemens = 0.25;
/** Scatter of a reading that is no offset: cycle-to-cycle and 1/f noise, relative, and the converter's, µS. */
const relativeReadingScatter = 0.06;
const absoluteReadingScatter = 0.1;
/** What a pulse adds to the doubt about an offset, µA²: curves differ in more than their offset. */
const offsetWalkVariance = 9;
/** A reading that tells an offset no better than this lies on a flat end of the curve, µA². */
const maxTellingVariance = 900;

function begin(task: ProgrammingTask, model: DeviceModel): VerifyState {
  const count = task.targetsMicrosiemens.length;
  const spread = task.reset.nominalCurve.deviceSpreadMicroamperes;
  const state: VerifyState = {
    task,
    margin: new Float32Array(count),
    ...tellingRange(task.reset.nominalCurve),
    offsetMicroamperes: new Float32Array(count),
    offsetVariance: new Float32Array(count).fill(spread * spread),
    lastCode: new Uint16Array(count),
    pulses: new Uint16Array(count),
    pulsesAtLimit: new Uint8Array(count),
    codes: new Uint16Array(count),
    verdicts: new Uint8Array(count),
  };
  for (let i = 0; i < count; i++) {
    const target = task.targetsMicrosiemens[i]!;
    if (Number.isNaN(target)) state.verdicts[i] = verdicts.leftAlone;
    else
      state.margin[i] = Math.max(
        minMarginMicrosiemens,
        marginInProgrammingStds * model.programmingStd(target),
      );
  }
  return state;
}

function next(state: VerifyState, seen: Seen | undefined): Decision {
  if (seen === undefined) {
    const idle = state.verdicts.every((verdict) => verdict !== verdicts.pending);
    return decision(state, idle, false);
  }
  const { task, codes } = state;
  let pending = 0;
  for (let i = 0; i < codes.length; i++) {
    codes[i] = 0;
    if (state.verdicts[i] !== verdicts.pending) continue;
    if (state.lastCode[i] !== 0) judge(state, i, seen);
    if (state.verdicts[i] !== verdicts.pending) continue;
    if (state.pulses[i]! >= Math.min(maxIterations, task.pulseBudget)) {
      state.verdicts[i] = verdicts.budgetSpent;
      continue;
    }
    codes[i] = nextCode(state, i);
    state.lastCode[i] = codes[i]!;
    state.pulses[i]!++;
    pending++;
  }
  return decision(state, pending === 0, pending > 0);
}

/** Accepts a reading, gives the device up, or learns from it. */
function judge(state: VerifyState, i: number, seen: Seen): void {
  const reading = seen.conductanceMicrosiemens[i]!;
  if (seen.flags[i] === readingFlags.invalid) return;
  const target = state.task.targetsMicrosiemens[i]!;
  if (seen.flags[i] === readingFlags.ok && Math.abs(reading - target) <= state.margin[i]!) {
    state.verdicts[i] = verdicts.accepted;
    return;
  }
  const atLimit =
    (reading > target && state.lastCode[i] === state.task.maxCode) ||
    (reading < target && state.lastCode[i] === 1);
  if (atLimit && ++state.pulsesAtLimit[i]! >= maxPulsesAtLimit) {
    state.verdicts[i] = verdicts.unreachable;
    return;
  }
  learn(state, i, reading);
}

/**
 * One step of the Kalman filter. Where the curve is flat a reading tells no amplitude, only that the device lies
 * beyond the knee: such a reading counts as one at the knee.
 */
function learn(state: VerifyState, i: number, reading: number): void {
  const { nominalCurve: curve, microamperesPerCode } = state.task.reset;
  const telling = Math.min(state.highestTelling, Math.max(state.lowestTelling, reading));
  const observed = state.lastCode[i]! * microamperesPerCode - amplitudeFor(curve, telling);
  const prior = state.offsetVariance[i]! + offsetWalkVariance;
  const gain = prior / (prior + offsetVarianceOfReading(curve, telling));
  state.offsetMicroamperes[i]! += gain * (observed - state.offsetMicroamperes[i]!);
  state.offsetVariance[i] = (1 - gain) * prior;
}

/** How well a reading tells a device's offset, µA². */
function offsetVarianceOfReading(curve: AmplitudeCurve, reading: number): number {
  const scatter = relativeReadingScatter * reading + absoluteReadingScatter;
  const inAmplitude = scatter / Math.max(slopeAt(curve, reading), 1e-9);
  return curve.cycleSpreadMicroamperes * curve.cycleSpreadMicroamperes + inAmplitude * inAmplitude;
}

/** The lowest and the highest conductance on the curve that tell an offset well enough to learn from. */
function tellingRange(curve: AmplitudeCurve): { lowestTelling: number; highestTelling: number } {
  const { conductanceMicrosiemens: g } = curve;
  let lowestTelling = Infinity;
  let highestTelling = -Infinity;
  for (let i = 1; i < g.length; i++) {
    const middle = (g[i - 1]! + g[i]!) / 2;
    if (offsetVarianceOfReading(curve, middle) > maxTellingVariance) continue;
    lowestTelling = Math.min(lowestTelling, middle);
    highestTelling = Math.max(highestTelling, middle);
  }
  return lowestTelling <= highestTelling
    ? { lowestTelling, highestTelling }
    : { lowestTelling: g.at(-1)!, highestTelling: g[0]! };
}

function nextCode(state: VerifyState, i: number): number {
  const { reset, maxCode, targetsMicrosiemens } = state.task;
  const amplitude = amplitudeFor(reset.nominalCurve, targetsMicrosiemens[i]!) + state.offsetMicroamperes[i]!;
  return Math.min(maxCode, Math.max(1, Math.round(amplitude / reset.microamperesPerCode)));
}

function decision(state: VerifyState, done: boolean, fire: boolean): Decision {
  return {
    codes: fire ? state.codes : undefined,
    verdicts: state.verdicts,
    look: done ? { kind: "done" } : { kind: "read", averages: 1 },
  };
}
