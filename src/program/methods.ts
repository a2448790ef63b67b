import type { ProgrammingMethod } from "./method.ts";
import { openLoop } from "./openLoop.ts";
import { residual } from "./residual.ts";
import { verify } from "./verify.ts";

export const methods: Readonly<Record<MethodName, ProgrammingMethod>> = {
  "open-loop": openLoop as ProgrammingMethod,
  verify: verify as ProgrammingMethod,
  residual: residual as ProgrammingMethod,
};

export type MethodName = "open-loop" | "verify" | "residual";
