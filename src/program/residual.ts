import type { DeviceModel } from "../model/deviceModel.ts";
import { assert } from "../errors.ts";
import {
  type CellTask,
  type Decision,
  firstVerdicts,
  isBroken,
  isOpen,
  type ProgrammingMethod,
  type ProgrammingTask,
  type Seen,
  showInner,
  type StandingDevices,
  verdicts,
} from "./method.ts";
import { LateLooks } from "./lateLooks.ts";
import { ProductProbe } from "./productProbe.ts";
import { driftedLimit } from "./settling.ts";
import {
  aimAt,
  begin as beginVerify,
  isNear,
  learnSettling,
  limitOf,
  next as nextVerify,
  strayedInMargins,
  type VerifyState,
} from "./verifyPcm.ts";

/**
 * Residual programming: every device is programmed and verified, then each cell is looked at as a whole, late and with
 * averaging, and what its weight is off by is given to one of its devices, whichever can be expected to leave the least
 * error: a small device that is idle takes a small residue best, and any of a cell's devices may do so. Repeated while it
 * pays. Where a device is broken the others take its part as far as they can.
 *
 * Re-pulsing device d of factor f to T = G − e/f replaces the cell's error e by f (T − G) + e, zero unless T is clamped,
 * and adds f² σ_v²(T) for what verify leaves; drift and read noise change from those of G to those of T.
 *
 * After Narayanan et al. (TED 2021) and Song et al. (Science 383, 903, 2024), who correct with the lesser devices only.
 */
export const residual: ProgrammingMethod<ResidualState> = {
  name: "residual",
  does: "verify, then look at each cell as a whole and give what its weight is off by to whichever of its devices will leave the least error",
  technologies: ["pcm"],
  needsCells: true,
  keepsTargets: false,
  looksBack: true,
  cost: {
    pulses: 6.8,
    idlePulses: 2.2,
    turns: 70,
    most: 90,
    rowPulses: { first: -17.6, perLog: 13.7 },
    looks: [{ times: 16, rounds: 4, secondsBetween: 0.125, settles: true, averages: 4 }],
  },
  begin: (task, model) => begin(task, model, undefined),
  next,
};

/**
 * Programming by products: as residual programming, but what a weight is off by is not read from its devices, row by row; it
 * is found from matrix–vector products of the whole tile, as the chip will be used. So what its wires lose when all rows
 * conduct, and what its converters make of it, is corrected too. One factor for the whole tile is left to α.
 *
 * After gradient-descent programming, Büchel et al. (JETCAS 2023), with inputs that make the gradient of every weight
 * independent of all others instead of random ones.
 */
export const gdp: ProgrammingMethod<ResidualState> = {
  name: "gdp",
  does: "verify, then correct each weight as residual does, but by what matrix–vector products of the whole tile say of it",
  technologies: ["pcm"],
  needsCells: true,
  keepsTargets: false,
  looksBack: true,
  cost: {
    pulses: 7.5,
    idlePulses: 2.2,
    turns: 75,
    most: 90,
    rowPulses: { first: -17.6, perLog: 13.7 },
    looks: [
      { times: 6, rounds: 3, secondsBetween: 3, settles: true, averages: "products" },
      { times: 16, secondsBetween: 0.125, settles: true, averages: 4 },
    ],
  },
  requires: ({ name, multiply }, capabilities) =>
    capabilities.multiply && multiply !== undefined
      ? undefined
      : `${name} cannot measure products, or its description does not say how (multiply). Use --method residual.`,
  begin: (task, model) => begin(task, model, new ProductProbe(task.tileRows, task.rowCount)),
  next,
};

interface ResidualState {
  readonly cells: CellTask;
  readonly model: DeviceModel;
  readonly inner: VerifyState;
  readonly laws: Laws;
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
  roundsLeft: number;
}

