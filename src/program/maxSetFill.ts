import { readingFlags } from "../chip/driver.ts";
import { pcmPulsesOf } from "../chip/technologies/pcm.ts";
import { assert } from "../errors.ts";
import type { DeviceModel } from "../model/deviceModel.ts";
import {
  type CellTask,
  type Decision,
  firstVerdicts,
  isOpen,
  type ProgrammingMethod,
  type ProgrammingTask,
  type BlockPulse,
  type Seen,
  showInner,
  verdicts,
} from "./method.ts";
import { driftedLimit } from "./settling.ts";
import {
  aimAt,
  begin as beginVerify,
  next as nextVerify,
  resetWith,
  strayedInMargins,
  type VerifyState,
} from "./verifyPcm.ts";

/**
 * Max-SET-fill: the devices of a cell that push its weight the right way are all SET, the others RESET; then they are
 * read, as many are left at SET as fit into the weight, at most one is programmed to what is missing, and the rest are
 * RESET. A device at SET hardly drifts and needs no aiming, so only one device a cell carries a programming error.
 *
 * @source Vasilopoulos et al. 2023, IEEE Trans. Electron Devices
 */
export const maxSetFill: ProgrammingMethod<FillState> = {
  name: "max-set-fill",
  does: "leave as many devices of a cell at full SET as fit into its weight, program one to what is missing, RESET the rest",
  technologies: ["pcm"],
  needsCells: true,
  keepsTargets: true,
  looksBack: true,
  cost: {
    pulses: 3.5,
    idlePulses: 1.5,
    turns: 45,
    most: 31,
    rowPulses: { first: -12.1, perLog: 8.7 },
    looks: [
      { times: 1, settles: true, averages: 64 },
      {
        times: 8,
        rounds: { first: 1, perLog: 1.4, most: 7 },
        share: 0.5,
        secondsBetween: 1.25,
        settles: true,
        averages: 8,
      },
    ],
  },
  requires: (chip) =>
    pcmPulsesOf(chip).set === undefined
      ? `The description of ${chip.name} has no SET pulse, which max-set-fill begins with. Add set_pulse, or use another --method.`
      : undefined,
  begin,
  next,
};

interface FillState {
  readonly task: ProgrammingTask;
  readonly cells: CellTask;
  readonly model: DeviceModel;
  readonly inner: VerifyState;
  /** Reported until all is done. */
  readonly meanwhile: Uint8Array;
  phase: "found" | "setting" | "filling" | "programming";
}

/** A device that reads less than this share of full range after a SET does not obey. */
const leastSetShare = 0.6;
/** A device that reads more than this share after a RESET does not either. */
const mostResetShare = 0.3;
const lookAverages = 64;

function begin(task: ProgrammingTask, model: DeviceModel): FillState {
  assert(task.cells !== undefined, "max-set-fill is given cells");
  const alone = new Float32Array(task.targetsMicrosiemens.length).fill(Number.NaN);
  return {
    task,
    cells: task.cells,
    model,
    inner: beginVerify({ ...task, targetsMicrosiemens: alone, standing: undefined }, model),
    meanwhile: firstVerdicts(task),
    phase: task.standing?.verdicts.some(wasFilled) === true ? "found" : "setting",
  };
}

/** All cells of a block are filled in one turn, which leaves some devices at SET for good. */
function wasFilled(verdict: number): boolean {
  return verdict === verdicts.accepted || verdict === verdicts.inPlace;
}

function next(state: FillState, seen: Seen | undefined): Decision {
  switch (state.phase) {
    case "found":
      if (seen === undefined) return lookAt(state, 0);
      fillAgain(state, seen);
      state.phase = "programming";
      return work(state, nextVerify(state.inner, undefined));
    case "setting":
      state.phase = "filling";
      return setAndReset(state);
    case "filling":
      // Whoever may not have been fired at would be taken for a device that does not obey.
      if (seen!.unsure.some((unsure, i) => unsure === 1 && state.meanwhile[i] === verdicts.pending)) {
        return setAndReset(state, seen!.unsure);
      }
      fill(state, seen!);
      state.phase = "programming";
      return work(state, nextVerify(state.inner, undefined));
    case "programming":
      return work(state, nextVerify(state.inner, seen));
  }
}

