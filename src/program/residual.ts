import type { DeviceModel } from "../model/deviceModel.ts";
import { beginCells, type CellMoves, nextCells, type ResidualState } from "./cellResidual.ts";
import { driftLaws } from "./correctionLaws.ts";
import { type ProgrammingMethod, type ProgrammingTask, verdicts } from "./method.ts";
import { ProductProbe } from "./productProbe.ts";
import {
  aimAt,
  begin as beginVerify,
  isNear,
  learnSettling,
  limitOf,
  next as nextVerify,
  type VerifyState,
} from "./verifyPcm.ts";

/** As verify moves phase-change devices. */
const moves: CellMoves<VerifyState> = {
  begin: (task, model) => beginVerify(task, model, { confirmations: 0, youngMargins: 1 }),
  next: nextVerify,
  goOn(inner) {
    inner.phase = "pulsing";
  },
  aimAt: (inner, i, target) => aimAt(inner, i, target, inner.model),
  settled: ({ settling }, raw, age) => raw * settling.factor(raw, age),
  learn: (inner, looks) => learnSettling(inner, looks, verdicts.accepted),
  margin: ({ margin }, i) => margin[i]!,
  isNear: (inner, i, reading) => isNear(inner, i, reading, limitOf(inner, i) * inner.margin[i]!),
  laws: driftLaws,
  /**
   * Reads in quick succession share their 1/f noise: of one read's, sixteen within a millisecond leave 0.8, and over a second 0.45.
   * Devices are as old as the model's reference age.
   */
  looks: { agesSeconds: [0, 0, 0, 0], count: 16, secondsBetween: 0.125, averages: 4 },
};

/** Residual programming of phase-change devices: see `cellResidual.ts`. */
export const residual: ProgrammingMethod<ResidualState<VerifyState>> = {
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
  begin: (task: ProgrammingTask, model: DeviceModel) => beginCells(moves, task, model),
  next: nextCells,
};

/**
 * Programming by products: as residual programming, but what a weight is off by is not read from its devices, row by row; it
 * is found from matrix–vector products of the whole tile, as the chip will be used. So what its wires lose when all rows
 * conduct, and what its converters make of it, is corrected too. One factor for the whole tile is left to α.
 *
 * After gradient-descent programming, Büchel et al. (JETCAS 2023), with inputs that make the gradient of every weight
 * independent of all others instead of random ones.
 */
export const gdp: ProgrammingMethod<ResidualState<VerifyState>> = {
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
  begin: (task: ProgrammingTask, model: DeviceModel) =>
    beginCells(moves, task, model, new ProductProbe(task.tileRows, task.rowCount)),
  next: nextCells,
};
