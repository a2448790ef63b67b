import type { ModelDefinition } from "../src/model/definition.ts";
import { beyondTested } from "../src/model/tested.ts";
import { formatDuration, type Seconds } from "../src/units.ts";

/** `30 days`; `30 days*` where the fit of a model was not tested so far. */
export function markedTime(definition: ModelDefinition, time: Seconds): string {
  return `${formatDuration(time)}${beyondTested(definition, time) === undefined ? "" : "*"}`;
}

/** What the `*` of `markedTime` means, where one of the times has it. */
export function extrapolationNote(definition: ModelDefinition, times: readonly Seconds[]): string[] {
  const beyond = times.map((time) => beyondTested(definition, time)).find((text) => text !== undefined);
  return beyond === undefined ? [] : [`* ${beyond}: no forecast of the fit was tested for so late.`];
}
