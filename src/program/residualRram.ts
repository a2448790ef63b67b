import type { DeviceModel } from "../model/deviceModel.ts";
import { beginCells, type CellMoves, nextCells, type ResidualState } from "./cellResidual.ts";
import { relaxationLaws } from "./correctionLaws.ts";
import { type ProgrammingMethod, type ProgrammingTask, verdicts } from "./method.ts";
import { strayedInMargins } from "./twoWay.ts";
import { beginLearned, type LearnedState, nextLearned } from "./verifyRram.ts";

/** As verify moves resistive devices. */
const moves: CellMoves<LearnedState> = {
  begin: (task, model) => beginLearned(task, model, 0),
  next: nextLearned,
  goOn(inner) {
    inner.looking = undefined;
  },
  aimAt(inner, i, target) {
    inner.task.targetsMicrosiemens[i] = target;
    inner.verdicts[i] = verdicts.pending;
    // It has relaxed since its last pulse: what it reads now says nothing of that pulse.
    inner.direction[i] = 0;
    inner.pulsesAtTop[i] = 0;
    inner.margin[i] = correctionMargin * inner.model.maxConductanceMicrosiemens;
  },
  settled: (_, raw) => raw,
  learn() {},
  margin: ({ margin }, i) => margin[i]!,
  isNear: ({ margin, task }, i, reading) =>
    Math.abs(reading - task.targetsMicrosiemens[i]!) <= strayedInMargins * margin[i]!,
  laws: relaxationLaws,
  looks: { agesSeconds: [1, 1, 3, 10, 1], count: 1, secondsBetween: 0, averages: 16 },
};

/** Of full range: small devices, which take most corrections, relax by little, so aiming well at them pays. */
const correctionMargin = 0.0125;

/**
 * Residual programming of resistive devices: see `cellResidual.ts`. They relax by more than their margin within a second of every pulse,
 * and by ever less from then on. So cells are looked at when their devices have relaxed, four times, each time later. A device that
 * conducts little relaxes little: of a cell's devices it is usually an idle one that is stepped up or down by what the weight lacks, and the
 * others stay as old as they are. A single pair has no lesser devices: where its weight is too large, its idle device takes the rest;
 * where it is too small, the other one is aimed anew.
 */
export const residualRram: ProgrammingMethod<ResidualState<LearnedState>> = {
  name: "residual",
  does: "verify, then look at each cell as a whole as its devices relax, and give what its weight is off by to whichever of them will leave the least error",
  technologies: ["rram"],
  needsCells: true,
  keepsTargets: false,
  looksBack: true,
  cost: {
    pulses: 16,
    idlePulses: 6.5,
    turns: 400,
    most: Infinity,
    rowPulses: { first: -170, perLog: 92 },
    rowReads: { first: -90, perLog: 60 },
    averages: 1,
    looks: [
      { times: 1, rounds: 3, settles: true, averages: 16 },
      { times: 2, secondsBetween: 11, settles: true, averages: 16 },
    ],
  },
  begin: (task: ProgrammingTask, model: DeviceModel) => beginCells(moves, task, model),
  next: nextCells,
};
