import { assert } from "../errors.ts";
import type { DeviceModel } from "../model/deviceModel.ts";
import type { Microsiemens, Seconds } from "../units.ts";
import type { CorrectionLaws } from "./correctionLaws.ts";
import { LateLooks } from "./lateLooks.ts";
import {
  type CellTask,
  type Decision,
  firstVerdicts,
  isBroken,
  isOpen,
  type ProgrammingTask,
  type Seen,
  showInner,
  type StandingDevices,
  verdicts,
} from "./method.ts";
import type { ProductProbe } from "./productProbe.ts";
import { driftedLimit } from "./settling.ts";

/**
 * Residual programming: every device is programmed and verified, then each cell is looked at as a whole, late and with
 * averaging, and what its weight is off by is given to one of its devices, whichever can be expected to leave the least
 * error: a small device that is idle takes a small residue best, and any of a cell's devices may do so. Repeated while it
 * pays. Where a device is broken the others take its part as far as they can.
 *
 * Re-pulsing device d of factor f to T = G − e/f replaces the cell's error e by f (T − G) + e, zero unless T is clamped,
 * and adds f² times the variance that the new pulse brings (`correctionLaws.ts`).
 *
 * After Narayanan et al. (TED 2021) and Song et al. (Science 383, 903, 2024), who correct with the lesser devices only.
 * How devices are moved is the verify of their technology.
 */
export interface CellMoves<Inner extends InnerVerify> {
  /** Begins without late looks of its own: whole cells are looked at. */
  begin(task: ProgrammingTask, model: DeviceModel): Inner;
  next(inner: Inner, seen: Seen | undefined): Decision;
  /** Verdicts and targets were changed from outside: it is to go on with what is pending. */
  goOn(inner: Inner): void;
  /** Gives a device a target. What is known of the device stays. */
  aimAt(inner: Inner, i: number, target: Microsiemens): void;
  /** What a reading at an age becomes until the reference age, µS. */
  settled(inner: Inner, raw: Microsiemens, age: Seconds): Microsiemens;
  /** Takes in what looks at settled devices show. */
  learn(inner: Inner, looks: LateLooks): void;
  /** How far a device may lie from its target, µS. */
  margin(inner: Inner, i: number): Microsiemens;
  /** Whether a settled reading is near enough to a device's target for its verdict. */
  isNear(inner: Inner, i: number, reading: Microsiemens): boolean;
  laws(model: DeviceModel): CorrectionLaws;
  readonly looks: CellLooks;
}

/** What is known of the verify inside, one entry a device. */
export interface InnerVerify {
  readonly task: Pick<ProgrammingTask, "targetsMicrosiemens">;
  readonly verdicts: Uint8Array;
  readonly pulsesLeft: Uint32Array;
}

/** How cells are looked at. */
export interface CellLooks {
  /** How old devices are at least when cells are looked at, one entry a round, the last for the verdicts; the model's reference age if that is later. */
  readonly agesSeconds: readonly Seconds[];
  readonly count: number;
  readonly secondsBetween: Seconds;
  readonly averages: number;
}

export interface ResidualState<Inner extends InnerVerify> {
  readonly moves: CellMoves<Inner>;
  readonly cells: CellTask;
  readonly model: DeviceModel;
  readonly inner: Inner;
  readonly laws: CorrectionLaws;
  /** Reported until all is done. */
  readonly meanwhile: Uint8Array;
  readonly rowCount: number;
  readonly devicesPerRow: number;
  /** Of a run that goes on. */
  readonly before: StandingDevices | undefined;
  readonly targets: Float32Array;
  /** What was read at the reference age; the mean is what cells are judged by. */
  readonly late: LateLooks;
  /** Sums of what products show of each device, where they are asked for. */
  readonly sums: Float32Array;
  looksTaken: number;
  /** How products are asked for, where they are. */
  readonly probe: ProductProbe | undefined;
  /** Of what a row's devices conduct, the share that a product shows; 1 for reads. */
  readonly shown: Float32Array;
  /** What the wanted weights are multiplied by; α takes it away again. 1 for reads. */
  scale: number;
  phase: "found" | "programming" | "looking" | "judging";
  /** Looks at cells, each of them several, that are over. */
  roundsTaken: number;
}

