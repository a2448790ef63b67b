import type { ProgrammingMethod } from "./method.ts";
import { maxSetFill } from "./maxSetFill.ts";
import { onBoard } from "./onBoard.ts";
import { openLoop } from "./openLoop.ts";
import { gdp, residual } from "./residual.ts";
import { staircase } from "./staircase.ts";
import { verifyPcm } from "./verifyPcm.ts";
import { verifyRram } from "./verifyRram.ts";

/** Program and verify, for either technology. */
const verify: ProgrammingMethod = {
  name: "verify",
  technologies: ["pcm", "rram"],
  needsCells: false,
  begin(task, model) {
    const method = (task.pulses.technology === "pcm" ? verifyPcm : verifyRram) as ProgrammingMethod;
    return { method, state: method.begin(task, model) };
  },
  next(started, seen) {
    const { method, state } = started as { method: ProgrammingMethod; state: unknown };
    return method.next(state, seen);
  },
};

export const methods: Readonly<Record<MethodName, ProgrammingMethod>> = {
  "open-loop": openLoop as ProgrammingMethod,
  verify,
  residual: residual as ProgrammingMethod,
  gdp: gdp as ProgrammingMethod,
  "max-set-fill": maxSetFill as ProgrammingMethod,
  "on-board": onBoard as ProgrammingMethod,
  staircase: staircase as ProgrammingMethod,
};

export type MethodName =
  "open-loop" | "verify" | "residual" | "gdp" | "max-set-fill" | "on-board" | "staircase";
