import type { ModelDefinition } from "../src/model/definition.ts";
import { beyondTested, beyondTestedAge } from "../src/model/tested.ts";
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

/** `* Errors from 30 days on are extrapolated from 1 day.`; undefined where the model was tested for every time, or may have been. */
export function untestedNote({
  timesSeconds,
  testedToSeconds,
}: {
  readonly timesSeconds: readonly Seconds[];
  readonly testedToSeconds: Seconds | undefined;
}): string | undefined {
  const beyond = timesSeconds
    .filter((time) => beyondTestedAge(testedToSeconds, time) !== undefined)
    .sort((a, b) => a - b);
  if (beyond.length === 0) return undefined;
  return `  * Errors from ${formatDuration(beyond[0]!)} on are ${beyondTestedAge(testedToSeconds, beyond[0]!)}.`;
}
