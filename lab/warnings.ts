import type { LeftOut } from "../files/tensor.ts";
import { counted } from "../src/counted.ts";
import { MhoError } from "../src/errors.ts";
import { type FitRecord, fitRecordOf, type ModelDefinition } from "../src/model/definition.ts";
import type { WarningEvent } from "./events.ts";

/** How a person says that a model which is in doubt is to be used all the same. */
export const toBelieve = "give --believe";

/**
 * A model that was fitted and failed its checks is used where that is asked for, and then not without a word.
 *
 * @throws MhoError `bad-argument` with each check that failed, its figure and its limit.
 */
export function refuseDoubt(
  definition: ModelDefinition,
  believe: boolean | undefined,
  emit: (event: WarningEvent) => void,
): void {
  const failed = failedChecks(definition);
  if (failed.length === 0 || believe === true) return warnOfDoubt(definition, emit);
  const why = failed.map(({ name, says }) => `${name}: ${says}`).join("; ");
  throw new MhoError(
    "bad-argument",
    `The model ${definition.name} failed ${counted(failed.length, "check")} of its fit, so what it foretells is not to be ` +
      `believed. ${why}. Use another model, or fit one to more runs; to use this one all the same, ${toBelieve}.`,
    { model: definition.name, why: failed.map(({ name }) => name).join(", ") },
  );
}

/** Those that a fitted model failed; none of a model that was not fitted. */
export function failedChecks(definition: ModelDefinition): FitRecord["checks"] {
  const fit = fitRecordOf(definition);
  return fit === undefined || fit.believe ? [] : fit.checks.filter(({ ok }) => !ok);
}

/** A model that was fitted and failed its checks is named as such. */
export function warnOfDoubt(definition: ModelDefinition, emit: (event: WarningEvent) => void): void {
  const failed = failedChecks(definition).map(({ name }) => name);
  if (failed.length === 0) return;
  emit({
    type: "warning",
    code: "model_not_believed",
    message: `The model ${definition.name} was fitted and is not to be believed (${failed.join(", ")}).`,
    name: definition.name,
    why: failed.join(", "),
  });
}

/** Work that goes by the journal says once where no chip can show that the journal is not all. */
export function warnOfNoTickets(dialect: string, chip: string, emit: (event: WarningEvent) => void): void {
  emit({
    type: "warning",
    code: "no_tickets",
    message:
      `Boards of the dialect ${dialect} keep no tickets, so mho cannot tell whether another workspace, or a restored copy of this one, has ` +
      `pulsed the chip ${chip}: no budget here would count it. Use one workspace for the chip, and no older copy of it.`,
    name: chip,
    why: null,
  });
}

/** Weights that stay digital because they are not read. */
export function warnOfLeftOut(file: string, emit: (event: WarningEvent) => void): (one: LeftOut) => void {
  return ({ name, why, elsewhereRead = false }) =>
    emit({
      type: "warning",
      code: "weights_left_out",
      message: `${elsewhereRead ? `One use of tensor ${name} of ${file}` : `Tensor ${name} of ${file}`} is left out: ${why}.`,
      name,
      why,
    });
}
