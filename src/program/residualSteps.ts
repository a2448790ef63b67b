import type { DeviceModel } from "../model/deviceModel.ts";
import { beginCells, type CellMoves, nextCells, type ResidualState } from "./cellResidual.ts";
import { driftLaws } from "./correctionLaws.ts";
import { type ProgrammingMethod, type ProgrammingTask, verdicts } from "./method.ts";
import { beginSteps, nextSteps, outsideMargins, stepMargin, type StepsState } from "./verifySteps.ts";

/** As verify moves devices by small steps. It looks at settled devices itself, for what they lose has to be foreseen. */
const moves: CellMoves<StepsState> = {
  begin: beginSteps,
  next: nextSteps,
  goOn(inner) {
    inner.looking = undefined;
    inner.looksLeft = Math.max(inner.looksLeft, correctionLooks);
  },
  aimAt(inner, i, target) {
    inner.task.targetsMicrosiemens[i] = target;
    inner.verdicts[i] = verdicts.pending;
    inner.kept[i] = 0;
    inner.idle[i] = 0;
    inner.lastCodes[i] = 0;
    inner.margin[i] = correctionMargins * stepMargin(inner.model);
  },
  settled: (_, raw) => raw,
  learn() {},
  margin: ({ margin }, i) => margin[i]!,
  isNear: ({ margin, task }, i, reading) =>
    Math.abs(reading - task.targetsMicrosiemens[i]!) <= outsideMargins * margin[i]!,
  laws: driftLaws,
  looks: { agesSeconds: [1, 1, 1], count: 1, secondsBetween: 0, averages: 16 },
};

const correctionMargins = 0.4;
const correctionLooks = 2;

/**
 * Residual programming of devices that move by small steps: see `cellResidual.ts`. Verify leaves each device within a small margin, so what
 * there is to win lies in cells with a device that does not obey, or ended outside: the others take its part.
 */
export const residualSteps: ProgrammingMethod<ResidualState<StepsState>> = {
  name: "residual",
  does: "verify, then look at each cell as a whole and step one of its devices by what its weight is off by: others take the part of those that do not obey",
  technologies: ["ecram"],
  needsCells: true,
  keepsTargets: false,
  looksBack: true,
  cost: {
    pulses: 9.5,
    idlePulses: 12,
    turns: 80,
    most: Infinity,
    rowPulses: { first: 29, perLog: 6.8 },
    rowReads: { first: 29, perLog: 6.8 },
    averages: 4,
    looks: [{ times: 11, secondsBetween: 1, settles: true, averages: 16 }],
  },
  begin: (task: ProgrammingTask, model: DeviceModel) => beginCells(moves, task, model),
  next: nextCells,
};