/** What stands in for a broken device may be brought beyond the range that weights use, as far as devices usually go. */
const overRange = 1.1;
/** A correction must win this much, as a share of the doubt that it adds, and at least this many µS². */
const leastShareWon = 0.3;
const leastSquareWon = 0.02;
/** Pulses that a device should have left to be aimed anew. */
const fewestPulses = 12;
/** Products of all inputs are taken this often, so far apart: noise of seconds averages out as well. */
const productLooks = { count: 6, secondsBetween: 3 };
/** Of a run that goes on: a cell within this many µS of its weight is not begun anew. */
const nearEnough = 1;
/** A device that was in place may have strayed so many margins, beside what devices drift. */
const strayedInMargins = 2.5;

// The verify inside is its moves' own affair.
type AnyState = ResidualState<InnerVerify>;

export function beginCells<Inner extends InnerVerify>(
  moves: CellMoves<Inner>,
  task: ProgrammingTask,
  model: DeviceModel,
  probe?: ProductProbe,
): ResidualState<Inner> {
  assert(task.cells !== undefined, "residual programming is given cells");
  const targets = task.targetsMicrosiemens.slice();
  const inner = moves.begin(
    { ...task, targetsMicrosiemens: targets.slice(), standing: finalOnly(task) },
    model,
  );
  return {
    moves,
    cells: task.cells,
    model,
    inner,
    laws: moves.laws(model),
    meanwhile: firstVerdicts(task),
    rowCount: task.rowCount,
    devicesPerRow: task.devicesPerRow,
    before: task.standing,
    targets,
    late: new LateLooks(targets.length),
    sums: new Float32Array(targets.length),
    looksTaken: 0,
    probe,
    shown: new Float32Array(task.rowCount).fill(1),
    scale: 1,
    phase: task.standing === undefined ? "programming" : "found",
    roundsTaken: 0,
  };
}

/** Verify inside begins all that has no final verdict anew; what was pulsed before is found by its cell. */
function finalOnly({ standing }: ProgrammingTask): ProgrammingTask["standing"] {
  return standing && { ...standing, pulses: new Uint32Array(standing.pulses.length) };
}

export function nextCells<Inner extends InnerVerify>(
  state: ResidualState<Inner>,
  seen: Seen | undefined,
): Decision {
  const { moves, inner } = state;
  if (state.phase === "found") {
    if (seen === undefined) return look(state, 0);
    addLook(state, seen);
    acceptNearCells(state, seen);
    return goOn(state, seen);
  }
  if (state.phase === "looking" || state.phase === "judging") {
    addLook(state, seen!);
    const { count, secondsBetween } = byProducts(state) ? productLooks : moves.looks;
    if (state.looksTaken < count) return look(state, lookAge(state) + state.looksTaken * secondsBetween);
    if (!byProducts(state)) moves.learn(inner, state.late);
    if (state.phase === "judging") return judged(state);
    if (byProducts(state)) weighProducts(state);
    if (correct(state) === 0) return byProducts(state) ? beginJudging(state) : judged(state);
    return goOn(state, seen);
  }
  return work(state, moves.next(inner, seen));
}

/** Lets verify take up what is pending. */
function goOn<Inner extends InnerVerify>(state: ResidualState<Inner>, seen: Seen | undefined): Decision {
  state.moves.goOn(state.inner);
  state.phase = "programming";
  return work(state, state.moves.next(state.inner, seen));
}

/** Passes on what verify wants; when it is through, looks at the cells, or ends. */
function work(state: AnyState, inner: Decision): Decision {
  const meanwhile = showInner(state.meanwhile, state.inner.verdicts);
  if (inner.look.kind !== "done") return { ...inner, verdicts: meanwhile };
  if (state.roundsTaken >= state.moves.looks.agesSeconds.length - 1) return beginJudging(state);
  return beginLooking(state, "looking");
}

/** What was aimed anew last is looked at too: no verdict stands on a young reading. */
function beginJudging(state: AnyState): Decision {
  return beginLooking(state, "judging");
}

function beginLooking(state: AnyState, phase: "looking" | "judging"): Decision {
  state.phase = phase;
  state.roundsTaken++;
  state.looksTaken = 0;
  return look(state, lookAge(state));
}