/**
 * Of a run that goes on after it was filled: what stays at SET has its verdict, so of a cell's other devices one has to hold what is
 * missing, and the rest nothing. The one that conducts most is the nearest to it. What was in place, and still is, is not pulsed.
 */
function fillAgain(state: FillState, seen: Seen): void {
  const { cells, model, inner, meanwhile } = state;
  const { devicesPerCell, factors, wantedMicrosiemens } = cells;
  const held = new Float64Array(devicesPerCell);
  for (let cell = 0; cell < wantedMicrosiemens.length; cell++) {
    const first = cell * devicesPerCell;
    const wanted = wantedMicrosiemens[cell]!;
    let missing = wanted;
    let partial = -1;
    for (let d = 0; d < devicesPerCell; d++) {
      const raw = seen.conductanceMicrosiemens[first + d]!;
      held[d] = Number.isNaN(raw) ? 0 : raw * inner.settling.factor(raw, seen.agesSeconds[first + d]!);
      if (!isOpen(meanwhile[first + d]!)) missing -= factors[d]! * held[d]!;
      else if (factors[d] !== 0 && factors[d]! > 0 === wanted > 0 && !(held[d]! <= held[partial]!))
        partial = d;
    }
    for (let d = 0; d < devicesPerCell; d++) {
      const i = first + d;
      if (!isOpen(meanwhile[i]!)) continue;
      const target =
        d === partial ? Math.min(model.maxConductanceMicrosiemens, Math.max(0, missing / factors[d]!)) : 0;
      aimAt(inner, i, target, model);
      const limit = driftedLimit(model, target, strayedInMargins * inner.margin[i]!, seen.agesSeconds[i]!);
      if (meanwhile[i] === verdicts.inPlace && Math.abs(held[d]! - target) <= limit)
        inner.verdicts[i] = verdicts.inPlace;
    }
  }
}

function work(state: FillState, inner: Decision): Decision {
  const meanwhile = showInner(state.meanwhile, state.inner.verdicts);
  if (inner.look.kind !== "done") return { ...inner, verdicts: meanwhile };
  for (let i = 0; i < meanwhile.length; i++) {
    if (isOpen(meanwhile[i]!)) meanwhile[i] = state.inner.verdicts[i]!;
  }
  return { ...inner, verdicts: meanwhile };
}

/**
 * What pushes a weight its own way is SET, everything else RESET.
 *
 * @param concerned  1 for the devices that are fired at, all when not given.
 */
function setAndReset(state: FillState, concerned?: Uint8Array): Decision {
  const { task, cells, meanwhile } = state;
  const { devicesPerCell, factors, wantedMicrosiemens } = cells;
  const setCodes = new Uint16Array(meanwhile.length);
  const resetCodes = new Uint16Array(meanwhile.length);
  const { set, reset } = pulsesOf(task);
  for (let i = 0; i < meanwhile.length; i++) {
    if (meanwhile[i] !== verdicts.pending || concerned?.[i] === 0) continue;
    if (state.inner.pulsesLeft[i]! < 1) {
      meanwhile[i] = verdicts.budgetSpent;
      continue;
    }
    const factor = factors[i % devicesPerCell]!;
    const wanted = wantedMicrosiemens[Math.floor(i / devicesPerCell)]!;
    if (Number.isNaN(wanted)) {
      meanwhile[i] = verdicts.leftAlone;
      continue;
    }
    const pushes = factor !== 0 && factor > 0 === wanted > 0;
    if (pushes) setCodes[i] = Math.round(set.amplitudeMicroamperes / reset.microamperesPerCode);
    else resetCodes[i] = task.maxCode;
    state.inner.pulsesLeft[i]!--;
  }
  const orders: BlockPulse[] = [];
  if (setCodes.some((code) => code !== 0)) {
    const { widthNanoseconds, trailingNanoseconds } = set;
    orders.push({ kind: "reset", codes: setCodes, widthNanoseconds, trailingNanoseconds, gateCode: 0 });
  }
  if (resetCodes.some((code) => code !== 0)) orders.push(resetWith(reset, resetCodes));
  return { ...lookAt(state, state.model.referenceAgeSeconds), orders };
}

