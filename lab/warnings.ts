import type { LeftOut } from "../files/tensor.ts";
import type { ModelDefinition } from "../src/model/definition.ts";
import type { WarningEvent } from "./events.ts";

/** A model that was fitted and failed its checks is used as asked, but not without a word. */
export function warnOfDoubt(definition: ModelDefinition, emit: (event: WarningEvent) => void): void {
  const fit = definition.family === "power-law" ? definition.fit : undefined;
  if (fit === undefined || fit.believe) return;
  const failed = fit.checks.filter(({ ok }) => !ok).map(({ name }) => name);
  emit({
    type: "warning",
    code: "model_not_believed",
    message: `The model ${definition.name} was fitted and is not to be believed (${failed.join(", ")}).`,
    name: definition.name,
    why: failed.join(", "),
  });
}

/** Weights that stay digital because they are not read. */
export function warnOfLeftOut(file: string, emit: (event: WarningEvent) => void): (one: LeftOut) => void {
  return ({ name, why }) =>
    emit({
      type: "warning",
      code: "weights_left_out",
      message: `Tensor ${name} of ${file} is left out: ${why}.`,
      name,
      why,
    });
}
