import type { ChipDescription } from "../chip/description.ts";
import { MhoError } from "../errors.ts";
import { converge } from "./converge.ts";
import { maxSetFill } from "./maxSetFill.ts";
import type { ProgrammingMethod } from "./method.ts";
import { onBoard } from "./onBoard.ts";
import { openLoop } from "./openLoop.ts";
import { gdp, residual } from "./residual.ts";
import { residualSteps } from "./residualSteps.ts";
import { residualRram } from "./residualRram.ts";
import { staircase } from "./staircase.ts";
import { verifyPcm } from "./verifyPcm.ts";
import { verifyRram } from "./verifyRram.ts";
import { verifySteps } from "./verifySteps.ts";

/** The methods that mho knows by itself. Help, refusals, estimates and fits read these records; nothing lists names again. */
export const builtInMethods: readonly ProgrammingMethod[] = [
  openLoop,
  verifyPcm,
  verifyRram,
  verifySteps,
  converge,
  residual,
  residualRram,
  residualSteps,
  gdp,
  maxSetFill,
  onBoard,
  staircase,
];

/**
 * The method of a name that works on a chip's devices.
 *
 * @throws `bad-argument` naming what is known, or what works on such a chip; also where two methods would serve.
 */
export function methodFor(
  methods: readonly ProgrammingMethod[],
  name: string,
  { name: chip, pulses: { technology } }: Pick<ChipDescription, "name" | "pulses">,
): ProgrammingMethod {
  const named = methods.filter((method) => method.name === name);
  if (named.length === 0) {
    throw refusal(name, `There is no method ${name}. Known are ${namesOf(methods).join(", ")}.`);
  }
  const serving = methods.filter(({ technologies }) => technologies.includes(technology.name));
  const [found, ...more] = serving.filter((method) => method.name === name);
  if (found === undefined) {
    const use = serving.length === 0 ? "No known method is." : `Use ${namesOf(serving).join(" or ")}.`;
    throw refusal(name, `The method ${name} is not for the ${technology.title} devices of ${chip}. ${use}`);
  }
  if (more.length === 0) return found;
  throw refusal(name, `Two methods for ${technology.title} devices are called ${name}. Rename one of them.`);
}

/** Each name once, in the order of the list. */
export function namesOf(methods: readonly ProgrammingMethod[]): readonly string[] {
  return [...new Set(methods.flatMap(({ name, unlisted }) => (unlisted ? [] : [name])))];
}

function refusal(method: string, text: string): MhoError {
  return new MhoError("bad-argument", text, { method });
}
