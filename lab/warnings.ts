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
  });
}