/** How old devices are to be when cells are looked at in this round. */
function lookAge({ moves, model, roundsTaken }: AnyState): Seconds {
  return Math.max(model.referenceAgeSeconds, moves.looks.agesSeconds[roundsTaken - 1] ?? 0);
}

/** How old devices will be when they can be corrected again; undefined where this is the last time. */
function nextAge({ moves, model, roundsTaken }: AnyState): Seconds | undefined {
  const { agesSeconds } = moves.looks;
  if (roundsTaken >= agesSeconds.length - 1) return undefined;
  return Math.max(model.referenceAgeSeconds, agesSeconds[roundsTaken]!);
}

/** A device that its cell leaves off its own target ends outside tolerance: its neighbours hold what it does not. */
function judged(state: AnyState): Decision {
  const { inner, targets } = state;
  for (let i = 0; i < targets.length; i++) {
    if (inner.verdicts[i] !== verdicts.accepted) continue;
    const reading = settled(state, i);
    if (Number.isNaN(reading)) inner.verdicts[i] = verdicts.unreadable;
    else if (!state.moves.isNear(inner, i, reading)) inner.verdicts[i] = verdicts.acceptedOutside;
  }
  return done(state);
}

/** Whether the looks of this phase are products; at the end single devices are read. */
function byProducts({ probe, phase }: AnyState): boolean {
  return probe !== undefined && phase === "looking";
}

function look(state: AnyState, afterSeconds: number): Decision {
  const rows = new Uint8Array(state.rowCount).fill(1);
  if (byProducts(state)) {
    const { inputs } = state.probe!;
    return {
      orders: [],
      verdicts: state.meanwhile,
      look: { kind: "multiply", inputs, afterSeconds },
    };
  }
  return {
    orders: [],
    verdicts: state.meanwhile,
    look: { kind: "read", averages: state.moves.looks.averages, rows, afterSeconds },
  };
}

function done({ inner, meanwhile }: AnyState): Decision {
  for (let i = 0; i < meanwhile.length; i++) {
    if (isOpen(meanwhile[i]!)) meanwhile[i] = inner.verdicts[i]!;
  }
  return { orders: [], verdicts: meanwhile, look: { kind: "done" } };
}

/** NaN, from here on, for a device of which the converter gave nothing. */
function addLook(state: AnyState, seen: Seen): void {
  const { sums, late } = state;
  if (state.looksTaken === 0) {
    sums.fill(0);
    late.begin();
  }
  state.looksTaken++;
  if (seen.products === undefined) late.add(seen);
  else state.probe!.addTo(sums, seen.products);
}

/** What a device is held to be at the reference age, µS. */
function settled(state: AnyState, i: number): number {
  const { moves, sums, looksTaken, late, inner } = state;
  if (byProducts(state)) return sums[i]! / looksTaken;
  const raw = late.mean(i);
  // A device that does not obey does not drift like the others either.
  return isBroken(inner.verdicts[i]!) ? raw : moves.settled(inner, raw, late.age(i));
}

/** Finds what rows lose on the way, and the factor that α will take away. */
function weighProducts(state: AnyState): void {
  const { shown, inner, devicesPerRow } = state;
  const { targetsMicrosiemens } = inner.task;
  for (let row = 0; row < shown.length; row++) {
    let seen = 0;
    let meant = 0;
    for (let i = row * devicesPerRow; i < (row + 1) * devicesPerRow; i++) {
      if (inner.verdicts[i] !== verdicts.accepted) continue;
      seen += settled(state, i);
      meant += targetsMicrosiemens[i]!;
    }
    shown[row] = meant > 0 && seen > 0.2 * meant ? seen / meant : 1;
  }
  const { wantedMicrosiemens } = state.cells;
  let product = 0;
  let square = 0;
  for (let cell = 0; cell < wantedMicrosiemens.length; cell++) {
    const wanted = wantedMicrosiemens[cell]!;
    if (Number.isNaN(wanted)) continue;
    const held = heldWeight(state, cell);
    if (Number.isNaN(held)) continue;
    product += held * wanted;
    square += wanted * wanted;
  }
  state.scale = square > 0 && product > 0 ? product / square : 1;
}

/** How far a cell's weight is off, µS; NaN where it holds none, or cannot be read. */
function cellError(state: AnyState, cell: number): number {
  return heldWeight(state, cell) - state.scale * state.cells.wantedMicrosiemens[cell]!;
}