function lookAt({ task, meanwhile }: FillState, afterSeconds: number): Decision {
  const rows = new Uint8Array(task.rowCount).fill(1);
  const look = { kind: "read", averages: lookAverages, rows, afterSeconds } as const;
  return { orders: [], verdicts: meanwhile, look };
}

/** Decides for every cell what stays at SET, what is programmed to the rest, and what is RESET. */
function fill(state: FillState, seen: Seen): void {
  const { cells, inner, model, meanwhile } = state;
  const { devicesPerCell, factors, wantedMicrosiemens } = cells;
  const top = model.maxConductanceMicrosiemens;
  const held = new Float64Array(devicesPerCell);
  const free: number[] = [];
  for (let cell = 0; cell < wantedMicrosiemens.length; cell++) {
    const wanted = wantedMicrosiemens[cell]!;
    if (Number.isNaN(wanted)) continue;
    const first = cell * devicesPerCell;
    let fixed = 0;
    free.length = 0;
    for (let d = 0; d < devicesPerCell; d++) {
      const i = first + d;
      if (seen.flags[i] === readingFlags.invalid) {
        if (meanwhile[i] === verdicts.pending) meanwhile[i] = verdicts.unreadable;
        continue;
      }
      const raw = seen.conductanceMicrosiemens[i]!;
      held[d] = raw * inner.settling.factor(raw, seen.agesSeconds[i]!);
      if (meanwhile[i] !== verdicts.pending) {
        fixed += factors[d]! * held[d]!;
        continue;
      }
      const pushes = factors[d] !== 0 && factors[d]! > 0 === wanted > 0;
      if (pushes && held[d]! >= leastSetShare * top) free.push(d);
      else {
        fixed += factors[d]! * held[d]!;
        meanwhile[i] = verdictOf(pushes, held[d]!, top);
      }
    }
    const best = bestFill(state, wanted - fixed, held, free);
    for (const d of free) {
      if (d === best.partial) aimAt(inner, first + d, best.target, model);
      else if (best.left & (1 << d)) meanwhile[first + d] = verdicts.accepted;
      else aimAt(inner, first + d, 0, model);
    }
  }
}

function verdictOf(pushes: boolean, reading: number, top: number): number {
  if (pushes) return reading < 0.001 * top ? verdicts.open : verdicts.stuckLow;
  return reading > mostResetShare * top ? verdicts.stuckHigh : verdicts.accepted;
}

/** Of all ways to leave some at SET and one in between, the one that can be expected to err least. */
function bestFill(
  { cells, model }: FillState,
  missing: number,
  held: Float64Array,
  free: readonly number[],
): { left: number; partial: number; target: number } {
  const { factors } = cells;
  const top = model.maxConductanceMicrosiemens;
  let best = { left: 0, partial: -1, target: 0 };
  let least = missing * missing;
  for (let subset = 0; subset < 1 << free.length; subset++) {
    let left = 0;
    let rest = missing;
    free.forEach((d, k) => {
      if ((subset & (1 << k)) === 0) return;
      left |= 1 << d;
      rest -= factors[d]! * held[d]!;
    });
    if (rest * rest < least) {
      least = rest * rest;
      best = { left, partial: -1, target: 0 };
    }
    for (const d of free) {
      if ((left & (1 << d)) !== 0) continue;
      const factor = factors[d]!;
      const target = Math.min(top, Math.max(0, rest / factor));
      const off = rest - factor * target;
      const std = factor * model.programmingStd(target);
      const loss = off * off + std * std;
      if (loss < least) {
        least = loss;
        best = { left, partial: d, target };
      }
    }
  }
  return best;
}

function pulsesOf(task: ProgrammingTask) {
  const { set, reset } = pcmPulsesOf(task);
  assert(set !== undefined, "max-set-fill needs a SET pulse in the chip's description");
  return { set, reset };
}
