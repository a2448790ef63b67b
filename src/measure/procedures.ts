import { MhoError } from "../errors.ts";
import { endurance } from "./endurance.ts";
import { noise } from "./noise.ts";
import { disturb } from "./disturb.ts";
import { iv } from "./iv.ts";
import { form } from "./form.ts";
import { staircase } from "./staircase.ts";
import { yieldMap } from "./yieldMap.ts";
import { methodNameOf, type Procedure } from "./procedure.ts";

/** The procedures that mho knows. Help, refusals, plans, findings and reports read these records; nothing else names one. */
export const builtInProcedures: readonly Procedure[] = [
  form,
  staircase,
  endurance,
  yieldMap,
  noise,
  disturb,
  iv,
];

/** Throws `bad-argument` for a name that is not known. */
export function procedureNamed(procedures: readonly Procedure[], name: string): Procedure {
  const found = procedures.find((one) => one.name === name);
  if (found !== undefined) return found;
  const known = procedures.map((one) => one.name).join(", ");
  throw new MhoError("bad-argument", `There is no measurement ${name}. Known are ${known}.`, { kind: name });
}

/** The procedure that a plan's method is of; undefined for a method of programming. */
export function procedureOfMethod(procedures: readonly Procedure[], method: string): Procedure | undefined {
  return procedures.find((one) => methodNameOf(one) === method);
}