/** The weight that a cell holds, µS; NaN where it cannot be read. */
function heldWeight(state: AnyState, cell: number): number {
  const { devicesPerCell, factors } = state.cells;
  let held = 0;
  for (let d = 0; d < devicesPerCell; d++) {
    if (factors[d] !== 0) held += factors[d]! * settled(state, cell * devicesPerCell + d);
  }
  return held;
}

function acceptNearCells(state: AnyState, { agesSeconds }: Seen): void {
  const { devicesPerCell, wantedMicrosiemens } = state.cells;
  const before = state.before!;
  const limit = (i: number): number => {
    const margin = state.moves.margin(state.inner, i);
    if (state.inner.verdicts[i] !== verdicts.inPlace) return margin;
    return driftedLimit(state.model, state.targets[i]!, strayedInMargins * margin, agesSeconds[i]!);
  };
  for (let cell = 0; cell < wantedMicrosiemens.length; cell++) {
    const near = Math.abs(cellError(state, cell)) <= nearEnough;
    for (let i = cell * devicesPerCell; i < (cell + 1) * devicesPerCell; i++) {
      if (!isOpen(state.inner.verdicts[i]!) || before.pulses[i] === 0) continue;
      const own = Math.abs(settled(state, i) - state.targets[i]!) <= limit(i);
      state.inner.verdicts[i] = near || own ? verdicts.accepted : verdicts.pending;
    }
  }
}

/**
 * Aims devices anew where that pays. A cell with a broken device may need several of the others at once.
 *
 * @returns how many devices were aimed.
 */
function correct(state: AnyState): number {
  const { moves, inner, cells, laws } = state;
  const { devicesPerCell, wantedMicrosiemens } = cells;
  const held = new Float64Array(devicesPerCell);
  const aimed = new Uint8Array(devicesPerCell);
  let count = 0;
  for (let cell = 0; cell < wantedMicrosiemens.length; cell++) {
    let error = cellError(state, cell);
    if (!(error * error > leastSquareWon)) continue;
    const first = cell * devicesPerCell;
    const shown = state.shown[Math.floor(first / state.devicesPerRow)]!;
    let broken = false;
    for (let d = 0; d < devicesPerCell; d++) {
      held[d] = settled(state, first + d) / shown;
      aimed[d] = 0;
      broken ||= isBroken(inner.verdicts[first + d]!);
    }
    for (let tries = broken ? devicesPerCell : 1; tries > 0; tries--) {
      const top = broken ? overRange * laws.top : laws.top;
      // In what the devices conduct, not in what is shown of it.
      const best = bestCorrection(state, first, error / shown, held, aimed, top);
      if (best === undefined) break;
      const { device, target } = best;
      error += shown * cells.factors[device]! * (target - held[device]!);
      held[device] = target;
      aimed[device] = 1;
    }
    for (let d = 0; d < devicesPerCell; d++) {
      if (aimed[d] === 0) continue;
      moves.aimAt(inner, first + d, held[d]!);
      count++;
    }
  }
  return count;
}

/** The device, and its new target, that can be expected to leave the cell with the least error; none when none pays. */
function bestCorrection(
  state: AnyState,
  first: number,
  error: number,
  held: Float64Array,
  aimed: Uint8Array,
  top: number,
): { device: number; target: number } | undefined {
  const { cells, inner, laws, late } = state;
  const next = nextAge(state);
  let best: { device: number; target: number } | undefined;
  let least = Infinity;
  for (let device = 0; device < cells.devicesPerCell; device++) {
    const factor = cells.factors[device]!;
    const verdict = inner.verdicts[first + device]!;
    if (factor === 0 || aimed[device] !== 0 || isBroken(verdict) || verdict === verdicts.leftAlone) continue;
    if (inner.pulsesLeft[first + device]! < fewestPulses) continue;
    const now = held[device]!;
    const target = Math.min(top, Math.max(0, now - error / factor));
    const rest = error + factor * (target - now);
    const square = factor * factor;
    const added = square * laws.added(target, now, late.age(first + device), next);
    const loss = rest * rest + added;
    if (loss < least && error * error - loss > leastShareWon * added + leastSquareWon) {
      least = loss;
      best = { device, target };
    }
  }
  return best;
}
