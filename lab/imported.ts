import { basename } from "node:path";
import { MhoError } from "../src/errors.ts";
import type { RunPlan } from "../src/run/plan.ts";
import type { RunId } from "../src/run/store.ts";

/** Begins the address of a chip that only exists as what another tester measured. */
export const importedScheme = "imported:";

/**
 * Throws `bad-argument` for a run that another tester measured, where a chip would have to be reached.
 *
 * @param done  what cannot be done with it: "watched".
 */
export function refuseImported({ imported }: Pick<RunPlan, "imported">, run: RunId, done: string): void {
  if (imported === undefined) return;
  const from = imported.files
    .map(({ name }) => basename(name))
    .slice(0, 3)
    .join(", ");
  throw new MhoError(
    "bad-argument",
    `Run ${run} was imported (${from}): there is no chip to reach, so it cannot be ${done}. mho fit, report, export and show take it.`,
    { run },
  );
}