const rounds = 3;
/** What stands in for a broken device may be brought beyond the range that weights use, as far as devices usually go. */
const overRange = 1.1;
/** σ of what verify leaves at the reference age, as a share of the model's programming error. */
const verifiedShare = 0.85;
/** A correction must win this much, as a share of the doubt that it adds, and at least this many µS². */
const leastShareWon = 0.3;
const leastSquareWon = 0.02;
/** Pulses that a device should have left to be aimed anew. */
const fewestPulses = 12;
/**
 * A cell is looked at this often, so far apart. Reads in quick succession share their 1/f noise: of one read's, sixteen
 * within a millisecond leave 0.8, and over a second 0.45.
 */
const readLooks = { count: 16, secondsBetween: 0.125 };
const lookAverages = 4;
/** Products of all inputs are taken this often, so far apart: noise of seconds averages out as well. */
const productLooks = { count: 6, secondsBetween: 3 };
/** Of a run that goes on: a cell within this many µS of its weight is not begun anew. */
const nearEnough = 1;

function begin(task: ProgrammingTask, model: DeviceModel, probe: ProductProbe | undefined): ResidualState {
  assert(task.cells !== undefined, "residual programming is given cells");
  const targets = task.targetsMicrosiemens.slice();
  const inner = beginVerify(
    { ...task, targetsMicrosiemens: targets.slice(), standing: finalOnly(task) },
    model,
    // It looks late itself, at whole cells.
    { confirmations: 0, youngMargins: 1 },
  );
  return {
    cells: task.cells,
    model,
    inner,
    laws: lawsOf(model),
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
    roundsLeft: rounds,
  };
}

/** Verify inside begins all that has no final verdict anew; what was pulsed before is found by its cell. */
function finalOnly({ standing }: ProgrammingTask): ProgrammingTask["standing"] {
  return standing && { ...standing, pulses: new Uint32Array(standing.pulses.length) };
}

function next(state: ResidualState, seen: Seen | undefined): Decision {
  if (state.phase === "found") {
    if (seen === undefined) return look(state, 0);
    addLook(state, seen);
    acceptNearCells(state, seen);
    state.inner.phase = "pulsing";
    state.phase = "programming";
    return work(state, nextVerify(state.inner, seen));
  }
  if (state.phase === "looking" || state.phase === "judging") {
    addLook(state, seen!);
    const { count, secondsBetween } = byProducts(state) ? productLooks : readLooks;
    if (state.looksTaken < count) {
      return look(state, state.model.referenceAgeSeconds + state.looksTaken * secondsBetween);
    }
    if (!byProducts(state)) learnSettling(state.inner, state.late, verdicts.accepted);
    if (state.phase === "judging") return judged(state);
    if (byProducts(state)) weighProducts(state);
    if (correct(state) === 0) return byProducts(state) ? beginJudging(state) : judged(state);
    state.phase = "programming";
    state.inner.phase = "pulsing";
  }
  return work(state, nextVerify(state.inner, seen));
}

/** Passes on what verify wants; when it is through, looks at the cells, or ends. */
function work(state: ResidualState, inner: Decision): Decision {
  const meanwhile = showInner(state.meanwhile, state.inner.verdicts);
  if (inner.look.kind !== "done") return { ...inner, verdicts: meanwhile };
  if (state.roundsLeft === 0) return beginJudging(state);
  state.roundsLeft--;
  state.phase = "looking";
  state.looksTaken = 0;
  return look(state, state.model.referenceAgeSeconds);
}

/** What was aimed anew last is looked at too: no verdict stands on a young reading. */
function beginJudging(state: ResidualState): Decision {
  state.phase = "judging";
  state.looksTaken = 0;
  return look(state, state.model.referenceAgeSeconds);
}

/** A device that its cell leaves off its own target ends outside tolerance: its neighbours hold what it does not. */
function judged(state: ResidualState): Decision {
  const { inner, targets } = state;
  for (let i = 0; i < targets.length; i++) {
    if (inner.verdicts[i] !== verdicts.accepted) continue;
    const reading = settled(state, i);
    const limit = limitOf(inner, i) * inner.margin[i]!;
    if (Number.isNaN(reading)) inner.verdicts[i] = verdicts.unreadable;
    else if (!isNear(inner, i, reading, limit)) inner.verdicts[i] = verdicts.acceptedOutside;
  }
  return done(state);
}

/** Whether the looks of this phase are products; at the end single devices are read. */
function byProducts({ probe, phase }: ResidualState): boolean {
  return probe !== undefined && phase === "looking";
}

function look(state: ResidualState, afterSeconds: number): Decision {
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
    look: { kind: "read", averages: lookAverages, rows, afterSeconds },
  };
}

function done({ inner, meanwhile }: ResidualState): Decision {
  for (let i = 0; i < meanwhile.length; i++) {
    if (isOpen(meanwhile[i]!)) meanwhile[i] = inner.verdicts[i]!;
  }
  return { orders: [], verdicts: meanwhile, look: { kind: "done" } };
}

/** NaN, from here on, for a device of which the converter gave nothing. */
function addLook(state: ResidualState, seen: Seen): void {
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
function settled(state: ResidualState, i: number): number {
  const { sums, looksTaken, late, inner } = state;
  if (byProducts(state)) return sums[i]! / looksTaken;
  const raw = late.mean(i);
  // A device that does not obey does not drift like the others either.
  return isBroken(inner.verdicts[i]!) ? raw : raw * inner.settling.factor(raw, late.age(i));
}

/** Finds what rows lose on the way, and the factor that α will take away. */
function weighProducts(state: ResidualState): void {
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
function cellError(state: ResidualState, cell: number): number {
  return heldWeight(state, cell) - state.scale * state.cells.wantedMicrosiemens[cell]!;
}

/** The weight that a cell holds, µS; NaN where it cannot be read. */
function heldWeight(state: ResidualState, cell: number): number {
  const { devicesPerCell, factors } = state.cells;
  let held = 0;
  for (let d = 0; d < devicesPerCell; d++) {
    if (factors[d] !== 0) held += factors[d]! * settled(state, cell * devicesPerCell + d);
  }
  return held;
}

function acceptNearCells(state: ResidualState, { agesSeconds }: Seen): void {
  const { devicesPerCell, wantedMicrosiemens } = state.cells;
  const before = state.before!;
  const limit = (i: number): number => {
    const margin = state.inner.margin[i]!;
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
function correct(state: ResidualState): number {
  const { inner, cells, model, laws } = state;
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
      aimAt(inner, first + d, held[d]!, model);
      count++;
    }
  }
  return count;
}

/** The device, and its new target, that can be expected to leave the cell with the least error; none when none pays. */
function bestCorrection(
  { cells, inner, laws }: ResidualState,
  first: number,
  error: number,
  held: Float64Array,
  aimed: Uint8Array,
  top: number,
): { device: number; target: number } | undefined {
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
    const later = Math.max(0, laws.later(target) - laws.later(now));
    const added = square * (laws.programming(target) + later);
    const loss = rest * rest + added;
    if (loss < least && error * error - loss > leastShareWon * added + leastSquareWon) {
      least = loss;
      best = { device, target };
    }
  }
  return best;
}

/** Variances by target, on an even grid, µS². */
interface Laws {
  readonly top: number;
  /** What verify leaves. */
  programming(target: number): number;
  /** What drift and read noise add, in the mean over the times that count. */
  later(target: number): number;
}

const gridPoints = 256;
/** When errors count, as far as the model knows. */
const horizonSeconds = [1, 3600, 86_400];

function lawsOf(model: DeviceModel): Laws {
  const top = model.maxConductanceMicrosiemens;
  const times = horizonSeconds.filter(
    (time) => time >= model.knownTimesSeconds.from && time <= model.knownTimesSeconds.to,
  );
  const programming = new Float64Array(gridPoints);
  const later = new Float64Array(gridPoints);
  for (let k = 0; k < gridPoints; k++) {
    const target = (top * k) / (gridPoints - 1);
    const std = verifiedShare * model.programmingStd(target);
    programming[k] = std * std;
    for (const time of times) {
      const { drift, read } = model.varianceParts(target, time);
      later[k]! += (drift + read) / times.length;
    }
  }
  const place = (target: number): number =>
    Math.min(gridPoints - 1, Math.max(0, Math.round((target / top) * (gridPoints - 1))));
  return {
    top,
    programming: (target) => programming[place(target)]!,
    later: (target) => later[place(target)]!,
  };
}
